"""One side of a Jensen-Shannon divergence: what its derivative is made of, and its length.

P is not divided by its total.
"""

import math
from typing import NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.any_size import over, times
from kldiv_xp.formula.mixture_weights import Weights
from kldiv_xp.formula.near_equal import row_sum
from kldiv_xp.formula.near_pairs import Pair


class Side(NamedTuple):
    """One of the two distributions of a mixture, and what its derivative is made of."""

    weight: float | Array
    p: Array
    total: Array
    log: Array
    """log(p / m), or that plus a number of all classes."""
    mean: Array
    """Its mean over the classes, KL(p || m) plus that number."""
    squares: Array
    """Sum of p**2; of what follows too, p is not divided by its total."""
    of_products: Array
    """Sum of (p log(p / m))**2."""
    length: Array
    """Sum of (p (log(p / m) - mean))**2."""

    def derivative(self, xp: Namespace, least: Array, temperature: float, scaled: bool) -> Array:
        """Derivative with respect to the logits, where its length is not too small."""
        is_long = xp.greater_equal(self.length, least)
        factor = xp.divide(xp.where(is_long, self.weight, math.nan), self.total)
        derivative = xp.multiply(xp.multiply(self.p, xp.subtract(self.log, self.mean)), factor)
        return times(xp, derivative, temperature) if scaled else over(xp, derivative, temperature)


def side_of(
    xp: Namespace,
    pair: Pair,
    sums: tuple[Array, Array],
    log: Array,
    weights: Weights,
    place: int,
) -> Side:
    """The side of the target (1), or of the input (0), from the logarithm of its share."""
    if place:
        return measured(xp, weights.beta, pair.p, sums[0], log)
    return measured(xp, weights.gamma, pair.q, sums[1], log)


def measured(xp: Namespace, weight: float | Array, p: Array, total: Array, log: Array) -> Side:
    """A side, whose p is not divided by its total."""
    products = xp.multiply(p, log)
    mean = xp.divide(row_sum(xp, products), total)
    squares, of_products, length = squares_about(xp, p, products, mean)
    return Side(weight, p, total, log, mean, squares, of_products, length)


def squares_about(
    xp: Namespace, p: Array, products: Array, mean: Array
) -> tuple[Array, Array, Array]:
    """Sums of p**2, of (p v)**2, and of (p (v - mean))**2, from products p v."""
    squares, of_both = (row_sum(xp, xp.multiply(p, one)) for one in (p, products))
    of_products = row_sum(xp, xp.multiply(products, products))
    less = xp.multiply(xp.subtract(xp.multiply(squares, mean), xp.multiply(of_both, 2.0)), mean)
    return squares, of_products, xp.add(of_products, less)
