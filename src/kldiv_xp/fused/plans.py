"""Plans, cached by layout: a compiled kernel and its jobs."""

from collections.abc import Iterable, Sequence
from ctypes import addressof, c_char, c_int64
from functools import lru_cache
from itertools import chain
from struct import pack, unpack
from typing import Any, NamedTuple

from kldiv_xp._typing import Axes
from kldiv_xp.fused.buffers import MemoryLayout
from kldiv_xp.fused.compiler import Compiled, compiled_function
from kldiv_xp.fused.jobs import Jobs, jobs_of
from kldiv_xp.fused.kernel_text import Source, source_of_function
from kldiv_xp.fused.memory import APART, NEXT, ROW, TILE, HostOperand
from kldiv_xp.fused.tiles import rows_of_tile, tile_bytes
from kldiv_xp.tracing.layouts import Layout, Sizes, layout_of, layout_of_elements
from kldiv_xp.tracing.operations import BYTES

Names = tuple[str, ...]

MOST_KEPT = 2 << 20
"""Most bytes a thread stores between loops; for longer rows it recomputes."""

MOST_IN_TILES = 8 << 20
"""Most bytes of a thread's tiles; longer rows are read in place."""

cached_host_plan = lru_cache(maxsize=1024)


class Traced(NamedTuple):
    """A function to trace: its maker, the maker's arguments, the names of its numbers."""

    maker: Any
    arguments: tuple[Any, ...]
    numbers: tuple[str, ...] = ()


class Plan(NamedTuple):
    """A compiled kernel, its jobs, and the sizes and strides in its table."""

    run: Compiled
    jobs: Jobs
    counts: tuple[int, ...]
    memory: int
    """Bytes of scratch memory per thread."""

    def table(self, addresses: Sequence[int], numbers: Sequence[float]) -> Any:
        """Argument table that all jobs share."""
        bits = (unpack("q", pack("d", number))[0] for number in numbers)
        values = [*addresses, *bits, *self.counts]
        return (c_int64 * len(values))(*values)

    def do(self, table: Any, numbers: Iterable[int]) -> None:
        """Run some jobs."""
        memory = (c_char * self.memory)()
        for number in numbers:
            self.run(addressof(table), *self.jobs.arguments(number), addressof(memory))


@cached_host_plan
def sums_plan(
    traced: Traced,
    real: str,
    shape: Sizes,
    axes: tuple[Axes, Axes],
    names: Names,
    results: Names,
    totals: Names,
    *layouts: MemoryLayout,
) -> Plan:
    """Plan of a kernel of sums, or maxima; the axes are those that it keeps, and the others."""
    layout = layout_of(shape, *axes, [one.strides for one in layouts])
    return planned(traced, real, layout, jobs_of(layout), names, results, layouts, totals)


@cached_host_plan
def elements_plan(
    traced: Traced, real: str, shape: Sizes, names: Names, results: Names, *layouts: MemoryLayout
) -> Plan:
    """Plan of elementwise results."""
    layout = layout_of_elements(shape, [one.strides for one in layouts])
    return planned(traced, real, layout, jobs_of(layout), names, results, layouts)


@cached_host_plan
def rows_plan(
    traced: Traced,
    real: str,
    shape: Sizes,
    names: Names,
    results: Names,
    totals: Names,
    *layouts: MemoryLayout,
) -> Plan:
    """Plan of rows along the last axis that are read more than once."""
    *rows, last = range(len(shape))
    layout = layout_of(shape, tuple(rows), (last,), [one.strides for one in layouts])
    jobs = jobs_of(layout, whole_rows=True)
    return planned(traced, real, layout, jobs, names, results, layouts, totals)


def planned(
    traced: Traced,
    real: str,
    layout: Layout,
    jobs: Jobs,
    names: Names,
    results: Names,
    layouts: Sequence[MemoryLayout],
    totals: Names = (),
) -> Plan:
    """Kernel and jobs for the layouts; row totals are written after the results."""
    count = len(layouts) - len(results)
    operands = [
        HostOperand(name, one.dtype, step_of(step, one.dtype, is_written=place >= count))
        for place, (name, one, step) in enumerate(
            zip((*names[:count], *results), layouts, layout.steps, strict=True)
        )
    ]
    is_whole = not layout.group_sizes and jobs.pieces == 1
    operands = with_tiles(operands, layout) if is_whole else operands
    written = (*operands[count:], *(HostOperand(one, "float64", ROW) for one in totals))
    ranks = len(layout.row_sizes), len(layout.group_sizes)
    kernel = traced, real, tuple(operands[:count]), written, ranks
    code = code_of(*kernel, keeps=is_whole)
    if code.bytes_kept * layout.columns > MOST_KEPT:
        code = code_of(*kernel, keeps=False)
    counts = (
        jobs.pieces,
        rows_of_tile(layout.columns),
        *layout.row_sizes[1:],
        *chain(*layout.row_strides),
        *layout.group_sizes[1:],
        *chain(*layout.group_strides),
        *layout.steps,
    )
    memory = code.bytes_kept * layout.columns + tile_bytes(operands, layout.columns)
    return Plan(compiled_function(code.text), jobs, counts, memory)


def with_tiles(operands: Sequence[HostOperand], layout: Layout) -> list[HostOperand]:
    """Operands of whole rows: those whose elements lie farther apart than rows have tiles."""
    found = [
        one._replace(step=TILE) if one.step == APART and is_nearer else one
        for one, is_nearer in zip(operands, layout.rows_are_nearer, strict=True)
    ]
    return found if tile_bytes(found, layout.columns) <= MOST_IN_TILES else [*operands]


def step_of(step: int, dtype: str, *, is_written: bool) -> str:
    """Step along a row: one element per row, contiguous, or strided."""
    if step == 0 and not is_written:
        return ROW
    return NEXT if step in (0, BYTES[dtype]) else APART


@cached_host_plan
def code_of(traced: Traced, real: str, *layout: Any, keeps: bool) -> Source:
    """Source of the kernel of a traced function."""
    return source_of_function(
        traced.maker(*traced.arguments), traced.numbers, real, *layout, keeps=keeps
    )
