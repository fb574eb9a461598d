"""The source of a kernel: a function in LLVM IR."""

from typing import NamedTuple

from kldiv_xp.fused.instructions import LANES, Types, declarations
from kldiv_xp.fused.kernel import Kernel
from kldiv_xp.fused.memory import HostOperand
from kldiv_xp.fused.operations import InstructionLines
from kldiv_xp.fused.rows import KernelWriter
from kldiv_xp.tracing.lines import Symbol
from kldiv_xp.tracing.losses import Function
from kldiv_xp.tracing.operations import BYTES

FUNCTION_NAME = "rows_of_arrays"
JOB = ("first", "last", "group_first", "group_last", "begin", "end", "piece", "memory")
"""Arguments: bounds of the rows, groups and columns of a job, and the index of its piece.

The last is the address of memory that a thread may use.
"""


class Source(NamedTuple):
    """LLVM IR of a kernel, and the bytes of scratch memory it needs per column."""

    text: str
    bytes_kept: int


def source_of_function(
    function: Function,
    numbers: tuple[str, ...],
    real: str,
    inputs: tuple[HostOperand, ...],
    outputs: tuple[HostOperand, ...],
    ranks: tuple[int, int],
    *,
    keeps: bool = False,
) -> Source:
    """Source of the kernel of a function (xp, numbers, *arrays) to results.

    It may keep what several loops need.
    """
    xp = InstructionLines(real)
    arrays = [Symbol(one.name, one.kind, xp, 0, one.in_rows) for one in inputs]
    named = {name: Symbol(name, "real", xp, in_rows=False) for name in numbers}
    results = tuple(function(xp, named, *arrays))
    kernel = Kernel(
        real, inputs, outputs, numbers, xp.lines, results, *ranks, tuple(xp.names_apart)
    )
    return kernel_source(kernel, keeps=keeps)


def kernel_source(kernel: Kernel, *, keeps: bool) -> Source:
    """Complete source of a kernel, with the helper functions and types it needs."""
    rows = KernelWriter(kernel, keeps=keeps)
    rows.write()
    lanes = LANES[kernel.real]
    arguments = ", ".join(["ptr %table", *(f"i64 %{name}" for name in JOB)])
    body = [*rows.text.variables, *rows.table, "br label %start", "start:", *rows.text.lines]
    text = "\n".join(
        [
            *declarations(Types(kernel.real, lanes)),
            *declarations(Types(kernel.real, 1)),
            "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)",
            f'define void @{FUNCTION_NAME}({arguments}) "no-builtins" {{',
            *body,
            "ret void",
            "}",
            "",
        ]
    )
    return Source(text, len(rows.places_kept) * BYTES[kernel.real])
