"""One CUDA kernel for each loss and each derivative, generated from its formula by tracing it."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from kldiv_xp.cuda.c_types import DeviceOperand
from kldiv_xp.cuda.kernel_elements import Kernel, Result
from kldiv_xp.cuda.kernel_text import kernel_source
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.tracing import losses
from kldiv_xp.tracing.lines import Lines, Symbol
from kldiv_xp.tracing.losses import FACTOR, NUMBERS, TEMPERATURE
from kldiv_xp.tracing.with_derivatives import row_and_derivatives, terms_with_derivatives

DIVISOR = "divisor"


def source_of_functions(
    functions: Sequence[losses.Function],
    numbers: tuple[str, ...],
    real: str,
    inputs: tuple[DeviceOperand, ...],
    outputs: tuple[DeviceOperand, ...],
    ranks: tuple[int, int],
    width: int,
    is_even: bool = False,
) -> str:
    """Kernel source of alternative functions (xp, numbers, *arrays) to the same results."""
    xp = Lines(real)
    arrays = [
        Symbol(one.name, "bool" if one.dtype == "bool" else "real", xp, 0, one.in_rows)
        for one in inputs
    ]
    named = {name: Symbol(name, "real", xp, in_rows=False) for name in numbers}
    found = [function(xp, named, *arrays) for function in functions]
    attempts = [tuple(Result(one.name, one.stage) for one in results) for results in found]
    different = list(dict.fromkeys(attempts))
    return kernel_source(
        Kernel(real, inputs, outputs, numbers, xp.lines, different, *ranks, width, is_even)
    )


@cache
def source_of_sums(form: Form, *layout: Any) -> str:
    """Source of the kernel that sums the terms."""
    return source_of_functions([losses.sums(form)], (DIVISOR,), *layout)


@cache
def source_of_totals(*layout: Any) -> str:
    """Source of the kernel that sums partial sums."""
    return source_of_functions([losses.row_totals()], (DIVISOR,), *layout)


@cache
def source_of_terms(form: Form, *layout: Any) -> str:
    """Source of the kernel that stores the terms."""
    return source_of_functions([losses.terms(form)], (), *layout)


@cache
def source_of_derivatives(form: Form, count: int, wanted: tuple[bool, bool], *layout: Any) -> str:
    """Source of the kernel that stores derivatives times the factor and the cotangent."""
    return source_of_functions([losses.derivatives(form, count, wanted)], (FACTOR,), *layout)


@cache
def source_of_terms_with_derivatives(form: Form, count: int, is_sum: bool, *layout: Any) -> str:
    """Source of the kernel that stores both derivatives, and the terms or their sum."""
    numbers = (DIVISOR, FACTOR) if is_sum else (FACTOR,)
    return source_of_functions([terms_with_derivatives(form, count, is_sum)], numbers, *layout)


@cache
def source_of_divergences(divergence: Divergence, *layout: Any) -> str:
    """Source of the kernel for the divergence of each row of logits."""
    ways = [losses.divergences(divergence, way) for way in ways_of(divergence)]
    return source_of_functions(ways, (DIVISOR, *NUMBERS), *layout)


@cache
def source_of_row_derivatives(
    divergence: Divergence, count: int, wanted: tuple[bool, bool], *layout: Any
) -> str:
    """Source of the kernel that stores the derivatives of the rows' divergences."""
    ways = [losses.row_derivatives(divergence, count, wanted, way) for way in ways_of(divergence)]
    return source_of_functions(ways, (FACTOR, *NUMBERS), *layout)


@cache
def source_of_row_and_derivatives(divergence: Divergence, count: int, *layout: Any) -> str:
    """Source of the kernel for the divergence of each row, which stores both derivatives."""
    ways = [row_and_derivatives(divergence, count, way=way) for way in ways_of(divergence)]
    return source_of_functions(ways, (DIVISOR, FACTOR, *NUMBERS), *layout)


@cache
def source_of_rest_totals(temperature: float, *layout: Any) -> str:
    """Source of the kernel that sums the exponentials of the logits without a teacher's entry."""
    return source_of_functions([losses.rest_totals(temperature)], (DIVISOR, TEMPERATURE), *layout)


@cache
def source_of_rest_derivatives(temperature: float, *layout: Any) -> str:
    """Source of the kernel that stores these exponentials times a factor per row."""
    return source_of_functions([losses.rest_derivatives(temperature)], (TEMPERATURE,), *layout)


def ways_of(divergence: Divergence) -> range:
    """Indices of the alternative computations of a row's divergence."""
    return range(len(divergence.ways(None)))
