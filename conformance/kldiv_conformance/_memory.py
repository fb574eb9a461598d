"""How operands lie in memory: in one piece, with gaps, by columns, or backwards."""

import math
from typing import Any, TypeAlias

Array: TypeAlias = Any

LIBRARIES = ("numpy", "cupy", "torch")
"""Those whose operands may be views."""

BACKWARDS = 4
"""Operands whose shape has a sum of 1, 5, 9 and so on have negative strides."""


def in_memory(xp: Any, array: Array) -> Array:
    """The same values, for some shapes as a view of memory that holds more.

    What reads such a view as one piece meets NaN.  The shape alone decides, so that a compiler
    meets each shape in one way.  Indices and masks, which cannot be NaN, stay.

    Parameters
    ----------
    xp : module
        NumPy, CuPy or torch.
    array : Array
        Array in one piece.

    Returns
    -------
    Array
        Equal array; where the sum of its shape is odd, not in one piece, and of half of these
        shapes from the last element to the first, but for torch, which has no such views.
    """
    shape = tuple(array.shape)
    if not lies_apart(shape, str(array.dtype)):
        return array
    if sum(shape) % BACKWARDS == 1 and hasattr(array, "strides"):
        back = (slice(None, None, -1),) * len(shape)
        return with_gaps(xp, array[back])[back]
    if len(shape) > 1 and shape[0] % 2:  # by columns
        return xp.moveaxis(with_gaps(xp, xp.moveaxis(array, 0, -1)), -1, 0)
    return with_gaps(xp, array)


def lies_apart(shape: tuple[int, ...], dtype: str) -> bool:
    """Whether an array of this shape does not lie in one piece."""
    return sum(shape) % 2 == 1 and "float" in dtype and math.prod(shape) > 1


def with_gaps(xp: Any, array: Array) -> Array:
    """The same values, with NaN in memory after each of them."""
    return xp.stack((array, xp.full_like(array, math.nan)), -1)[..., 0]
