"""Two operands, checked and examined: their namespace, backend and dtypes, cached by type."""

from kldiv_xp._typing import Array, Axis, DType
from kldiv_xp.calls.select_backend import BITS_OF_BACKENDS, select_backend
from kldiv_xp.checks.arrays import are_dense, check_dtype, check_layouts, common_namespace, is_float
from kldiv_xp.checks.operands import check_devices, check_operands, check_shapes
from kldiv_xp.checks.result_dtype import result_dtype
from kldiv_xp.checks.sparse_teachers import check_order, check_pair
from kldiv_xp.core.context import (
    Context,
    describe,
    widened_by_autocast,
    with_result,
    without_backend,
)
from kldiv_xp.core.dtypes import limits
from kldiv_xp.core.namespaces import is_being_compiled, known_shape, plain_namespace

# By the two types, and by the two dtypes.
_cached: dict[tuple[type, type], dict[tuple[DType, DType], Context]] = {}


def examine(input: Array, target: Array, loss: object = None, axis: Axis = -1) -> Context:
    """Check two operands of a loss and return their context; raises as `check_operands` does."""
    by_dtypes = None if is_being_compiled(input) else _cached.get((type(input), type(target)))
    context = by_dtypes and by_dtypes.get((input.dtype, target.dtype))
    if not context:
        context = examined(input, target, loss, axis)
    else:
        facts = context.facts
        if facts.has_layouts and not are_dense(context.xp, input, target):
            check_layouts(context.xp, input=input, target=target)
        if input.shape != target.shape:
            check_shapes(input, target, loss, axis)
        if facts.forbids_mixed_devices and input.device != target.device:
            check_devices(context.xp, input=input, target=target)
    if context.facts.has_autocast and context.dtype != context.working:
        return widened_by_autocast(context, input)
    return context


def with_dtype(context: Context, dtype: DType | None) -> Context:
    """Context with a result in the type that the caller names; refuse what is none."""
    if dtype is None:
        return context
    context = with_result(context, result_dtype(context.xp, dtype))
    narrow = limits(context.xp, context.working).bits <= BITS_OF_BACKENDS
    if narrow or context.facts.backend_adds_up_in_any_type:
        return context
    return without_backend(context)


def examined(input: Array, target: Array, loss: object, axis: Axis) -> Context:
    """Context of two operands of any types, cached if they are plain ones of one library."""
    xp, compiled = check_operands(input, target, loss, axis), is_being_compiled(input)
    kinds = type(input), type(target), input.dtype, target.dtype
    backend = select_backend(xp, *kinds, compiled=compiled)
    context = describe(xp, *kinds[2:], backend, examine)
    if compiled:  # nothing is remembered of a trace
        return context
    plain = plain_namespace(kinds[0]) is xp and plain_namespace(kinds[1]) is xp
    # NumPy's dtypes are equal whatever metadata they carry, which is the caller's own.
    if plain and not any(getattr(one, "metadata", None) for one in kinds[2:]):
        _cached.setdefault(kinds[:2], {})[kinds[2:]] = context
    return context


def examine_apart(
    input: Array,
    target: Array,
    loss: object = None,
    axis: Axis = -1,
    indices: Array | None = None,
) -> Context:
    """Check two operands whose shapes may differ, and return their context."""
    check_pair(input, indices, target)
    xp = common_namespace(loss, axis, input=input, target=target)
    compiled = is_being_compiled(input)
    check_layouts(xp, input=input, target=target)
    check_dtype(xp, "input", input, None, loss, axis)
    if not is_float(xp, target.dtype):
        check_order(indices, target)
        beside = known_shape(input)
        check_dtype(xp, "target", target, beside, loss, axis, in_part=True, indices=indices)
    check_devices(xp, input=input, target=target)
    kinds = type(input), type(target), input.dtype, target.dtype
    backend = select_backend(xp, *kinds, compiled=compiled)
    context = describe(xp, *kinds[2:], backend, examine_apart)
    return widened_by_autocast(context, input) if context.facts.has_autocast else context
