"""The writer of a kernel's IR: a loop over rows, one pass per stage."""

from collections.abc import Collection, Iterator
from itertools import chain

from kldiv_xp.fused.element_loop import (
    SUMMED_AT_ONCE,
    SUMMED_AT_ONCE_OF_SEVERAL,
    Scratch,
    write_element_loop,
)
from kldiv_xp.fused.instructions import LANES, Types, instruction
from kldiv_xp.fused.kept_values import kept_values
from kldiv_xp.fused.kernel import Kernel, Pass, slots
from kldiv_xp.fused.memory import APART, HostOperand, load
from kldiv_xp.fused.parts import Loop, Part, Place, part_of
from kldiv_xp.fused.row_sums import Reductions
from kldiv_xp.fused.text import Text
from kldiv_xp.fused.tiles import Tiles
from kldiv_xp.tracing.lines import needed
from kldiv_xp.tracing.operations import BYTES


class KernelWriter:
    """Writes a kernel's IR, with a loop over the rows of a job."""

    def __init__(self, kernel: Kernel, *, keeps: bool) -> None:
        self.kernel, self.text = kernel, Text()
        self.lines = kernel.needed
        self.one = Types(kernel.real, 1)
        self.scratch = Scratch(self.text, LANES[kernel.real])
        self.row: dict[str, tuple[str, str]] = {}
        self.is_kept: set[str] = set()
        self.wide: dict[str, str] = {}
        self.table = list(self.loaded())
        self.places_kept: dict[str, Place] = {}
        self.passes = kernel.passes
        self.at_once = SUMMED_AT_ONCE_OF_SEVERAL if kernel.has_several_loops else SUMMED_AT_ONCE
        self.keeps = kept_values(self.lines, [one.terms for one in self.passes]) if keeps else []

    def loaded(self) -> Iterator[str]:
        """IR lines that load the table's entries."""
        for place, name in enumerate(slots(self.kernel)):
            kind = {"at": "ptr", "given": "double"}.get(name.partition("_")[0], "i64")
            yield f"%where_{name} = getelementptr i64, ptr %table, i64 {place}"
            yield f"%{name} = load {kind}, ptr %where_{name}"

    def write(self) -> None:
        """Write the loop over the rows of a job."""
        text, kernel = self.text, self.kernel
        for name in kernel.numbers:
            value = f"%given_{name}"
            if kernel.real == "float32":
                value = text.let(f"fptrunc double {value} to float")
            self.row[name] = "real", value
        kept = list(chain(*self.keeps))
        for place, name in enumerate(kept):
            offset = text.product("%end", place * BYTES[kernel.real])
            address = text.moved(self.memory(), offset)
            operand = HostOperand(name, kernel.real)
            self.places_kept[name] = Place(operand, address, str(operand.size))
        tiles = Tiles(text, kernel, self.memory, len(kept) * BYTES[kernel.real])
        with tiles.rows(self.row_addresses) as (row, addresses):
            if not kernel.group_rank:
                self.read_row(addresses)
            loops = {one.stage: one for one in self.passes}
            for stage in range(kernel.last_stage + 1):
                if stage or not kernel.group_rank:
                    self.compute_row(stage)
                if stage in loops:
                    self.reduce(addresses, loops[stage])
            self.give(row)

    def memory(self) -> str:
        """Address of the memory that a thread may use."""
        return self.text.let("inttoptr i64 %memory to ptr")

    def row_addresses(self, row: str) -> dict[str, str]:
        """Addresses of a row in the arrays."""
        return self.moved({}, "row", self.kernel.row_rank, row)

    def moved(self, addresses: dict[str, str], kind: str, rank: int, number: str) -> dict[str, str]:
        """Addresses of the row or group with a row-major index."""
        text, places = self.text, []
        for place in range(rank - 1, 0, -1):
            size = f"%{kind}_size_{place}"
            places.append(text.let(f"srem i64 {number}, {size}"))
            number = text.let(f"sdiv i64 {number}, {size}")
        places = [number, *places[::-1]]
        found = {}
        for one in self.kernel.located:
            address = addresses.get(one.name, f"%at_{one.name}")
            for place in range(rank):
                step = text.product(places[place], f"%{kind}_{one.name}_{place}")
                address = text.moved(address, step)
            found[one.name] = address
        return found

    def read_row(self, addresses: dict[str, str]) -> None:
        """Load the operands with one element per row."""
        for one in self.kernel.inputs:
            if not one.in_rows:
                value = load(self.text, self.one, one.dtype, addresses[one.name])
                self.row[one.name] = one.kind, value

    def compute_row(self, stage: int) -> None:
        """Declarations of a stage's values that are constant along the row."""
        for line in self.lines:
            if line.stage == stage and not line.in_rows and not line.reduction:
                names = {name: value for name, (_, value) in self.row.items()}
                value = self.text.let(instruction(line, self.one, names))
                self.row[line.name] = line.dtype, value

    def reduce(self, addresses: dict[str, str], loop: Pass) -> None:
        """Compute the sums and maxima of a stage over all groups of columns, and store results."""
        text, kernel = self.text, self.kernel
        found = Reductions(text, Types(kernel.real, LANES[kernel.real]), loop.reductions)
        if kernel.group_rank:
            with text.loop("%group_first", "%group_last") as group:
                places = self.moved(addresses, "group", kernel.group_rank, group)
                self.read_row(places)
                self.compute_row(0)
                self.over_elements(places, loop, found)
        else:
            self.over_elements(addresses, loop, found)
        for line in loop.reductions:
            value = found.result(line)
            if line.reduction == "sum":
                self.wide[line.name] = value
                if kernel.real == "float32":
                    value = text.let(f"fptrunc double {value} to float")
            self.row[line.name] = "real", value

    def over_elements(self, addresses: dict[str, str], loop: Pass, found: Reductions) -> None:
        """Write a loop that computes some terms and accumulates or stores them."""
        keeps = self.keeps.pop(0) if self.keeps else []
        kept = {name: one for name, one in self.places_kept.items() if name in self.is_kept}
        places = {one.name: self.place(one, addresses) for one in self.kernel.inputs if one.in_rows}
        every = needed(self.lines, loop.terms, of_element=True, given=kept)
        first, places = self.first_parts({line.name for line in every}, places | kept)
        self.is_kept.update(keeps)
        written = [(self.places_kept[name], name) for name in keeps]
        written += [(self.place(one, addresses), name) for one, name in loop.stored.items()]
        used = {name for line in every for name in line.uses} | set(loop.terms)
        row = {name: value for name, value in self.row.items() if name in used}
        part = Loop(*part_of(self.lines, loop.terms, places), written, first)
        given = self.text, self.scratch, self.kernel.real, ("%begin", "%end"), part, row
        if loop.reductions:
            write_element_loop(*given, found.take, found.of_block, at_once=self.at_once)
        else:
            write_element_loop(*given, at_once=self.at_once)

    def first_parts(
        self, names: Collection[str], places: dict[str, Place]
    ) -> tuple[list[tuple[HostOperand, Part]], dict[str, Place]]:
        """Parts with loops of their own, and the places that are readable after them."""
        parts = []
        for name in self.kernel.apart:
            if name in names:
                operand = HostOperand(name, self.kernel.real, APART)
                parts.append((operand, part_of(self.lines, [name], places)))
                places = {**places, name: Place(operand, "", "")}
        return parts, places

    def place(self, operand: HostOperand, addresses: dict[str, str]) -> Place:
        """Place of an operand's row."""
        return Place(operand, addresses[operand.name], f"%step_{operand.name}")

    def give(self, row: str) -> None:
        """Store float64 values of the row."""
        text, kernel = self.text, self.kernel
        for one, result in kernel.given(in_rows=False).items():
            value = self.wide.get(result.name)
            if value is None:
                value = self.row[result.name][1]
                if kernel.real == "float32":
                    value = text.let(f"fpext float {value} to double")
            number = text.sum(text.product(row, "%pieces"), "%piece")
            place = text.moved(f"%at_{one.name}", text.product(number, 8))
            text.do(f"store double {value}, ptr {place}")
