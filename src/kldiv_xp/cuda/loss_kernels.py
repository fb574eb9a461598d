"""The kernels of the losses and of their derivatives: what the formulas say in C, in loops."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.evaluate import chained_slopes
from kldiv_xp.core.evaluate_rows import rows_of, slopes_of
from kldiv_xp.core.scale import Scale
from kldiv_xp.cuda.c_types import Operand
from kldiv_xp.cuda.formula_to_c import Lines, Symbol
from kldiv_xp.cuda.kernel_elements import Kernel
from kldiv_xp.cuda.kernel_text import kernel_source
from kldiv_xp.cuda.strides_and_grid import THREADS, THREADS_OF_STAGES
from kldiv_xp.formula.form import Form, term_of
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.logits import Divergence

NAMES = ("x", "t", "w")
UPSTREAM = "u"
FACTOR = "factor"
TEMPERATURE = "temperature"
PARTS = "parts"
ANY_TEMPERATURE = 2.0
"""In the place of each but some, so that a schedule of temperatures compiles one kernel."""
RESULTS = ("by_input", "by_target")
TERMS = "terms"
TOTAL = "total"
"""A result that has one element for a row."""
Function = Callable[..., Any]


def source(
    function: Function,
    numbers: tuple[str, ...],
    real: str,
    inputs: tuple[Operand, ...],
    outputs: tuple[Operand, ...],
    ranks: tuple[int, int],
    width: int,
    *,
    threads: int = THREADS,
) -> str:
    """Text of the kernel of a function (xp, numbers, *arrays) to results."""
    xp = Lines(real)
    arrays = [
        Symbol(one.name, "bool" if one.dtype == "bool" else "real", xp, 0, one.in_rows)
        for one in inputs
    ]
    named = {name: Symbol(name, "real", xp, in_rows=False) for name in numbers}
    results = tuple(function(xp, named, *arrays))
    return kernel_source(
        Kernel(real, inputs, outputs, numbers, xp.lines, results, *ranks, width, threads)
    )


@cache
def source_of_sums(form: Form, *layout: Any) -> str:
    """Text of the kernel that adds up terms."""

    def function(xp: Namespace, numbers: dict[str, Symbol], *arrays: Array) -> Sequence[Array]:
        return (xp.sum(term_of(form)(xp, *arrays), axis=-1),)

    return source(function, (PARTS,), *layout)


@cache
def source_of_totals(*layout: Any) -> str:
    """Text of the kernel that adds up what there is."""

    def function(xp: Namespace, numbers: dict[str, Symbol], terms: Array) -> Sequence[Array]:
        return (xp.sum(terms, axis=-1),)

    return source(function, (PARTS,), *layout)


@cache
def source_of_terms(form: Form, *layout: Any) -> str:
    """Text of the kernel that writes terms."""

    def function(xp: Namespace, numbers: dict[str, Symbol], *arrays: Array) -> Sequence[Array]:
        return (term_of(form)(xp, *arrays),)

    return source(function, (), *layout)


@cache
def source_of_slopes(form: Form, count: int, wanted: tuple[bool, bool], *layout: Any) -> str:
    """Text of the kernel that writes derivatives, times the factor and those upstream."""

    def function(xp: Namespace, numbers: dict[str, Symbol], *arrays: Array) -> Sequence[Array]:
        slopes = chained_slopes(form, Scale(numbers[FACTOR]), count)  # type: ignore[arg-type]
        return [slope(xp, *arrays) for slope, want in zip(slopes, wanted, strict=True) if want]

    return source(function, (FACTOR,), *layout)


@cache
def source_of_divergences(divergence: Divergence, *layout: Any) -> str:
    """Text of the kernel that computes a divergence of each row of logits."""

    def function(xp: Namespace, numbers: dict[str, Symbol], *arrays: Array) -> Sequence[Array]:
        return (rows_of(at_temperature(divergence, numbers), xp, *arrays),)

    return source(function, (PARTS, TEMPERATURE), *layout, threads=THREADS_OF_STAGES)


@cache
def source_of_row_slopes(
    divergence: Divergence, count: int, wanted: tuple[bool, bool], *layout: Any
) -> str:
    """Text of the kernel that writes the derivatives of the divergences of rows of logits."""

    def function(xp: Namespace, numbers: dict[str, Symbol], *arrays: Array) -> Sequence[Array]:
        (x, t, *mask), upstream = arrays[:count], arrays[count:]
        factor = numbers[FACTOR]
        for one in upstream:
            factor = xp.multiply(factor, one)
        slope = partial(slopes_of, at_temperature(divergence, numbers), Guard.FULL)
        return [slope(place == 1, xp, x, t, factor, *mask) for place in (0, 1) if wanted[place]]

    return source(function, (FACTOR, TEMPERATURE), *layout, threads=THREADS_OF_STAGES)


def at_temperature(divergence: Divergence, numbers: dict[str, Symbol]) -> Divergence:
    """Divergence at the temperature that the kernel is given, if it was made for any."""
    if divergence.temperature != ANY_TEMPERATURE:
        return divergence
    return replace(divergence, temperature=numbers[TEMPERATURE])
