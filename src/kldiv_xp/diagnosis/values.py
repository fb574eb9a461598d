"""The loss by each reduction, and of each sample, for a report."""

import math
from dataclasses import replace

from kldiv_xp._typing import Array, Axes, Shape
from kldiv_xp.calls.kl_div import number_selected
from kldiv_xp.calls.reduction import divisor
from kldiv_xp.calls.with_logits import check_temperature
from kldiv_xp.core.context import Context, unrounded
from kldiv_xp.core.evaluate import Arrays, evaluate_loss, evaluate_samples
from kldiv_xp.core.evaluate_logits import evaluate_samples_of_logits
from kldiv_xp.core.namespaces import known_shape, sample_shape
from kldiv_xp.core.run import quiet
from kldiv_xp.core.shapes import with_axis_moved
from kldiv_xp.diagnosis.report import Report
from kldiv_xp.diagnosis.scan import read_scalar
from kldiv_xp.diagnosis.subject import Subject
from kldiv_xp.formula.logit_arrays import JSOfArray
from kldiv_xp.formula.logits import Divergence


def with_loss(
    found: Report, subject: Subject, context: Context, arrays: Arrays, *, of_samples: bool
) -> Report:
    """The report with the loss by each reduction to a scalar, from one unrounded sum.

    Terms are summed first along the axes of the samples, if the reduction is one `of_samples`.
    """
    axes: Axes | None = found.axis if of_samples else None
    shape = sample_shape(known_shape(arrays[0]), axes)
    if subject.divergence is None:
        total = read_scalar(evaluate_loss(unrounded(context), arrays, subject.form, None))
    else:
        rows = subject.divergence, subject.scaled, context, arrays, found.axis
        samples = divergences_of_samples(*rows)
        with quiet(context.facts, samples):
            total = read_scalar(context.xp.sum(samples))
    count = read_scalar(number_selected(context, arrays[2], axes)) if arrays[2:] else None
    return with_values(found, total, shape, count, of_samples=of_samples)


def with_values(
    found: Report, total: float, shape: Shape, selected: float | None, *, of_samples: bool
) -> Report:
    """The report with the loss by each reduction, of a sum over a shape or what is selected."""
    number = None if selected is None else round(selected)
    if any(one.code == "nothing-selected" for one in found.findings):
        number = 0
    values = by_reduction(total, shape, selected)
    return replace(found, values=values, of_samples=of_samples, selected=number)


def by_reduction(total: float, shape: Shape, selected: float | None) -> dict[str, float]:
    """'sum', 'batchmean' and 'mean' from a sum; 'mean' divides by the selected count, if given."""
    count, batch = (divisor(one, shape) or math.nan for one in ("mean", "batchmean"))
    return {"sum": total, "batchmean": total / batch, "mean": total / (selected or count)}


def losses_of_samples(subject: Subject, context: Context, arrays: Arrays, axes: Axes) -> Array:
    """Loss of each sample."""
    if subject.divergence is None:
        return evaluate_samples(context, arrays, subject.form, axes)
    return divergences_of_samples(subject.divergence, subject.scaled, context, arrays, axes)


def divergences_of_samples(
    divergence: Divergence | JSOfArray,
    scaled: bool,
    context: Context,
    arrays: Arrays,
    axes: Axes,
) -> Array:
    """Divergences of samples of logits, scaled, in the working dtype."""
    xp = context.xp
    moved = [with_axis_moved(xp, array, axes[0], -1) for array in arrays[:2]]
    masks = [xp.expand_dims(one, axis=-1) for one in masks_of_samples(arrays[2:], axes)]
    check_temperature(divergence.temperature, scaled)
    return evaluate_samples_of_logits(context, (*moved, *masks), divergence, scaled=scaled)


def masks_of_samples(masks: Arrays, axes: Axes) -> Arrays:
    """Masks of samples, without the axes of a distribution."""
    ndim = masks[0].ndim if masks else 0
    index = tuple(0 if axis in axes else slice(None) for axis in range(ndim))
    return tuple(mask[index] for mask in masks)
