"""The values that a diagnosis tells: the loss by each reduction, and of each sample."""

import math

from kldiv_xp._array_api import known_shape
from kldiv_xp._divergences import evaluate_samples_of_logits
from kldiv_xp._evaluation import Arrays, Scale, evaluate_loss, evaluate_samples, unrounded
from kldiv_xp._execution import quiet
from kldiv_xp._inspection import read
from kldiv_xp._logit_arrays import JSOfArray
from kldiv_xp._logit_formula import Divergence
from kldiv_xp._logit_request import scale_of
from kldiv_xp._operands import Operands
from kldiv_xp._reduction import divisor
from kldiv_xp._request import number_selected, sample_shape
from kldiv_xp._subject import Subject
from kldiv_xp._typing import Array, Axes


def values_of(subject: Subject, operands: Operands, arrays: Arrays, axes: Axes) -> dict[str, float]:
    """The loss by each reduction that gives one number, of one unrounded sum."""
    if subject.divergence is None:
        total = read(evaluate_loss(unrounded(operands), arrays, subject.log_target, None))
        shape, where = sample_shape(arrays[0], None), arrays[2:]
    else:
        samples = divergences_of(subject.divergence, subject.scaled, operands, arrays, axes)
        with quiet(operands.facts, samples):
            total = read(operands.xp.sum(samples))
        shape, where = known_shape(samples), masks_of_samples(arrays[2:], axes)
    count, batch = (divisor(one, shape) or math.nan for one in ("mean", "batchmean"))
    if where:
        count = read(number_selected(operands, where[0], None))
    return {"sum": total, "batchmean": total / batch, "mean": total / count}


def samples_of(subject: Subject, operands: Operands, arrays: Arrays, axes: Axes) -> Array:
    """The loss of each sample."""
    if subject.divergence is None:
        return evaluate_samples(operands, arrays, subject.log_target, axes)
    return divergences_of(subject.divergence, subject.scaled, operands, arrays, axes)


def divergences_of(
    divergence: Divergence | JSOfArray,
    scaled: bool,
    operands: Operands,
    arrays: Arrays,
    axes: Axes,
) -> Array:
    """Divergences of the samples of logits, scaled, in the type computed in."""
    xp = operands.xp
    moved = [xp.moveaxis(array, axes[0], -1) for array in arrays[:2]]
    masks = [xp.expand_dims(one, axis=-1) for one in masks_of_samples(arrays[2:], axes)]
    samples = evaluate_samples_of_logits(operands, (*moved, *masks), divergence, scaled=scaled)
    return Scale(scale_of(divergence.temperature, scaled)).times(xp, samples)


def masks_of_samples(masks: Arrays, axes: Axes) -> Arrays:
    """Masks of whole samples, without the axes of a sample."""
    ndim = masks[0].ndim if masks else 0
    index = tuple(0 if axis in axes else slice(None) for axis in range(ndim))
    return tuple(mask[index] for mask in masks)
