"""Divergences of rows of logits that have the same bits in every library, and their derivatives."""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.evaluate_reproducible import cotangent_of, divided, rounding_to
from kldiv_xp.core.evaluate_rows import rows_by, selected
from kldiv_xp.formula import reproducible_js, reproducible_rows
from kldiv_xp.formula.logits import JS, KL
from kldiv_xp.formula.reproducible_functions import TINY, Rounding, rounded
from kldiv_xp.formula.reproducible_operations import Operations
from kldiv_xp.formula.reproducible_sums import row_sum

Divergence = KL | JS


def formula_of(divergence: Divergence) -> Any:
    """Module that has its value and its derivatives."""
    return reproducible_js if isinstance(divergence, JS) else reproducible_rows


class WantedRows(NamedTuple):
    """A loss of logits that is asked for, whose rows are along the last axis."""

    divergence: Divergence
    is_summed: bool
    """Whether the divergences of the rows are added up."""

    rounding: Rounding
    """Type of the result."""

    def value(self, divisor: Any, xp: Namespace, *arrays: Array) -> Array:
        """Divergences, or their sum over the divisor, rounded once."""
        return completed_rows(self, divisor, xp, rows(self.divergence, Operations(xp), *arrays))

    def derivative(
        self, place: int, divisor: Any, upstream: Any, xp: Namespace, *arrays: Array
    ) -> Array:
        """Derivative with respect to one operand, times the cotangent of the loss, rounded once."""
        factor = cotangent_of(xp, arrays[0], divisor, upstream)
        factor = factor[..., None] if factor.ndim else factor
        roundings = {place: rounding_to(xp, arrays[place].dtype)}
        of = Operations(xp)
        return scaled_row_derivatives(self.divergence, roundings, of, *arrays, factor)[place]


def rows(divergence: Divergence, of: Operations, *arrays: Array) -> Array:
    """Divergence of every row in float64, 0 where the mask is False."""
    xp = of.xp
    found = rows_by(partial(with_axis, divergence, of), divergence, xp, *arrays)
    return without_tiny(xp, found)


def without_tiny(xp: Namespace, rows: Array) -> Array:
    """Divergences, 0 where float32 would be subnormal."""
    return xp.where(xp.less(xp.abs(rows), TINY), 0.0, rows)


def with_axis(divergence: Divergence, of: Operations, _: Namespace, *operands: Array) -> Array:
    """The same, with the axis of the rows."""
    return formula_of(divergence).value(of, divergence, *operands)


def completed_rows(wanted: WantedRows, divisor: Any, xp: Namespace, rows: Array) -> Array:
    """Divergences, or their sum over the divisor, in the type of the result."""
    if not wanted.is_summed:
        return rounded(xp, rows, wanted.rounding)
    # Not its only element, which in sparse is no array.
    total = xp.reshape(row_sum(xp, xp.reshape(rows, (-1,))), ())
    return rounded(xp, divided(xp, total, divisor), wanted.rounding)


def scaled_row_derivatives(
    divergence: Divergence, roundings: Mapping[int, Rounding], of: Operations, *arrays: Array
) -> dict[int, Array]:
    """Derivatives with respect to some operands, times the last array: a factor, or one a row.

    They are 0 where a mask is False.
    """
    xp = of.xp
    x, t, *where, factor = arrays
    operands = selected(divergence, xp, x, t, where[0] if where else None)
    found = {}
    for place, rounding in roundings.items():
        value = formula_of(divergence).derivative(place, of, divergence, *operands, factor)
        value = xp.where(where[0], value, 0.0) if where else value
        found[place] = rounded(xp, value, rounding)
    return found
