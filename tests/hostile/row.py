"""A row of the table of hostile calls: how to make its operands, and what must come of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
from reference import loss

import kldiv_xp

INPUT = [[-1.0, -2.0], [-3.0, -0.5]]
TARGET = [[0.4, 0.6], [0.1, 0.9]]
SUM = loss(chain(*INPUT), chain(*TARGET), "sum")

Make = Callable[[], tuple[Any, ...]]


def pair() -> tuple[np.ndarray, np.ndarray]:
    """Arrays of NumPy that a loss takes."""
    return np.array(INPUT), np.array(TARGET)


@dataclass(frozen=True)
class Raises:
    """The error, and its whole sentence or the pattern of all of it."""

    kind: type[Exception]
    sentence: str | re.Pattern[str]


@dataclass(frozen=True)
class Gives:
    """The value, and the type and dtype that it must have."""

    value: Any
    kind: str = "numpy.ndarray"
    dtype: str = "float64"
    warns: type[Warning] | None = None


@dataclass(frozen=True)
class Row:
    """A call of a public function; `make` returns its operands, a function where it is a name."""

    name: str
    function: str | Callable[..., Any]
    make: Make
    outcome: Raises | Gives
    options: dict[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ("numpy",)
    fault: str | None = None

    def __str__(self) -> str:
        called = self.function if isinstance(self.function, str) else self.function.__name__
        return f"{called}: {self.name}"

    def call(self, operands: tuple[Any, ...]) -> Any:
        """Results of the function."""
        function = self.function
        function = getattr(kldiv_xp, function) if isinstance(function, str) else function
        return function(*operands, **self.options)


def sums(input: Any, target: Any, **options: Any) -> Any:
    """The loss, added up."""
    return kldiv_xp.kl_div(input, target, reduction="sum", **options)


def terms(input: Any, target: Any, **options: Any) -> Any:
    """The terms."""
    return kldiv_xp.kl_div(input, target, reduction="none", **options)


def module(input: Any, target: Any, **options: Any) -> Any:
    """The loss by the class that remembers its options."""
    where = {"where": options.pop("where")} if "where" in options else {}
    return kldiv_xp.KLDivLoss(reduction="sum", **options)(input, target, **where)


def torch_module(input: Any, target: Any, **options: Any) -> Any:
    """The loss by the module of torch."""
    from kldiv_xp.torch import KLDivLoss

    where = {"where": options.pop("where")} if "where" in options else {}
    return KLDivLoss(reduction="sum", **options)(input, target, **where)


def limited(limit: Any) -> None:
    """A block under a limit of threads."""
    with kldiv_xp.thread_limit(limit):
        pass


def derivative(input: Any, target: Any, **options: Any) -> Any:
    """The derivative by the input alone, of the sum."""
    return kldiv_xp.kl_div_gradient(input, target, reduction="sum", **options)[0]


FUNCTIONS = [sums, module, derivative, "kl_div_with_logits", "js_div_with_logits"]
