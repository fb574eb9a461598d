"""Derivatives of the terms in arrays of NumPy, each written in one pass."""

import math
from collections.abc import Callable
from functools import partial

from kldiv_xp._typing import DType, Namespace
from kldiv_xp.core.evaluate import Arrays, Gradient, chained_slope
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.fused.choice import KEY as KEY_OF_FUSED
from kldiv_xp.fused.choice import engine_for
from kldiv_xp.host import block_loops, inner_products
from kldiv_xp.host.blocks import few
from kldiv_xp.host.threads import ENVIRONMENT


def fill_slopes(
    xp: Namespace,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    results: Gradient,
    working: DType,
    threads: Callable[[], int],
) -> None:
    """Write the derivatives that there are arrays for; of few elements at once."""
    slope = partial(chained_slope, form=form, scale=scale, count=len(arrays))
    if math.prod(arrays[0].shape) >= inner_products.ROW or KEY_OF_FUSED in ENVIRONMENT:
        rest = form, scale, upstream, results, working, threads
        if fill_many(xp, arrays, *rest):
            return
    with xp.errstate(all="ignore"):
        blocks = few((*arrays, *upstream), working)
        for place, result in enumerate(results):
            if result is not None:
                values = slope(place, guard=Guard.NONE)(xp, *blocks)
                flat = values.reshape(-1)
                if not math.isfinite(xp.vecdot(flat, flat)):
                    values = slope(place, guard=Guard.FULL)(xp, *blocks)
                result[...] = values


def fill_many(
    xp: Namespace,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    results: Gradient,
    working: DType,
    threads: Callable[[], int],
) -> bool:
    """The same by compiled loops or in blocks; False, and nothing is done, of few."""
    size = math.prod(arrays[0].shape)
    fused, rest = engine_for(size), (form, scale, upstream)
    if fused is not None and fused.fill_slopes(arrays, *rest, results, working, threads):
        return True
    if size < inner_products.ROW:
        return False
    operands = (*arrays, *upstream)
    for place, result in enumerate(results):
        if result is not None:
            slope = partial(chained_slope, place, form, scale, len(arrays))
            attempts = slope(Guard.NONE), slope(Guard.FULL)
            block_loops.fill(xp, attempts, operands, result, working, threads)
    return True
