"""Kinds of single entries: NaN, infinite, negative, without support."""

import math
from collections.abc import Iterator

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.diagnosis.subject import Subject


def events(
    xp: Namespace, x: Array, t: Array, subject: Subject, tiny: float, tolerance: float
) -> Iterator[tuple[str, Array, Array]]:
    """Name, mask and values to show, for each kind of entry."""
    for name, values in (("input", x), ("target", t)):
        yield f"{name} nan", values != values, values  # noqa: PLR0124 - NaN alone differs from itself
        yield f"{name} infinite", values == math.inf, values
        yield f"{name} negative", values < 0, values
        yield f"{name} positive", values > 0, values
        yield f"{name} above", values > tolerance, values
        yield f"{name} large", xp.abs(values) > 1 + tolerance, values
    if subject.input_is == "logits":
        yield "input fraction", (x != 0) & (x != 1), x
    if subject.needs_support == "input":
        p = probabilities_of_entries(xp, t, subject.kind_of("target"), subject.temperature)
        yield "support", (x == entry_of_zero(subject, "input")) & (p > 0), p
    if subject.needs_support == "target":
        q = probabilities_of_entries(xp, x, subject.kind_of("input"), subject.temperature)
        yield "support", (t == entry_of_zero(subject, "target")) & (q > 0), q
    if subject.target_is == "probabilities":
        yield "subnormal", (t > 0) & (t < tiny), t


def probabilities_of_entries(xp: Namespace, rows: Array, kind: str, temperature: float) -> Array:
    """Probabilities of the entries of rows; for logits relative to the row's largest."""
    if kind == "probabilities":
        return rows
    if kind == "log_probabilities":
        return xp.exp(rows)
    return xp.exp((rows - xp.max(rows, axis=-1, keepdims=True)) / temperature)


def entry_of_zero(subject: Subject, operand: str) -> float:
    """The operand's entry for a probability of 0: 0 or -inf."""
    return 0.0 if subject.kind_of(operand) == "probabilities" else -math.inf
