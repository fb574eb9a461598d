"""Checks of a single operand: a dense array of real floats."""

from collections.abc import Mapping
from functools import partial

from kldiv_xp._typing import Array, Axis, DType, Namespace, Shape
from kldiv_xp.checks.axes import check_axis_of
from kldiv_xp.checks.distribution import check_distribution
from kldiv_xp.checks.dtype_remedies import for_dtype, for_values_at_places
from kldiv_xp.checks.labels import for_dense_labels, for_labels_of_part, for_labels_of_tokens
from kldiv_xp.checks.library_remedies import for_other_library
from kldiv_xp.checks.mask_remedies import for_masks_of_their_own, has_mask_of_its_own
from kldiv_xp.checks.not_given import NotGiven
from kldiv_xp.checks.parts import for_parts
from kldiv_xp.checks.remedies import for_layout, for_no_array
from kldiv_xp.checks.tensorflow_remedies import for_tensorflow
from kldiv_xp.core.dtypes import is_kind, limits
from kldiv_xp.core.facts import facts_about
from kldiv_xp.core.namespaces import is_array, is_being_compiled, known_shape, namespace_of

DTYPE_KINDS = {
    "floats": "real floating",
    "integers": "integral",
    "bools": "bool",
    "complex": "complex floating",
}
# Types of 8 bits promote with no other: "Promotion for Float8 Types is not supported".
LEAST_BITS = 16


def common_namespace(loss: object = None, axis: Axis = -1, /, **operands: Array) -> Namespace:
    """Namespace of the one library that all operands come from.

    The loss says what they hold, and the axis along which one distribution lies.
    """
    (first, left), *others = operands.items()
    for name, operand in operands.items():
        check_array(name, operand, operands, loss, axis)
    xp = namespace_of(left)
    for name, operand in operands.items():
        check_library(name, operand)
    for name, operand in others:
        if namespace_of(operand) is not xp:
            message = (
                f"`{first}` and `{name}` must come from one array library; got "
                f"{type_name(left)} and {type_name(operand)}: "
                f"{for_other_library((first, left), (name, operand))}."
            )
            raise TypeError(message)
    check_distribution(xp, operands)
    return xp


def check_array(
    name: str,
    operand: object,
    operands: Mapping[str, Array] | None = None,
    loss: object = None,
    axis: Axis = -1,
) -> None:
    """Refuse an object that is no array known to array-api-compat, and masked arrays.

    The operands of the same call say to what library this one should belong.
    """
    if isinstance(operand, NotGiven):
        raise operand.refusal()
    operands = operands or {name: operand}
    # `numpy.ndarray`, the class, passes the duck-type test of arrays.
    if isinstance(operand, type) or not is_array(operand):
        others = ((one, value) for one, value in operands.items() if one != name)
        beside = next((other for other in others if is_array(other[1])), None)
        check_axis_of(loss, axis, 0)
        remedy = for_parts(name, operand, operands, axis)
        remedy = remedy or for_tensorflow(name, operand, alone=beside is None)
        remedy = remedy or for_no_array(name, operand, beside, axis)
        message = (
            f"`{name}` must be an array (NumPy, CuPy, PyTorch, JAX, Dask, ...); got "
            f"{type_name(operand)}: {remedy}."
        )
        raise TypeError(message)
    # numpy.ma takes no logarithm of what is masked and loses the mask: a term of 0.89 was 1.8.
    if has_mask_of_its_own(operand):
        message = (
            f"`{name}` must be an array without a mask of its own; got {type_name(operand)}: "
            f"{for_masks_of_their_own(name, operands, loss, axis)}."
        )
        raise TypeError(message)


def check_library(name: str, operand: Array) -> None:
    """Refuse arrays of a library with wrong numerical results."""
    reason = facts_about(namespace_of(operand)).refused_because
    if reason is not None:
        message = (
            f"`{name}` must be an array that its library computes rightly with; got "
            f"{type_name(operand)}, and {reason}: pass {name}[:], an array of NumPy."
        )
        raise TypeError(message)


def check_layouts(xp: Namespace, **operands: Array) -> None:
    """Refuse sparse, nested and other non-strided tensors.

    None of them has all operations: "Could not run 'aten::eq.Tensor' with arguments from the
    'SparseCPU' backend", "Internal error: NestedTensorImpl doesn't support sizes".
    """
    # torch.compile reads no layout in a backward pass ("Strict mode banned op").
    if not facts_about(xp).has_layouts or any(map(is_being_compiled, operands.values())):
        return
    for name, operand in operands.items():
        if not are_dense(xp, operand):
            kind = "nested" if operand.is_nested else operand.layout
            message = f"`{name}` must be a dense tensor; got {kind}: {for_layout(name, operand)}."
            raise TypeError(message)


def are_dense(xp: Namespace, *operands: Array) -> bool:
    """Whether tensors are strided and not nested."""
    dense = True
    for operand in operands:
        dense = dense and operand.layout is xp.strided and not operand.is_nested
    return dense


def check_dtype(
    xp: Namespace,
    name: str,
    operand: Array,
    beside: Shape | None = None,
    loss: object = None,
    axis: Axis = -1,
    *,
    in_part: bool = False,
    indices: Array | None = None,
) -> None:
    """Refuse any dtype but real floats of at least 16 bits.

    The shape of the logits tells class labels from counts, and the loss what counts are made into,
    along its axes; a target that may be known in part, at some indices, has other remedies.
    """
    if is_float(xp, operand.dtype):
        return
    check_axis_of(loss, axis, operand.ndim if beside is None else len(beside))
    kind = next(
        (one for one in DTYPE_KINDS if is_kind(xp, operand.dtype, DTYPE_KINDS[one])), "other"
    )
    remedy = for_dtype(xp, name, operand, kind, loss, axis)
    if getattr(operand, "is_quantized", False):
        remedy = f"pass {name}.dequantize()"
    elif kind == "integers" and beside is not None:
        for_labels = for_labels_of_part if in_part else partial(for_dense_labels, loss=loss)
        if labels := for_labels(xp, beside, shape := known_shape(operand), axis, given=operand):
            # torch.compile before 2.13 asks no type of None what it is.
            has_places = indices is not None and is_array(indices)
            at_places = has_places and known_shape(indices) == shape
            # Of a teacher with a layer of its own no loss says what its target is.
            of_layer = in_part and loss is None
            remedy = for_values_at_places(xp, name, loss) * at_places + labels
            remedy += "; leave `target_weight` and `target_bias` out" * of_layer
        else:
            remedy = for_labels_of_tokens(beside, shape, axis) or remedy
    wide = f" of at least {LEAST_BITS} bits" if kind == "floats" else ""
    message = (
        f"`{name}` must have a real floating-point dtype{wide}; got {operand.dtype}: {remedy}."
    )
    raise TypeError(message)


def is_float(xp: Namespace, dtype: DType) -> bool:
    """Whether a dtype is a real float of at least 16 bits, which all libraries promote."""
    return is_kind(xp, dtype, DTYPE_KINDS["floats"]) and limits(xp, dtype).bits >= LEAST_BITS


def type_name(operand: object) -> str:
    """Qualified name of an object's type."""
    kind = type(operand)
    return f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
