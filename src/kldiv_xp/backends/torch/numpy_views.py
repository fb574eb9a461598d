"""NumPy views of torch tensors, and which tensors are plain memory."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import torch

from kldiv_xp._typing import Array, Axes, DType, Namespace
from kldiv_xp.backends.torch.internals import is_transformed, is_watched, which_are_plain
from kldiv_xp.backends.torch.storage import OPERAND_NAMES, check_storage
from kldiv_xp.core.namespaces import plain_namespace
from kldiv_xp.host.blocks import Index
from kldiv_xp.host.threads import thread_count

# What torch widens in a block at a time: NumPy's own conversion of float16 takes 1.5 ns an element,
# and it has no bfloat16.
NARROW_TYPES = (torch.float16, torch.bfloat16)

HOST, CUDA = "host", "cuda"
# Of arrays of NumPy; torch says "only tensors with up to 64 dims are supported".
MOST_ARRAY_AXES = 64


def memory_of(
    arrays: tuple[Array, ...],
    upstream: tuple[Array, ...] = (),
    names: tuple[str, ...] = OPERAND_NAMES,
    asked: Callable[[], bool] = is_transformed,
) -> str | None:
    """Memory of plain tensors: "host" or "cuda"; None for traced, wrapped or mixed tensors.

    `asked` is whether what is done to them is transformed.

    Raises as `check_storage` does, of tensors that reach beyond their storage.
    """
    if is_watched():
        return None
    every, on_host = (*arrays, *upstream), 0
    plain = which_are_plain(every)
    for place, tensor in enumerate(every):
        if plain[place]:
            on_host += tensor.is_cpu
            present = tensor.untyped_storage().nbytes()
            if present < tensor.nbytes or tensor.storage_offset() or not tensor.is_contiguous():
                check_storage(names[place] if place < len(arrays) else "upstream", tensor)
    if False in plain or asked():
        return None
    if on_host == len(every):
        if every[0].ndim > MOST_ARRAY_AXES:
            raise ValueError(of_many_axes(names[0], every[0]))
        return None if numpy_namespace() is None else HOST
    # Those of ROCm say that they lie on CUDA, too.
    on_cuda = torch.version.cuda is not None and all(tensor.is_cuda for tensor in every)
    return CUDA if on_cuda else None


def of_many_axes(name: str, tensor: Array) -> str:
    """Sentence that refuses more axes than NumPy and torch's reductions along an axis take."""
    return (
        f"`{name}` must have at most {MOST_ARRAY_AXES} axes; got {tensor.ndim}: join some of "
        f"them, e.g. {name}.flatten(1, -2), and of the other operands likewise."
    )


@cache
def numpy_namespace() -> Namespace:
    """Namespace of NumPy, or None if torch cannot use it.

    torch's own float32 logarithm takes longer on two threads than NumPy's on one: 0.60 and 0.38 ns
    for an element.
    """
    try:
        array = torch.empty(0, dtype=torch.float32, device="cpu").numpy()
    except RuntimeError:  # "Numpy is not available"
        return None
    return plain_namespace(type(array))


def is_differentiated(*tensors: Array) -> bool:
    """Whether autograd records operations on the tensors."""
    if torch.is_grad_enabled():
        for tensor in tensors:
            if tensor.requires_grad:
                return True
    return False


@cache
def numpy_type(dtype: DType) -> DType:
    """NumPy's dtype for a torch dtype; float32 for bfloat16."""
    xp = numpy_namespace()
    return {torch.float16: xp.float16, torch.float64: xp.float64}.get(dtype, xp.float32)


def threads() -> int:
    """Number of threads: the smaller of this package's and torch's limits."""
    return min(thread_count(), int(torch.get_num_threads()))


def empty_tensor(shape: tuple[int, ...], dtype: DType) -> tuple[Array, Array]:
    """Uninitialised tensor and its NumPy view; NumPy allocates, since it requests huge pages."""
    if dtype in NARROW_TYPES:
        tensor = torch.empty(shape, dtype=dtype, device="cpu")
        return tensor, Widened(tensor)
    memory = numpy_namespace().ndarray(shape, numpy_type(dtype))
    return torch.from_numpy(memory), memory


def empty_tensor_like(tensor: Array) -> tuple[Array, Array]:
    """Uninitialised tensor and its NumPy view, whose axes lie in memory as those of another."""
    if tensor.is_contiguous():
        return empty_tensor(tensor.shape, tensor.dtype)
    steps = tensor.stride()
    order = sorted(range(len(steps)), key=steps.__getitem__, reverse=True)
    places = sorted(range(len(order)), key=order.__getitem__)
    result, memory = empty_tensor(tuple(tensor.shape[one] for one in order), tensor.dtype)
    return result.permute(places), memory.transpose(places)


def lent(*tensors: Array) -> tuple[Array, ...]:
    """NumPy views of tensors; 16-bit tensors as `Widened`."""
    arrays = []
    for tensor in tensors:
        memory = tensor.detach() if tensor.requires_grad else tensor
        arrays.append(Widened(memory) if memory.dtype in NARROW_TYPES else memory.numpy())
    return tuple(arrays)


class Widened:
    """A 16-bit tensor whose blocks are read as float32 and rounded when written."""

    def __init__(self, tensor: Array) -> None:
        self.tensor = tensor
        self.shape = tuple(tensor.shape)
        self.ndim = tensor.ndim
        self.strides = tensor.stride()

    @property
    def lent(self) -> tuple[int, str, tuple[int, ...]]:
        """Address, dtype name, and strides in bytes, for compiled loops."""
        dtype = "float16" if self.tensor.dtype is torch.float16 else "bfloat16"
        return self.tensor.data_ptr(), dtype, tuple(2 * step for step in self.strides)

    def transpose(self, axes: Axes) -> "Widened":
        """Transposed view, as NumPy's method."""
        return Widened(self.tensor.permute(axes))

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    def reshape(self, *shape: Any) -> "Widened":
        """Reshaped view, as NumPy's method."""
        return Widened(self.tensor.reshape(*shape))

    def part(self, index: Index) -> Any:
        """A block for compiled loops: of bfloat16 not widened, since all of them widen it."""
        return Widened(self.tensor[index]) if self.tensor.dtype is torch.bfloat16 else self[index]

    def __getitem__(self, index: Index) -> Array:
        return self.tensor[index].to(torch.float32).numpy()

    def __setitem__(self, index: Index, values: Array) -> None:
        # This may be another thread than the one whose inference mode made the tensor.
        with torch.inference_mode(self.tensor.is_inference()):
            self.tensor[index] = torch.from_numpy(numpy_namespace().asarray(values))


def device_way(place: str | None, tensors: tuple[Array, ...]) -> Any:
    """The CUDA module for tensors with kernels, or None where the plain expression is used."""
    if place != CUDA:
        return None
    from kldiv_xp.backends.torch import cuda

    return cuda if cuda.has_kernels(*tensors) else None
