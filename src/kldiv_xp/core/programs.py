"""The namespace that the formula is given where torch compiles, exports or distributes it."""

import sys
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.namespaces import is_being_compiled, is_being_exported
from kldiv_xp.formula.exact_near_zero import ExactNearZero
from kldiv_xp.formula.open_numbers import OpenNumbers


def functions_for(xp: Namespace, array: Array) -> Namespace:
    """Namespace for the formula of arrays such as this one."""
    if is_being_exported(array):
        return ExactNearZero(xp)
    if is_being_compiled(array):
        return OpenNumbers(xp, is_open_number)
    return WholeSums(xp) if hasattr(array, "placements") else xp


class WholeSums:
    """A namespace whose sums of torch's DTensors are whole at once, in every process.

    torch keeps where operands lie for `x + number`, and takes it for `x + tensor` as well, and the
    other way round.  Of an x yet to be added up, the number was added once for each process: where
    a beta had been learned before, derivatives of mixtures were off by a quarter.
    """

    def __init__(self, xp: Namespace) -> None:
        self.xp = xp

    def __getattr__(self, name: str) -> Any:
        return getattr(self.xp, name)

    def sum(self, array: Array, /, **options: Any) -> Array:
        """Sum, added up over all processes."""
        return resolve_partial(self.xp.sum(array, **options))


def resolve_partial(array: Array) -> Array:
    """DTensor with its Partial placements all-reduced; another array as it is."""
    placements = getattr(array, "placements", ())
    if not any(one.is_partial() for one in placements):
        return array
    replicate = sys.modules["torch.distributed.tensor"].Replicate()
    return array.redistribute(
        placements=[replicate if it.is_partial() else it for it in placements]
    )


def is_open_number(number: float) -> bool:
    """Whether torch.compile traces a number as one that changes."""
    if not sys.modules["torch.compiler"].is_compiling():
        return False
    shapes = sys.modules.get("torch.fx.experimental.symbolic_shapes")
    has_static_value = getattr(shapes, "has_static_value", None)  # since torch 2.5
    return has_static_value is not None and not has_static_value(number)
