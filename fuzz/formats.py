"""Treatment of the smallest numbers by the arithmetic of a backend."""

from array_libraries import Backend

from generate.reference import promoted, working
from kldiv_conformance._formats import Format


class Flushing(Format):
    """A format whose subnormal numbers count as 0: XLA's code for a CPU flushes them."""

    __slots__ = ()

    @property
    def smallest_subnormal(self) -> float:
        """Size below which a result may become 0."""
        return self.smallest_normal


def flushes(backend: Backend) -> bool:
    """Whether subnormal numbers become 0 on this backend."""
    return backend.library == "jax"


def working_format(backend: Backend, dtypes: tuple[str, str]) -> Format:
    """Format that operands of these dtypes are computed in."""
    form = working(promoted(*dtypes))
    if not flushes(backend):
        return form
    return Flushing(form.name, form.precision, form.emin, form.emax)
