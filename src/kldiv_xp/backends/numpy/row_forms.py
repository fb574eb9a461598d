"""Forms of rows of logits in arrays of NumPy, and the type that they are computed in."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import NamedTuple, TypeGuard

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.core.evaluate_rows import WIDE_ROWS
from kldiv_xp.formula.any_size import over
from kldiv_xp.formula.kl_of_logits import Attempts
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.logits import JS, KL, Divergence

LARGE_BLOCK = 1 << 13
"""Elements from which on a look at the first row takes no time."""


class RowForms(NamedTuple):
    """Attempts at the rows of a block."""

    every: Attempts
    """In an order that is fast where few rows lack classes."""
    lacking: Attempts
    """The same without those that fail for rows that do."""
    lacks: Callable[..., Array]
    missing: Callable[..., Array] | None = None
    """Of rows in parts: the mask of those with an element that is not finite in any process."""

    def of(self, xp: Namespace, *logits: Array) -> Attempts:
        """Attempts at a block, whose rows most often lack classes where the first does.

        A row has the same result by both, to the bit.
        """
        if self.missing is not None or logits[0].size < LARGE_BLOCK:
            return self.every
        first = (one[(0,) * (one.ndim - 1)] for one in logits)
        return self.lacking if self.lacks(xp, *first) else self.every


def lacks_classes(xp: Namespace, *logits: Array, temperature: float) -> Array:
    """Mask of the rows with a class whose probability is 0."""
    none = [
        xp.exp(over(xp, xp.subtract(xp.min(one, axis=-1), xp.max(one, axis=-1)), temperature))
        for one in logits
    ]
    return xp.equal(xp.multiply(*none), 0)


def forms_at(
    xp: Namespace, divergence: Divergence, place: int | None, working: DType, size: int
) -> tuple[RowForms, DType]:
    """Forms of rows of a size, or of a derivative, and the type that they are computed in."""
    wide = working == xp.float32 and is_widened(divergence, place, size)
    return forms(divergence, place, wide), xp.float64 if wide else working


def is_widened(divergence: Divergence, place: int | None, size: int) -> bool:
    """Whether rows of float32 are computed in float64; it depends on no other row.

    That is one form, where others are tried in turn: 32 x 10 logits take 18 us where they took 110.
    Of 100 classes both take as long, on a processor without fast exponentials of float64.  That of
    the derivative of a mixture takes a fifth for any number of classes.
    """
    is_short = size < WIDE_ROWS or (place is not None and isinstance(divergence, JS))
    return is_short and divergence.is_of_logits


@lru_cache
def forms(divergence: Divergence, place: int | None, wide: bool) -> RowForms:
    """Forms of a divergence, or of a derivative."""
    attempts = divergence.wide_attempts if wide else divergence.attempts
    lacks = partial(lacks_classes, temperature=divergence.temperature)
    *bare, full = attempts(place)
    *lacking, _ = attempts(place, Guard.LOGARITHM)
    if not divergence.is_of_logits or (isinstance(divergence, KL) and place == 0):
        return RowForms([*bare, full], [*bare, full], lacks)
    again = [(lacks, attempt) for suits, attempt in lacking if suits is None]
    return RowForms([*bare, *again, full], [*lacking, full], lacks)


def has_factors(divergence: Divergence) -> TypeGuard[KL]:
    """Whether it is an inner product, that of a target that is given."""
    return isinstance(divergence, KL) and not divergence.is_of_logits
