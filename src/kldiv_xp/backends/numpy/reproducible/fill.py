"""Terms and derivatives with the same bits, written into arrays of NumPy block by block."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.backends.numpy.reproducible import blocks as numpy_reproducible_blocks
from kldiv_xp.backends.numpy.reproducible import terms as numpy_terms
from kldiv_xp.backends.numpy.reproducible.blocks import Threads, cut, each
from kldiv_xp.backends.numpy.reproducible.by_loops import derivatives_by_loops, terms_by_loops
from kldiv_xp.backends.numpy.reproducible.functions import Memory
from kldiv_xp.backends.numpy.reproducible.ordinary import flat_operands, ordinary
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_reproducible import Wanted, factor_of, scaled_derivative, terms
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.reproducible_functions import Rounding, rounded
from kldiv_xp.host.blocks import block_indices

Output = tuple[Rounding, Any]
"""How a result is rounded, and the array that it is written into."""

TERMS = 0


def fill_terms(
    xp: Namespace, arrays: Arrays, wanted: Wanted, result: Array, threads: Threads
) -> None:
    """Write the terms into `result`."""
    fill(xp, partial(rounded_terms, wanted), arrays, {TERMS: result}, threads)


def rounded_terms(wanted: Wanted, memory: Memory, *arrays: Array) -> dict[int, Array]:
    """Terms of a block in the type of the result, or in float32 that holds them."""
    form, rounding = wanted.form, wanted.rounding
    x, t, *where = arrays
    if memory.may_try and x.size and not where:
        x, t = flat_operands(memory, x, t)
        result = terms_by_loops(memory, form, rounding, x, t, looks=True)
        if memory.has_worked(result):
            return {TERMS: result}
    arrays = tuple(one[...] for one in arrays)
    block = ordinary(memory, form, *arrays)
    if block is None:
        return {TERMS: rounded(memory.xp, terms(memory.xp, form, *arrays), rounding)}
    return {TERMS: numpy_terms.rounded_terms(memory, form, rounding, block)}


def fill_derivatives(
    xp: Namespace,
    arrays: Arrays,
    ask: tuple[Wanted, Any, Any],
    outputs: Mapping[int, Output],
    threads: Threads,
) -> None:
    """Write the derivatives with respect to operands, each with its rounding, into arrays."""
    wanted, divisor, upstream = ask
    with xp.errstate(all="ignore"):
        factor = factor_of(xp, xp.empty(0), wanted, arrays[0].shape, divisor, upstream)
    roundings = {place: rounding for place, (rounding, _) in outputs.items()}
    function = partial(rounded_derivatives, wanted.form, roundings)
    fill(
        xp,
        function,
        (*arrays, factor),
        {place: one for place, (_, one) in outputs.items()},
        threads,
    )


def rounded_derivatives(
    form: Form, roundings: Mapping[int, Rounding], memory: Memory, *arrays: Array
) -> dict[int, Array]:
    """The same of a block; the last array is a factor, or one for each term."""
    *operands, factor = arrays
    x, t, *where = operands
    if memory.may_try and x.size and not where:
        given = *flat_operands(memory, x, t), factor.reshape(-1) if factor.ndim else factor
        results = derivatives_by_loops(memory, form, roundings, given, looks=True)
        if memory.has_worked(*results.values()):
            return results
    operands = [one[...] for one in operands]
    block = ordinary(memory, form, *operands) if memory.xp.isfinite(factor).all() else None
    if block is None:
        return {
            place: scaled_derivative(place, form, rounding, memory.xp, *operands, factor)
            for place, rounding in roundings.items()
        }
    factor = factor.reshape(-1) if factor.ndim else factor
    return numpy_terms.rounded_derivatives(memory, form, block, factor, roundings)


def fill(
    xp: Namespace,
    function: Callable[..., Mapping[int, Array]],
    operands: Arrays,
    results: Mapping[int, Array],
    threads: Threads,
) -> None:
    """Write what a function (memory, *blocks) returns into `results`."""
    shape = operands[0].shape
    indices = block_indices(shape, numpy_reproducible_blocks.BLOCK)

    def write(memory: Memory, job: int) -> None:
        index = indices[job]
        cuts = cut(operands, index, is_for_loops=memory.may_try)
        for place, found in function(memory, *cuts).items():
            results[place][index] = found.reshape(cuts[0].shape)

    each(xp, write, len(indices), math.prod(shape), threads)
