"""Rows of logits whose parts lie in several processes: a compiled loop over a part for each stage.

A stage ends with a few numbers of each row, which the processes exchange for all rows at once.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.fused.operations import InstructionLines
from kldiv_xp.fused.plans import Names, Traced, rows_plan
from kldiv_xp.fused.running import (
    address_of,
    addresses,
    buffers_with_loops,
    layouts,
    numpy_name,
    run_plan,
)
from kldiv_xp.host.threads import Threads
from kldiv_xp.tracing import losses
from kldiv_xp.tracing.losses import any_of, numbers_of_temperature
from kldiv_xp.tracing.stages import Stages, last_stage_of, stage_of, stages_of
from kldiv_xp.tracing.with_derivatives import wanted_of_rows

Exchange = Callable[[Array, str], Array]
"""Function to the sums ("sum"), or maxima ("max"), of the elements of all processes."""

GIVEN = (losses.FACTOR, *losses.NUMBERS)
"""Names of the numbers of these kernels."""

RESULTS_OF_ROWS = (*losses.RESULTS, losses.TOTAL)


class NumbersOfRows(NamedTuple):
    """Sums and maxima of whole rows that results depend on, and how those are computed of them."""

    arguments: tuple[Any, ...]
    temperature: tuple[float, float]
    stages: Stages
    known: Mapping[str, Array]

    @property
    def wanted(self) -> tuple[bool, bool, bool]:
        """Which derivatives they are enough for, and whether for the divergences."""
        wanted: tuple[bool, bool, bool] = self.arguments[-1]
        return wanted


def takes_split_rows(arrays: Sequence[Array], working: DType) -> bool:
    """Whether there are loops for the dtypes of arrays."""
    return buffers_with_loops(tuple(arrays[0].shape), arrays, working) is not None


class Loops(NamedTuple):
    """Namespace, working dtype and threads of all kernels of a process."""

    xp: Namespace
    working: DType
    threads: Threads

    def totals(
        self,
        traced: Traced,
        read: Mapping[str, Array],
        written: Mapping[str, Array],
        names: Names,
        numbers: Sequence[float],
    ) -> Array:
        """Totals of each row of a part, while arrays are written; of each array its name."""
        shape = tuple(next(iter(read.values())).shape)
        buffers = buffers_with_loops(shape, [*read.values(), *written.values()], self.working) or []
        layout = shape, tuple(read), tuple(written), names, *layouts(buffers)
        plan = rows_plan(traced, numpy_name(self.working), *layout)
        found = self.xp.empty((len(names), *shape[:-1], 1))
        run_plan(plan, [*addresses(buffers), *map(address_of, found)], numbers, self.threads)
        return found


def numbers_of_rows(
    xp: Namespace,
    arrays: Sequence[Array],
    divergence: Divergence,
    wanted: tuple[bool, bool, bool],
    working: DType,
    threads: Threads,
    exchanged: Exchange,
) -> NumbersOfRows:
    """Sums and maxima of whole rows that the wanted results depend on, from all processes.

    A process with no element of them meets the others in every exchange.
    """
    part, real = part_by_name(xp, arrays, working), numpy_name(working)
    arguments = any_of(divergence), len(arrays), wanted
    temperature = numbers_of_temperature(divergence.temperature, real)
    stages = stages_of(wanted_of_rows, arguments, GIVEN, tuple(part), InstructionLines, real)
    known: dict[str, Array] = {}
    for stage in range(stages.number):
        traced = Traced(stage_of, (wanted_of_rows, arguments, stages, stage), GIVEN)
        read = part | {name: known[name] for name in stages.before(stage)}
        names, factors = tuple(chain(*stages.ending(stage).values())), (1.0, *temperature)
        found = Loops(xp, working, threads).totals(traced, read, {}, names, factors)
        known |= exchanged_numbers(found, stages.ending(stage), exchanged)
    return NumbersOfRows(arguments, temperature, stages, known)


def exchanged_numbers(
    found: Array, ending: Mapping[str, Sequence[str]], exchanged: Exchange
) -> dict[str, Array]:
    """Numbers of whole rows by their names, which are by their kinds, from those of a part."""
    numbers: dict[str, Array] = {}
    for kind, names in ending.items():
        first = len(numbers)
        here = exchanged(found[first : first + len(names)], kind)
        numbers |= zip(names, here, strict=True)
    return numbers


def fill_split_rows(
    xp: Namespace,
    arrays: Sequence[Array],
    numbers: NumbersOfRows,
    scale: Scale,
    upstream: Sequence[Array],
    results: Sequence[Array | None],
    working: DType,
    threads: Threads,
) -> None:
    """Write both derivatives and the divergences, each where there is an array for it."""
    arguments, temperature, stages, known = numbers
    by_name = dict(zip(RESULTS_OF_ROWS, results, strict=True))
    wanted = [name for name, want in zip(RESULTS_OF_ROWS, numbers.wanted, strict=True) if want]
    chosen = [place for place, name in enumerate(wanted) if by_name[name] is not None]
    read = part_by_name(xp, arrays, working) | dict(zip([losses.UPSTREAM], upstream, strict=False))
    read |= {name: known[name] for name in stages.before(stages.number)}
    written = {name: one for name, one in by_name.items() if one is not None}
    rows = written.pop(losses.TOTAL, None)
    traced = Traced(last_stage_of, (wanted_of_rows, arguments, stages, tuple(chosen)), GIVEN)
    totals = () if rows is None else (losses.TOTAL,)
    values = scale.number_at_hand(), *temperature
    found = Loops(xp, working, threads).totals(traced, read, written, totals, values)
    if rows is not None:
        rows[...] = found[0, ..., 0]


def part_by_name(xp: Namespace, arrays: Sequence[Array], working: DType) -> dict[str, Array]:
    """A part's arrays by their names in kernels; the memory of no columns may be nowhere."""
    shape = arrays[0].shape
    if not shape[-1]:
        empty = xp.empty((*shape[:-1], 1), dtype=working)[..., :0]
        arrays = empty, empty, *arrays[2:]
    return dict(zip(losses.SYMBOL_NAMES, arrays, strict=False))
