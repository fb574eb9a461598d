"""JSON forms of numbers and arrays."""

import json
import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from generate.draft import Upstream

# Longer lists are written by what repeats in them.
LONGEST = 1024


def compact(content: object) -> str:
    """JSON on one line."""
    return json.dumps(content, ensure_ascii=True, allow_nan=False)


def array(
    shape: Sequence[int],
    values: Sequence[float],
    dtype: str | None = None,
    container: str | None = None,
) -> dict[str, Any]:
    """JSON form of an array; what is as usual is left out."""
    named = {"dtype": dtype, "container": container}
    stored: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    return {"shape": list(shape), **stored, "values": numbers(values, shape)}


def upstream(given: Upstream, shape: Sequence[int]) -> str | dict[str, Any]:
    """JSON form of what derivatives are multiplied by: a number, or one for each of the loss."""
    return array(shape, given) if isinstance(given, tuple) else encoded(given)


def numbers(values: Sequence[float], shape: Sequence[int]) -> Any:
    """Hexadecimal floats, those of a long list by what repeats."""
    return repeated([encoded(value) for value in values], shape)


def repeated(items: list[Any], shape: Sequence[int]) -> Any:
    """The items; of a long list, pairs of a count and what repeats so often, one by one or by rows.

    What stands once is joined with its neighbours that stand once.
    """
    if len(items) <= LONGEST:
        return items
    return {"repeats": min((runs(items, width) for width in {1, shape[-1]}), key=extent)}


def runs(items: list[Any], width: int) -> list[tuple[int, list[Any]]]:
    """Counts, each with the items that repeat so often, of so many at a time."""
    found: list[tuple[int, list[Any]]] = []
    for row, group in groupby(zip(*[iter(items)] * width, strict=True)):
        count = sum(1 for _ in group)
        if count == 1 and found and found[-1][0] == 1:
            found[-1][1].extend(row)
        else:
            found.append((count, list(row)))
    return found


def extent(found: list[tuple[int, list[Any]]]) -> int:
    """Number of the numbers that are written."""
    return sum(1 + len(row) for _, row in found)


def merged(results: dict[str, Any]) -> Any:
    """The value itself, or the two parts of a gradient."""
    return results.get("value", results)


def encoded_lists(
    parts: dict[str, list[float]], shapes: dict[str, Sequence[int]] | None = None
) -> dict[str, Any]:
    """Lists of hexadecimal floats, for results of these shapes."""
    return {name: numbers(values, (shapes or {}).get(name, (1,))) for name, values in parts.items()}


def encoded(value: float) -> str:
    """Hexadecimal float, 'nan', 'inf' or '-inf'."""
    return value.hex() if math.isfinite(value) else str(value)
