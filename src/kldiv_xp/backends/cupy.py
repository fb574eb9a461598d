"""CuPy: losses in one pass over the operands, by kernels traced from the formula."""

from collections.abc import Callable
from typing import Any

import cupy

from kldiv_xp._typing import Array, Axes, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.scale import Scale
from kldiv_xp.cuda import launch_plan, launch_with_derivatives
from kldiv_xp.cuda.cupy_launcher import launch
from kldiv_xp.cuda.device_arrays import Device, dtype_name, has_known_type
from kldiv_xp.cuda.strides_and_grid import DeviceBuffer
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.formula.sparse_student import Entries


def terms(context: Context, arrays: Arrays, form: Form) -> Array:
    """Terms of the loss, elementwise."""
    return by_kernels(launch_plan.terms, context, arrays, form)


def samples(context: Context, arrays: Arrays, form: Form, axis: Axes) -> Array:
    """Sums of the terms over some axes, rounded once from float64."""
    return by_kernels(launch_plan.sums, context, arrays, form, axis, None)


def loss(context: Context, arrays: Arrays, form: Form, parts: int | None) -> Array:
    """Sum of all terms over the divisor, rounded once from float64."""
    axis = tuple(range(arrays[0].ndim))
    return by_kernels(launch_plan.sums, context, arrays, form, axis, parts)


def gradient(
    context: Context,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Any:
    """Gradients with respect to the wanted operands, in one pass."""
    options = (form, scale, upstream, wanted)
    return by_kernels(launch_plan.derivatives, context, arrays, *options, above=upstream)


def with_derivatives(
    context: Context,
    arrays: Arrays,
    form: Form,
    axis: Axes | None,
    parts: int | None,
    scale: Scale,
    upstream: Arrays,
) -> Any:
    """Every term with axis (), else sums over the divisor, before both derivatives."""
    function = launch_with_derivatives.with_derivatives
    options = (form, axis, parts, scale, upstream)
    return by_kernels(function, context, arrays, *options, above=upstream)


def divergences(context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row of logits, by one kernel that rereads rows from the cache."""
    return by_kernels(launch_plan.divergences, context, arrays, divergence)


def row_derivatives(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Any:
    """Derivatives of the divergences with respect to the wanted operands, by one kernel."""
    options = (divergence, scale, upstream, wanted)
    return by_kernels(launch_plan.row_derivatives, context, arrays, *options, above=upstream)


def rows_with_derivatives(
    context: Context, arrays: Arrays, divergence: Divergence, scale: Scale, upstream: Arrays
) -> Any:
    """Divergences of rows before both derivatives, by one kernel."""
    function = launch_with_derivatives.rows_with_derivatives
    options = (divergence, scale, upstream)
    return by_kernels(function, context, arrays, *options, above=upstream)


def put_in_cupy(xp: Namespace, array: Array, indices: Array, values: Array | float) -> Array:
    """Copy of an array with values put at the indices."""
    copy = xp.add(array, 0.0)
    cupy.put_along_axis(copy, indices, values, axis=-1)
    return copy


ENTRIES = Entries(put_in_cupy)


def by_kernels(
    function: Callable[..., Any],
    context: Context,
    arrays: Arrays,
    *options: Any,
    above: Arrays = (),
) -> Any:
    """Result of a function of `launch_plan` on the arrays' device, if kernels take the arrays."""
    if not kernels_take(*arrays, *above):
        return NotImplemented
    with arrays[0].device:
        return function(DEVICE, context, arrays, *options)


def kernels_take(*arrays: Array) -> bool:
    """Whether the kernels can be compiled here and take arrays of these types."""
    return not cupy.cuda.runtime.is_hip and all(is_plain(array) for array in arrays)


def is_plain(array: Array) -> bool:
    """Whether an array is CuPy's own, with a known dtype and strides of whole elements."""
    whole = not any(step % array.itemsize for step in array.strides)
    return type(array) is cupy.ndarray and has_known_type(array) and whole


def cupy_buffer(array: Array) -> DeviceBuffer:
    """Buffer of an array; CuPy counts strides in bytes."""
    strides = tuple(step // array.itemsize for step in array.strides)
    return DeviceBuffer(array.data.ptr, dtype_name(array.dtype), strides)


DEVICE = Device(buffer=cupy_buffer, empty=cupy.empty, float64=cupy.float64, launch=launch)
