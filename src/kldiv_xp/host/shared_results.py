"""A namespace that computes once what several functions of the same block have in common."""

from collections.abc import Callable, Sequence
from typing import Any

from kldiv_xp._typing import Array, Namespace


class SharingResults:
    """Namespace whose maxima, sums and exponentials of a block's operands are computed once.

    It remembers results of operands and of what it remembers, and holds those arrays, so that
    nothing else is written into their memory. Differences and quotients of two whole blocks are not
    among them: few functions share them, and they would take a block of memory each.
    """

    def __init__(self, xp: Namespace) -> None:
        self._xp = xp
        self._held: dict[int, Array] = {}
        self._results: dict[tuple[Any, ...], Array] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._xp, name)

    def begin(self, block: Sequence[Array]) -> None:
        """Forget the last block, and remember what is computed of the next."""
        self._results.clear()
        self._held = {id(one): one for one in block}

    # Methods: functions kept here that know this namespace would keep the buffers of blocks alive.
    def max(self, array: Array, **options: Any) -> Array:
        """Maximum."""
        return self._once("max", array, **options)

    def sum(self, array: Array, **options: Any) -> Array:
        """Sum."""
        return self._once("sum", array, **options)

    def exp(self, array: Array) -> Array:
        """Exponential."""
        return self._once("exp", array)

    def subtract(self, left: Any, right: Any) -> Array:
        """Difference."""
        return self._once("subtract", left, right)

    def divide(self, left: Any, right: Any) -> Array:
        """Quotient."""
        return self._once("divide", left, right)

    def _once(self, name: str, *operands: Any, **options: Any) -> Array:
        function: Callable[..., Array] = getattr(self._xp, name)
        if not self._is_shared(*operands):
            return function(*operands, **options)
        key = name, *(one if type(one) is float else id(one) for one in operands), *options.items()
        if key not in self._results:
            result = self._results[key] = function(*operands, **options)
            self._held[id(result)] = result
        return self._results[key]

    def _is_shared(self, operand: Any, other: Any = 0.0) -> bool:
        if id(operand) not in self._held:
            return False
        return type(other) is float or (id(other) in self._held and other.shape[-1:] == (1,))
