"""The losses and their derivatives as functions (xp, numbers, *arrays) to trace."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from struct import pack, unpack
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.evaluate import chained_derivatives
from kldiv_xp.core.evaluate_rows import derivatives_by, rows_by
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.exact_quotients import is_power_of_two
from kldiv_xp.formula.form import Form, term_of
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.formula.sparse_student import exponentials
from kldiv_xp.tracing.lines import Symbol

SYMBOL_NAMES = ("x", "t", "w")
UPSTREAM = "u"
FACTOR = "factor"
TEMPERATURE, REST = "temperature", "rest_of_temperature"
NUMBERS = (TEMPERATURE, REST)
"""Names of the numbers of a kernel of rows of logits, after its first."""
ANY_TEMPERATURE, OTHER_TEMPERATURE = 2.0, 3.0
"""Stand for most powers of two, and most other temperatures: two kernels for all of a schedule."""
FIRST, SECOND, LAST = 0, 1, -1
"""Indices of the alternative computations of a row: the last is always valid."""
WIDE = 3
"""That of rows in a type with twice the digits of their logits."""
RESULTS = ("by_input", "by_target")
TERMS_OUTPUT = "terms"
TOTAL = "total"
"""Name of a result with one element per row."""
Numbers = dict[str, Symbol]
Function = Callable[..., Sequence[Array]]


def sums(form: Form) -> Function:
    """Sum of the terms."""

    def function(xp: Namespace, numbers: Numbers, *arrays: Array) -> Sequence[Array]:
        return (xp.sum(term_of(form)(xp, *arrays), axis=-1),)

    return function


def row_totals() -> Function:
    """Function that sums its array over the row."""

    def function(xp: Namespace, numbers: Numbers, terms: Array) -> Sequence[Array]:
        return (xp.sum(terms, axis=-1),)

    return function


def terms(form: Form) -> Function:
    """Terms of the loss, elementwise."""

    def function(xp: Namespace, numbers: Numbers, *arrays: Array) -> Sequence[Array]:
        return (term_of(form)(xp, *arrays),)

    return function


def derivatives(form: Form, count: int, wanted: tuple[bool, bool]) -> Function:
    """Function for the derivatives times the factor and the cotangent."""

    def function(xp: Namespace, numbers: Numbers, *arrays: Array) -> Sequence[Array]:
        derivatives = chained_derivatives(form, Scale(numbers[FACTOR]), count)  # type: ignore[arg-type]
        return [
            derivative(xp, *arrays)
            for derivative, want in zip(derivatives, wanted, strict=True)
            if want
        ]

    return function


def divergences(divergence: Divergence, way: int = LAST) -> Function:
    """Function for the divergence of a row, by one alternative computation."""

    def function(xp: Namespace, numbers: Numbers, *arrays: Array) -> Sequence[Array]:
        rows = way_at(at_temperature(divergence, numbers), None, way)
        return (rows_by(rows, divergence, xp, *arrays),)

    return function


def row_derivatives(
    divergence: Divergence, count: int, wanted: tuple[bool, bool], way: int = LAST
) -> Function:
    """Function for the derivatives of a row's divergence, by one alternative computation."""

    def function(xp: Namespace, numbers: Numbers, *arrays: Array) -> Sequence[Array]:
        (x, t, *mask), upstream = arrays[:count], arrays[count:]
        factor: Any = numbers[FACTOR]
        for one in upstream:
            factor = xp.multiply(factor, one)
        at = at_temperature(divergence, numbers)
        ways = [way_at(at, place, way) for place in (0, 1) if wanted[place]]
        return [derivatives_by(one, divergence, xp, x, t, factor, *mask) for one in ways]

    return function


def way_at(divergence: Divergence, place: int | None, way: int) -> Callable[..., Array]:
    """One alternative computation of a row, or of a derivative."""
    if way == WIDE:
        return divergence.wide_attempts(place, Guard.LOGARITHM)[0][1]
    return divergence.ways(place)[way]


def rest_totals(temperature: float) -> Function:
    """Function for the sum over a row of exp((logits - anchor) / temperature)."""

    def function(xp: Namespace, numbers: Numbers, rest: Array, anchor: Array) -> Sequence[Array]:
        divisor = given_temperature(temperature, numbers)
        return (xp.sum(exponentials(xp, rest, anchor, divisor), axis=-1),)

    return function


def rest_derivatives(temperature: float) -> Function:
    """Function for these exponentials times a factor per row."""

    def function(
        xp: Namespace, numbers: Numbers, rest: Array, anchor: Array, factor: Array
    ) -> Sequence[Array]:
        divisor = given_temperature(temperature, numbers)
        return (xp.multiply(exponentials(xp, rest, anchor, divisor), factor),)

    return function


def given_temperature(temperature: float, numbers: Numbers) -> Any:
    """Temperature parameter of a kernel for any temperature, else the temperature itself."""
    if temperature == ANY_TEMPERATURE:
        return replace(numbers[TEMPERATURE], is_power_of_two=True)
    if temperature == OTHER_TEMPERATURE:
        return replace(numbers[TEMPERATURE], rest=numbers[REST])
    return temperature


def at_temperature(divergence: Divergence, numbers: Numbers) -> Divergence:
    """The divergence at the kernel's temperature parameter, if it has one."""
    return replace(divergence, temperature=given_temperature(divergence.temperature, numbers))


def any_of(divergence: Divergence) -> Divergence:
    """The divergence at the temperature that its code is compiled for."""
    temperature = any_temperature(divergence.temperature)
    if temperature == ANY_TEMPERATURE and not is_power_of_two(divergence.temperature):
        temperature = OTHER_TEMPERATURE
    return replace(divergence, temperature=temperature)


def numbers_of_temperature(temperature: float, real: str) -> tuple[float, float]:
    """Temperature, and what a number of the type that is computed in lacks of it."""
    number = float(temperature)
    if real != "float32" or any_temperature(number) != ANY_TEMPERATURE:
        return number, 0.0
    return number, number - unpack("f", pack("f", number))[0]


def any_temperature(temperature: float) -> float:
    """Temperature to compile for: `ANY_TEMPERATURE` unless this one needs code of its own."""
    if temperature == 1 or not 2.0**-100 < temperature < 2.0**100:  # such numbers need care
        return temperature
    return ANY_TEMPERATURE
