"""A traced function cut into its stages, for rows whose parts lie in several processes.

Each stage ends with sums and maxima of rows, which the processes exchange before the next begins.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.tracing.lines import Lines, Symbol, needed
from kldiv_xp.tracing.losses import SYMBOL_NAMES, Function, Numbers

NUMBER_OF_ROW = "number"
"""How names of sums and maxima begin that a kernel gives to the next."""

*OF_CLASSES, OF_A_ROW = SYMBOL_NAMES
"""Names of what has an element for every class, and of a mask."""


class NumberOfRow(NamedTuple):
    """A sum or a maximum of a row, and the stage that ends with it."""

    name: str
    kind: str
    stage: int


class Stages(NamedTuple):
    """Sums and maxima that the results of a function depend on."""

    reductions: tuple[NumberOfRow, ...]
    calls: tuple[str | None, ...]
    """Names of what the function asks for, call by call; None where no result depends on it."""

    @property
    def number(self) -> int:
        """How many there are before the results."""
        return 1 + max((one.stage for one in self.reductions), default=-1)

    def ending(self, stage: int) -> dict[str, list[str]]:
        """Names of those that end a stage, by their kind."""
        found = defaultdict(list)
        for one in self.reductions:
            if one.stage == stage:
                found[one.kind].append(one.name)
        return found

    def before(self, stage: int) -> list[str]:
        """Names of those of earlier stages."""
        return [one.name for one in self.reductions if one.stage < stage]


class Reducing:
    """A namespace of lines whose sums and maxima of rows a function answers."""

    def __init__(self, lines: Lines, answer: Callable[[str, Symbol, int], Symbol]) -> None:
        self.lines, self.answer = lines, answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.lines, name)

    def sum(self, terms: Symbol, *, axis: int, keepdims: bool = False) -> Symbol:
        """Sum of a row, as of lines."""
        return self.answer("sum", terms, axis)

    def max(self, terms: Symbol, *, axis: int, keepdims: bool = False) -> Symbol:
        """Maximum of a row."""
        return self.answer("max", terms, axis)


@cache
def stages_of(
    maker: Any,
    arguments: tuple[Any, ...],
    numbers: tuple[str, ...],
    names: tuple[str, ...],
    kind: Callable[[str], Lines],
    real: str,
) -> Stages:
    """Stages of a function of arrays with these names, as traced by a kind of lines.

    Every process finds the same, whatever the memory of its part is like.
    """
    lines, asked = kind(real), []

    def answer(reduction: str, terms: Symbol, axis: int) -> Symbol:
        asked.append(lines.reduction(reduction, terms, axis))
        return asked[-1]

    arrays = [
        Symbol(name, "bool" if name == OF_A_ROW else "real", lines, in_rows=name in OF_CLASSES)
        for name in names
    ]
    named = {name: Symbol(name, "real", lines, in_rows=False) for name in numbers}
    results = maker(*arguments)(Reducing(lines, answer), named, *arrays)
    every = [one for one in needed(lines.lines, [one.name for one in results]) if one.reduction]
    given = {one.name: f"{NUMBER_OF_ROW}{place}" for place, one in enumerate(every)}
    reductions = [NumberOfRow(given[one.name], one.reduction, one.stage) for one in every]
    return Stages(tuple(reductions), tuple(given.get(one.name) for one in asked))


def stage_of(maker: Any, arguments: tuple[Any, ...], stages: Stages, stage: int) -> Function:
    """Function for the sums and maxima that end a stage; its last arrays are those before."""
    before, ending = stages.before(stage), list(chain(*stages.ending(stage).values()))

    def function(xp: Namespace, numbers: Numbers, *arrays: Array) -> Sequence[Array]:
        known, _ = traced_from(before, maker(*arguments), stages.calls, xp, numbers, arrays)
        return [known[name] for name in ending]

    return function


def last_stage_of(
    maker: Any, arguments: tuple[Any, ...], stages: Stages, chosen: tuple[int, ...]
) -> Function:
    """Function for some of the results; its last arrays are all sums and maxima."""
    before = stages.before(stages.number)

    def function(xp: Namespace, numbers: Numbers, *arrays: Array) -> Sequence[Array]:
        _, results = traced_from(before, maker(*arguments), stages.calls, xp, numbers, arrays)
        return [results[place] for place in chosen]

    return function


def traced_from(
    names: Sequence[str],
    function: Function,
    calls: Sequence[str | None],
    xp: Namespace,
    numbers: Numbers,
    arrays: Sequence[Array],
) -> tuple[dict[str, Array], Sequence[Array]]:
    """Sums and maxima by name, and results, where the last arrays are those with some names."""
    count = len(arrays) - len(names)
    known, left = dict(zip(names, arrays[count:], strict=True)), iter(calls)

    def answer(kind: str, terms: Symbol, axis: int) -> Any:
        name = next(left)
        if name is None:
            return xp.reduction(kind, terms, axis)
        if name not in known:
            known[name] = xp.reduction(kind, terms, axis)
        return known[name]

    return known, function(Reducing(xp, answer), numbers, *arrays[:count])
