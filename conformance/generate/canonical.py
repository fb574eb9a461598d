"""From drafts to the canonical text of a file: fixed key order, one vector a line."""

from collections.abc import Callable, Iterable
from typing import Any

from generate import bounds
from generate.checks import check, flags_of
from generate.draft import Draft
from generate.encoding import LONGEST, array, compact, encoded_lists, merged, repeated, upstream
from generate.linear_draft import LinearDraft
from generate.logits_draft import LogitsDraft
from generate.problem import problem
from generate.samples import kept_shape
from generate.solution import Solution
from generate.solve import solve
from generate.solve_forms import solve_form, solve_tables
from generate.solve_linear import solve_linear
from generate.solve_logit_derivatives import solve_logit_derivatives
from generate.solve_logits import solve_logits
from generate.solve_many import solve_many
from generate.solve_many_logits import solve_many_logits
from generate.solve_same_bits import solve_same_bits
from generate.solve_same_bits_of_logits import solve_same_bits_of_logits
from generate.solve_samples import solve_samples
from generate.solve_sparse import solve_sparse
from generate.sparse_draft import SparseDraft
from generate.tables_draft import TablesDraft

# The second has lists of what repeats.
FORMATS = PLAIN, REPEATS = 1, 2
WAYS: dict[type[Draft], Callable[[Any], Solution]] = {
    SparseDraft: solve_sparse,
    TablesDraft: solve_tables,
    LinearDraft: solve_linear,
}


def file_text(group: str, about: str, prefix: str, drafts: Iterable[Draft]) -> str:
    """Content of the file of a group."""
    lines = [
        compact(vector(f"{prefix}_{number:03}", draft)) for number, draft in enumerate(drafts, 1)
    ]
    version = REPEATS if any('"repeats"' in line for line in lines) else PLAIN
    head = f'{{"format": {version},\n"group": {compact(group)},\n"about": {compact(about)},\n'
    return head + '"vectors": [\n' + ",\n".join(lines) + "\n]}\n"


def vector(identifier: str, draft: Draft) -> dict[str, Any]:
    """JSON form of a vector."""
    check(identifier, draft)
    solution = None if draft.raises else solved(draft)
    flags = {*draft.flags, *(() if solution is None else flags_of(draft, solution))}
    stored: dict[str, Any] = {
        "id": identifier,
        "comment": draft.comment,
        "flags": sorted(flags),
        "dtype": draft.dtype,
        **({} if draft.result_dtype is None else {"result_dtype": draft.result_dtype}),
        **options(draft),
    }
    if draft.legacy is not None:
        stored |= dict(zip(("size_average", "reduce"), draft.legacy, strict=True))
    stored |= sampling(draft)
    if draft.upstream is not None:
        stored["upstream"] = upstream(draft.upstream, kept_shape(draft))
    return stored | operands(draft) | outcome(draft, solution)


def options(draft: Draft) -> dict[str, Any]:
    """JSON forms of the options that every call of a function has."""
    if isinstance(draft, LogitsDraft | SparseDraft | TablesDraft | LinearDraft):
        return {"function": draft.function, "reduction": draft.reduction, **draft.options}
    stored = {"reduction": draft.reduction, "log_target": draft.log_target}
    if not draft.log_input:
        stored["log_input"] = False
    if draft.reproducible:
        stored["reproducible"] = True
    return stored | ({"generalized": True} if draft.generalized else {})


def solved(draft: Draft) -> Solution:
    """Expected results of a draft."""
    for kind, way in WAYS.items():
        if isinstance(draft, kind):
            return way(draft)
    are_many = len(draft.input) > LONGEST
    if isinstance(draft, LogitsDraft):
        plain = are_many and not draft.reproducible
        return solve_many_logits(draft) if plain else solved_logits(draft)
    if draft.reproducible:
        return solve_same_bits(draft)
    if draft.is_of_another_form:
        return solve_form(draft)
    if are_many:
        return solve_many(draft)
    return solve_samples(draft) if draft.is_sampled else solve(draft)


def solved_logits(draft: LogitsDraft) -> Solution:
    """Expected results of losses of logits."""
    if draft.reproducible:
        return solve_same_bits_of_logits(draft)
    if draft.upstream is not None:
        return solve_logit_derivatives(draft, draft.upstream)
    return solve_logits(draft)


def sampling(draft: Draft) -> dict[str, Any]:
    """JSON forms of axis and mask, as far as they are given."""
    stored: dict[str, Any] = {}
    if draft.axis is not None and not isinstance(draft, LinearDraft):
        stored["axis"] = list(draft.axis) if isinstance(draft.axis, tuple) else draft.axis
    if draft.where is not None:
        shape = draft.shapes[0] if draft.where_shape is None else draft.where_shape
        named = {"dtype": draft.where_dtype, "container": draft.where_container}
        unusual = {name: value for name, value in named.items() if value is not None}
        values = repeated(list(draft.where), shape)
        stored["where"] = {"shape": list(shape), **unusual, "values": values}
    return stored


def operands(draft: Draft) -> dict[str, Any]:
    """JSON forms of input and target."""
    indices, layers = {}, {}
    has_indices = isinstance(draft, LinearDraft) and draft.indices
    if isinstance(draft, SparseDraft) or has_indices:
        shape = draft.shapes[1]
        places = repeated(list(draft.indices), shape)
        dtype = getattr(draft, "indices_dtype", None)
        unusual = {} if dtype is None else {"dtype": dtype}
        indices = {"indices": {"shape": list(shape), **unusual, "values": places}}
    if isinstance(draft, LinearDraft):
        layers = {name: array(*one) for name, one in draft.layers.items()}
    return indices | {
        "input": array(draft.shapes[0], draft.input, draft.input_dtype, draft.input_container),
        **layers,
        "target": array(draft.shapes[1], draft.target, draft.target_dtype, draft.target_container),
    }


def outcome(draft: Draft, solution: Solution | None) -> dict[str, Any]:
    """Expected results with their tolerances, and the conventions."""
    if solution is None:
        return {"expected": {"raises": draft.raises}}
    shapes = {name: shape_of(draft, name) for name in solution.expected}
    results = {name: array(shapes[name], v) for name, v in solution.expected.items()}
    stored: dict[str, Any] = {"expected": merged(results)}
    if has_element_for_every_term(draft):
        stored["max_ulp"] = max_ulp(draft, solution)
    stored["error_bound"] = merged(encoded_lists(solution.error_bound, shapes))
    if solution.conventions:
        named = solution.conventions.items()
        stored["conventions"] = {name: merged(encoded_lists(parts)) for name, parts in named}
    return stored


def shape_of(draft: Draft, name: str) -> tuple[int, ...]:
    """Shape of a result."""
    if name == "d_target":
        return draft.shapes[1]
    if isinstance(draft, LinearDraft) and name == "d_weight":
        return draft.weight_shape
    if has_element_for_every_term(draft):
        return draft.shapes[0]
    return kept_shape(draft) if problem(draft).resolved == "none" else ()


def has_element_for_every_term(draft: Draft) -> bool:
    """Whether results have the shape of the operands."""
    kept = problem(draft).resolved == "none" and draft.axis is None
    return draft.upstream is not None or kept


def max_ulp(draft: Draft, solution: Solution) -> int:
    """0 where results are exact or are rounded to fewer bits once, otherwise a library's error."""
    exact = not any(reach for bound in solution.error_bound.values() for reach in bound)
    dtype = draft.result if draft.upstream is None else draft.dtype
    return 0 if exact or draft.working.name != dtype else bounds.LIBRARY_ULP
