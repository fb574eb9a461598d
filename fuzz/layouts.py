"""The same values in another layout of memory; each function takes an array and returns one."""

from collections.abc import Callable
from typing import Any

import numpy as np
from array_libraries import Backend, library

Layout = Callable[[Any], Any]


def as_it_is(array: Any) -> Any:
    return array


def columns(array: Any) -> Any:
    """Stored by columns."""
    if isinstance(array, np.ndarray):
        return np.array(array, order="F")
    backwards = tuple(reversed(range(array.ndim)))
    return array.permute(backwards).contiguous().permute(backwards)


def every_second(array: Any) -> Any:
    """A view of every second element of memory."""
    xp = np if isinstance(array, np.ndarray) else library("torch")
    return xp.stack([array, array], -1)[..., 0]


def reversed_strides(array: np.ndarray) -> np.ndarray:
    """Stored from the last element to the first."""
    return np.flip(np.flip(array).copy()) if array.ndim else array


def big_endian(array: np.ndarray) -> np.ndarray:
    return array.astype(array.dtype.newbyteorder(">"))


def misaligned(array: np.ndarray) -> np.ndarray:
    """At an address that no multiple of the size of an element is."""
    memory = np.empty(array.nbytes + 1, dtype=np.uint8)[1:]
    moved = memory.view(array.dtype).reshape(array.shape)
    moved[...] = array
    return moved


def read_only(array: np.ndarray) -> np.ndarray:
    copy = np.array(array)
    copy.flags.writeable = False
    return copy


ANYWHERE: dict[str, Layout] = {"as it is": as_it_is}
STRIDED = ANYWHERE | {"columns": columns, "every second": every_second}
IN_NUMPY: dict[str, Layout] = STRIDED | {
    "reversed": reversed_strides,
    "big-endian": big_endian,
    "misaligned": misaligned,
    "read-only": read_only,
}


def layouts(backend: Backend) -> dict[str, Layout]:
    """Layouts that arrays of a backend can have."""
    return {"numpy": IN_NUMPY, "torch": STRIDED}.get(backend.library, ANYWHERE)
