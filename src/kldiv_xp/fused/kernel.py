"""Description of a kernel: its arrays, lines and results, and the layout of their memory."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kldiv_xp.fused.memory import HostOperand
from kldiv_xp.tracing.lines import Line, Symbol, needed
from kldiv_xp.tracing.stages import NUMBER_OF_ROW


class Pass(NamedTuple):
    """One loop over the elements of a row: what it adds up, and what it stores."""

    stage: int
    reductions: list[Line]
    stored: dict[HostOperand, str]
    """Outputs with an element per column, and the names stored there."""

    @property
    def reduced(self) -> list[str]:
        """Names of what is added up, or whose maximum is found."""
        return [one.uses[0] for one in self.reductions]

    @property
    def terms(self) -> list[str]:
        """Names of all that it computes."""
        return [*self.reduced, *self.stored.values()]


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
    def passes(self) -> list[Pass]:
        """Loops over elements: a stage's results are stored where it reduces, others in the end."""
        lines, last = self.needed, self.last_stage
        found = []
        for stage in range(last + 1):
            reductions = [one for one in lines if one.reduction and one.stage == stage]
            found.append(Pass(stage, reductions, {}))
        for one, result in self.given(in_rows=True).items():
            place = result.stage if found[result.stage].reductions else last
            found[place].stored[one] = result.name
        return [one for one in found if one.terms]

    @property
    def last_stage(self) -> int:
        """Stage of the results."""
        return max(one.stage for one in self.results)

    @property
    def has_several_loops(self) -> bool:
        """Whether other loops read its sums: its own, or those of the kernels of later stages."""
        return len(self.passes) > 1 or self.outputs[0].name.startswith(NUMBER_OF_ROW)

    def given(self, *, in_rows: bool) -> dict[HostOperand, Symbol]:
        """Outputs with an element per column, or with a number per row, and their results."""
        pairs = zip(self.outputs, self.results, strict=True)
        return {one: result for one, result in pairs if one.in_rows == in_rows}


def slots(kernel: Kernel) -> list[str]:
    """Names of the table's entries: addresses, numbers, counts, sizes and strides."""
    located = [one.name for one in kernel.located]
    return [
        *(f"at_{one.name}" for one in (*kernel.inputs, *kernel.outputs)),
        *(f"given_{name}" for name in kernel.numbers),
        "pieces",
        "tile",
        *axes("row", located, kernel.row_rank),
        *axes("group", located, kernel.group_rank),
        *(f"step_{name}" for name in located),
    ]


def axes(kind: str, names: Sequence[str], rank: int) -> Iterator[str]:
    """Sizes of all axes but the first, then the strides of each array."""
    yield from (f"{kind}_size_{place}" for place in range(1, rank))
    yield from (f"{kind}_{name}_{place}" for name in names for place in range(rank))
