"""Causes that wrong numbers share, which explain more than a flag, and the flags beside them."""

from collections.abc import Sequence

from kldiv_conformance._clipped import clips
from kldiv_conformance._common_cause import of_calls
from kldiv_conformance._errors import wrong_results
from kldiv_conformance._evidence import Place
from kldiv_conformance._multiples import has_one_factor, multiples
from kldiv_conformance._operands import IN_TURN
from kldiv_conformance._outcome import Line
from kldiv_conformance._raises import of_lost
from kldiv_conformance._rounding import roundings
from kldiv_conformance._suspects import Suspect, suspects_beside
from kldiv_conformance._underflow import underflows
from kldiv_conformance._vectors import find


def explained(outcomes: Sequence[Line]) -> tuple[list[str], list[Suspect]]:
    """Sentences on the numbers of failures, and the flags that are likely beside them.

    The sentences name errors, how operands lie, other calls, clipped gradients, an exponential of
    0, a narrower type, a factor or a clamp.  Beside one on numbers no flag is told that explains
    nothing more, and beside a factor of all none.
    """
    every = list(wrong_results(outcomes))
    clipped, gone = list(clips(outcomes, every)), list(underflows(every))
    places = [*(one.places for one in clipped), *(one.places for one in gone)]
    ended = frozenset[Place]().union(*places)
    wrong = [it for it in every if it.place not in ended]
    is_one = has_one_factor(wrong)
    found = [] if is_one else roundings(outcomes, wrong)
    rounded = ended.union(*(one.places for one in found))
    common = multiples([it for it in wrong if it.place not in rounded])
    sentences = [*map(str, (*clipped, *gone, *found)), *([] if common is None else [common])]
    flags = [] if is_one else suspects_beside(outcomes, rounded)
    flags = [it for it in flags if not (sentences and it.behind)]
    calls = of_calls(single_calls(outcomes) if clipped else outcomes)
    return [*of_lost(outcomes), *calls, *sentences], flags


def single_calls(outcomes: Sequence[Line]) -> list[Line]:
    """Outcomes but for those of sums of calls, whose gradients are clipped as that of one is."""
    return [it for it in outcomes if not (IN_TURN in it["detail"] and is_gradient(it))]


def is_gradient(line: Line) -> bool:
    """Whether derivatives are asked for."""
    return find(line["id"]).kind == "gradient"


def explanations(outcomes: Sequence[Line]) -> list[str]:
    """Sentences on the numbers of failures."""
    return explained(outcomes)[0]
