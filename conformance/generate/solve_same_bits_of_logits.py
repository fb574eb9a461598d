"""From a draft with logits that asks for the same bits to what it expects: nothing may be off."""

from generate.logits_draft import LogitsDraft
from generate.same_bits_of_logits import Options, derivatives, divergence, summed
from generate.samples import Samples, samples
from generate.solution import Floats, Solution
from generate.solve_same_bits import cotangents, in_dtype


def solve_same_bits_of_logits(draft: LogitsDraft) -> Solution:
    """Everything that a vector of this draft expects."""
    found, reduction = samples(draft), str(draft.reduction)
    divisor = float(found.divisor(reduction))
    if draft.upstream is None:
        rows = [divergence(*row(draft, places)) if places else 0.0 for places in found.terms]
        value = rows if reduction == "none" else [summed(rows) / divisor]
        expected = {"value": in_dtype(value, draft.result)}
    else:
        both = both_derivatives(draft, found, cotangents(draft, found, draft.upstream))
        named = zip(("d_input", "d_target"), both, draft.dtypes, strict=True)
        expected = {name: in_dtype(one, dtype) for name, one, dtype in named}
    return Solution(expected, {name: [0.0] * len(one) for name, one in expected.items()}, {}, [])


def row(draft: LogitsDraft, places: tuple[int, ...]) -> tuple[Floats, Floats, Options]:
    """Operands of a sample, and the options."""
    beta = draft.beta if draft.function == "js_div_with_logits" else None
    options = Options(draft.temperature, draft.scale is True, draft.target_is, beta)
    left, right = ([one[place] for place in places] for one in (draft.input, draft.target))
    return left, right, options


def both_derivatives(draft: LogitsDraft, found: Samples, scales: Floats) -> tuple[Floats, Floats]:
    """Derivatives with respect to both, 0 in a sample that is not selected."""
    both = [0.0] * len(draft.input), [0.0] * len(draft.target)
    for places, factor in zip(found.terms, scales, strict=True):
        if not places:
            continue
        for one, derivative in zip(both, derivatives(*row(draft, places), factor), strict=True):
            for place, number in zip(places, derivative, strict=True):
                one[place] = number
    return both
