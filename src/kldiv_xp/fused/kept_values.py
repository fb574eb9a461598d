"""Values of elements that a loop stores, where later loops would recompute them."""

from collections.abc import Sequence

from kldiv_xp.tracing.lines import Line, needed

LINES_WORTH_KEEPING = 12
"""Least number of lines of a stored value: it costs a store, and a load in each later loop."""


def kept_values(lines: Sequence[Line], loops: Sequence[Sequence[str]]) -> list[list[str]]:
    """Names that each loop stores, given the names that each computes."""
    given: set[str] = set()
    kept: list[list[str]] = []
    for place, terms in enumerate(loops):
        here = {line.name for line in needed(lines, terms, of_element=True, given=given)}
        found: dict[str, None] = {}
        for later in loops[place + 1 :]:
            there = needed(lines, later, of_element=True, given=given)
            found |= dict.fromkeys(worth_it(lines, here, there, later, given))
        kept.append([name for name in found if name not in given])
        given.update(found)
    return kept


def worth_it(
    lines: Sequence[Line],
    here: set[str],
    there: Sequence[Line],
    terms: Sequence[str],
    given: set[str],
) -> list[str]:
    """Real values that a later loop shares with this one and whose recomputation is long."""
    used = set(terms)
    used.update(name for line in there if line.name not in here for name in line.uses)
    common = [line for line in there if line.name in here and line.name in used]
    return [
        line.name
        for line in common
        if line.dtype == "real"
        and len(needed(lines, [line.name], of_element=True, given=given)) >= LINES_WORTH_KEEPING
    ]
