"""Covering arrays: few choices of options, in which each pair of their values stands together."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from random import Random

Value = object
Choice = dict[str, Value]
Table = Mapping[str, Sequence[Value]]
Pair = frozenset[tuple[str, Value]]
Excluded = Callable[[Choice], bool]

# More tries for each choice find fewer choices, by little.
TRIES = 40


def covering(table: Table, excluded: Excluded, rng: Random) -> Iterator[Choice]:
    """Choices of a value of each option, until every pair that goes together has been chosen."""
    left = sorted(pairs_of(table, excluded), key=sorted_texts)
    while left:
        tries = [
            completed(dict(rng.choice(left)), table, excluded, left, rng) for _ in range(TRIES)
        ]
        wanted = set(left)
        best = max(tries, key=lambda choice: len(chosen(choice) & wanted))
        covered = chosen(best)
        left = [pair for pair in left if pair not in covered]
        yield {name: best[name] for name in table}


def pairs_of(table: Table, excluded: Excluded) -> set[Pair]:
    """Pairs of values of two options that go together."""
    return {
        frozenset({(one, first), (other, second)})
        for one, other in combinations(table, 2)
        for first in table[one]
        for second in table[other]
        if not excluded({one: first, other: second})
    }


def chosen(choice: Choice) -> set[Pair]:
    """Pairs of a choice."""
    return set(map(frozenset, combinations(choice.items(), 2)))


def completed(
    choice: Choice, table: Table, excluded: Excluded, left: Sequence[Pair], rng: Random
) -> Choice:
    """The choice, completed by the values that cover most of the pairs that are left."""
    names = sorted(table.keys() - choice.keys())
    wanted = set(left)
    while names:
        name = names.pop(int(rng.random() * len(names)))
        fitting = [one for one in table[name] if not excluded({**choice, name: one})]
        gains = [len(chosen({**choice, name: one}) & wanted) + rng.random() for one in fitting]
        choice[name] = fitting[gains.index(max(gains))]
    return choice


def sorted_texts(pair: Pair) -> list[str]:
    """Text of a pair, by which pairs are sorted."""
    return sorted(map(repr, pair))
