"""Cases of a batch of sentences: the reduction, the mask and the dtype, of any function."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from random import Random
from typing import Any, TypeVar

from generate.draft import Draft, Upstream
from generate.groups.sampled import GARBAGE
from generate.linear_draft import LinearDraft
from generate.operands import Values, reduction_flags
from generate.samples import selection
from generate.sparse_draft import SparseDraft

UPSTREAM = -1.5
GIVEN = TypeVar("GIVEN", bound=Draft)
# Every divisor that may be taken for another has a number of its own: sentences, words, samples,
# selected ones, sentences with anything selected.
WHOLE, PADDED = (2, 3, 5), (3, 4, 3)
WORDS = (True,) * 4 + (True, False, False, False) + (False,) * 4


@dataclass(frozen=True)
class Batch:
    """A reduction of a batch, and the shape of the mask if there is one."""

    reduction: str
    dtype: str
    temperature: float
    mask: tuple[int, ...] | None
    upstream: Upstream | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Sentences, words, and the vocabulary."""
        return PADDED if self.mask else WHOLE

    @property
    def masked(self) -> dict[str, Any]:
        """Options of a mask."""
        return {"where": WORDS, "where_shape": self.mask} if self.mask else {}

    @property
    def flags(self) -> tuple[str, ...]:
        """Bugs that it catches in any function."""
        of_mask = ("SampleMask", "MaskedGarbage") if self.mask else ()
        if self.upstream is not None:
            named = "OwnUpstream" if self.reduction == "none" else "GradientReduction"
            return *of_mask, *(("MaskedGradient",) if self.mask else ()), named
        named = reduction_flags(self.reduction)
        return *of_mask, *(("MaskedMean",) if self.mask and named == ("Mean",) else named)

    @property
    def heat(self) -> tuple[str, ...]:
        """Flag of a temperature that is not 1."""
        is_value = self.upstream is None
        named = ("Temperature",) if is_value else ("TemperatureGradient",)
        return named if self.temperature != 1 else ()

    @property
    def options(self) -> dict[str, Any]:
        """Options of a loss of logits."""
        plain = {"reduction": self.reduction, "dtype": self.dtype, "upstream": self.upstream}
        return plain | {"temperature": self.temperature, "shape": self.shape} | self.masked

    def said(self, function: str) -> str:
        """Comment of the vector."""
        asked = "" if self.upstream is None else "Gradient of "
        of = "3 sentences of 4, 1 and no words" if self.mask else "2 sentences of 3 words"
        divisors = {"batchmean": str(self.shape[0]), "mean": "5" if self.mask else "6"}
        by = divisors.get(self.reduction)
        how = f"divided by {by}" if by else "each word keeps its place"
        how += ", with an upstream of its own" if isinstance(self.upstream, tuple) else ""
        return f"{asked}{function} of {of}, {self.reduction!r}: {how}."


VALUES = (
    Batch("batchmean", "float64", 1.0, None),
    Batch("batchmean", "float32", 2.0, (3, 4)),
    Batch("mean", "float32", 3.0, None),
    Batch("mean", "float64", 1.0, (3, 4, 1)),
    Batch("none", "float32", 2.0, (3, 4)),
)
GRADIENTS = (
    Batch("batchmean", "float32", 1.0, None, UPSTREAM),
    Batch("batchmean", "float64", 3.0, (3, 4, 1), UPSTREAM),
    Batch("mean", "float64", 2.0, None, UPSTREAM),
    Batch("mean", "float32", 1.0, (3, 4), UPSTREAM),
)
EVERY = (*VALUES, *GRADIENTS)
# A weight of each word, as of one that counts less; no two of them are the same.
WEIGHTED = (
    Batch("none", "float64", 1.0, None, (0.5, -1.25, 2.0, 0.0, 3.5, -0.75)),
    Batch("none", "float32", 2.0, None, (1.5, 0.25, -2.0, 4.0, -0.5, 1.0)),
    Batch("none", "float32", 1.0, (3, 4), tuple(0.25 * (place - 5) for place in range(12))),
)


def drawn(what: str, every: Sequence[Batch]) -> Random:
    """Random numbers of the batches of a function."""
    return Random(f"{'batches' if every is EVERY else 'weighted words'} of {what}")  # noqa: S311


def littered(draft: GIVEN) -> GIVEN:
    """The same with garbage in every place of either operand that is not selected."""
    teacher = draft.of_teacher if isinstance(draft, SparseDraft | LinearDraft) else draft
    return replace(
        draft,
        input=garbage_beside(draft.input, selection(draft), 0),
        target=garbage_beside(draft.target, selection(teacher), 1),
    )


def garbage_beside(values: Values, chosen: Sequence[bool], side: int) -> Values:
    """Values where they are selected, in turn NaN, infinities and others elsewhere."""
    garbage = cycle(pair[side] for pair in GARBAGE)
    return tuple(one if kept else next(garbage) for one, kept in zip(values, chosen, strict=True))
