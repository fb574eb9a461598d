"""Forms of the pointwise divergence, and their functions (xp, input, target[, where], *, guard)."""

from functools import partial
from typing import Any, NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.generalized import (
    generalized_input_gradient,
    generalized_pointwise,
    generalized_target_gradient,
)
from kldiv_xp.formula.jensen_shannon import js_derivative, js_pointwise
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

    beta: float | None = None
    """Weight of p in a Jensen-Shannon divergence; None of the Kullback-Leibler divergence."""

    @property
    def switches(self) -> dict[str, bool]:
        """Switches of the call, by name."""
        return dict(zip(self._fields[:3], self[:3], strict=True))


VALUES = (pointwise, pointwise_input_gradient, pointwise_target_gradient)
GENERALIZED = (
    generalized_pointwise,
    generalized_input_gradient,
    generalized_target_gradient,
)
JENSEN_SHANNON = (js_pointwise, partial(js_derivative, 0), partial(js_derivative, 1))


def term_of(form: Form) -> Any:
    """A term."""
    return derivative_of(form, -1)


def factors_of(form: Form) -> Any:
    """Two factors of a term, which are cheaper to multiply and add up at once."""
    if not has_factors(form):
        return partial(whole_term, form)
    return partial(factors, log_input=form.log_input, log_target=form.log_target)


def has_factors(form: Form) -> bool:
    """Whether a term is a product, to which nothing is added."""
    return not form.generalized and form.beta is None


def whole_term(form: Form, xp: Namespace, *arrays: Array, guard: Guard = Guard.FULL) -> Any:
    """The term and 1, for sums of products."""
    terms = term_of(form)(xp, *arrays, guard=guard)
    return terms, xp.ones_like(terms)


def derivative_of(form: Form, place: int) -> Any:
    """Derivative of a term with respect to input (0) or target (1); or the term itself (-1)."""
    functions: Any = GENERALIZED if form.generalized else VALUES
    function = functions[place + 1]
    if form.beta is not None:
        function = partial(JENSEN_SHANNON[place + 1], beta=form.beta)
    return partial(function, log_input=form.log_input, log_target=form.log_target)


def guards_of(form: Form) -> tuple[Guard, ...]:
    """Guards for those who look at what came out, one after the other."""
    return ONE_AFTER_THE_OTHER if has_factors(form) else (Guard.FULL,)
