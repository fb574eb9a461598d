"""JSON forms of numbers and arrays."""

import json
import math
from collections.abc import Sequence
from typing import Any


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
    return {"shape": list(shape), **stored, "values": [encoded(value) for value in values]}


def merged(results: dict[str, Any]) -> Any:
    """The value itself, or the two parts of a gradient."""
    return results.get("value", results)


def encoded_lists(parts: dict[str, list[float]]) -> dict[str, list[str]]:
    """Lists of hexadecimal floats."""
    return {name: [encoded(value) for value in values] for name, values in parts.items()}


def encoded(value: float) -> str:
    """Hexadecimal float, 'nan', 'inf' or '-inf'."""
    return value.hex() if math.isfinite(value) else str(value)
