"""What raises, from types, dtypes, shapes and devices alone: no value is read."""

from kldiv_xp._array_api import is_array, known_shape, namespace_of
from kldiv_xp._backends import facts_about
from kldiv_xp._typing import Array, Axes, DType, Namespace, Reduction

Shape = tuple[int | None, ...]


def check_operands(input: Array, target: Array) -> Namespace:
    """Namespace of two operands that go together.

    Raises
    ------
    TypeError
        If an operand is not an array, has no real floating-point dtype, or the two come from
        different libraries.
    ValueError
        If shapes or devices differ.
    """
    xp = common_namespace(input=input, target=target)
    check_dtype(xp, "input", input)
    check_dtype(xp, "target", target)
    check_shapes(input, target)
    check_devices(xp, input=input, target=target)
    return xp


def common_namespace(**operands: Array) -> Namespace:
    """Namespace of the one library that all operands come from."""
    for name, operand in operands.items():
        check_array(name, operand)
    (first, left), *others = operands.items()
    xp = namespace_of(left)
    for name, operand in others:
        if namespace_of(operand) is not xp:
            message = (
                f"`{first}` and `{name}` must come from one array library; got "
                f"{type_name(left)} and {type_name(operand)}: convert one of them, "
                "e.g. with from_dlpack."
            )
            raise TypeError(message)
    return xp


def check_array(name: str, operand: object) -> None:
    """Refuse what is not an array of a library that array-api-compat knows, or not all there."""
    # The type of arrays has all that an array has, but is none.
    if isinstance(operand, type) or not is_array(operand):
        message = (
            f"`{name}` must be an array (NumPy, CuPy, PyTorch, JAX, Dask, ...); got "
            f"{type_name(operand)}: convert it with the asarray of your array library."
        )
        raise TypeError(message)
    # numpy.ma takes no logarithm of what is masked and loses the mask: a term of 0.89 was 1.8.
    if hasattr(operand, "mask") and hasattr(operand, "filled"):
        message = (
            f"`{name}` must be an array without a mask of its own; got {type_name(operand)}: pass "
            "its data, and say what has a part in the loss by where=~mask."
        )
        raise TypeError(message)


def check_dtype(xp: Namespace, name: str, operand: Array) -> None:
    """Refuse integers, booleans, complex numbers and whatever else is not a real float."""
    if not is_kind(xp, operand.dtype, "real floating"):
        remedy = "convert it with astype(..., float32)"
        if is_kind(xp, operand.dtype, "complex floating"):
            remedy = "take its real part with real(...)"
        message = f"`{name}` must have a real floating-point dtype; got {operand.dtype}: {remedy}."
        raise TypeError(message)


def is_kind(xp: Namespace, dtype: DType, kind: str) -> bool:
    """Whether a type is of a kind of numbers; of some, NumPy says that they are no dtype at all."""
    try:
        return bool(xp.isdtype(dtype, kind))
    except TypeError:
        return False


def check_shapes(input: Array, target: Array) -> None:
    """Refuse shapes that differ; a size that is not known yet agrees with any."""
    left, right = known_shape(input), known_shape(target)
    if not agree(left, right):
        message = (
            f"`input` and `target` must have the same shape; got {left} and {right}: nothing "
            "is broadcast silently, so call broadcast_to(...) on the smaller one."
        )
        raise ValueError(message)


def check_devices(xp: Namespace, **operands: Array) -> None:
    """Refuse two devices where the library does."""
    if not facts_about(xp).forbids_mixed_devices:
        return
    (first, left), *others = operands.items()
    for name, operand in others:
        if operand.device != left.device:
            message = (
                f"`{first}` and `{name}` must be on one device; got {left.device} and "
                f"{operand.device}: move one of them, e.g. with to_device."
            )
            raise ValueError(message)


def check_where(input: Array, where: Array, axes: Axes | None) -> None:
    """Refuse what is no mask of the operands, or of their sums over some axes."""
    shape = known_shape(input)
    check_mask(input, where, [shape, sample_mask_shape(shape, axes)] if axes else [shape])


def sample_mask_shape(shape: Shape, axes: Axes) -> Shape:
    """Shape of a mask of samples: size 1 in the axes of a sample."""
    return tuple(1 if place in axes else size for place, size in enumerate(shape))


def check_mask(input: Array, where: Array, allowed: list[Shape]) -> None:
    """Refuse a mask that is not of bools, or has another shape than is allowed."""
    xp = common_namespace(input=input, where=where)
    if not is_kind(xp, where.dtype, "bool"):
        message = (
            f"`where` must be a mask of bools; got {where.dtype}: compare it with something, "
            "e.g. where != 0."
        )
        raise TypeError(message)
    check_devices(xp, input=input, where=where)
    if not any(agree(known_shape(where), one) for one in allowed):
        message = (
            f"`where` must have the shape {' or '.join(map(str, allowed))}; got "
            f"{known_shape(where)}: add the missing axes with expand_dims(...), or broadcast it."
        )
        raise ValueError(message)


def agree(left: Shape, right: Shape) -> bool:
    """Whether two shapes are the same, as far as their sizes are known."""
    return len(left) == len(right) and all(
        a is None or b is None or a == b for a, b in zip(left, right, strict=True)
    )


def check_upstream(input: Array, upstream: Array, reduction: Reduction, samples: Shape) -> None:
    """Refuse an upstream derivative that does not fit the loss: a number or its shape."""
    if upstream is None or type(upstream) in (int, float):
        check_number("upstream", upstream)
        return
    xp = common_namespace(input=input, upstream=upstream)
    check_dtype(xp, "upstream", upstream)
    check_devices(xp, input=input, upstream=upstream)
    allowed = [(), samples] if reduction == "none" else [()]
    if known_shape(upstream) not in allowed:
        message = (
            f"`upstream` must have the shape of the loss, {samples} for 'none' and () "
            f"otherwise; got {known_shape(upstream)} with reduction={reduction!r}: pass the "
            "derivative by the loss itself."
        )
        raise ValueError(message)


def check_number(name: str, number: float | None) -> None:
    """Refuse an int that no float holds."""
    try:
        float(number or 0)
    except OverflowError as error:
        message = f"`{name}` must be a number that a float holds; got {number!r}: scale it down."
        raise ValueError(message) from error


def type_name(operand: object) -> str:
    """Type with its module, as a reader would import it."""
    kind = type(operand)
    return f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
