"""Losses of logits that remember their options and apply them."""

from dataclasses import dataclass

from kldiv_xp._typing import ArrayT, DType, MaskT, NoOption, Operand, Reduction, TargetKind, TargetT
from kldiv_xp.api.js_div_with_logits import js_div_with_logits
from kldiv_xp.api.kl_div_with_logits import kl_div_with_logits
from kldiv_xp.api.remembered_options import OF_LOGITS, Remembering
from kldiv_xp.calls.overrides import showing_what_it_takes
from kldiv_xp.checks.calls_of_classes import NO_MASKS, refuse_call
from kldiv_xp.checks.other_names import refuses_other_names


@refuses_other_names
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
    reproducible : bool
        Whether the loss has the same bits in every array library; see `kl_div_with_logits`.

    Raises
    ------
    ValueError
        If an option is none of those that there are, or a number out of its range.
    TypeError
        If an option has the wrong type.

    See Also
    --------
    kl_div_with_logits : The same loss as a function, with everything about the options.
    kldiv_xp.torch.KLDivWithLogitsLoss : The same as a module of torch, for ``torch.nn.Sequential``.

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
    reproducible: bool = False
    checks = OF_LOGITS

    @showing_what_it_takes
    def __call__(
        self,
        input: Operand[ArrayT, MaskT],
        target: Operand[TargetT, MaskT],
        where: MaskT | None = None,
        *unnamed: NoOption,
        **other: NoOption,
    ) -> ArrayT | TargetT:
        """Loss of `input` against `target`, in nats; see `kl_div_with_logits`."""
        if other or unnamed or type(where) in NO_MASKS:
            refuse_call(type(self), where, unnamed, other)
        loss: ArrayT | TargetT = kl_div_with_logits(input, target, where=where, **self.options)
        return loss


@refuses_other_names
@dataclass(frozen=True, kw_only=True, repr=False)
class JSDivWithLogitsLoss(Remembering):
    """`js_div_with_logits` with its options remembered.

    An immutable value: it can be compared, hashed, copied and pickled, and called on arrays of
    any library, one after another.

    Parameters
    ----------
    beta : float
        Weight of the target, from 0 to 1; one that is an array the function itself takes.
    axis, temperature, scale_by_temperature_squared, reduction, target_is, dtype, reproducible
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
    kldiv_xp.torch.JSDivWithLogitsLoss : The same as a module of torch, for ``torch.nn.Sequential``.

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
    reproducible: bool = False
    checks = OF_LOGITS

    @showing_what_it_takes
    def __call__(
        self,
        input: Operand[ArrayT, MaskT],
        target: Operand[TargetT, MaskT],
        where: MaskT | None = None,
        *unnamed: NoOption,
        **other: NoOption,
    ) -> ArrayT | TargetT:
        """Loss of `input` against `target`, in nats; see `js_div_with_logits`."""
        if other or unnamed or type(where) in NO_MASKS:
            refuse_call(type(self), where, unnamed, other)
        loss: ArrayT | TargetT = js_div_with_logits(input, target, where=where, **self.options)
        return loss
