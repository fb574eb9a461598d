"""Differences of logits less one that stands for their row, so that none loses its digits."""

import math
from collections.abc import Callable

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.any_size import filled, over
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.mixture_weights import Weights
from kldiv_xp.formula.near_equal import difference_of, row_sum, where_positive
from kldiv_xp.formula.near_half import Softmaxes
from kldiv_xp.formula.near_pairs import largest


def relative_difference(
    xp: Namespace,
    input: Array,
    target: Array,
    top: Array,
    mean_of: Callable[[Array, Array], tuple[Array, Array]],
    guard: Guard,
    temperature: float | Array | None = None,
) -> tuple[Array, Array]:
    """Target - input, less that of the class whose target is the largest, or less a mean.

    And the input of that class, or of one with the largest target and that mean.  `mean_of` says of
    which rows it is the mean, and that input, given such differences and the input of the first.

    With a temperature that class does not stand for a row whose input lacks it: a mixture has one
    logarithm for all such classes, and what is added to -1e12 has lost its digits.

    Not less that of the two maxima, which may be of two classes: where one that only the input has
    is its largest, all differences would be large, and small ones among them lose their digits.
    Less the mean where no class has half of the weight, for the same reason: where that class alone
    differs, derivatives of 32,000 classes had errors of 1e-5.
    """
    is_top, at_top = xp.equal(target, top), largest(xp, input)
    of_input = at(xp, is_top, input)
    largest_number = float(xp.finfo(input.dtype).max)
    if temperature is None:
        stands = xp.greater_equal(of_input, -largest_number)
    else:
        depth = over(xp, xp.subtract(at_top, of_input), temperature)
        stands = xp.less(depth, math.log(largest_number))
    of_input = xp.where(stands, of_input, at_top)
    differences = difference_of(xp, (target, input), (top, of_input), guard)
    own = at(xp, is_top, differences)
    centres, level = mean_of(differences, of_input)
    tops = top, xp.where(centres, level, of_input)
    relative = difference_of(xp, (target, input), tops, guard)
    least = xp.negative(at(xp, is_top, xp.negative(input)))
    return xp.subtract(relative, xp.where(centres, 0.0, own)), xp.where(centres, level, least)


def at(xp: Namespace, place: Array, values: Array) -> Array:
    """Value in each row where the place is True, the largest of them."""
    return largest(xp, xp.where(place, values, -math.inf))


def level_of_mean(
    xp: Namespace,
    both: Softmaxes,
    at_top: Array,
    weights: Weights,
    temperature: float | Array,
    _: Array,
    of_input: Array,
) -> tuple[Array, Array]:
    """As `relative_difference` wants it, of the mean that is known, but not where that is rounding.

    Where all classes but one differ by the same, their differences are to be exactly 0.  Where q
    nearly lacks most of p the mean is nearly its limit of 24 T: from e**-24 derivatives of rows
    with no class in common had errors of 1e-2, and of 1e9 at a beta of 1e-12.  There the most
    probable class stands for the row; one that q has beside a larger beta does not, and the mean is
    raised to 120 T, at which q is 0.
    """
    moved = xp.subtract(at_top, of_input)
    beyond = xp.subtract(over(xp, both.mean, temperature), 20.0)
    is_far, fits = xp.greater(beyond, 0), xp.less(both.mean, 1e30)
    least, beta = (filled(xp, beyond, one) for one in (weights.gamma * 1e-8, weights.beta))
    has_top = xp.less(moved, xp.multiply(both.mean, 0.75))
    is_raised = xp.logical_and(has_top, xp.less_equal(least, beta))
    is_known = xp.logical_or(xp.logical_not(is_far), is_raised)
    centres = xp.logical_and(is_known, xp.greater_equal(row_sum(xp, both.exponentials), 2.0))
    raised = xp.where(xp.logical_and(is_far, fits), xp.add(beyond, 1.0), 1.0)
    mean = xp.multiply(both.mean, raised)
    centre = xp.subtract(mean, moved)
    sizes = xp.add(xp.abs(mean), xp.abs(moved))
    rounding = xp.multiply(sizes, 32 * float(xp.finfo(at_top.dtype).eps))
    centre = xp.where(xp.greater(xp.abs(centre), rounding), centre, 0.0)
    return centres, xp.subtract(of_input, centre)


def level_of_weights(
    xp: Namespace, p: Array, guard: Guard, differences: Array, of_input: Array
) -> tuple[Array, Array]:
    """As `relative_difference` wants it, of the mean with these weights."""
    differences = where_positive(xp, p, differences, guard)
    total = row_sum(xp, p)
    mean = xp.divide(row_sum(xp, xp.multiply(p, differences)), total)
    centres = xp.logical_and(xp.greater_equal(total, 2.0), xp.less(xp.abs(mean), math.inf))
    return centres, xp.subtract(of_input, xp.where(centres, mean, 0.0))
