"""Functions of the standard's older editions, which take no numbers beside arrays."""

from collections.abc import Callable
from functools import partial
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.facts import facts_about

# From this edition on, functions of two arrays take a number for one of them.
TAKES_NUMBERS = "2024.12"
OF_SEVERAL = frozenset(
    {
        *("add", "subtract", "multiply", "divide", "where"),
        *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"),
    }
)


def lifted(xp: Namespace) -> Namespace:
    """Namespace whose functions take numbers: the same one, where the edition says so or is unsaid.

    A library may be set to another edition while it is used.
    """
    edition = getattr(xp, "__array_api_version__", TAKES_NUMBERS)
    if edition >= TAKES_NUMBERS or facts_about(xp).takes_numbers:
        return xp
    return LIFTED.setdefault(xp.__name__, Lifted(xp))


class Lifted:
    """Namespace that makes arrays of numbers, and has the functions that came later."""

    def __init__(self, xp: Namespace) -> None:
        self._xp = xp

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._xp, name)
        return partial(with_arrays, self._xp, found) if name in OF_SEVERAL else found

    def maximum(self, left: Array, right: Any) -> Array:
        """Larger of two, or NaN; of the edition of 2023.12."""
        return self.where(self.less(left, right) | (right != right), right, left)  # noqa: PLR0124

    def minimum(self, left: Array, right: Any) -> Array:
        """Smaller of two, or NaN; of the edition of 2023.12."""
        return self.where(self.greater(left, right) | (right != right), right, left)  # noqa: PLR0124

    def take_along_axis(self, array: Array, indices: Array, *, axis: int) -> Array:
        """Entries at the indices along the last axis, a pass for each; of 2024.12."""
        places = self.arange(array.shape[axis], dtype=indices.dtype, device=indices.device)
        taken = [
            self.where(self.equal(places, indices[..., one : one + 1]), array, 0.0)
            for one in range(indices.shape[axis])
        ]
        return self.concat([self.sum(one, axis=axis, keepdims=True) for one in taken], axis=axis)


LIFTED: dict[str, Lifted] = {}


def with_arrays(xp: Namespace, function: Callable[..., Array], *operands: Any) -> Array:
    """Result of a function of arrays, with numbers in the dtype of the last array."""
    like = next(one for one in reversed(operands) if not isinstance(one, int | float))
    return function(
        *(
            xp.asarray(one, dtype=like.dtype, device=like.device)
            if isinstance(one, int | float)
            else one
            for one in operands
        )
    )
