"""Calls of kl_div and its gradient: what is drawn, and what is exactly right."""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from array_libraries import Backend
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from mpmath import mp, mpf

from fuzz.formats import working_format
from fuzz.interval import Interval
from fuzz.layouts import layouts
from fuzz.numbers import operands, pairs_of_dtypes, shapes
from generate import bounds, reference
from kldiv_conformance._formats import Format


@dataclass(frozen=True)
class Call:
    """Operands, options, and how the work is cut and shared."""

    input: np.ndarray
    target: np.ndarray
    dtypes: tuple[str, str]
    layouts: tuple[str, str]
    log_target: bool
    reduction: str
    axis: int | tuple[int, ...] | None
    where: np.ndarray | None
    block_bytes: int
    threads: int

    @property
    def axes(self) -> tuple[int, ...]:
        """Axes of a sample, counted from the front; none without `axis`."""
        axis = () if self.axis is None else self.axis
        places = axis if isinstance(axis, tuple) else (axis,)
        return tuple(place % self.input.ndim for place in places)


def axes_of(ndim: int) -> st.SearchStrategy[int | tuple[int, ...] | None]:
    """Any axis, some of them, or None."""
    if not ndim:
        return st.sampled_from([None, ()])
    some = st.lists(st.integers(0, ndim - 1), unique=True).map(tuple)
    return st.none() | st.integers(-ndim, ndim - 1) | some


def masks(shape: tuple[int, ...], axes: tuple[int, ...]) -> st.SearchStrategy[np.ndarray | None]:
    """Masks of elements or of samples, or None."""
    samples = tuple(1 if place in axes else size for place, size in enumerate(shape))
    return st.none() | st.sampled_from([shape, samples]).flatmap(lambda s: npst.arrays(bool, s))


@st.composite
def calls(draw: st.DrawFn, backend: Backend) -> Call:
    """Any call of a backend."""
    shape, dtypes = draw(shapes(backend)), draw(pairs_of_dtypes(backend))
    log_target = draw(st.booleans())
    pair = draw(operands(backend, shape, dtypes, ("log q", "log p" if log_target else "p")))
    layout = st.sampled_from(sorted(layouts(backend)))
    call = Call(
        *pair,
        dtypes=dtypes,
        layouts=(draw(layout), draw(layout)),
        log_target=log_target,
        reduction=draw(st.sampled_from(["none", "mean", "sum", "batchmean"])),
        axis=draw(axes_of(len(shape))),
        where=None,
        block_bytes=draw(st.sampled_from([1 << 20, 8, 16, 64, 256])),
        threads=draw(st.integers(1, 3)),
    )
    return Call(**vars(call) | {"where": draw(masks(shape, call.axes))})


def selected(call: Call, values: np.ndarray) -> np.ndarray:
    """Numbers where the mask is True, 0 elsewhere."""
    if call.where is None:
        return values
    return np.where(np.broadcast_to(call.where, values.shape), values, mpf(0))


def each(function: Any, call: Call, results: int) -> tuple[np.ndarray, ...]:
    """Function of every pair of elements, 0 where nothing is selected."""
    with np.errstate(all="ignore"):  # NumPy looks at what Python's own arithmetic has flagged
        found = np.frompyfunc(function, 2, results)(call.input, call.target)
    parts = found if results > 1 else (found,)
    return tuple(selected(call, np.asarray(part, dtype=object)) for part in parts)


def divisor(call: Call) -> mpf:
    """Divisor of the sum; NaN where there is nothing to average."""
    shape = tuple(n for place, n in enumerate(call.input.shape) if place not in call.axes)
    if call.where is None or call.reduction != "mean":
        return reference.divisor(call.reduction, shape)
    where = np.broadcast_to(call.where, call.input.shape)
    # A sample without elements has none that is selected.
    return mpf(int((where.any(axis=call.axes) if call.axes else where).sum()) or 1)


def exact_value(backend: Backend, call: Call) -> np.ndarray:
    """Intervals of the loss."""
    form, log_target = working_format(backend, call.dtypes), call.log_target
    (terms,) = each(lambda x, t: reference.term(x, t, log_target, form), call, 1)
    scales, lost = each(lambda x, t: bounds.term_bound(x, t, log_target, form), call, 2)
    if call.reduction == "none" and not call.axes:
        reach = bounds.TERM * scales * mpf(form.eps) + lost
        return intervals(terms, reach)
    axes = call.axes if call.reduction == "none" else tuple(range(terms.ndim))
    parts = divisor(call)
    sums, scale, loss = (np.asarray(a.sum(axis=axes), object) for a in (terms, scales, lost))
    # What sums up to less than the smallest number of the result has lost it.
    loss = loss + 2 * mpf(form.smallest_subnormal)
    constant = bounds.TERM + bounds.DIVISION + mpf(terms.size) / 2
    reach = np.where(scale == 0, mpf(0), (constant * scale * mpf(form.eps) + loss) / parts)
    return intervals(sums / parts, reach)


def exact_derivatives(backend: Backend, call: Call) -> tuple[np.ndarray, np.ndarray]:
    """Intervals of the derivatives by input and by target."""
    form, log_target = working_format(backend, call.dtypes), call.log_target
    factor = 1 / divisor(call)
    derivatives = each(lambda x, t: reference.derivatives(x, t, log_target, form), call, 2)
    bound = partial(bounds.derivative_bounds, exact=True)
    reach = each(lambda x, t: bound(x, t, log_target, factor, form), call, 2)
    return tuple(intervals(s * factor, r) for s, r in zip(derivatives, reach, strict=True))


def intervals(exact: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """An interval for each number."""
    exact, bound = np.broadcast_arrays(np.asarray(exact, object), np.asarray(bound, object))
    result = np.empty(exact.shape, dtype=object)
    for place in np.ndindex(exact.shape):
        result[place] = Interval(mpf(exact[place]), mpf(bound[place]))
    return result


def is_decided(backend: Backend, call: Call) -> bool:
    """Whether rounding cannot make it another case: p be 0 or not, a sum overflow or not."""
    form = working_format(backend, call.dtypes)
    pairs = list(zip(call.input.flat, call.target.flat, strict=True))
    if call.log_target and not all(exp_is_decided(x, t, form) for x, t in pairs):
        return False
    return mp.fsum(magnitude(x, t, call.log_target, form) for x, t in pairs) < form.largest / 64


def exp_is_decided(x: float, t: float, form: Format) -> bool:
    """Whether exp(t) is far from the largest number, and from the smallest where that matters."""
    p = mp.exp(t)
    if form.largest / 64 < p < 64 * mpf(form.largest):
        return False
    smallest = mpf(2) ** (form.emin - form.precision - 6)
    return not (math.isinf(x) and smallest < p < 64 * mpf(form.smallest_subnormal))


def magnitude(x: float, t: float, log_target: bool, form: Format) -> mpf:
    """How large the numbers are that an implementation meets on its way to a finite term."""
    p = abs(reference.probability(t, log_target, form))
    log_p = reference.log_probability(p, t, log_target) if p else mpf(0)
    size = p * (abs(log_p) + abs(mpf(x)) + 1)
    return size if mp.isfinite(size) else mpf(0)
