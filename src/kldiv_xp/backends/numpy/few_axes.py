"""Arrays of many axes as rows, for functions of NumPy that take fewer axes than its arrays have."""

from typing import Any

# Of its sort: "this function only supports up to 32 dimensions but the array has 64".
AXES_OF_SORT = 32


def with_few_axes(number: int, arrays: tuple[Any, ...]) -> tuple[Any, ...]:
    """Views of operands with so many axes, or of what has one for each of their rows; else as is.

    Nothing, and numbers, stay what they are.
    """
    if number <= AXES_OF_SORT:
        return arrays
    return tuple(
        one.reshape((-1, *one.shape[number - 1 :])) if getattr(one, "ndim", 0) else one
        for one in arrays
    )
