"""Description of a kernel: its arrays, lines and results, and the layout of their memory."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kldiv_xp.fused.memory import HostOperand
from kldiv_xp.tracing.lines import Line, Symbol, needed


class Kernel(NamedTuple):
    """A kernel: its arrays, lines and results, and how many axes its rows and groups have."""

    real: str
    inputs: tuple[HostOperand, ...]
    outputs: tuple[HostOperand, ...]
    numbers: tuple[str, ...]
    lines: list[Line]
    results: tuple[Symbol, ...]
    row_rank: int
    group_rank: int
    """Number of axes of a row's groups of columns; 0 where a row is one group."""

    apart: tuple[str, ...] = ()
    """Names with loops of their own."""

    @property
    def located(self) -> list[HostOperand]:
        """Arrays with strides: all but outputs with one number per row."""
        return [*self.inputs, *(one for one in self.outputs if one.in_rows)]

    @property
    def needed(self) -> list[Line]:
        """Lines that the results depend on."""
        return needed(self.lines, [one.name for one in self.results])

    @property
    def loops(self) -> list[list[str]]:
        """Names that each loop over elements computes: one loop per stage, then the results."""
        lines = self.needed
        loops = [
            [one.uses[0] for one in lines if one.reduction and one.stage == stage]
            for stage in range(self.last_stage + 1)
        ]
        if self.outputs[0].in_rows:
            loops.append([one.name for one in self.results])
        return [terms for terms in loops if terms]

    @property
    def last_stage(self) -> int:
        """Stage of the results."""
        return max(one.stage for one in self.results)


def slots(kernel: Kernel) -> list[str]:
    """Names of the table's entries: addresses, numbers, pieces, sizes and strides."""
    located = [one.name for one in kernel.located]
    return [
        *(f"at_{one.name}" for one in (*kernel.inputs, *kernel.outputs)),
        *(f"given_{name}" for name in kernel.numbers),
        "pieces",
        *axes("row", located, kernel.row_rank),
        *axes("group", located, kernel.group_rank),
        *(f"step_{name}" for name in located),
    ]


def axes(kind: str, names: Sequence[str], rank: int) -> Iterator[str]:
    """Sizes of all axes but the first, then the strides of each array."""
    yield from (f"{kind}_size_{place}" for place in range(1, rank))
    yield from (f"{kind}_{name}_{place}" for name in names for place in range(rank))
