"""Properties that a draft shows from outside: operands that do not fit, and subnormal numbers."""

import math

from generate.draft import Draft
from generate.samples import kept_shape
from generate.solution import Solution
from kldiv_conformance._formats import FORMATS, Format, is_representable


def check(identifier: str, draft: Draft) -> None:
    """Refuse operands that their dtype cannot hold, or that do not fill their shape."""
    for values, shape, dtype in zip(
        (draft.input, draft.target), draft.shapes, draft.dtypes, strict=True
    ):
        form = FORMATS.get(dtype, FORMATS["float64"])
        wrong = [value for value in set(values) if not is_representable(value, form)]
        if wrong or len(values) != math.prod(shape):
            message = (
                f"{identifier} holds {len(values)} values for {shape} as {dtype}; "
                f"{wrong} do not fit."
            )
            raise ValueError(message)


def flags_of(draft: Draft, solution: Solution) -> set[str]:
    """Flags of a draft that no group needs to name."""
    of_draft = {
        "Subnormal": meets_subnormals(draft, solution),
        "OverwrittenOperand": tempts_to_overwrite(draft),
        "BatchOfWords": has_words(draft),
    }
    return {flag for flag, holds in of_draft.items() if holds}


def meets_subnormals(draft: Draft, solution: Solution) -> bool:
    """Whether an operand, a step or a result is subnormal, so that hardware may flush it."""
    dtypes = [*draft.dtypes, draft.result]
    seen = {*draft.input, *draft.target, *(v for vs in solution.expected.values() for v in vs)}
    narrow = max((FORMATS[dtype] for dtype in dtypes), key=lambda form: form.smallest_normal)
    return any(is_subnormal(value, narrow) for value in seen) or any(
        is_subnormal(value, draft.working) for value in solution.traces
    )


def tempts_to_overwrite(draft: Draft) -> bool:
    """Whether a kernel may write a guard or a gradient into an operand."""
    guarded = any(value == 0 or not math.isfinite(value) for value in {*draft.input, *draft.target})
    return guarded or draft.where is not None or draft.upstream is not None


def has_words(draft: Draft) -> bool:
    """Whether samples fill several axes, so that 'batchmean' divides by fewer than there are."""
    kept = kept_shape(draft)
    is_mean = draft.reduction == "batchmean" and draft.axis is not None
    return is_mean and len(kept) > 1 and math.prod(kept) > kept[0]


def is_subnormal(value: float, form: Format) -> bool:
    """Whether a number lies between zero and the smallest normal one."""
    return 0 < abs(value) < form.smallest_normal
