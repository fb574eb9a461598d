"""Python's operators on traced symbols."""

from typing import Any


class Arithmetic:
    """Base of symbols: operators call the functions of the symbol's namespace."""

    __slots__ = ()
    namespace: Any

    def __and__(self, other: Any) -> Any:
        return self.namespace.logical_and(self, other)

    def __or__(self, other: Any) -> Any:
        return self.namespace.logical_or(self, other)

    def __invert__(self) -> Any:
        return self.namespace.logical_not(self)

    def __add__(self, other: Any) -> Any:
        return self.namespace.add(self, other)

    def __sub__(self, other: Any) -> Any:
        return self.namespace.subtract(self, other)

    def __mul__(self, other: Any) -> Any:
        return self.namespace.multiply(self, other)

    def __rmul__(self, other: float) -> Any:
        return self.namespace.multiply(self, other)

    def __truediv__(self, other: Any) -> Any:
        return self.namespace.divide(self, other)

    def __rtruediv__(self, other: float) -> Any:
        return self.namespace.divide(other, self)
