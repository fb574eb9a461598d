"""Bugs that would explain the failures of an implementation, the likeliest first."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kldiv_conformance._claims import Claim
from kldiv_conformance._errors import wrong_results
from kldiv_conformance._evidence import Place, Symptoms, apart, unexplained
from kldiv_conformance._likelihood import OUTSIDE, likelihood
from kldiv_conformance._multiples import has_one_factor
from kldiv_conformance._outcome import Line
from kldiv_conformance._rounding import roundings
from kldiv_conformance._scopes import PLAIN, scopes
from kldiv_conformance._telltales import TELLTALES, is_plain
from kldiv_conformance._vectors import find

# Those that explain nothing more are two at most, with this share of the likeliest's evidence.
BESIDE, GAP = 2, 0.25
# Evidence that differs by less than the number of ways in which a bug may show says nothing.
NEAR = math.log(8)


@dataclass(frozen=True)
class Suspect:
    """A flag, in how many vectors its bug would show, and in how many of them it does.

    One that is `behind` explains nothing that those before it do not explain.
    """

    flag: str
    failures: int
    vectors: int
    behind: bool = False


def suspects(outcomes: Iterable[Line]) -> list[Suspect]:
    """Flags that explain failures, the likeliest first.

    A flag is likely if results fail where its bug shows, and pass elsewhere.  What the likeliest
    explains is set aside before the next is chosen; flags that explain nothing more come last.
    What the rounding of a narrower type explains is no evidence of a flag.  Flags of wrong numbers
    come before those of arguments that should be refused.
    """
    lines = list(outcomes)
    wrong = list(wrong_results(lines))
    found = [] if has_one_factor(wrong) else roundings(lines, wrong)
    return suspects_beside(lines, {place for one in found for place in one.places})


def suspects_beside(outcomes: Sequence[Line], rounded: Collection[Place]) -> list[Suspect]:
    """The same, where it is known already what the rounding of a narrower type explains."""
    return [
        Suspect(claim.flag, counted(claim.explained), counted(claim.places), behind)
        for lines in apart(outcomes)
        for claim, behind in ranked(unexplained(lines, rounded))
    ]


def counted(places: Iterable[Place]) -> int:
    """How many vectors some results belong to."""
    return len({identifier for identifier, _ in places})


def ranked(seen: Mapping[Place, Symptoms]) -> list[tuple[Claim, bool]]:
    """The claims of `suspects`, the best of each flag, and whether others explain them."""
    left = {place for place, symptoms in seen.items() if symptoms}
    claims = [claim for claim in claimed(seen) if claim.explained and not claim.is_denied]
    chosen = one_after_the_other(claims, left, len(seen))
    others = sorted(claims, key=lambda claim: (-claim.evidence(left, len(seen)), claim.flag))
    found: dict[str, tuple[Claim, bool]] = {}
    for claim in (*chosen, *beside(others, left, len(seen))):
        found.setdefault(claim.flag, (claim, claim not in chosen))
    return list(found.values())[: len({claim.flag for claim in chosen}) + BESIDE]


def beside(claims: Sequence[Claim], left: set[Place], total: int) -> list[Claim]:
    """Claims of much evidence, of those in the order of it."""
    chance = likelihood(len(left), total, OUTSIDE)
    most = max((claim.evidence(left, total) for claim in claims[:1]), default=chance)
    least = chance + max(0.0, GAP * (most - chance))
    return [claim for claim in claims if claim.evidence(left, total) > least]


def one_after_the_other(claims: Sequence[Claim], left: set[Place], total: int) -> list[Claim]:
    """Claims that explain most of what those before them leave; plain ones come first."""
    found: list[tuple[bool, Claim]] = []
    while any(claim.explained & left for claim in claims):
        best = likeliest(claims, left, total)
        if found and best.evidence(left, total) <= likelihood(len(left), total, OUTSIDE):
            break  # what is left is no more than chance
        if found and best.is_little(left, beside=found[0][1]):
            break  # what is left may well come of the first, too
        plain = best.is_plain(left) or (best.flag in PLAIN and not found)
        found.append((plain, best))
        left = left - best.explained
    return [claim for plain, claim in sorted(found, key=lambda pair: not pair[0])]


def likeliest(claims: Sequence[Claim], left: set[Place], total: int) -> Claim:
    """The claim of most evidence; of those that explain the same, that of the fewest places."""
    weighed = [(claim.evidence(left, total), claim) for claim in claims if claim.explained & left]
    most, best = max(weighed, key=lambda pair: (pair[0], pair[1].flag))
    same = [
        (claim.breadth, -evidence, claim.flag, claim)
        for evidence, claim in weighed
        if evidence > most - NEAR and claim.explained & left == best.explained & left
    ]
    return min(same, key=lambda it: it[:3])[3]


def claimed(seen: Mapping[Place, Symptoms]) -> Iterator[Claim]:
    """Every way in which the bug of a flag may show, for what was seen."""
    formula = formula_of(seen)
    for scope in scopes():
        if scope.telltale in {None, formula}:
            places = scope.places & seen.keys()
            explained = frozenset(place for place in places if scope.explains(seen[place]))
            yield Claim(scope, places, explained)


def formula_of(seen: Mapping[Place, Symptoms]) -> str:
    """Wrong formula that most of the values agree with that could tell, or 'none'."""
    count = Counter(
        symptom
        for (identifier, result), symptoms in seen.items()
        if symptoms and result == "value" and is_plain(find(identifier))
        for symptom in symptoms
    )
    name = max(TELLTALES, key=lambda name: count[name])
    return name if count[name] > count["gross"] else "none"
