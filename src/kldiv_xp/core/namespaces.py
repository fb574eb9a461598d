"""The only door to array-api-compat, and what the array API standard leaves to be asked."""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

import array_api_compat

from kldiv_xp._typing import Array, Axes, Namespace, Shape
from kldiv_xp.core.facts import FACTS, full_name
from kldiv_xp.core.lifted import lifted

Question = TypeVar("Question", bound=Callable[[], bool])

# The arrays of these types, and not those of a subclass, are what their library computes with.
PLAIN_TYPES = {
    ("numpy", "ndarray"): "numpy",
    ("numpy", "memmap"): "numpy",
    ("torch", "Tensor"): "torch",
    ("torch.nn.parameter", "Parameter"): "torch",
}

SUBCLASSES_OF_TENSORS = FACTS["torch"].backends_of_subclasses

_plain_namespaces: dict[str, Namespace] = {}


def plain_namespace(kind: type) -> Namespace:
    """Namespace of arrays of this type, or None if it is not one of the plain types."""
    library = plain_library(kind)
    if library is None:
        return None
    if library not in _plain_namespaces:
        _plain_namespaces[library] = import_module(f"array_api_compat.{library}")
    return _plain_namespaces[library]


def plain_library(kind: type) -> str | None:
    """Name of the library of a plain type, or None."""
    return PLAIN_TYPES.get((kind.__module__, kind.__qualname__))


def is_array(operand: object) -> bool:
    """Whether some array library made this; some dictionaries have every attribute."""
    return is_torch_tensor(operand) or (
        array_api_compat.is_array_api_obj(operand) and not isinstance(operand, dict)
    )


def namespace_of(array: Array) -> Namespace:
    """Array API namespace of the library that made the array."""
    if is_torch_tensor(array):
        import array_api_compat.torch as xp

        return xp
    return lifted(array_api_compat.array_namespace(array))


def is_torch_tensor(operand: object) -> bool:
    """Whether this is a tensor, told by the names of its types alone.

    array_api_compat caches its look-up, and of each such cache torch.compile warns "Dynamo
    detected a call to a `functools.lru_cache`-wrapped function": 18 warnings for one kl_div.
    """
    kind = type(operand)
    library = plain_library(kind)
    if library is not None:
        return library == "torch"
    # Dynamo cannot iterate over the types of an int ("missing tp_iter").
    if isinstance(operand, (int, float)):
        return False
    return full_name(kind) in SUBCLASSES_OF_TENSORS or "torch" in map(plain_library, kind.__mro__)


def is_overridden(operands: tuple[object, ...]) -> bool:
    """Whether an operand, or a mode that tensors are used in, may take the call.

    `has_torch_function` alone says so of tensors, but as Dynamo reads it, it sees no mode, and
    takes operands for overridden within their own override ("no implementation found"). Of an
    array of NumPy it asks ten times as long as `hasattr`. Before torch 2.9, torch.compile reads how
    many modes there are, and not whether they are enabled.
    """
    for operand in operands:
        if hasattr(operand, "__torch_function__"):
            overrides = sys.modules.get("torch.overrides")
            if overrides is None:
                return False
            torch = overrides.torch._C
            if overrides.has_torch_function(operands) and torch._is_torch_function_enabled():
                return True
            if not overrides._len_torch_function_stack():
                return False
            if overrides.torch.compiler.is_compiling() and not may_be_read_whole():
                return False
            return bool(
                torch._is_torch_function_enabled() or torch._is_torch_function_mode_enabled()
            )
    return False


def constant_in_traces(question: Question) -> Question:
    """Function that torch.compile calls as it traces, and takes the answer for a constant.

    As torch.compiler.assume_constant_result, without its import of the whole compiler. It is called
    within the transforms of what is traced too; what guards a program stays outside of it.
    """
    question._dynamo_marked_constant = True  # type: ignore[attr-defined]
    return question


@constant_in_traces
def may_be_read_whole() -> bool:
    """Whether torch.compile reads `locals()`, with which a mode is shown a call.

    Of torch 2.13; in 2.10 and 2.11 a mode, such as that of a default device, is shown what the call
    consists of.
    """
    major, minor, *_ = sys.modules["torch"].__version__.split(".")
    return (int(major), int(minor)) >= (2, 13)


def is_being_compiled(operand: object) -> bool:
    """Whether torch.compile is reading this very code, which keeps nothing that it remembers."""
    torch = sys.modules.get("torch.compiler")
    return torch is not None and torch.is_compiling() and is_torch_tensor(operand)


def is_being_recorded(operand: object) -> bool:
    """Whether torch.jit.trace records what is done to a tensor, whose sizes are tensors then."""
    return is_torch_tensor(operand) and namespace_of(operand).jit.is_tracing()


def is_being_exported(operand: object) -> bool:
    """Whether torch records a program that another runtime may run."""
    if not is_torch_tensor(operand):
        return False
    compiler = sys.modules["torch.compiler"]
    is_exporting = getattr(compiler, "is_exporting", compiler.is_compiling)
    return is_exporting() or is_being_recorded(operand)


def traced(operand: Array, number: object) -> Any:
    """Number as it is, or as a tensor where torch.compile traces it as an array of NumPy."""
    if is_being_compiled(operand) and type(number).__module__ == "numpy":
        return namespace_of(operand).asarray(number)
    return number


def known_shape(array: Array) -> tuple[int | None, ...]:
    """Shape of an array, with None for a size that a lazy library does not know yet.

    The standard says None for such a size; Dask says float("nan").
    """
    return tuple(None if isinstance(size, float) else size for size in array.shape)


def sample_mask_shape(shape: Shape, axes: Axes) -> Shape:
    """Shape of a mask of samples: size 1 in the axes of a sample."""
    return tuple(1 if place in axes else size for place, size in enumerate(shape))


def sample_shape(shape: Shape, axes: Axes | None) -> Shape:
    """Shape of the samples: without their axes."""
    return tuple(size for place, size in enumerate(shape) if place not in (axes or ()))


def is_autocast(xp: Namespace, array: Array) -> bool:
    """Whether torch computes losses of 16-bit tensors on this device in float32 here.

    Of "meta", torch says "unknown device type for autocast".
    """
    device = array.device.type
    return device != "meta" and bool(xp.is_autocast_enabled(device))
