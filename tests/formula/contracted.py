"""Arithmetic of a machine that fuses multiplications and additions, and of worse libraries."""

import math
from fractions import Fraction
from typing import Any

import numpy as np


class Contracted(float):
    """A number that remembers whose product it is, so that a sum can be rounded once."""

    product: Any = None
    dtype = None
    # Of a sum of two products a compiler fuses one.
    first = True

    def __mul__(self, other):
        value = type(self)(float(self) * float(other))
        if math.isfinite(self) and math.isfinite(other):
            value.product = Fraction(float(self)) * Fraction(float(other))
        return value

    __rmul__ = __mul__

    def fused(self, other, sign):
        plain = float(self) + sign * float(other)
        mine, others = self.product, getattr(other, "product", None)
        if not (math.isfinite(self) and math.isfinite(other)) or mine is others is None:
            return type(self)(plain)
        if mine is None or (others is not None and not self.first):
            exact = Fraction(float(self)) + sign * others
        else:
            exact = mine + sign * Fraction(float(other))
        return type(self)(float(exact)) if exact else type(self)(plain)

    def __add__(self, other):
        return self.fused(other, 1)

    def __radd__(self, other):
        return self.fused(other, 1)

    def __sub__(self, other):
        return self.fused(other, -1)

    def __truediv__(self, other):
        return type(self)(float(self) / float(other))

    def __rtruediv__(self, other):
        return type(self)(float(other) / float(self))

    def __neg__(self):
        return type(self)(-float(self))


class ContractedLast(Contracted):
    """The same, which fuses the other product."""

    first = False


class Scalars:
    """Namespace of single numbers of such a type."""

    float64 = float

    def __init__(self, kind: type) -> None:
        self.kind = kind

    def __getattr__(self, name: str) -> Any:
        function = getattr(np, name)
        return lambda *operands: self.kind(function(*map(float, operands)))

    def astype(self, number: Any, _: Any) -> Any:
        return self.kind(number)

    def where(self, condition: Any, one: Any, other: Any) -> Any:
        chosen = one if condition else other
        return chosen if isinstance(chosen, self.kind) else self.kind(chosen)

    def equal(self, one, other):
        return float(one) == float(other)

    def less(self, one, other):
        return float(one) < float(other)

    def greater(self, one, other):
        return float(one) > float(other)

    def greater_equal(self, one, other):
        return float(one) >= float(other)

    def add(self, one, other):
        return one + other

    def subtract(self, one, other):
        return one - other

    def multiply(self, one, other):
        return one * other

    def divide(self, one, other):
        return one / other

    def negative(self, one):
        return -one


class OneUlpOff:
    """NumPy with a logarithm and an exponential that are off by a unit in the last place."""

    def __init__(self, up: bool) -> None:
        self.towards = math.inf if up else -math.inf

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def log(self, array: Any) -> Any:
        with np.errstate(all="ignore"):
            value = np.log(array)
        return np.where(value == 0, value, np.nextafter(value, self.towards))

    def log2(self, array: Any) -> Any:
        with np.errstate(all="ignore"):
            return np.nextafter(np.log2(array), self.towards)

    def exp(self, array: Any) -> Any:
        with np.errstate(all="ignore"):
            value = np.exp(array)
        return np.where(array == 0, value, np.nextafter(value, self.towards))


class Rows(Scalars):
    """Namespace of arrays of such numbers."""

    int64 = int

    def __getattribute__(self, name: str) -> Any:
        if name in ("kind", "float64", "int64", "astype", "max", "sum", "ones_like", "finish"):
            return object.__getattribute__(self, name)
        function = Scalars.__getattr__(self, name) if name not in vars(Scalars) else None
        function = function or getattr(Scalars(self.kind), name)
        return np.vectorize(function, otypes=[object])

    def astype(self, array: Any, dtype: Any) -> Any:
        return np.vectorize(int if dtype is int else self.kind, otypes=[object])(array)

    def max(self, array: Any, **options: Any) -> Any:
        return np.max(array, **options)

    def sum(self, array: Any, **options: Any) -> Any:
        return np.sum(array, **options)

    def ones_like(self, array: Any) -> Any:
        return self.astype(np.ones(array.shape), float)
