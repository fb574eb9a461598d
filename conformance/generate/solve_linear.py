"""Expected results of a draft with hidden states: the derivatives are by them and by the weight."""

from functools import cache, partial

from mpmath import mp, mpf

from generate.draft import Upstream
from generate.linear import (
    Sample,
    coarseness,
    layers_of,
    linear_sample,
    logit_derivatives,
    logits,
    product,
)
from generate.linear_draft import LinearDraft
from generate.logit_derivatives import Derivatives
from generate.logits import softmax
from generate.samples import samples
from generate.solution import Solution
from generate.solve_logit_derivatives import scaled, weighted
from generate.solve_logits import reduced


def solve_linear(draft: LinearDraft) -> Solution:
    """Reduced divergences of the selected samples, or their derivatives."""
    if draft.upstream is not None:
        return derivatives_of(draft, draft.upstream)
    nothing, of = (mpf(0), mpf(0)), cache(partial(linear_sample, draft))
    found = [of(row) if row.hidden else nothing for row in rows(draft)]
    return reduced(draft, samples(draft), found, traces(draft))


def rows(draft: LinearDraft) -> list[Sample]:
    """Samples, empty where they are not selected."""
    of_teacher = samples(draft.of_teacher).terms
    return [
        Sample(
            tuple(draft.input[place] for place in places),
            tuple(draft.target[place] for place in others),
            tuple(draft.indices[place] for place in others) if draft.indices else (),
        )
        for places, others in zip(samples(draft).terms, of_teacher, strict=True)
    ]


def derivatives_of(draft: LinearDraft, upstream: Upstream) -> Solution:
    """Derivatives of the reduced divergence, exactly 0 in a sample that is not selected."""
    grouped, head, coarse = samples(draft), layers_of(draft)[0].weight, coarseness(draft)
    factor, each = grouped.factors(upstream, str(draft.reduction))
    if draft.scale:
        factor *= mpf(draft.temperature) ** 2
    by_input: Derivatives = [(mpf(0), mpf(0))] * len(draft.input)
    every = zip(grouped.terms, rows(draft), each, strict=True)
    chosen = [(places, row, weight) for places, row, weight in every if places]
    of = cache(partial(logit_derivatives, draft))
    by_logits = [weighted(of(row), weight) for _, row, weight in chosen]
    for (places, _, _), found in zip(chosen, by_logits, strict=True):
        for column, place in enumerate(places):
            by_input[place] = product(found, [row[column] for row in head], coarse)
    by_weight = [
        product(
            [found[word] for found in by_logits],
            [row.hidden[column] for _, row, _ in chosen],
            coarse,
        )
        for word in range(len(head))
        for column in range(draft.weight_shape[1])
    ]
    expected, bound = {}, {}
    for name, pairs in (("d_input", by_input), ("d_weight", by_weight)):
        expected[name], bound[name] = scaled(pairs, factor, draft.working, draft.dtype)
    return Solution(expected, bound, {}, traces(draft))


def traces(draft: LinearDraft) -> list[float]:
    """Probabilities that an implementation meets."""
    every, layer = dict.fromkeys(row.hidden for row in rows(draft)), layers_of(draft)[0]
    of_student = [
        one
        for hidden in every
        if hidden
        for one in softmax(logits(hidden, layer)[0], draft.temperature).p
    ]
    return [float(one) for one in of_student if mp.isfinite(one)]
