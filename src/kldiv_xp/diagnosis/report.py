"""The result of a diagnosis: findings and their report."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from kldiv_xp._typing import Axes, InputKind, TargetKind


@dataclass(frozen=True)
class Finding:
    """One mistake, or what looks like one.

    Attributes
    ----------
    code : str
        Name of the kind of mistake, for programs; one of `CODES`.
    operand : str
        'input' or 'target', or 'where' for the mask.
    index : tuple of int or None
        Index of the first entry, or of the first sample where it is one of samples: without the
        axes of a distribution.
    value : float or None
        What was found there: the entry, or the sum over the sample.
    count : int
        In how many entries or samples it was found.
    message : str
        Value, problem and remedy in one sentence.
    """

    code: str
    operand: str
    index: Axes | None
    value: float | None
    count: int
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Report:
    """Findings of `diagnose`; true if there are any.

    Attributes
    ----------
    findings : tuple of Finding
        The mistakes, the gravest first.
    values : mapping of str to float
        The loss by 'sum', 'batchmean' and 'mean', in nats; empty where it cannot be computed.
        'mean' divides by the number of elements, or that of samples.
    shape : tuple of int
        Shape of `input`.
    axis : tuple of int
        Axes of one distribution, from the front.
    log_target : bool
        Whether `target` was taken for log-probabilities.
    input_is : {'log_probabilities', 'probabilities', 'logits'}
        What `input` was taken for.
    target_is : {'probabilities', 'log_probabilities', 'logits'}
        What `target` was taken for.
    of_samples : bool
        Whether 'mean' divides by the number of samples, as with `axis` or of logits.
    selected : int or None
        Number of elements or samples that a mask selects; None without a mask.
    loss : str
        Name of the function that was judged.
    options : mapping of str to object
        The options among `beta`, `temperature`, `scale_by_temperature_squared` and `reduction` that
        were given for it.
    """

    findings: tuple[Finding, ...]
    values: Mapping[str, float] = field(hash=False)
    shape: Axes
    axis: Axes
    log_target: bool
    input_is: InputKind = "log_probabilities"
    target_is: TargetKind | None = None
    of_samples: bool = False
    selected: int | None = None
    loss: str = ""
    options: Mapping[str, object] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if self.target_is is None:
            kind = "log_probabilities" if self.log_target else "probabilities"
            object.__setattr__(self, "target_is", kind)

    def __bool__(self) -> bool:
        return bool(self.findings)

    def __str__(self) -> str:
        lines = [f"{number + 1}. {one}" for number, one in enumerate(self.findings)]
        return "\n".join([self.headline, *lines, *self.scale])

    @property
    def headline(self) -> str:
        """Sentence with the number of findings, the shape and the axes."""
        count = len(self.findings)
        found = {0: "nothing", 1: "1 mistake"}.get(count, f"{count} mistakes")
        kind = str(self.target_is).replace("_", "-")
        places = ", ".join(map(str, self.axis))
        along = f"{'axis' if len(self.axis) == 1 else 'axes'} {places}" if places else "no axis"
        of_loss = f"{self.loss}, of " if self.loss else ""
        given = "" if self.input_is == "log_probabilities" else f", an input of {self.input_is}"
        return (
            f"Found {found} in operands of {of_loss}shape {self.shape}, with distributions along "
            f"{along}{given} and a target of {kind}."
        )

    @property
    def scale(self) -> list[str]:
        """Lines with the loss by each reduction, and what 'mean' is."""
        if not self.values or self.selected == 0:
            return []
        asked = self.options.get("reduction")
        shown = [name for name in self.values if name == asked] or [*self.values]
        amounts = ", ".join(f"{name} {self.values[name]:.6g}" for name in shown)
        summed = self.axis if self.of_samples else ()
        kept = [size for axis, size in enumerate(self.shape) if axis not in summed]
        size = math.prod(kept[1:])
        given = ", ".join(f"{name}={value!r}" for name, value in self.options.items())
        line = f"The loss in nats{f', {self.loss}({given})' if given else ''}: {amounts}"
        if "mean" not in shown:
            return [f"{line}."]
        divided = f"batchmean divided by {size}"
        if self.selected is not None:
            kind = "sample" if self.of_samples else "element"
            divided = f"sum divided by {self.selected} selected {kind}{'s' * (self.selected != 1)}"
        elif size <= 1:
            return [f"{line}."]
        meaning = "the divergence of a sample" if self.of_samples else "not the divergence"
        return [f"{line}; mean is {divided}, and {meaning}."]

    def as_dict(self) -> dict[str, Any]:
        """The report in numbers, strings and lists, for JSON; no number in it is infinite or NaN.

        Those are the strings 'inf', '-inf' and 'nan'.
        """
        findings = [asdict(one) | {"value": json_number(one.value)} for one in self.findings]
        return {
            "findings": [one | {"index": json_index(one["index"])} for one in findings],
            "values": {name: json_number(value) for name, value in self.values.items()},
            "shape": list(self.shape),
            "axis": list(self.axis),
            "log_target": self.log_target,
            "input_is": self.input_is,
            "target_is": self.target_is,
            "of_samples": self.of_samples,
            "selected": self.selected,
            "loss": self.loss,
            "options": dict(self.options),
        }


def json_index(index: Axes | None) -> list[int] | None:
    """Index as a list for JSON."""
    return None if index is None else list(index)


def json_number(value: float | None) -> float | str | None:
    """Number for JSON; infinities and NaN as strings."""
    return value if value is None or math.isfinite(value) else str(value)
