"""Derivatives that are wanted: where they lie beside the arrays, and the plans that write them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from kldiv_xp._typing import Array, DType
from kldiv_xp.fused.buffers import Buffer
from kldiv_xp.fused.plans import Plan, Traced
from kldiv_xp.fused.running import known, lying, name_of
from kldiv_xp.tracing.losses import NAMES, RESULTS, UPSTREAM

Results = tuple[Array | None, Array | None]


class Gradient(NamedTuple):
    """Memory of arrays and of their derivatives, of which some are wanted."""

    shape: tuple[int, ...]
    names: tuple[str, ...]
    results: tuple[str, ...]
    operands: int
    """Arrays without the derivatives upstream."""
    buffers: list[Buffer]
    real: str

    def plan(
        self, plan_of: Callable[..., Plan], maker: Any, what: tuple[Any, ...], numbers: Any
    ) -> Plan:
        """Plan of the kernel that a function of `losses` makes, of a form, or of a way of rows."""
        first, *way = what
        wanted = RESULTS[0] in self.results, RESULTS[1] in self.results
        traced = Traced(maker, (first, self.operands, wanted, *way), numbers)
        places = lying(self.buffers)
        return plan_of(traced, self.real, self.shape, self.names, self.results, *places)


def gradient_of(
    arrays: Sequence[Array], upstream: Sequence[Array], results: Results, working: DType
) -> Gradient | None:
    """Where everything lies, or None where a type has no loops."""
    shape = tuple(arrays[0].shape)
    written = [(name, one) for name, one in zip(RESULTS, results, strict=True) if one is not None]
    outputs = [one for _, one in written]
    buffers = known(shape, (*arrays, *upstream, *outputs), working)
    if buffers is None:
        return None
    names = (*NAMES[: len(arrays)], *(UPSTREAM for _ in upstream))
    of_results = tuple(name for name, _ in written)
    return Gradient(shape, names, of_results, len(arrays), buffers, name_of(working))
