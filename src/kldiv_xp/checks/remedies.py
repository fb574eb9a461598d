"""Remedies for operands of the wrong kind, in their own library's code."""

from collections.abc import Sequence

from kldiv_xp._typing import Array, Axes, Axis, Namespace
from kldiv_xp.core.dtypes import is_kind
from kldiv_xp.core.facts import facts_about
from kldiv_xp.core.namespaces import is_array, namespace_of
from kldiv_xp.core.shapes import axis_of_a_batch
from kldiv_xp.core.words import Words

# What the asarray of a library takes; of text and bytes it would make something else than numbers.
CONVERTIBLE = (list, tuple, int, float, complex)
TEXT = (str, bytes, bytearray)
# Methods that give an array of NumPy: of tables, of sparse matrices, of the tensors of TensorFlow.
EXPORTS = ("to_numpy()", "toarray()", "numpy()")
# Biases of linear layers, and the weights that they come with.
LAYERS = {"bias": "weight", "target_bias": "target_weight"}
# Operands that are no floats.
OF_OTHER_KINDS = {"where", "indices"}
EITHER = "if each of them is one sample, or {} if each is one class"


def words_of(xp: Namespace) -> Words:
    """A library's code templates."""
    return facts_about(xp).words


def module_of(xp: Namespace) -> str:
    """Import name of a library, e.g. 'dask.array' for array_api_compat.dask.array."""
    name: str = xp.__name__
    return name.removeprefix("array_api_compat.")


def say(xp: Namespace, word: str, x: str, **fields: object) -> str:
    """A library's code for an operation on an operand."""
    template: str = getattr(words_of(xp), word)
    return template.format(m=module_of(xp), x=x, **fields)


def say_along(xp: Namespace, word: str, x: str, axes: Axes) -> str:
    """A library's code for an operation along one axis or several."""
    several = f"{word}_over_axes"
    if len(axes) > 1 and hasattr(words_of(xp), several) and say(xp, several, x, axis=axes):
        return say(xp, several, x, axis=axes)
    return say(xp, word, x, axis=axes[0] if len(axes) == 1 else axes)


def for_layout(name: str, array: Array) -> str:
    """Remedy for a sparse, nested or otherwise non-strided tensor."""
    if array.is_nested:
        return (
            f"pad it with {name}.to_padded_tensor(0), and leave the padding out with where="
            if name != "where"
            else "pad it with torch.nested.to_padded_tensor(where, 0)"
        )
    return f"pass {name}.to_dense()"


def for_no_number(name: str, value: object, other: tuple[str, Array]) -> str:
    """Remedy for an object in place of a real number or of an array like another operand."""
    if isinstance(value, complex):
        return f"take its real part, {name}.real"
    if not isinstance(value, (bool, *TEXT)) and (export_of(value) or is_convertible(value)):
        return for_no_array(name, value, other)
    return "pass float(...) or asarray(...) of it"


def for_no_array(
    name: str, operand: object, other: tuple[str, Array] | None, axis: Axis = -1
) -> str:
    """Remedy for an operand that is no array; `other` is an operand that is one, or None."""
    data: Array = getattr(operand, "data", None)
    # The data of a sparse matrix are but its entries that are not 0.
    if is_array(data) and getattr(operand, "shape", None) == data.shape:
        return f"pass its data, {name}.data"
    if any(is_array(getattr(operand, one, None)) for one in ("weight", "logits")):
        return for_layer(name, operand)
    export = export_of(operand)
    code = f"{name}.{export}" if export else name
    if code == name and not is_convertible(operand):
        return "pass an array"
    if isinstance(operand, list | tuple) and operand and is_array(operand[0]):
        return for_arrays(name, operand, axis)
    if other is None:
        of_numpy = f"pass {code}, an array of NumPy"
        return of_numpy if export else "convert it with the asarray of your array library"
    code = f"{code}.real" if isinstance(operand, complex) else code
    xp = namespace_of(other[1])
    # Bools and integers stay what they are, and no other operand of integers makes floats of them.
    is_float = is_kind(xp, other[1].dtype, "real floating")
    dtype = f", dtype={other[0]}.dtype" if is_float and name not in OF_OTHER_KINDS else ""
    if str(getattr(other[1], "device", "cpu")) != "cpu":
        dtype += words_of(xp).on_device_of.format(y=other[0])
    return f"convert it with {say(xp, 'from_python', code, dtype=dtype)}"


def for_layer(name: str, layer: object) -> str:
    """Remedy for a linear layer or a model's output in place of the array that is meant."""
    if is_array(getattr(layer, "logits", None)):
        return f"pass its logits, {name}.logits, to a loss of logits"
    if name in LAYERS:
        return f"pass its bias, {name}.bias"
    if name not in LAYERS.values():
        return f"pass what it returns, {name}(...)"
    bias = next(one for one, weight in LAYERS.items() if weight == name)
    beside = f", and {bias}={name}.bias" if is_array(getattr(layer, "bias", None)) else ""
    return f"pass its weight, {name}.weight{beside}"


def for_arrays(name: str, arrays: Sequence[Array], axis: Axis) -> str:
    """Remedy for several arrays in place of one."""
    if is_array(getattr(arrays, "indices", None)):
        return (
            f"pass its parts, {name}.indices as `indices` and {name}.values as `target`, to "
            "sparse_kl_div_with_logits"
        )
    if name == "indices" and [is_array_of(one, "integral") for one in arrays] == [False, True]:
        return (
            f"pass its parts, {name}[1] as `indices` and {name}[0] as `target`, which a top-k "
            "function returns first"
        )
    if name == "where" and not is_kind(namespace_of(arrays[0]), arrays[0].dtype, "bool"):
        return "pass the mask of bools itself, not its places"
    return f"pass {name}[0]" if len(arrays) == 1 else f"pass {put_together(name, arrays[0], axis)}"


def is_array_of(operand: object, kind: str) -> bool:
    """Whether an operand is an array whose dtype is of some kind."""
    if not is_array(operand):
        return False
    array: Array = operand
    return is_kind(namespace_of(array), array.dtype, kind)


def put_together(name: str, first: Array, axis: Axis = -1) -> str:
    """Code that makes one array of several, each a batch or one sample of it."""
    xp, ndim = namespace_of(first), len(first.shape)
    at = axis_of_a_batch(axis, ndim + 1)
    stack = stacked(xp, name, at)
    if ndim < len(("batch", "class")):
        return f"{stack} {EITHER.format(stacked(xp, name, 0))}" if at else stack
    joined = say(xp, "joined", name, axis=axis_of_a_batch(axis, ndim))
    return f"{joined} if each of them is a batch, or {stack} if each is one sample"


def stacked(xp: Namespace, name: str, axis: int) -> str:
    """Code that makes one array of several along an axis of their own, mostly the first one."""
    return say(xp, "stacked", name, axis=axis) if axis else f"{module_of(xp)}.stack({name})"


def export_of(operand: object) -> str:
    """Method call that returns a NumPy array, or ""."""
    calls = (call for call in EXPORTS if has_method(operand, call.removesuffix("()")))
    return next(calls, "")


def has_method(operand: object, method: str) -> bool:
    """Whether an object that is no class has a method of this name."""
    return not isinstance(operand, type) and callable(getattr(operand, method, None))


def is_convertible(operand: object) -> bool:
    """Whether asarray would turn an object into numbers."""
    if isinstance(operand, (type, dict, *TEXT)):
        return False
    if isinstance(operand, CONVERTIBLE) or hasattr(operand, "__array__"):
        return True
    try:
        memoryview(operand)  # type: ignore[arg-type]
    except TypeError:
        return False
    return True
