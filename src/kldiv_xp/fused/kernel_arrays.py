"""Arrays of the kernels that write wanted derivatives, and the names that kernels give them."""

from collections.abc import Sequence
from typing import NamedTuple

from kldiv_xp._typing import Array
from kldiv_xp.core.evaluate import Gradient
from kldiv_xp.fused.plans import Names
from kldiv_xp.tracing import losses


class KernelArrays(NamedTuple):
    """Arrays of a kernel: those that it reads, then the derivatives that it writes."""

    arrays: Sequence[Array]
    inputs: Names
    outputs: Names
    flags: tuple[bool, bool]
    """Whether the derivative with respect to input, and to target, is written."""

    @property
    def results(self) -> Sequence[Array]:
        """Arrays of the derivatives."""
        return self.arrays[len(self.inputs) :]


def kernel_arrays(
    arrays: Sequence[Array], upstream: Sequence[Array], results: Gradient
) -> KernelArrays:
    """Arrays that are read, and the results that are not None."""
    named = zip(losses.RESULTS, results, strict=True)
    written = {name: one for name, one in named if one is not None}
    inputs = (*losses.SYMBOL_NAMES[: len(arrays)], *(losses.UPSTREAM for _ in upstream))
    every = (*arrays, *upstream, *written.values())
    flags = results[0] is not None, results[1] is not None
    return KernelArrays(every, inputs, tuple(written), flags)
