"""Numbers that a program is not made for one value of, as torch.compile keeps those that change."""

from collections.abc import Callable
from typing import Any

from kldiv_xp._typing import Namespace


class OpenNumbers:
    """Namespace of a library that can tell its open numbers."""

    def __init__(self, xp: Namespace, is_open: Callable[[float], bool]) -> None:
        self.xp = xp
        self.is_open = is_open

    def __getattr__(self, name: str) -> Any:
        return getattr(self.xp, name)


def is_open(xp: Namespace, number: float) -> bool:
    """Whether a choice by this number would be a program of its own."""
    # Not by the attribute: the namespace of Dask's chunks makes a function of any name.
    return isinstance(xp, OpenNumbers) and xp.is_open(number)
