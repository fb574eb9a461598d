"""Which pointwise divergence is meant, and its functions (xp, input, target[, where], *, guard)."""

from functools import partial
from typing import Any, NamedTuple

from kldiv_xp.formula.generalized import (
    generalized_factors,
    generalized_input_gradient,
    generalized_pointwise,
    generalized_target_gradient,
)
from kldiv_xp.formula.log_probabilities import (
    ONE_AFTER_THE_OTHER,
    Guard,
    factors,
    pointwise,
    pointwise_input_gradient,
    pointwise_target_gradient,
)


class Form(NamedTuple):
    """The spaces of the operands, and whether q - p is added to each term."""

    log_input: bool = True
    """Whether `input` holds log q, not q."""

    log_target: bool = False
    """Whether `target` holds log p, not p."""

    generalized: bool = False
    """Whether q - p is added."""


SLOPES = (pointwise_input_gradient, pointwise_target_gradient)
GENERALIZED_SLOPES = (generalized_input_gradient, generalized_target_gradient)


def term_of(form: Form) -> Any:
    """A term."""
    function = generalized_pointwise if form.generalized else pointwise
    return partial(function, log_input=form.log_input, log_target=form.log_target)


def factors_of(form: Form) -> Any:
    """Two factors of a term, which are cheaper to multiply and add up at once."""
    function = generalized_factors if form.generalized else factors
    return partial(function, log_input=form.log_input, log_target=form.log_target)


def slope_of(form: Form, place: int) -> Any:
    """Derivative of a term with respect to input (0) or target (1)."""
    function = (GENERALIZED_SLOPES if form.generalized else SLOPES)[place]
    return partial(function, log_input=form.log_input, log_target=form.log_target)


def guards_of(form: Form) -> tuple[Guard, ...]:
    """Guards for those who look at what came out, one after the other."""
    return (Guard.FULL,) if form.generalized else ONE_AFTER_THE_OTHER
