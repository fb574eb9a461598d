"""LLVM instructions for traced lines, on scalars or vectors."""

import struct
from collections.abc import Iterator

from kldiv_xp.fused.operations import INSTRUCTIONS, INTRINSICS
from kldiv_xp.tracing.lines import Line

LANES = {"float32": 16, "float64": 8}
"""Elements of a vector: two AVX2 registers, for more instructions in flight."""

BITS = {"float32": 32, "float64": 64}
SCALARS = {"float32": "float", "float64": "double"}


class Types:
    """LLVM's types in a loop: vectors of elements, or scalars of a row."""

    def __init__(self, real: str, lanes: int) -> None:
        self.real, self.lanes = real, lanes
        bits = BITS[real]
        self.scalars = {"real": SCALARS[real], "integer": f"i{bits}", "bool": "i1"}
        self.mangled = f"v{lanes}f{bits}" if lanes > 1 else f"f{bits}"

    def of(self, kind: str) -> str:
        """LLVM type of a kind of value."""
        scalar = self.scalars[kind]
        return f"<{self.lanes} x {scalar}>" if self.lanes > 1 else scalar

    def constant(self, kind: str, value: float) -> str:
        """Constant of a kind, as a scalar or a vector."""
        scalar = self.scalars[kind]
        text = literal(self.real, value) if kind == "real" else str(int(value))
        return f"splat ({scalar} {text})" if self.lanes > 1 else text


def literal(real: str, value: float) -> str:
    """Floating-point literal in LLVM's notation: the bits of the value as a double."""
    if real == "float32":
        try:
            (value,) = struct.unpack("f", struct.pack("f", value))
        except OverflowError:
            value = float("inf") if value > 0 else -float("inf")
    if value != value:  # noqa: PLR0124 - a NaN, of which there are many
        return "0x7FF8000000000000"
    (bits,) = struct.unpack("Q", struct.pack("d", value))
    return f"0x{bits:016X}"


def instruction(line: Line, types: Types, names: dict[str, str]) -> str:
    """LLVM instruction of a line; `names` maps its operands to registers."""
    operands = [
        names[one] if isinstance(one, str) else types.constant(kind, one)
        for one, kind in zip(line.operands, kinds_of(line), strict=True)
    ]
    return INSTRUCTIONS[line.operation].format(
        *operands,
        T=types.of("real"),
        I=types.of("integer"),
        B=types.of("bool"),
        M=types.mangled,
    )


def kinds_of(line: Line) -> list[str]:
    """Kind of each operand."""
    if line.operation == "where":
        return ["bool", "real", "real"]
    if line.operation.startswith("logical"):
        return ["bool"] * len(line.operands)
    if line.operation == "value" or (line.dtype == "integer" and line.operation != "bits"):
        return ["integer"] * len(line.operands)
    return ["real"] * len(line.operands)


def declarations(types: Types) -> Iterator[str]:
    """Declarations of the LLVM intrinsics that the instructions call."""
    real = types.of("real")
    for name, count in INTRINSICS.items():
        yield f"declare {real} @llvm.{name}.{types.mangled}({', '.join([real] * count)})"
