"""Diagnosis of the losses with sparse teachers or linear heads."""

from collections.abc import Callable
from functools import partial

from kldiv_xp._typing import Array, Axes, Axis, Tail
from kldiv_xp.calls.divergences import of_heads
from kldiv_xp.calls.linear_heads import linear_divergence_of
from kldiv_xp.calls.sparse_teachers import sparse_divergence_of
from kldiv_xp.checks.options import check_tail
from kldiv_xp.checks.scalars import temperature_of
from kldiv_xp.core.evaluate_linear import Heads
from kldiv_xp.core.facts import facts_about
from kldiv_xp.core.namespaces import known_shape, namespace_of
from kldiv_xp.core.run import quiet
from kldiv_xp.diagnosis.asked_loss import Asked
from kldiv_xp.diagnosis.findings import detached
from kldiv_xp.diagnosis.question import subject_of
from kldiv_xp.diagnosis.report import Report
from kldiv_xp.diagnosis.scan import read_scalar
from kldiv_xp.diagnosis.subject import Subject
from kldiv_xp.diagnosis.teachers import report_of_heads, report_of_sparse
from kldiv_xp.diagnosis.values import with_values
from kldiv_xp.formula.sparse import SparseKL


def report_of_teachers(heads: Heads, asked: Asked, axis: Axis, tail: Tail) -> Report:
    """Report on a sparse teacher, or on logits of hidden states."""
    asked = asked.of_logits
    check_tail(tail)
    axis = -1 if axis is None else axis
    check_layers(heads, subject_of(asked.form, asked.input_is, asked.target_is), axis)
    temperature = asked.number("temperature", 1.0)
    heads = heads.changed(**{name: detached(one) for name, one in heads.named().items()})
    if heads.weight is None:
        refuse_beta(asked)
        kind = asked.target_is or "log_probabilities"
        divergence = SparseKL(temperature_of(temperature, heads.input, axis), kind, tail)
        return report_of_indices(heads, divergence, axis, scaled=asked.is_scaled)
    options = temperature, asked.number("beta", 0.0), asked.target_is or "logits", tail
    loss = of_heads(heads.input, *options, sparse=heads.indices is not None)
    found = report_of_heads(heads, loss)
    rows = partial(linear_divergence_of, heads, loss, asked.is_scaled, "none", None)
    return with_rows(found, rows, heads.where)


def report_of_indices(
    heads: Heads, divergence: SparseKL, axis: int | Axes, *, scaled: bool
) -> Report:
    """Report on logits and a sparse teacher, with the loss."""
    operands, where = (heads.input, heads.indices, heads.target), heads.where
    found = report_of_sparse(*operands, divergence, axis, where)
    (place,) = found.axis
    rows = partial(sparse_divergence_of, *operands, divergence, place, scaled, "none", where, None)
    return with_rows(found, rows, where)


def refuse_beta(asked: Asked) -> None:
    """Refuse a beta beside a sparse teacher, which has a divergence in one direction alone."""
    if asked.beta is not None:
        message = (
            f"`beta` must be left out where `indices` name a sparse teacher; got {asked.beta!r}: "
            "pass a target for the whole vocabulary instead."
        )
        raise ValueError(message)


def check_layers(heads: Heads, subject: Subject, axis: int | Axes) -> None:
    """Refuse layers without `weight`, and options that do not go with logits."""
    if subject.input_is != "logits":
        message = (
            "`input_is` must be 'logits' where `indices` or `weight` name a loss of logits; got "
            f"{subject.input_is!r}: leave it out."
        )
        raise ValueError(message)
    if heads.weight is None and heads.indices is None:
        message = (
            "`bias`, `target_weight` and `target_bias` must come with `weight`; got none: pass the "
            "weight of the student's last layer, and hidden states as `input`."
        )
        raise ValueError(message)
    if heads.weight is not None and axis != -1:
        message = (
            f"`axis` must be left out where `weight` makes logits, of whose last axis they are; "
            f"got {axis!r}: move the axis of the hidden states to the end."
        )
        raise ValueError(message)


def with_rows(found: Report, rows: Callable[[], Array], where: Array | None) -> Report:
    """The report with the loss by each reduction, unless the loss refuses what was found."""
    try:
        samples = rows()
        xp = namespace_of(samples)
        with quiet(facts_about(xp), samples):
            total = read_scalar(xp.sum(samples))
    except ValueError:
        if not found.findings:
            raise
        return found
    count = None
    if where is not None:
        count = read_scalar(xp.sum(xp.astype(where, samples.dtype))) or 1.0
    return with_values(found, total, known_shape(samples), count, of_samples=True)
