"""Causes that wrong numbers share, which explain more than a flag, and the flags beside them."""

from collections.abc import Sequence

from kldiv_conformance._common_cause import of_calls
from kldiv_conformance._errors import wrong_results
from kldiv_conformance._evidence import Place
from kldiv_conformance._multiples import has_one_factor, multiples
from kldiv_conformance._outcome import Line
from kldiv_conformance._rounding import roundings
from kldiv_conformance._suspects import Suspect, suspects_beside


def explained(outcomes: Sequence[Line]) -> tuple[list[str], list[Suspect]]:
    """Sentences on the numbers of failures, and the flags that are likely beside them.

    The sentences name how operands lie, other calls, a narrower type, a factor or a clamp.  Beside
    one on numbers no flag is told that explains nothing more, and beside a factor of all none.
    """
    wrong = list(wrong_results(outcomes))
    is_one = has_one_factor(wrong)
    found = [] if is_one else roundings(outcomes, wrong)
    rounded = frozenset[Place]().union(*(one.places for one in found))
    common = multiples([it for it in wrong if it.place not in rounded])
    sentences = [*map(str, found), *([] if common is None else [common])]
    flags = [] if is_one else suspects_beside(outcomes, rounded)
    flags = [it for it in flags if not (sentences and it.behind)]
    return [*of_calls(outcomes), *sentences], flags


def explanations(outcomes: Sequence[Line]) -> list[str]:
    """Sentences on the numbers of failures."""
    return explained(outcomes)[0]
