"""The traced operations as lines with one LLVM instruction each, elementary functions expanded."""

from __future__ import annotations

import math
from typing import ClassVar

from kldiv_xp._typing import Array
from kldiv_xp.fused import elementary
from kldiv_xp.tracing.lines import Lines, Symbol
from kldiv_xp.tracing.operations import RESULT_KINDS

# An instruction, its operands and the types of all: {T} of real numbers, {I} of integers as wide,
# {B} of truth values; {M} is how names of functions tell the type.
INSTRUCTIONS = {
    "add": "fadd {T} {0}, {1}",
    "subtract": "fsub {T} {0}, {1}",
    "multiply": "fmul {T} {0}, {1}",
    "divide": "fdiv {T} {0}, {1}",
    "negative": "fneg {T} {0}",
    "abs": "call {T} @llvm.fabs.{M}({T} {0})",
    "sqrt": "call {T} @llvm.sqrt.{M}({T} {0})",
    "round": "call {T} @llvm.rint.{M}({T} {0})",
    "copysign": "call {T} @llvm.copysign.{M}({T} {0}, {T} {1})",
    "fma": "call {T} @llvm.fmuladd.{M}({T} {0}, {T} {1}, {T} {2})",
    "where": "select {B} {0}, {T} {1}, {T} {2}",
    "equal": "fcmp oeq {T} {0}, {1}",
    "not_equal": "fcmp une {T} {0}, {1}",
    "less": "fcmp olt {T} {0}, {1}",
    "less_equal": "fcmp ole {T} {0}, {1}",
    "greater": "fcmp ogt {T} {0}, {1}",
    "greater_equal": "fcmp oge {T} {0}, {1}",
    "logical_and": "and {B} {0}, {1}",
    "logical_or": "or {B} {0}, {1}",
    "logical_not": "xor {B} {0}, {1}",
    "bits": "bitcast {T} {0} to {I}",
    "value": "bitcast {I} {0} to {T}",
    "integer_add": "add {I} {0}, {1}",
    "integer_subtract": "sub {I} {0}, {1}",
    "shift_left": "shl {I} {0}, {1}",
    "shift_right": "ashr {I} {0}, {1}",
    "shift_down": "lshr {I} {0}, {1}",
}
INTEGER_OPERATIONS = (
    "bits",
    "integer_add",
    "integer_subtract",
    "shift_down",
    "shift_left",
    "shift_right",
)
INTRINSICS = {"fabs": 1, "sqrt": 1, "rint": 1, "copysign": 2, "fmuladd": 3}
"""LLVM intrinsics that the instructions call, and their numbers of operands."""


class InstructionLines(Lines):
    """A tracing namespace whose lines are single instructions."""

    kinds: ClassVar[dict[str, str]] = {
        **{name: kind for name, kind in RESULT_KINDS.items() if name in INSTRUCTIONS},
        **dict.fromkeys(INTEGER_OPERATIONS, "integer"),
        **dict.fromkeys(("copysign", "fma", "round", "value"), "real"),
    }

    def __init__(self, real: str) -> None:
        super().__init__(real)
        self.names_apart: list[str] = []

    def apart(self, x: Symbol) -> Symbol:
        """The symbol, computed in a loop of its own."""
        if x.in_rows and x.name not in self.names_apart:
            self.names_apart.append(x.name)
        return x

    def whole(self, x: Symbol) -> tuple[Symbol, Symbol]:
        """Number rounded to a whole one, and an integer that has it in its last bits."""
        shift = elementary.LAYOUTS[self.real].shift
        shifted = self.add(x, shift)
        return self.subtract(shifted, shift), self.bits(shifted)

    def sum_of_bits(self, x: Symbol) -> Symbol:
        """Sum of the bits of a row of numbers as integers, modulo 2 to their number."""
        return self.reduction("bits", x, -1)

    float64 = "real"
    """The working type stands for float64."""

    def square(self, x: Symbol) -> Symbol:
        """Square."""
        return self.multiply(x, x)

    def exp(self, x: Symbol) -> Array:
        """Exponential."""
        return elementary.exp(self, x)

    def expm1(self, x: Symbol) -> Array:
        """Exponential less 1."""
        return elementary.expm1(self, x)

    def log(self, x: Symbol) -> Array:
        """Natural logarithm."""
        return elementary.log(self, x)

    def log1p(self, x: Symbol) -> Array:
        """Natural logarithm of 1 + x."""
        return elementary.log1p(self, x)

    def tanh(self, x: Symbol) -> Array:
        """Hyperbolic tangent."""
        return elementary.tanh(self, x)

    def maximum(self, left: Symbol, right: Symbol | float) -> Symbol:
        """Larger of two numbers, NaN if one is."""
        keep = self.logical_or(self.greater(left, right), self.not_equal(left, left))
        return self.where(keep, left, right)

    def minimum(self, left: Symbol, right: Symbol | float) -> Symbol:
        """Smaller of two numbers, NaN if one is."""
        keep = self.logical_or(self.less(left, right), self.not_equal(left, left))
        return self.where(keep, left, right)

    def isinf(self, x: Symbol) -> Symbol:
        """Whether a number is infinite."""
        return self.equal(self.abs(x), math.inf)

    def logical_not(self, condition: Symbol) -> Symbol:
        """Whether a condition does not hold."""
        return self.line("bool", "logical_not", condition, 1)

    def astype(self, operand: Symbol, dtype: str) -> Symbol:
        """Bools as 1.0 and 0.0; other operands unchanged."""
        if operand.dtype == "bool" and dtype == "real":
            return self.where(operand, 1.0, 0.0)
        return operand

    def polynomial(self, z: Symbol, first: Symbol | float, *others: float) -> Symbol:
        """Polynomial with these coefficients, that of the highest power first."""
        value: Symbol | float = first
        for other in others:
            value = self.fma(value, z, other)
        return value  # type: ignore[return-value]
