"""The loss by each reduction, and of each sample, for a report."""

import math

from kldiv_xp._typing import Array, Axes, Shape
from kldiv_xp.calls.kl_div import number_selected
from kldiv_xp.calls.reduction import divisor
from kldiv_xp.calls.with_logits import check_temperature
from kldiv_xp.core.context import Context, unrounded
from kldiv_xp.core.evaluate import Arrays, evaluate_loss, evaluate_samples
from kldiv_xp.core.evaluate_logits import evaluate_samples_of_logits
from kldiv_xp.core.namespaces import known_shape
from kldiv_xp.core.run import quiet
from kldiv_xp.diagnosis.scan import read_scalar
from kldiv_xp.diagnosis.subject import Subject
from kldiv_xp.formula.logit_arrays import JSOfArray
from kldiv_xp.formula.logits import Divergence


def values_of(subject: Subject, context: Context, arrays: Arrays, axes: Axes) -> dict[str, float]:
    """The loss by each reduction to a scalar, from one unrounded sum."""
    if subject.divergence is None:
        total = read_scalar(evaluate_loss(unrounded(context), arrays, subject.form, None))
        shape, where = known_shape(arrays[0]), arrays[2:]
    else:
        samples = divergences_of_samples(subject.divergence, subject.scaled, context, arrays, axes)
        with quiet(context.facts, samples):
            total = read_scalar(context.xp.sum(samples))
        shape, where = known_shape(samples), masks_of_samples(arrays[2:], axes)
    count = read_scalar(number_selected(context, where[0], None)) if where else None
    return by_reduction(total, shape, count)


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
    moved = [xp.moveaxis(array, axes[0], -1) for array in arrays[:2]]
    masks = [xp.expand_dims(one, axis=-1) for one in masks_of_samples(arrays[2:], axes)]
    check_temperature(divergence.temperature, scaled)
    return evaluate_samples_of_logits(context, (*moved, *masks), divergence, scaled=scaled)


def masks_of_samples(masks: Arrays, axes: Axes) -> Arrays:
    """Masks of samples, without the axes of a distribution."""
    ndim = masks[0].ndim if masks else 0
    index = tuple(0 if axis in axes else slice(None) for axis in range(ndim))
    return tuple(mask[index] for mask in masks)
