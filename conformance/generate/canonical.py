"""From drafts to the canonical text of a file: fixed key order, one vector a line."""

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from generate import bounds
from generate.draft import Draft
from generate.logits_draft import LogitsDraft
from generate.samples import samples
from generate.solve import Solution, problem, solve
from generate.solve_logits import solve_logits
from generate.solve_samples import solve_samples
from kldiv_conformance._formats import FORMATS, Format, is_representable

FORMAT_VERSION = 1


def file_text(group: str, about: str, prefix: str, drafts: Iterable[Draft]) -> str:
    """Content of the file of a group."""
    lines = [
        compact(vector(f"{prefix}_{number:03}", draft)) for number, draft in enumerate(drafts, 1)
    ]
    head = (
        f'{{"format": {FORMAT_VERSION},\n"group": {compact(group)},\n"about": {compact(about)},\n'
    )
    return head + '"vectors": [\n' + ",\n".join(lines) + "\n]}\n"


def compact(content: object) -> str:
    """JSON on one line."""
    return json.dumps(content, ensure_ascii=True, allow_nan=False)


def vector(identifier: str, draft: Draft) -> dict[str, Any]:
    """JSON form of a vector."""
    check(identifier, draft)
    solution = None if draft.raises else solved(draft)
    flags = set(draft.flags)
    if solution is not None and meets_subnormals(draft, solution):
        flags.add("Subnormal")
    stored: dict[str, Any] = {
        "id": identifier,
        "comment": draft.comment,
        "flags": sorted(flags),
        "dtype": draft.dtype,
        **options(draft),
    }
    if draft.legacy is not None:
        stored |= dict(zip(("size_average", "reduce"), draft.legacy, strict=True))
    stored |= sampling(draft)
    if draft.upstream is not None:
        stored["upstream"] = encoded(draft.upstream)
    return stored | operands(draft) | outcome(draft, solution)


def options(draft: Draft) -> dict[str, Any]:
    """JSON forms of the options that every call of a function has."""
    if isinstance(draft, LogitsDraft):
        return {"function": draft.function, "reduction": draft.reduction, **draft.options}
    return {"reduction": draft.reduction, "log_target": draft.log_target}


def solved(draft: Draft) -> Solution:
    """What a draft expects."""
    if isinstance(draft, LogitsDraft):
        return solve_logits(draft)
    return solve_samples(draft) if draft.is_sampled else solve(draft)


def sampling(draft: Draft) -> dict[str, Any]:
    """JSON forms of axis and mask, as far as they are given."""
    stored: dict[str, Any] = {}
    if draft.axis is not None:
        stored["axis"] = list(draft.axis) if isinstance(draft.axis, tuple) else draft.axis
    if draft.where is not None:
        shape = draft.shapes[0] if draft.where_shape is None else draft.where_shape
        stored["where"] = {"shape": list(shape), "values": list(draft.where)}
    return stored


def operands(draft: Draft) -> dict[str, Any]:
    """JSON forms of input and target."""
    return {
        "input": array(draft.shapes[0], draft.input, draft.input_dtype, draft.input_container),
        "target": array(draft.shapes[1], draft.target, draft.target_dtype, draft.target_container),
    }


def array(
    shape: Sequence[int],
    values: Sequence[float],
    dtype: str | None = None,
    container: str | None = None,
) -> dict[str, Any]:
    """JSON form of an array; what is as usual is left out."""
    named = {"dtype": dtype, "container": container}
    stored: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    return {"shape": list(shape), **stored, "values": [encoded(value) for value in values]}


def outcome(draft: Draft, solution: Solution | None) -> dict[str, Any]:
    """Expected results with their tolerances, and the conventions."""
    if solution is None:
        return {"expected": {"raises": draft.raises}}
    results = {name: array(shape_of(draft), v) for name, v in solution.expected.items()}
    stored: dict[str, Any] = {"expected": merged(results)}
    if has_element_for_every_term(draft):
        stored["max_ulp"] = max_ulp(draft, solution)
    stored["error_bound"] = merged(encoded_lists(solution.error_bound))
    if solution.conventions:
        named = solution.conventions.items()
        stored["conventions"] = {name: merged(encoded_lists(parts)) for name, parts in named}
    return stored


def shape_of(draft: Draft) -> tuple[int, ...]:
    """Shape of each result."""
    if has_element_for_every_term(draft):
        return draft.shapes[0]
    return samples(draft).shape if problem(draft).resolved == "none" else ()


def has_element_for_every_term(draft: Draft) -> bool:
    """Whether results have the shape of the operands."""
    kept = problem(draft).resolved == "none" and draft.axis is None
    return draft.upstream is not None or kept


def max_ulp(draft: Draft, solution: Solution) -> int:
    """0 where results are exact or are rounded to 16 bits once, otherwise a library's error."""
    exact = not any(reach for bound in solution.error_bound.values() for reach in bound)
    return 0 if exact or "16" in draft.dtype else bounds.LIBRARY_ULP


def merged(results: dict[str, Any]) -> Any:
    """The value itself, or the two parts of a gradient."""
    return results.get("value", results)


def encoded_lists(parts: dict[str, list[float]]) -> dict[str, list[str]]:
    """Lists of hexadecimal floats."""
    return {name: [encoded(value) for value in values] for name, values in parts.items()}


def encoded(value: float) -> str:
    """Hexadecimal float, 'nan', 'inf' or '-inf'."""
    return value.hex() if math.isfinite(value) else str(value)


def check(identifier: str, draft: Draft) -> None:
    """Refuse operands that their dtype cannot hold, or that do not fill their shape."""
    for values, shape, dtype in zip(
        (draft.input, draft.target), draft.shapes, draft.dtypes, strict=True
    ):
        form = FORMATS.get(dtype, FORMATS["float64"])
        wrong = [value for value in values if not is_representable(value, form)]
        if wrong or len(values) != math.prod(shape):
            message = (
                f"{identifier} holds {len(values)} values for {shape} as {dtype}; "
                f"{wrong} do not fit."
            )
            raise ValueError(message)


def meets_subnormals(draft: Draft, solution: Solution) -> bool:
    """Whether an operand, a step or a result is subnormal, so that hardware may flush it."""
    dtypes = [*draft.dtypes, draft.dtype]
    seen = [*draft.input, *draft.target, *(v for vs in solution.expected.values() for v in vs)]
    narrow = max((FORMATS[dtype] for dtype in dtypes), key=lambda form: form.smallest_normal)
    from generate.reference import working

    return any(is_subnormal(value, narrow) for value in seen) or any(
        is_subnormal(value, working(draft.dtype)) for value in solution.traces
    )


def is_subnormal(value: float, form: Format) -> bool:
    """Whether a number lies between zero and the smallest normal one."""
    return 0 < abs(value) < form.smallest_normal
