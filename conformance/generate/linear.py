"""Exact logits of hidden states, divergences of them, their derivatives, and the errors of all."""

from collections.abc import Sequence
from typing import NamedTuple

from mpmath import mp, mpf

from generate.linear_draft import LinearDraft
from generate.logit_derivatives import Derivatives, by_right, of_logits, over
from generate.logits import Distribution, divergence, given, mixed, moved, softmax
from generate.sparse import Row, by_logits, sides, sparse_sample
from kldiv_conformance._formats import FORMATS

Numbers = Sequence[float]
ONE = mpf(1)


class Layer(NamedTuple):
    """Rows of the weight of a layer, and its bias, 0 where it has none."""

    weight: list[Numbers]
    bias: Numbers


class Sample(NamedTuple):
    """Hidden states of the student, and what is known of the teacher."""

    hidden: Numbers
    target: Numbers
    indices: Sequence[int]


def layers_of(draft: LinearDraft) -> tuple[Layer, Layer]:
    """The layers of student and teacher, that of the teacher empty if its logits are given."""
    return (
        layer(draft.weight, draft.weight_shape, draft.bias),
        layer(draft.target_weight, draft.target_weight_shape, draft.target_bias),
    )


def layer(weight: Numbers, shape: Sequence[int], bias: Numbers) -> Layer:
    """Layer of a flat weight."""
    if not weight:
        return Layer([], [])
    size, width = shape
    rows = [weight[row * width : (row + 1) * width] for row in range(size)]
    return Layer(rows, bias or [0.0] * size)


def coarseness(draft: LinearDraft) -> mpf:
    """How much coarser than what is computed in a product of matrices of the operands may be."""
    return mpf(FORMATS[draft.dtype].eps) / mpf(draft.working.eps)


def logits(hidden: Numbers, of: Layer, coarse: mpf = ONE) -> tuple[list[mpf], list[mpf]]:
    """Logits of hidden states, and what a product of matrices may lose of each, in eps."""
    found, lost = [], []
    for row, bias in zip(of.weight, of.bias, strict=True):
        terms = [mpf(bias), *(mpf(a) * mpf(b) for a, b in zip(hidden, row, strict=True))]
        found.append(mp.fsum(terms))
        roundings = (mpf(len(terms)) / 2 + 1) * coarse
        lost.append(roundings * mp.fsum(map(abs, terms)) if mp.isfinite(found[-1]) else mpf(0))
    return found, lost


def pair(draft: LinearDraft, sample: Sample) -> tuple[Distribution, Distribution]:
    """Teacher and student over the whole vocabulary."""
    ours, theirs = layers_of(draft)
    temperature, coarse = draft.temperature, coarseness(draft)
    values, lost = logits(sample.hidden, ours, coarse)
    q = moved(softmax(values, temperature), lost, temperature)
    if theirs.weight:
        values, lost = logits(sample.target, theirs, coarse)
        return moved(softmax(values, temperature), lost, temperature), q
    if draft.target_is == "logits":
        return softmax(sample.target, temperature), q
    return given(sample.target, draft.target_is), q


def row_of(draft: LinearDraft, sample: Sample) -> Row:
    """Sample with a sparse teacher, as logits."""
    values, lost = logits(sample.hidden, layers_of(draft)[0], coarseness(draft))
    return Row(values, sample.indices, sample.target, lost)


def linear_sample(draft: LinearDraft, sample: Sample) -> tuple[mpf, mpf]:
    """Divergence of one sample and the scale of its errors, in eps."""
    if sample.indices:
        return sparse_sample(draft, row_of(draft, sample))
    p, q = pair(draft, sample)
    exact, scale = mixed(p, q, draft.beta) if draft.beta else divergence(p, q)
    factor = mpf(draft.temperature) ** 2 if draft.scale else mpf(1)
    return exact * factor, (scale + 2 * abs(exact)) * factor


def logit_derivatives(draft: LinearDraft, sample: Sample) -> Derivatives:
    """Derivatives of the divergence of one sample by the student's logits."""
    if sample.indices:
        row = row_of(draft, sample)
        return by_logits(draft, row, *sides(draft, row))
    p, q = pair(draft, sample)
    by_input = by_right(p, q) if draft.beta == 0 else of_logits(p, q, draft)[0]
    return over(mpf(draft.temperature), by_input)


def product(derivatives: Derivatives, factors: Numbers, coarse: mpf = ONE) -> tuple[mpf, mpf]:
    """Inner product of derivatives with numbers, and the scale of its errors, in eps."""
    terms = [
        derivative * mpf(one) for (derivative, _), one in zip(derivatives, factors, strict=True)
    ]
    scales = [scale * abs(mpf(one)) for (_, scale), one in zip(derivatives, factors, strict=True)]
    sums = (mpf(len(terms)) / 2 + 1) * coarse * mp.fsum(map(abs, terms))
    return mp.fsum(terms), mp.fsum(scales) + sums
