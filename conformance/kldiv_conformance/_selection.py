"""Which vectors are asked: groups, flags and ids, less what is excluded, or a spread of them."""

import difflib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields

from kldiv_conformance._vector import Vector
from kldiv_conformance._vectors import by_id, groups, notes, vectors


@dataclass(frozen=True)
class Selection:
    """A part of the vectors, by names of groups and of flags and by ids; all if none is named.

    Attributes
    ----------
    groups, flags, ids : tuple of str
        Vectors of any of these groups, with any of these flags, or with any of these ids.
    excluded : tuple of str
        Groups, flags and ids that are left out.
    sample : int or None
        How many of what is left are asked: a spread, the same each time, over all groups, flags
        and dtypes, as far as so many vectors can cover them.
    """

    groups: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    sample: int | None = None

    def chosen(self) -> list[Vector]:
        """The vectors, in their order.

        Raises
        ------
        ValueError
            If a name is unknown, or no vector is left.
        """
        check_names("group", self.groups, groups())
        check_names("flag", self.flags, notes())
        check_names("vector", self.ids, by_id())
        check_names("group, flag or vector", self.excluded, {*groups(), *notes(), *by_id()})
        named = {*self.groups, *self.flags, *self.ids}
        found = [one for one in vectors() if not named or named & names_of(one)]
        found = [one for one in found if not names_of(one) & set(self.excluded)]
        if not found:
            message = f"no vector is left of {self}: name fewer to exclude, or other groups."
            raise ValueError(message)
        return found if self.sample is None else spread(found, self.sample)

    def __str__(self) -> str:
        given = ((one.name, getattr(self, one.name)) for one in fields(self))
        return ", ".join(
            f"{name} {' '.join(value) if isinstance(value, tuple) else value}"
            for name, value in given
            if value
        )


def names_of(vector: Vector) -> set[str]:
    """Names by which a vector can be chosen."""
    return {vector.id, vector.group, *vector.flags}


def dtypes_of(vector: Vector) -> set[str]:
    """Dtypes of the operands."""
    return {operand.dtype for operand in (vector.input, vector.target)}


def check_names(kind: str, names: Iterable[str], known: Collection[str]) -> None:
    """Refuse a name that there is not, and tell those that look like it."""
    for name in names:
        if name not in known:
            message = f"there is no {kind} {name!r}: {like(name, known)}."
            raise ValueError(message)


def like(name: str, known: Collection[str]) -> str:
    """Clause on the known names that are nearest to one that is unknown."""
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"near ones are {', '.join(near)}" if near else "`kldiv-conformance list` shows them"


def spread(found: Sequence[Vector], size: int) -> list[Vector]:
    """So many of the vectors: first those that cover what no other covers, then at even steps."""
    taken = covering(found, size)
    left = [place for place in range(len(found)) if place not in taken]
    missing = max(0, min(size, len(found)) - len(taken))
    steps = {left[number * len(left) // missing] for number in range(missing)}
    return [found[place] for place in sorted(taken | steps)]


def covering(found: Sequence[Vector], size: int) -> set[int]:
    """Places of at most so many vectors, each the one that adds most groups, flags and dtypes."""
    features = [{one.group, *one.flags, *dtypes_of(one)} for one in found]
    missing: set[str] = set().union(*features)
    taken: set[int] = set()
    while missing and len(taken) < size:
        best = max(range(len(found)), key=lambda place: len(features[place] & missing))
        taken.add(best)
        missing -= features[best]
    return taken
