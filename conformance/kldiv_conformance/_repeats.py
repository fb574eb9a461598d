"""Lists as vectors store them: as they are, or by what repeats in them."""

from collections.abc import Sequence
from typing import Any

from kldiv_conformance._text import one_line

REPEATS = "repeats"


def floats(stored: Any) -> list[float]:
    """Floats from their hexadecimal form; 'nan', 'inf' and '-inf' are as in Python."""
    if isinstance(stored, list):
        return [float.fromhex(text) for text in stored]
    return expanded([(count, floats(row)) for count, row in repeats(stored)])


def is_repeated(stored: Any) -> bool:
    """Whether a list is stored by what repeats."""
    return isinstance(stored, dict) and REPEATS in stored


def listed(stored: Any) -> list[Any]:
    """Values as they are stored, each as often as it repeats."""
    return stored if isinstance(stored, list) else expanded(repeats(stored))


def expanded(pairs: Sequence[tuple[int, list[Any]]]) -> list[Any]:
    """Values that repeat, one after another."""
    found: list[Any] = []
    for count, row in pairs:
        found += row * count
    return found


def repeats(stored: Any) -> Sequence[tuple[int, list[Any]]]:
    """Counts, each with the values that repeat so often.

    Raises
    ------
    ValueError
        If it is no such thing.
    """
    pairs = stored.get(REPEATS) if isinstance(stored, dict) and len(stored) == 1 else None
    if not isinstance(pairs, list) or not pairs or not all(map(is_repeat, pairs)):
        said = one_line(repr(stored))
        message = (
            "values must be a list, or an object whose one member 'repeats' holds pairs of a "
            f"count and a list, like [3, ['0x1.0p+0']]; got {said}."
        )
        raise ValueError(message)
    return pairs


def is_repeat(pair: Any) -> bool:
    """Whether this is a positive count and a list with something to repeat."""
    match pair:
        case [int(count), [_, *_]]:
            return count > 0 and not isinstance(count, bool)
    return False
