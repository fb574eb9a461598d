"""Exponentials of rows of logits, and of two rows; those less a number of few digits are exact."""

from typing import Any, NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.any_size import filled, number_of_rows, over, unmerged
from kldiv_xp.formula.exact_quotients import USUAL, exponential_over, is_exact


def largest(xp: Namespace, array: Array) -> Array:
    """Largest element along the last axis, which stays."""
    return xp.max(array, axis=-1, keepdims=True)


def smallest(xp: Namespace, array: Array) -> Array:
    """Least element along the last axis, which stays."""
    return xp.min(array, axis=-1, keepdims=True)


class Pair(NamedTuple):
    """Two rows of logits, target and input, and their exponentials p and q."""

    logits: tuple[Array, Array]
    tops: tuple[Array, Array]
    """Their maxima."""
    shifted: tuple[Array, Array]
    """Logits less their maxima."""
    p: Array
    q: Array


def pair_of(xp: Namespace, input: Array, target: Array, temperature: float | Array) -> Pair:
    """Two rows of logits and their exponentials, scaled so that the largest is 1."""
    tops = largest(xp, target), largest(xp, input)
    shifted = xp.subtract(target, tops[0]), xp.subtract(input, tops[1])
    p, q = xp.exp(over(xp, shifted[0], temperature)), xp.exp(over(xp, shifted[1], temperature))
    return Pair((target, input), tops, shifted, p, q)


def computed_anew(xp: Namespace, pair: Pair, temperature: float | Array) -> Pair:
    """The same exponentials, bit for bit, by another expression.

    Inductor keeps in memory what two loops over the rows need, as large as the logits: a divergence
    of 512 x 32000 took 76 ms, and takes 34.
    """
    p, q = (
        xp.exp(xp.negative(over(xp, xp.subtract(top, one), temperature)))
        for one, top in zip(pair.logits, pair.tops, strict=True)
    )
    return pair._replace(p=p, q=q)


def unrounded_pair(xp: Namespace, input: Array, target: Array, temperature: float | Array) -> Pair:
    """The same with `unrounded` exponentials."""
    logits, tops = (target, input), (largest(xp, target), largest(xp, input))
    shifted = xp.subtract(target, tops[0]), xp.subtract(input, tops[1])
    p, q = (unrounded(xp, *both, temperature) for both in zip(logits, tops, strict=True))
    return Pair(logits, tops, shifted, p, q)


def short_pair(xp: Namespace, input: Array, target: Array, temperature: float | Array) -> Pair:
    """The cheaper of the two whose exponentials are good to a unit in the last place or two."""
    pair = pair_of if is_exact(xp, temperature) else unrounded_pair
    return pair(xp, input, target, temperature)


def unrounded(xp: Namespace, logits: Array, top: Array, temperature: float | Array) -> Array:
    """Exponentials over T of logits less a number of their row, a difference without rounding.

    The product of two, the largest 1: of the first factor alone, up to e**64, automatic
    differentiation makes squares, which overflow.
    """
    shift = shift_of(xp, top, temperature)
    values, unit = (
        exponential_over(xp, xp.subtract(one, other), temperature, top)
        for one, other in ((logits, shift), (shift, top))
    )
    # XLA makes exp(a + b) of exp(a) exp(b), which rounds a sum of any size.
    return xp.multiply(values, unmerged(xp, unit))


def shift_of(xp: Namespace, top: Array, temperature: float | Array) -> Array:
    """Number that logits are to be less, so that the difference is not rounded.

    Less their maximum it has an error of eps / 2 for each unit, and derivatives of peaked rows had
    errors of 3e-6.  Logits themselves have none, and none less a number of few digits that has
    their sign.
    """
    if isinstance(temperature, float) and temperature > USUAL:  # the numbers below may overflow
        return top
    is_one = isinstance(temperature, float) and temperature == 1
    unit: Any = 1.0 if is_one else filled(xp, top, temperature)
    grid = number_of_rows(xp, top, unit * (1.5 / (8 * float(xp.finfo(top.dtype).eps))))
    coarse = xp.subtract(xp.add(top, grid), grid)
    most = unit * 64.0
    if not isinstance(most, float):
        most = xp.subtract(xp.add(most, grid), grid)
    kept = xp.where(xp.greater(coarse, 0), coarse, 0.0)
    kept = xp.where(xp.less(kept, most), kept, most)
    shifts = xp.less(xp.abs(top), unit * 4096.0)
    if not isinstance(temperature, float):
        shifts = xp.logical_and(shifts, xp.less(temperature, USUAL))
    return xp.where(shifts, xp.subtract(coarse, kept), top)
