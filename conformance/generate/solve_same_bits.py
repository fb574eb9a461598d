"""From a draft that asks for the same bits to what it expects: nothing may be off by anything."""

from generate import reference
from generate.draft import Draft
from generate.problem import problem
from generate.rounding import rounded
from generate.same_bits import NOTHING, Term, by_input, by_target, entered, flushed, term, total
from generate.samples import samples
from generate.solution import Floats, Solution
from kldiv_conformance._formats import FORMATS


def solve_same_bits(draft: Draft) -> Solution:
    """Everything that a vector of this draft expects."""
    if draft.upstream is None:
        expected = {"value": in_dtype(values(draft), draft.dtype)}
    else:
        dtypes = zip(("d_input", "d_target"), draft.dtypes, strict=True)
        found = derivatives(draft, draft.factor)
        expected = {name: in_dtype(found[name], dtype) for name, dtype in dtypes}
    return Solution(expected, {name: [0.0] * len(one) for name, one in expected.items()}, {}, [])


def in_dtype(numbers: Floats, dtype: str) -> Floats:
    """Numbers rounded once."""
    return [rounded(flushed(number), FORMATS[dtype]) for number in numbers]


def terms(draft: Draft) -> list[Term]:
    """Terms; of those that a mask leaves out, nothing."""
    log_target = draft.log_target is True
    chosen = draft.where or (True,) * len(draft.input)
    return [
        term(x, t, log_input=draft.log_input, log_target=log_target) if is_chosen else NOTHING
        for x, t, is_chosen in zip(draft.input, draft.target, chosen, strict=True)
    ]


def values(draft: Draft) -> Floats:
    """The loss in float64."""
    every, reduction = terms(draft), problem(draft).resolved
    if reduction == "none" and draft.axis is None:
        return [one.value for one in every]
    if draft.is_sampled:
        found = samples(draft)
        parts, divisor = found.parts(reduction), float(found.divisor(reduction))
    else:
        parts = (tuple(range(len(every))),)
        divisor = float(reference.divisor(reduction, draft.shapes[0]))
    sums = [total([every[place] for place in part], len(every)) for part in parts]
    return sums if reduction in ("none", "sum") else [one / divisor for one in sums]


def derivatives(draft: Draft, upstream: float) -> dict[str, Floats]:
    """The derivatives in float64."""
    reduction = problem(draft).resolved
    factor = entered(upstream)
    if reduction in ("mean", "batchmean"):
        factor /= float(reference.divisor(reduction, draft.shapes[0]))
    every = terms(draft)
    log_input, log_target = draft.log_input, draft.log_target is True
    pairs = zip(every, draft.input, strict=True)
    return {
        "d_input": [by_input(one, x, log_input=log_input) * factor for one, x in pairs],
        "d_target": [by_target(one, log_target=log_target) * factor for one in every],
    }
