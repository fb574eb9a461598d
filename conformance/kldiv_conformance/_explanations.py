"""What the wrong numbers have in common, which explains more than a flag."""

from collections.abc import Sequence

from kldiv_conformance._errors import wrong_results
from kldiv_conformance._multiples import multiples
from kldiv_conformance._outcome import Line
from kldiv_conformance._rounding import roundings
from kldiv_conformance._suspects import Suspect, suspects


def explanations(outcomes: Sequence[Line]) -> list[str]:
    """Sentences on the numbers of failures: a narrower type, a factor, a clamp."""
    found = roundings(outcomes)
    explained = frozenset[tuple[str, str]]().union(*(one.places for one in found))
    wrong = [it for it in wrong_results(outcomes) if it.place not in explained]
    common = multiples(wrong)
    return [*map(str, found), *([] if common is None else [common])]


def likely(outcomes: Sequence[Line], explained: Sequence[str]) -> list[Suspect]:
    """Flags beside explanations, which leave nothing to those that are less likely."""
    return [it for it in suspects(outcomes) if not (explained and it.behind)]
