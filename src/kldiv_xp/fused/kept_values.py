"""Values of elements that a loop keeps for later ones, which would compute them again."""

from collections.abc import Sequence

from kldiv_xp.tracing.lines import Line, needed

LINES_WORTH_KEEPING = 12
"""Lines from which a value is kept: it costs a write, and a read for each of the later loops."""


def kept_values(lines: Sequence[Line], loops: Sequence[Sequence[str]]) -> list[list[str]]:
    """Names that each loop keeps, given the names of what each computes."""
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
    """Real numbers that a later loop has in common with this one, and uses for others."""
    used = set(terms)
    used.update(name for line in there if line.name not in here for name in line.uses)
    common = [line for line in there if line.name in here and line.name in used]
    return [
        line.name
        for line in common
        if line.dtype == "real"
        and len(needed(lines, [line.name], of_element=True, given=given)) >= LINES_WORTH_KEEPING
    ]
