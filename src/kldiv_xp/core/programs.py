"""The namespace that the formula is given where torch compiles or exports it."""

import sys

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.namespaces import is_being_compiled, is_being_exported
from kldiv_xp.formula.exact_near_zero import ExactNearZero
from kldiv_xp.formula.open_numbers import OpenNumbers


def functions_for(xp: Namespace, array: Array) -> Namespace:
    """Namespace for the formula of arrays such as this one."""
    if is_being_exported(array):
        return ExactNearZero(xp)
    return OpenNumbers(xp, is_open_number) if is_being_compiled(array) else xp


def is_open_number(number: float) -> bool:
    """Whether torch.compile traces a number as one that changes."""
    if not sys.modules["torch.compiler"].is_compiling():
        return False
    shapes = sys.modules.get("torch.fx.experimental.symbolic_shapes")
    has_static_value = getattr(shapes, "has_static_value", None)  # since torch 2.5
    return has_static_value is not None and not has_static_value(number)
