"""Losses of logits that remember their options and apply them."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from kldiv_xp._typing import ArrayT, DType, MaskT, Operand, Reduction, TargetKind, TargetT
from kldiv_xp.api.js_div_with_logits import js_div_with_logits
from kldiv_xp.api.kl_div_with_logits import kl_div_with_logits
from kldiv_xp.calls.reduction import check_reduction
from kldiv_xp.checks.options import check_axis, check_switch, check_target_kind
from kldiv_xp.checks.scalars import remembered


def axis_of_logits(axis: object) -> int:
    """The axis of one distribution, as an int of Python."""
    if axis is None or isinstance(axis, tuple):
        message = f"`axis` must be an int, the axis of one distribution; got {axis!r}."
        raise TypeError(message)
    return check_axis(axis)[0]


# What is refused, and what is remembered where that is not the value itself.
CHECKS: dict[str, Callable[[Any], Any]] = {
    "axis": axis_of_logits,
    "beta": partial(remembered, "beta"),
    "temperature": partial(remembered, "temperature"),
    "scale_by_temperature_squared": partial(check_switch, "scale_by_temperature_squared"),
    "reduction": check_reduction,
    "target_is": check_target_kind,
}


def checked_option(name: str, value: Any) -> Any:
    """Option of a loss of logits as it is remembered; refuse what its call would refuse."""
    found = CHECKS[name](value) if name in CHECKS else None
    return value if found is None else found


def shown(options: dict[str, Any]) -> str:
    """Options as they are shown; a dtype where one is given."""
    given = {name: value for name, value in options.items() if name != "dtype" or value is not None}
    return ", ".join(f"{name}={value!r}" for name, value in given.items())


class Remembering:
    """Immutable options of a call, each checked."""

    def __post_init__(self) -> None:
        for name in self.options:
            object.__setattr__(self, name, checked_option(name, getattr(self, name)))

    @property
    def options(self) -> dict[str, Any]:
        """Options by their names."""
        return {one.name: getattr(self, one.name) for one in fields(self)}  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({shown(self.options)})"


@dataclass(frozen=True, kw_only=True, repr=False)
class KLDivWithLogitsLoss(Remembering):
    """`kl_div_with_logits` with its options remembered.

    An immutable value: it can be compared, hashed, copied and pickled, and called on arrays of
    any library, one after another.

    Parameters
    ----------
    axis : int
        Axis of one distribution.
    temperature : float
        What logits are divided by; one that is an array the function itself takes.
    scale_by_temperature_squared : bool
        Whether to multiply by the square of the temperature.
    reduction : {'batchmean', 'mean', 'sum', 'none'}
        What becomes of the divergences of the samples.
    target_is : {'logits', 'probabilities', 'log_probabilities'}
        What targets hold.
    dtype : dtype, optional
        Dtype of the loss; see `kl_div`.

    Raises
    ------
    ValueError
        If an option is none of those that there are, or a number out of its range.
    TypeError
        If an option has the wrong type.

    See Also
    --------
    kl_div_with_logits : The same loss as a function, with everything about the options.
    kldiv_xp.torch.KLDivWithLogitsLoss : The same loss as a module of torch.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import KLDivWithLogitsLoss
    >>> loss = KLDivWithLogitsLoss(temperature=2.0)
    >>> student, teacher = np.asarray([[1.0, 2.0, 3.0]]), np.asarray([[3.0, 2.0, 1.0]])
    >>> round(float(loss(student, teacher)), 7)
    1.2806267
    """

    axis: int = -1
    temperature: float = 1.0
    scale_by_temperature_squared: bool = True
    reduction: Reduction = "batchmean"
    target_is: TargetKind = "logits"
    dtype: DType | None = None

    def __call__(
        self,
        input: Operand[ArrayT, MaskT],
        target: Operand[TargetT, MaskT],
        *,
        where: MaskT | None = None,
    ) -> ArrayT | TargetT:
        """Loss of `input` against `target`, in nats; see `kl_div_with_logits`."""
        loss: ArrayT | TargetT = kl_div_with_logits(input, target, where=where, **self.options)
        return loss


@dataclass(frozen=True, kw_only=True, repr=False)
class JSDivWithLogitsLoss(Remembering):
    """`js_div_with_logits` with its options remembered.

    An immutable value: it can be compared, hashed, copied and pickled, and called on arrays of
    any library, one after another.

    Parameters
    ----------
    beta : float
        Weight of the target, from 0 to 1; one that is an array the function itself takes.
    axis, temperature, scale_by_temperature_squared, reduction, target_is, dtype
        See `KLDivWithLogitsLoss`.

    Raises
    ------
    ValueError
        If an option is none of those that there are, or a number out of its range.
    TypeError
        If an option has the wrong type.

    See Also
    --------
    js_div_with_logits : The same loss as a function, with everything about the options.
    kldiv_xp.torch.JSDivWithLogitsLoss : The same loss as a module of torch.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import JSDivWithLogitsLoss
    >>> loss = JSDivWithLogitsLoss(beta=0.5)
    >>> student, teacher = np.asarray([[1.0, 2.0, 3.0]]), np.asarray([[3.0, 2.0, 1.0]])
    >>> round(float(loss(student, teacher)), 7)
    0.2475881
    """

    beta: float = 0.5
    axis: int = -1
    temperature: float = 1.0
    scale_by_temperature_squared: bool = True
    reduction: Reduction = "batchmean"
    target_is: TargetKind = "logits"
    dtype: DType | None = None

    def __call__(
        self,
        input: Operand[ArrayT, MaskT],
        target: Operand[TargetT, MaskT],
        *,
        where: MaskT | None = None,
    ) -> ArrayT | TargetT:
        """Loss of `input` against `target`, in nats; see `js_div_with_logits`."""
        loss: ArrayT | TargetT = js_div_with_logits(input, target, where=where, **self.options)
        return loss
