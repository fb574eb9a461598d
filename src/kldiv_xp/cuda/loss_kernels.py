"""The kernels of the losses and of their derivatives: what the formulas say in C, in loops."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from kldiv_xp.cuda.c_types import Operand
from kldiv_xp.cuda.kernel_elements import Attempt, Kernel, Result
from kldiv_xp.cuda.kernel_text import kernel_source
from kldiv_xp.cuda.strides_and_grid import THREADS, THREADS_OF_STAGES
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.tracing import losses
from kldiv_xp.tracing.lines import Lines, Symbol
from kldiv_xp.tracing.losses import FACTOR, FIRST, LAST, TEMPERATURE

PARTS = "parts"


def source(
    function: losses.Function | Sequence[losses.Function],
    numbers: tuple[str, ...],
    real: str,
    inputs: tuple[Operand, ...],
    outputs: tuple[Operand, ...],
    ranks: tuple[int, int],
    width: int,
    is_even: bool = False,
    *,
    threads: int = THREADS,
) -> str:
    """Text of the kernel of a function (xp, numbers, *arrays) to results, or of attempts at it."""
    functions = function if isinstance(function, Sequence) else [function]
    attempts = list(dict.fromkeys(traced(one, numbers, real, inputs) for one in functions))
    return kernel_source(
        Kernel(real, inputs, outputs, numbers, attempts, *ranks, width, is_even, threads)
    )


def traced(
    function: losses.Function, numbers: tuple[str, ...], real: str, inputs: tuple[Operand, ...]
) -> Attempt:
    """Lines of a function, and the names of its results."""
    xp = Lines(real)
    arrays = [
        Symbol(one.name, "bool" if one.dtype == "bool" else "real", xp, 0, one.in_rows)
        for one in inputs
    ]
    named = {name: Symbol(name, "real", xp, in_rows=False) for name in numbers}
    results = function(xp, named, *arrays)
    return Attempt(tuple(xp.lines), tuple(Result(one.name, one.stage) for one in results))


@cache
def source_of_sums(form: Form, *layout: Any) -> str:
    """Text of the kernel that adds up terms."""
    return source(losses.sums(form), (PARTS,), *layout)


@cache
def source_of_totals(*layout: Any) -> str:
    """Text of the kernel that adds up what there is."""
    return source(losses.totals(), (PARTS,), *layout)


@cache
def source_of_terms(form: Form, *layout: Any) -> str:
    """Text of the kernel that writes terms."""
    return source(losses.terms(form), (), *layout)


@cache
def source_of_slopes(form: Form, count: int, wanted: tuple[bool, bool], *layout: Any) -> str:
    """Text of the kernel that writes derivatives, times the factor and those upstream."""
    return source(losses.slopes(form, count, wanted), (FACTOR,), *layout)


@cache
def source_of_divergences(divergence: Divergence, *layout: Any) -> str:
    """Text of the kernel that computes a divergence of each row of logits."""
    attempts = [losses.divergences(divergence, one) for one in (FIRST, LAST)]
    return source(attempts, (PARTS, TEMPERATURE), *layout, threads=THREADS_OF_STAGES)


@cache
def source_of_row_slopes(
    divergence: Divergence, count: int, wanted: tuple[bool, bool], *layout: Any
) -> str:
    """Text of the kernel that writes the derivatives of the divergences of rows of logits."""
    attempts = [losses.row_slopes(divergence, count, wanted, one) for one in (FIRST, LAST)]
    return source(attempts, (FACTOR, TEMPERATURE), *layout, threads=THREADS_OF_STAGES)
