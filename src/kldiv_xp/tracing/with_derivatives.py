"""Functions to trace of which a kernel stores both derivatives and, after them, the loss."""

from collections.abc import Sequence

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.evaluate_rows import rows_by
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logits import JS, Divergence
from kldiv_xp.tracing.losses import (
    LAST,
    WIDE,
    Function,
    Numbers,
    at_temperature,
    derivatives,
    divergences,
    row_derivatives,
    sums,
    terms,
    way_at,
)

BOTH_WANTED = (True, True)


def terms_with_derivatives(form: Form, count: int, is_sum: bool) -> Function:
    """Function for both derivatives, and for the terms or their sum after them."""
    value = (sums if is_sum else terms)(form)

    def function(xp: Namespace, numbers: Numbers, *arrays: Array) -> Sequence[Array]:
        both = derivatives(form, count, BOTH_WANTED)(xp, numbers, *arrays)
        return *both, *value(xp, numbers, *arrays[:count])

    return function


def row_and_derivatives(
    divergence: Divergence, count: int, wanted: tuple[bool, bool] = BOTH_WANTED, way: int = LAST
) -> Function:
    """Function for derivatives of a row's divergence, and for the divergence after them."""

    def function(xp: Namespace, numbers: Numbers, *arrays: Array) -> Sequence[Array]:
        derivatives = row_derivatives(divergence, count, wanted, way)(xp, numbers, *arrays)
        at = at_temperature(divergence, numbers)
        if isinstance(at, JS) and way != WIDE:
            rows = at.ways_beside()[way]
        else:
            rows = way_at(at, None, way)
        return *derivatives, rows_by(rows, divergence, xp, *arrays[:count])

    return function


def wanted_of_rows(divergence: Divergence, count: int, wanted: tuple[bool, bool, bool]) -> Function:
    """Function for those that are wanted of both derivatives of a row, and of its divergence."""
    *by_operands, has_value = wanted

    def function(xp: Namespace, numbers: Numbers, *arrays: Array) -> Sequence[Array]:
        both = row_derivatives(divergence, count, (by_operands[0], by_operands[1]))
        value = divergences(divergence)(xp, numbers, *arrays[:count]) if has_value else ()
        return *both(xp, numbers, *arrays), *value

    return function
