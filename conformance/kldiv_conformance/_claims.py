"""Claims: one way in which the bug of a flag may show, and what it explains of what was seen."""

import math
from dataclasses import dataclass
from functools import cache

from kldiv_conformance._evidence import OPERANDS, Place
from kldiv_conformance._likelihood import INSIDE, OUTSIDE, likelihood
from kldiv_conformance._scopes import NUMBERS, PLAIN, Scope
from kldiv_conformance._vectors import vectors

MOST, HALF = 0.75, 0.5
# A flag is named beside the first if it explains this share of what the first one does, and of
# the places where its bug would show.
LITTLE, FEW = 0.1, 0.25
# What it adds to the evidence, for each result, that a bug shows in one way alone and in this one.
SHARP = 0.25
# Flags of vectors whose numbers, or derivatives, are NaN.
EDGES = frozenset({"MissingValue", "NegativeTarget"})


@cache
def flagged(flag: str) -> frozenset[Place]:
    """Results of the vectors of a flag."""
    return frozenset(
        (it.id, result)
        for it in vectors()
        if flag in it.flags
        for result in (*(it.results or ("raises",)), OPERANDS)
    )


@cache
def at_edges() -> frozenset[Place]:
    """Results that are NaN, or whose operands are no probabilities."""
    return frozenset[Place]().union(*map(flagged, EDGES))


@dataclass(frozen=True)
class Claim:
    """One way in which the bug of a flag may show: where that was judged, what it explains."""

    scope: Scope
    places: frozenset[Place]
    explained: frozenset[Place]

    @property
    def flag(self) -> str:
        """The flag."""
        return self.scope.flag

    @property
    def breadth(self) -> tuple[int, int]:
        """In how many places, judged or not, and how, its bug may show."""
        return len(self.scope.places), len(self.scope.symptoms or NUMBERS)

    def evidence(self, left: set[Place], total: int) -> float:
        """Logarithm of the likelihood that just this bug makes what is left fail."""
        inside = len(self.explained & left)
        gone = len(self.explained) - inside
        size = len(self.places) - gone
        outside = len(left) - inside
        return (
            likelihood(inside, size, INSIDE)
            + likelihood(outside, max(total - gone - size, outside), OUTSIDE)
            + SHARP * inside * self.scope.is_sharp
            - math.log(self.scope.ways)
        )

    def is_little(self, left: set[Place], beside: "Claim") -> bool:
        """Whether it explains little beside another, or little of where its bug would show."""
        more = len(self.explained & left)
        return more < LITTLE * len(beside.explained) or more < FEW * len(self.places)

    @property
    def is_denied(self) -> bool:
        """Whether vectors of its flag pass, or a bug of every training shows at NaN alone."""
        own = flagged(self.flag)
        if not own.isdisjoint(self.places) and own.isdisjoint(self.explained):
            return True
        return self.flag in PLAIN and self.explained <= at_edges()

    def is_plain(self, left: set[Place]) -> bool:
        """Whether most of it fails for no other reason, where every training comes by."""
        of_its_own = len(self.explained & left)
        return (
            self.flag in PLAIN
            and len(self.explained) > MOST * len(self.places)
            and of_its_own > HALF * len(self.explained)
        )
