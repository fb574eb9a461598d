"""A vector: a call and its expected result, in plain Python lists and floats."""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["value", "gradient", "invalid"]


@dataclass(frozen=True)
class Operand:
    """An argument: values in row-major order, all of them representable in the dtype.

    A mask has the dtype 'bool' and the values 0 and 1.  The layout is how an array lies in memory,
    '' for one piece.
    """

    shape: tuple[int, ...]
    dtype: str
    values: list[float]
    container: str = "array"
    layout: str = ""


@dataclass(frozen=True)
class Result:
    """An array that the implementation must return, and how far each value may be off."""

    shape: tuple[int, ...]
    dtype: str
    values: list[float]
    error_bound: list[float]


@dataclass(frozen=True)
class Vector:
    """One call and what must come of it.

    Attributes
    ----------
    function : str or None
        Name of the function that is called, None for the loss itself.
    arguments : dict
        Keyword arguments of ``kl_div(input, target, **arguments)``, to be passed as they are.
    where : Operand or None
        Mask, to be passed as an array of the backend.
    indices : Operand or None
        Places of the target's entries, to be passed between `input` and `target`; beside layers
        as an argument.
    layers : dict of str to Operand
        Weights and biases of last layers: `weight` is passed between `input` and `target`, and
        the others are arguments.
    result_dtype : str or None
        Dtype of the result that is asked for, to be passed as the backend's `dtype`.
    upstream : float, Operand or None
        Derivative of some final number by every element of the loss, or by each one of its own, to
        be passed as an array of the backend; None unless `kind` is 'gradient'.
    results : dict of str to Result
        'value', or 'd_input' and 'd_target'; 'd_weight' in its place where there are layers, beside
        which the target is a constant; empty if the call must raise.
    raises : str or None
        Name of the exception that the call must raise.
    max_ulp : int or None
        Distance in ulp that is always good enough where `error_bound` is not 0.
    conventions : dict
        Name of a convention to its values of each result; empty where all of them agree.
    """

    id: str
    group: str
    comment: str
    flags: tuple[str, ...]
    input: Operand
    target: Operand
    arguments: dict[str, Any]
    function: str | None = None
    where: Operand | None = None
    indices: Operand | None = None
    layers: dict[str, Operand] = field(default_factory=dict)
    result_dtype: str | None = None
    upstream: float | Operand | None = None
    results: dict[str, Result] = field(default_factory=dict)
    raises: str | None = None
    max_ulp: int | None = None
    conventions: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    @property
    def pair(self) -> dict[str, Operand]:
        """The two arrays that are passed first, with respect to which a gradient is."""
        if "weight" in self.layers:
            return {"input": self.input, "weight": self.layers["weight"]}
        return {"input": self.input, "target": self.target}

    @property
    def others(self) -> dict[str, Operand]:
        """Arrays that come after them, by name."""
        every = {"target": self.target, "where": self.where, "indices": self.indices, **self.layers}
        pair = self.pair
        return {name: one for name, one in every.items() if one is not None and name not in pair}

    @property
    def kind(self) -> Kind:
        """Expected kind of result: a value, a gradient, or an exception."""
        if self.raises is not None:
            return "invalid"
        return "value" if self.upstream is None else "gradient"

    def __str__(self) -> str:
        """Id, by which a test is called that has a vector as its parameter."""
        return self.id


@dataclass(frozen=True)
class Note:
    """Meaning of a flag, the bug it catches, and where that bug was seen."""

    flag: str
    description: str
    bug: str
    links: tuple[str, ...]
