"""From a draft that asks for the same bits to what it expects: nothing may be off by anything."""

from generate import reference
from generate.draft import Draft, Upstream
from generate.problem import problem
from generate.rounding import rounded
from generate.same_bits import NOTHING, Term, by_input, by_target, entered, flushed, term, total
from generate.samples import Samples, samples
from generate.solution import Floats, Solution
from kldiv_conformance._formats import FORMATS


def solve_same_bits(draft: Draft) -> Solution:
    """Everything that a vector of this draft expects."""
    if draft.upstream is None:
        expected = {"value": in_dtype(values(draft), draft.result)}
    else:
        dtypes = zip(("d_input", "d_target"), draft.dtypes, strict=True)
        found = derivatives(draft, draft.upstream)
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


def derivatives(draft: Draft, upstream: Upstream) -> dict[str, Floats]:
    """The derivatives in float64."""
    every, scales = terms(draft), factors_of(draft, upstream)
    log_input, log_target = draft.log_input, draft.log_target is True
    rows = list(zip(every, scales, draft.input, strict=True))
    return {
        "d_input": [by_input(one, x, log_input=log_input) * factor for one, factor, x in rows],
        "d_target": [by_target(one, log_target=log_target) * factor for one, factor, _ in rows],
    }


def factors_of(draft: Draft, upstream: Upstream) -> Floats:
    """Factor of the derivative of each term; 0 for a term that is not selected."""
    found, scales = samples(draft), [0.0] * len(draft.input)
    for places, factor in zip(found.terms, cotangents(draft, found, upstream), strict=True):
        for place in places:
            scales[place] = factor
    return scales


def cotangents(draft: Draft, found: Samples, upstream: Upstream) -> Floats:
    """Upstream derivatives of all samples, over the divisor."""
    each = upstream if isinstance(upstream, tuple) else (upstream,) * len(found.terms)
    divisor = float(found.divisor(problem(draft).resolved))
    return [entered(one) / divisor for one in each]
