"""A namespace that computes once what several functions of the same block have in common."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from kldiv_xp._typing import Array, Namespace

SHARED_FUNCTIONS = ("max", "sum", "exp", "subtract", "divide")


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
        for name in SHARED_FUNCTIONS:
            setattr(self, name, partial(self._once, name, getattr(xp, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._xp, name)

    def begin(self, block: Sequence[Array]) -> None:
        """Forget the last block, and remember what is computed of the next."""
        self._results.clear()
        self._held = {id(one): one for one in block}

    def _once(
        self, name: str, function: Callable[..., Array], *operands: Any, **options: Any
    ) -> Array:
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
