"""The types of arguments, for annotations in code that calls the losses."""

from kldiv_xp._typing import Axis, InputKind, Operand, Reduction, TargetKind

__all__ = ["Axis", "InputKind", "Operand", "Reduction", "TargetKind"]


def __dir__() -> list[str]:
    """Return the public names."""
    return [*__all__]
