"""A part of the vectors: of some groups, flags or ids, less others, or an even spread of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from fnmatch import fnmatchcase
from itertools import chain

from kldiv_conformance._formats import FORMATS
from kldiv_conformance._rounding import dtypes
from kldiv_conformance._vector import Vector
from kldiv_conformance._vectors import GROUPS, by_id, notes, vectors


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Selection of vectors; all of them unless something is said.

    Attributes
    ----------
    group, flag, vector : tuple of str
        Names, one of which a vector must have of each kind that is given; or patterns of names,
        with ``*``, ``?`` or ``[...]``.
    exclude : tuple of str
        Groups, flags, ids or patterns that leave vectors out, and dtypes that leave out those
        with an operand or a result of it.
    sample : int or None
        How many of these vectors, evenly spread; they have every group, flag, dtype and function
        that these have.
    """

    group: tuple[str, ...] = ()
    flag: tuple[str, ...] = ()
    vector: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    sample: int | None = None

    def vectors(self) -> list[Vector]:
        """Vectors of the selection, in the order in which they are stored.

        Raises
        ------
        ValueError
            If a name is unknown, if no vector is left, or if so few cannot be a spread.
        """
        self.check()
        found = [vector for vector in vectors() if self.has(vector)]
        if not found:
            message = f"no vector is left by {self}: ask for less at once."
            raise ValueError(message)
        return found if self.sample is None else spread(found, self.sample)

    def has(self, vector: Vector) -> bool:
        """Whether a vector is what is asked for, before a sample is taken."""
        names = {"group": [vector.group], "flag": vector.flags, "vector": [vector.id]}
        wanted = all(matches(getattr(self, option), names[option]) for option in names)
        without = {*self.exclude} & dtypes(vector)
        named = matches(self.exclude, list(chain(*names.values())), nothing=False)
        return wanted and not named and not without

    def check(self) -> None:
        """Refuse a name that no vector has."""
        known: dict[str, Iterable[str]] = {"group": GROUPS, "flag": notes(), "vector": by_id()}
        known["exclude"] = [*GROUPS, *notes(), *by_id(), *FORMATS]
        for option, names in known.items():
            for name in getattr(self, option):
                if not matches([name], names):
                    said = f"{hint(name, names)}{LISTED.get(option, '')}"
                    message = f"`{option}` {name!r} is of no vector: {said}."
                    raise ValueError(message)

    def __str__(self) -> str:
        """Options of the command line that make this selection."""
        parts = []
        for option in fields(self):
            value = getattr(self, option.name)
            values = value if isinstance(value, tuple) else () if value is None else (value,)
            parts += [f"--{option.name} {one}" for one in values]
        return " ".join(parts)


NEAREST = 3
LISTED = {
    "group": "; `kldiv-conformance list` names the groups",
    "vector": "; `kldiv-conformance list --vectors` names them all",
    "exclude": "; `kldiv-conformance list` names the groups, with --vectors the ids",
}


def matches(patterns: Sequence[str], names: Iterable[str], *, nothing: bool = True) -> bool:
    """Whether a name matches a pattern; `nothing` is the answer where there is no pattern."""
    if not patterns:
        return nothing
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def hint(name: str, names: Iterable[str]) -> str:
    """Clause on the names that are nearest to one that is unknown."""
    known = list(names)
    near = get_close_matches(name, known) or [one for one in known if name.lower() in one.lower()]
    listed = " and ".join(map(repr, near[:NEAREST]))
    return f"near ones are {listed}" if near else f"the names look like {known[0]!r}"


def spread(found: Sequence[Vector], count: int) -> list[Vector]:
    """As many vectors, the same for the same ones: few that have all traits, then even steps."""
    chosen = cover(found)
    if len(chosen) > count:
        message = (
            f"`sample` must be at least {len(chosen)}, so that every group, flag, dtype and "
            f"function has a part; got {count}."
        )
        raise ValueError(message)
    rest = [vector for vector in found if vector.id not in chosen]
    more = min(count - len(chosen), len(rest))
    chosen |= {rest[place * len(rest) // more].id for place in range(more)}
    return [vector for vector in found if vector.id in chosen]


def cover(found: Sequence[Vector]) -> set[str]:
    """Ids of few vectors that have every trait between them."""
    left = set[tuple[str, str]]().union(*map(traits, found))
    chosen: set[str] = set()
    while left:
        best = max(found, key=lambda vector: len(traits(vector) & left))
        left -= traits(best)
        chosen.add(best.id)
    return chosen


def traits(vector: Vector) -> set[tuple[str, str]]:
    """Requirements of a spread: how many of each kind."""
    dtypes = [vector.input.dtype, vector.target.dtype]
    return {
        ("group", vector.group),
        ("function", f"{vector.function} {vector.kind}"),
        *(("flag", flag) for flag in vector.flags),
        *(("dtype", dtype) for dtype in dtypes),
    }
