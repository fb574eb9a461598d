"""Two operands, checked and examined: their context, told from their types once and cached."""

from kldiv_xp._typing import Array, DType
from kldiv_xp.calls.select_backend import select_backend
from kldiv_xp.checks.arrays import check_layouts, is_dense, is_float
from kldiv_xp.checks.operands import check_devices, check_operands, check_shapes
from kldiv_xp.core.context import Context, describe, widened_by_autocast
from kldiv_xp.core.namespaces import is_being_compiled, plain_namespace

_cached: dict[tuple[object, ...], Context] = {}


def examine(input: Array, target: Array) -> Context:
    """Check two operands and return their context; raises as `check_operands` does."""
    context = None if is_being_compiled(input) else cached(*kinds(input, target))
    if context is None:
        context = examined(input, target)
    else:
        check_again(context, input, target)
    return widened_by_autocast(context, input)


def examined(input: Array, target: Array) -> Context:
    """Context of two operands of any types."""
    xp = check_operands(input, target)
    compiled = is_being_compiled(input)
    backend = select_backend(xp, *kinds(input, target), compiled=compiled)
    return describe(xp, input.dtype, target.dtype, backend, examine)


def check_again(context: Context, input: Array, target: Array) -> None:
    """Check of two operands what their types, which are known, do not say."""
    xp, facts = context.xp, context.facts
    if facts.has_layouts and not (is_dense(xp, input) and is_dense(xp, target)):
        check_layouts(xp, input=input, target=target)
    if input.shape != target.shape:
        check_shapes(input, target)
    if facts.forbids_mixed_devices and input.device != target.device:
        check_devices(xp, input=input, target=target)


def kinds(input: object, target: object) -> tuple[type, type, DType, DType]:
    """Types and dtypes of two operands."""
    dtypes = getattr(input, "dtype", None), getattr(target, "dtype", None)
    return type(input), type(target), *dtypes


def cached(left: type, right: type, left_dtype: DType, right_dtype: DType) -> Context | None:
    """Context of plain types of one library and real floating-point dtypes; None of others."""
    key = (left, right, left_dtype, right_dtype)
    xp = plain_namespace(left)
    if xp is None or plain_namespace(right) is not xp:
        return None
    if key not in _cached:
        if not all(is_float(xp, dtype) for dtype in (left_dtype, right_dtype)):
            return None
        context = describe(xp, left_dtype, right_dtype, select_backend(xp, *key), examine)
        # NumPy's dtypes are equal whatever metadata they carry, which is the caller's own.
        if any(getattr(dtype, "metadata", None) for dtype in (left_dtype, right_dtype)):
            return context
        _cached[key] = context
    return _cached[key]
