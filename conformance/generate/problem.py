"""The problem that a draft poses: its options, once they are of the types of the contract."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mpmath import mp, mpf

from generate import reference
from generate.draft import Draft
from generate.rounding import rounded
from kldiv_conformance._formats import FORMATS, Format


@dataclass(frozen=True)
class Problem:
    """A draft whose options are of the types that the contract asks for."""

    pairs: list[tuple[float, float]]
    log_target: bool
    reduction: str
    legacy: tuple[bool | None, bool | None]
    shape: tuple[int, ...]
    results: dict[str, Format]
    working: Format

    @property
    def resolved(self) -> str:
        """Reduction after the legacy arguments."""
        return reference.resolved(self.reduction, self.legacy)


def problem(draft: Draft) -> Problem:
    """Problem that a draft poses, which must not be one that raises."""
    if reference.promoted(*draft.dtypes) != draft.dtype:
        message = f"`dtype` must be the promoted one; got {draft.dtype!r} for {draft.dtypes}."
        raise ValueError(message)
    names = ("value",) if draft.upstream is None else ("d_input", "d_target")
    dtypes = (draft.result,) if draft.upstream is None else draft.dtypes
    size_average, reduce = draft.legacy or (None, None)
    return Problem(
        list(zip(draft.input, draft.target, strict=draft.target_shape is None)),
        draft.log_target is True,
        str(draft.reduction),
        (flag(size_average), flag(reduce)),
        draft.shapes[0],
        {name: FORMATS[dtype] for name, dtype in zip(names, dtypes, strict=True)},
        draft.working,
    )


def flag(value: object) -> bool | None:
    """Legacy flag."""
    return value if isinstance(value, bool) else None


def check_overflow(terms: Sequence[mpf], posed: Problem) -> None:
    """Refuse a sum whose value would depend on the order of its terms."""
    finite = mp.fsum(abs(value) for value in terms if mp.isfinite(value))
    if posed.resolved != "none" and math.isinf(rounded(finite, posed.working)):
        message = f"the sum of {len(terms)} terms overflows {posed.working.name}: use smaller ones."
        raise ValueError(message)


def traces(posed: Problem) -> list[float]:
    """Magnitudes that an implementation may meet for a problem."""
    return traces_of(posed.pairs, posed.log_target, posed.working)


def traces_of(
    pairs: Sequence[tuple[float, float]], log_target: bool, working: Format
) -> list[float]:
    """Magnitudes of p, p log p and p log q."""
    found = []
    for log_q, target in pairs:
        p = reference.probability(target, log_target, working)
        log_p = reference.log_probability(p, target, log_target)
        found += [float(abs(number)) for number in (p, p * log_p, p * log_q)]
    return found
