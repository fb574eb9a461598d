"""Distributions along the first axis: 'batchmean' divides by the size of the next one."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import Any, TypeVar

from mpmath import mp

from generate.draft import Draft
from generate.groups.drawn_logits import JS, KL, gradient, logits
from generate.groups.sampled import sampled
from generate.operands import all_near, log_probabilities, probabilities, softmax, uniform
from generate.sparse_draft import SparseDraft
from generate.tables_draft import TablesDraft

NUMBER = TypeVar("NUMBER", float, int)
MATRIX, IMAGES, TOP = (4, 3), (4, 3, 2), 2


@dataclass(frozen=True)
class Case:
    """A shape whose first axis has the classes, and what is asked."""

    shape: tuple[int, ...]
    dtype: str
    upstream: float | None = None

    @property
    def options(self) -> dict[str, Any]:
        """Options of a loss."""
        of = {"reduction": "batchmean", "axis": 0, "dtype": self.dtype, "upstream": self.upstream}
        return of | {"shape": self.shape}

    @property
    def flags(self) -> tuple[str, ...]:
        """Bugs that it catches in any function."""
        half = ("HalfPrecision",) if self.dtype == "float16" else ()
        return "NamedAxes", *half, "BatchMean" if self.upstream is None else "GradientReduction"

    def said(self, function: str) -> str:
        """Comment of the vector."""
        asked = "" if self.upstream is None else "Gradient of "
        return f"{asked}{function} of shape {self.shape} along axis 0, 'batchmean': divided by 3."


CASES = (
    Case(MATRIX, "float64"),
    Case(IMAGES, "float32"),
    Case(IMAGES, "float16"),
    Case(MATRIX, "float32", -1.5),
    Case(IMAGES, "float64", 2.0),
)


def of_terms() -> Iterator[Draft]:
    """The loss itself."""
    rng = Random("first axis of terms")  # noqa: S311 - not for secrets
    for case, log_target in zip(CASES, (False, True, False, True, False), strict=True):
        options = case.options | {"log_target": log_target}
        flags = ("SampleAxis", *case.flags)
        yield sampled(case.said("kl_div"), flags, rng, options.pop("shape"), **options)


def of_logits() -> Iterator[Draft]:
    """Losses of logits."""
    rng = Random("first axis of logits")  # noqa: S311 - not for secrets
    for function, case in product((KL, JS), CASES):
        draw = logits if case.upstream is None else gradient
        named = ("LogitsFormula",) if case.upstream is None else ()
        options = case.options | {"function": function}
        yield draw(case.said(function), (*named, *case.flags), rng, options.pop("shape"), **options)


def of_tables() -> Iterator[TablesDraft]:
    """The Jensen-Shannon divergence of two tables."""
    rng = Random("first axis of tables")  # noqa: S311 - not for secrets
    for case, log_input in zip(CASES, (True, False, True, False, True), strict=True):
        draw = log_probabilities if log_input else probabilities
        classes, rows = case.shape[0], math.prod(case.shape[1:])
        named = () if case.upstream is None else ("MixtureOfTablesGradient",)
        yield TablesDraft(
            comment=case.said("js_div"),
            flags=("MixtureOfTables", *named, *case.flags),
            input=turned(draw(rng, rows, classes, case.dtype), classes),
            target=turned(probabilities(rng, rows, classes, case.dtype), classes),
            log_input=log_input,
            **case.options,
        )


def of_teachers() -> Iterator[SparseDraft]:
    """Teachers known at two classes."""
    rng = Random("first axis of teachers")  # noqa: S311 - not for secrets
    classes, rows = MATRIX
    for case in CASES:
        if case.shape != MATRIX:
            continue
        table = softmax(rng, rows, classes)
        places = [rng.sample(range(classes), TOP) for _ in range(rows)]
        known = [mp.log(table[row * classes + one]) for row in range(rows) for one in places[row]]
        named = () if case.upstream is None else ("SparseGradient",)
        yield SparseDraft(
            comment=case.said("sparse_kl_div_with_logits"),
            flags=("SparseTeacher", "SparseTail", *named, *case.flags),
            input=uniform(rng, rows * classes, -4.0, 4.0, case.dtype),
            target=turned(all_near(known, case.dtype), TOP),
            indices=turned([place for row in places for place in row], TOP),
            target_shape=(TOP, rows),
            **case.options,
        )


def turned(values: Sequence[NUMBER], classes: int) -> tuple[NUMBER, ...]:
    """Rows of so many entries, as columns."""
    return tuple(one for entry in range(classes) for one in values[entry::classes])
