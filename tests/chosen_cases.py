"""Which cases of a test are in the ordinary run, which are slow, and which are long."""

from collections import defaultdict
from zlib import crc32

from array_libraries import BACKENDS
from other_libraries import OTHERS

EVERY = {**BACKENDS, **OTHERS}


def mark_later(items: list) -> None:
    """Leave a spread of the cases of some tests to the ordinary run, where each costs long."""
    similar = defaultdict(list)
    for item in items:
        name, asked = backend_of(item), item.get_closest_marker("cases")
        if asked:
            similar[item.path, item.originalname, "", *most_and_slow(asked)].append(item)
        elif name and EVERY[name].cases:
            similar[item.path, item.originalname, name, EVERY[name].cases, 0].append(item)
    for (_, test, name, *numbers), cases in similar.items():
        chosen = leave(cases, test, *numbers)
        if name and crc32(test.encode()) % EVERY[name].one_test_in:
            for item in chosen:
                item.add_marker("long")
    leave_few(items)


def leave_few(items: list) -> None:
    """Leave a few cases of a test to the ordinary run, if it says how many: each takes a second."""
    similar = defaultdict(list)
    for item in items:
        asked = item.get_closest_marker("few")
        if asked and not any(map(item.get_closest_marker, ("slow", "long"))):
            similar[item.path, item.originalname, *most_and_slow(asked)].append(item)
    for (_, test, *numbers), cases in similar.items():
        leave(cases, test, *numbers)


def most_and_slow(mark) -> tuple[int, int]:
    """How many cases of a test are in the ordinary run, and how many more are slow."""
    most, slow = (*mark.args, 0)[:2]
    return most, slow


def leave(cases: list, test: str, most: int, slow: int) -> list:
    """The cases of the ordinary run; of the others some are marked as slow, the rest as long."""
    chosen = spread(cases, most, test)
    others = [item for item in cases if item not in chosen]
    later = spread(others, slow, test)
    for item in others:
        item.add_marker("slow" if item in later else "long")
    return chosen


def backend_of(item) -> str | None:
    """Name of the backend that a test is parametrised with, under whichever name."""
    params = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return next((one for one in params if isinstance(one, str) and one in EVERY), None)


def spread(items: list, most: int, seed: str) -> list:
    """At most so many of the items, evenly spaced, from a place that differs between tests."""
    if not most:
        return []
    step = max(1, len(items) / most)
    start = crc32(seed.encode()) % max(1, int(step))
    return [items[int(start + number * step)] for number in range(min(most, len(items)))]
