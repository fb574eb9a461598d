"""The Jensen-Shannon divergence of rows that agree closely, by one exponential for an element.

With d = log p - log q and g = sqrt(p q), its entries are g e(d), where

    e(d) = d sinh(d / 2) / 2 - cosh(d / 2) log cosh(d / 2) = d**2 / 8 + ...

G is proportional to the exponential of the mean of both logits.
"""

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.any_size import over, times, times_square
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.near_equal import difference_of, is_in_logits, polynomial, row_sum
from kldiv_xp.formula.near_look import if_small
from kldiv_xp.formula.near_pairs import largest

# Polynomials in z = d**2 for z <= 2.25, Chebyshev's, the highest power first: errors of 2e-9, and
# 1e-17, relative to the last number.
ENTRY = (
    (-1.5730387e-08, 3.3631787e-07, -5.4016338e-06, 1.0849475e-04, 2.323e-09, 0.125),
    (
        *(-2.253092689684717e-15, 5.737240920994597e-14, -8.724625561001463e-13),
        *(1.131044907919918e-11, -1.432847482412515e-10, 1.8576576959987186e-09),
        *(-2.507239888955436e-08, 3.576530603199035e-07, -5.425347213484618e-06),
        *(1.0850694444339783e-04, 4.923802265957743e-17, 0.125),
    ),
)
"""e(d) / z"""
SINH = (
    (1.5744916e-06, 2.6038229e-04, 2.0833349e-02, 0.5),
    (
        *(1.9787924271485144e-14, 1.2231902849675769e-11, 5.3822897889953814e-09),
        *(1.5500992056574409e-06, 2.6041666666692617e-04, 2.0833333333333297e-02, 0.5),
    ),
)
"""sinh(d / 2) / d"""
COSH = (
    (9.8099392e-08, 2.1699673e-05, 2.6041674e-03, 0.125),
    (
        *(7.058846587318893e-16, 5.096685880986009e-13, 2.691144729662828e-10),
        *(9.688120037522427e-08, 2.170138888889699e-05, 2.6041666666666657e-03, 0.125),
    ),
)
"""(cosh(d / 2) - 1) / z"""


def close_js(
    xp: Namespace, input: Array, target: Array, *, temperature: float, scaled: bool
) -> Array:
    """Divergence at 1/2 of rows whose log-ratios are all small; symmetric bit for bit, else NaN."""
    tops = largest(xp, target), largest(xp, input)
    both = xp.add(xp.subtract(target, tops[0]), xp.subtract(input, tops[1]))
    g = xp.exp(over(xp, xp.multiply(both, 0.5), temperature))
    differences = difference_of(xp, (target, input), tops, Guard.NONE)
    sum_g = row_sum(xp, g)
    mean = xp.divide(row_sum(xp, xp.multiply(g, differences)), sum_g)
    centred = xp.subtract(differences, mean)
    d = over(xp, centred, temperature)
    even, odd = sums_of_hyperbolics(xp, g, sum_g, d)
    excess = xp.divide(odd, even)
    # Twice the inverse of tanh: what log p - log q is less than d.
    shift = xp.subtract(xp.log1p(excess), xp.log1p(xp.negative(excess)))
    rows = entries(xp, g, (centred, d, shift), temperature, scaled)
    norm = xp.sqrt(xp.multiply(xp.add(even, odd), xp.subtract(even, odd)))
    rows = if_small(xp, d, xp.divide(rows, norm))
    if not scaled or is_in_logits(temperature, scaled):
        return rows
    return times_square(xp, rows, temperature)


def sums_of_hyperbolics(xp: Namespace, g: Array, sum_g: Array, d: Array) -> tuple[Array, Array]:
    """Sums of g cosh(d / 2) and of g sinh(d / 2): half of those of p and q, together and apart."""
    z = xp.multiply(d, d)
    cosh = row_sum(xp, xp.multiply(xp.multiply(series(xp, COSH, z), z), g))
    sinh = row_sum(xp, xp.multiply(xp.multiply(series(xp, SINH, z), d), g))
    return xp.add(sum_g, cosh), sinh


def entries(
    xp: Namespace,
    g: Array,
    differences: tuple[Array, Array, Array],
    temperature: float,
    scaled: bool,
) -> Array:
    """Sum of g e(d), in logits times T**2 if scaled."""
    centred, d, shift = differences
    d = xp.subtract(d, shift)
    z = xp.multiply(d, d)
    if is_in_logits(temperature, scaled):
        centred = xp.subtract(centred, times(xp, shift, temperature))
        return row_sum(
            xp, xp.multiply(xp.multiply(series(xp, ENTRY, z), xp.multiply(centred, centred)), g)
        )
    return row_sum(xp, xp.multiply(xp.multiply(series(xp, ENTRY, z), z), g))


def series(
    xp: Namespace, polynomials: tuple[tuple[float, ...], tuple[float, ...]], z: Array
) -> Array:
    """Polynomial as the type of its argument needs it."""
    short, long = polynomials
    return polynomial(xp, z, *(long if xp.finfo(z.dtype).eps < 2.0**-23 else short))
