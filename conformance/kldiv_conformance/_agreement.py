"""How far apart the backends are from each other, whatever is exact."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any

from kldiv_conformance._formats import FORMATS, Format, ulp_distance
from kldiv_conformance._vectors import find


def distances(outcomes: Iterable[dict[str, Any]]) -> Iterator[tuple[int, str, tuple[str, str]]]:
    """Distance in ulp, vector, and pair of backends that are farthest apart on it."""
    by_vector: dict[str, dict[str, Any]] = defaultdict(dict)
    for outcome in outcomes:
        if outcome["values"]:
            by_vector[outcome["id"]][outcome["backend"]] = outcome["values"]
    for identifier, values in by_vector.items():
        formats = {name: FORMATS[result.dtype] for name, result in find(identifier).results.items()}
        pairs = [
            (apart(values[left], values[right], formats), identifier, (left, right))
            for left, right in combinations(sorted(values), 2)
        ]
        if pairs:
            yield max(pairs)


def apart(
    left: dict[str, list[str]], right: dict[str, list[str]], formats: dict[str, Format]
) -> int:
    """Largest distance between numbers in the same place; NaN against a number is a whole range."""
    found = [0]
    for name, form in formats.items():
        whole_range = 2 * ulp_distance(0.0, math.inf, form)
        for texts in zip(left[name], right[name], strict=False):
            a, b = (float.fromhex(text) for text in texts)
            if math.isnan(a) or math.isnan(b):
                found.append(0 if math.isnan(a) and math.isnan(b) else whole_range)
            else:
                found.append(ulp_distance(a, b, form))
    return max(found)
