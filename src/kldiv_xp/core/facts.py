"""Facts about array libraries: one table, a row for each library, a column for each fact."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kldiv_xp._typing import Namespace
from kldiv_xp.core.words import (
    OF_CUPY,
    OF_DASK,
    OF_JAX,
    OF_MLX,
    OF_NUMPY,
    OF_TORCH,
    STANDARD,
    Words,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """Facts that the rest of the package relies on; the defaults hold for any library at all."""

    computes_with_numpy: bool = True
    """NumPy does the arithmetic, if only that of Python's numbers, and its warnings can surface."""

    takes_numbers: bool = False
    """Functions of two arrays take a number, whichever edition of the standard it follows."""

    zero_dimensional_is_scalar: bool = False
    """Arithmetic turns 0-d arrays into scalars, which are not arrays."""

    forbids_mixed_devices: bool = False
    """An array lives on one comparable device, and an operation takes arrays of one device."""

    needs_device_context: bool = False
    """Work must run inside ``with array.device``."""

    adds_up_booleans: bool = False
    """The sum of a mask may be asked for in another dtype, and nothing is as large as the mask."""

    has_memory_of_devices: bool = False
    """Arrays lie where blocks are larger, since each of them is work for thousands of threads."""

    has_autocast: bool = False
    """Within a context, ``autocast``, losses of 16-bit arrays are float32."""

    backend: str | None = None
    """Our module that knows a better way than the plain expression, loaded when it is needed."""

    backend_of_compiler: str | None = None
    """The same for arrays that torch.compile traces."""

    reproducible_backend: str | None = None
    """The same for the mode in which bits are the same in every library."""

    backend_adds_up_in_any_type: bool = False
    """The backend takes longdouble too; others add up in float64, which is not enough for it."""

    backend_takes_plain_types_only: bool = False
    """A subclass of the library's own type may do anything, so it gets the plain expression."""

    constant: str | None = None
    """Full name of the function whose result automatic differentiation takes for a constant."""

    backends_of_subclasses: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Bridges of known subclasses, by their full names."""

    may_lack_float64: bool = False
    """While its floats are float32 unless told otherwise, it has no wider ones."""

    has_gather: bool = False
    """Entries are read and written along an axis by torch's ``gather`` and ``scatter``."""

    has_layouts: bool = False
    """Arrays of a plain type may be sparse, nested or laid out for other libraries."""

    devices_without_values: frozenset[str] = frozenset()
    """Devices from which nothing can be moved, since an array there holds no values."""

    refused_because: str | None = None
    """Its own functions give wrong numbers; ``array[:]`` makes an array of NumPy."""

    words: Words = STANDARD
    """How its users write what mends an operand."""


UNKNOWN = Facts()

FACTS = {
    "numpy": Facts(
        takes_numbers=True,
        zero_dimensional_is_scalar=True,
        backend="backends.numpy.backend",
        reproducible_backend="backends.numpy.reproducible.backend",
        backend_takes_plain_types_only=True,
        words=OF_NUMPY,
    ),
    "cupy": Facts(
        takes_numbers=True,
        computes_with_numpy=False,
        forbids_mixed_devices=True,
        needs_device_context=True,
        adds_up_booleans=True,
        has_memory_of_devices=True,
        backend="backends.cupy",
        words=OF_CUPY,
    ),
    "torch": Facts(
        takes_numbers=True,
        computes_with_numpy=False,
        forbids_mixed_devices=True,
        adds_up_booleans=True,
        has_autocast=True,
        backend="backends.torch.eager",
        backend_of_compiler="backends.torch.compiled",
        reproducible_backend="backends.torch.reproducible",
        backend_takes_plain_types_only=True,
        constant="torch.detach",
        backends_of_subclasses={"torch.distributed.tensor.DTensor": "backends.torch.dtensor"},
        has_gather=True,
        has_layouts=True,
        devices_without_values=frozenset({"meta"}),
        words=OF_TORCH,
    ),
    "jax": Facts(
        takes_numbers=True,
        backend="backends.jax.backend",
        reproducible_backend="backends.jax.reproducible",
        may_lack_float64=True,
        constant="jax.lax.stop_gradient",
        words=OF_JAX,
    ),
    "dask": Facts(
        takes_numbers=True,
        backend="backends.dask.backend",
        reproducible_backend="backends.dask.reproducible",
        backend_adds_up_in_any_type=True,
        words=OF_DASK,
    ),
    "cubed": Facts(
        takes_numbers=True, backend="backends.cubed.backend", backend_adds_up_in_any_type=True
    ),
    "mlx": Facts(words=OF_MLX),
    "blosc2": Facts(refused_because="its lazy expressions are wrong beside masks"),
    "array_api_strict": Facts(forbids_mixed_devices=True),
}


def library_name(xp: Namespace) -> str:
    """Name of the library behind a namespace: 'torch' for array_api_compat.torch."""
    name: str = xp.__name__
    return name.removeprefix("array_api_compat.").partition(".")[0]


def facts_about(xp: Namespace) -> Facts:
    """Row of the table; a library that is not listed gets the plain formula, never a guess."""
    return FACTS.get(library_name(xp), UNKNOWN)


def full_name(kind: type) -> str:
    """Name of a type with its module."""
    return f"{kind.__module__}.{kind.__qualname__}"
