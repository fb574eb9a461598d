"""Expected results of a draft with a sparse teacher."""

from functools import cache, partial

from mpmath import mp, mpf

from generate.draft import Upstream
from generate.logits import softmax
from generate.samples import samples
from generate.solution import Solution
from generate.solve_logit_derivatives import scaled, weighted
from generate.solve_logits import reduced
from generate.sparse import Row, sparse_derivatives, sparse_sample
from generate.sparse_draft import SparseDraft


def solve_sparse(draft: SparseDraft) -> Solution:
    """Reduced divergences of the selected samples, or their derivatives."""
    if draft.upstream is not None:
        return derivatives_of(draft, draft.upstream)
    nothing, of = (mpf(0), mpf(0)), cache(partial(sparse_sample, draft))
    found = [of(row) if row.input else nothing for row in rows(draft)]
    return reduced(draft, samples(draft), found, traces(draft))


def rows(draft: SparseDraft) -> list[Row]:
    """Samples, empty where they are not selected."""
    of_teacher = samples(draft.of_teacher).terms
    return [
        Row(
            tuple(draft.input[place] for place in places),
            tuple(draft.indices[place] for place in others),
            tuple(draft.target[place] for place in others),
        )
        for places, others in zip(samples(draft).terms, of_teacher, strict=True)
    ]


def derivatives_of(draft: SparseDraft, upstream: Upstream) -> Solution:
    """Derivatives of the reduced divergence, exactly 0 in a sample that is not selected."""
    grouped = samples(draft)
    factor, each = grouped.factors(upstream, str(draft.reduction))
    if draft.scale:
        factor *= mpf(draft.temperature) ** 2
    found = {
        name: [(mpf(0), mpf(0))] * len(values)
        for name, values in (("d_input", draft.input), ("d_target", draft.target))
    }
    places = zip(grouped.terms, samples(draft.of_teacher).terms, strict=True)
    for row, where, weight in zip(rows(draft), places, each, strict=True):
        if row.input:
            for name, slots, derivatives in zip(
                found, where, sparse_derivatives(draft, row), strict=True
            ):
                for slot, derivative in zip(slots, weighted(derivatives, weight), strict=True):
                    found[name][slot] = derivative
    expected, bound = {}, {}
    for (name, pairs), dtype in zip(found.items(), draft.dtypes, strict=True):
        expected[name], bound[name] = scaled(pairs, factor, draft.working, dtype)
    return Solution(expected, bound, {}, traces(draft))


def traces(draft: SparseDraft) -> list[float]:
    """Probabilities that an implementation meets."""
    every = dict.fromkeys(row.input for row in rows(draft))
    of_student = [one for row in every if row for one in softmax(row, draft.temperature).p]
    return [float(one) for one in of_student if mp.isfinite(one)]
