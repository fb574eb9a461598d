"""JSDivLoss: remembers the options of the divergence of tables, and applies them."""

from dataclasses import dataclass

from kldiv_xp._typing import ArrayT, Axis, DType, MaskT, NoOption, Operand, Reduction, TargetT
from kldiv_xp.api.js_div import js_div
from kldiv_xp.api.remembered_options import OF_TABLES, Remembering
from kldiv_xp.calls.overrides import showing_what_it_takes
from kldiv_xp.checks.calls_of_classes import NO_MASKS, refuse_call
from kldiv_xp.checks.other_names import refuses_other_names


@refuses_other_names
@dataclass(frozen=True, kw_only=True, repr=False)
class JSDivLoss(Remembering):
    """`js_div` with its options remembered.

    An immutable value: it can be compared, hashed, copied and pickled, and called on arrays of
    any library, one after another.

    Parameters
    ----------
    log_input, log_target : bool
        Whether inputs and targets hold log-probabilities.
    beta : float
        Weight of the target, from 0 to 1.
    axis : int or tuple of int, optional
        Axes of one distribution.  With None every element is one by itself.
    reduction : {'batchmean', 'mean', 'sum', 'none'}
        What becomes of the divergences of the samples.
    dtype : dtype, optional
        Dtype of the loss; see `kl_div`.

    Raises
    ------
    ValueError
        If `reduction` is unknown, or `beta` does not lie between 0 and 1.
    TypeError
        If an option has the wrong type.

    See Also
    --------
    js_div : The same loss as a function, with everything about the options.
    kldiv_xp.torch.JSDivLoss : The same as a module of torch, for ``torch.nn.Sequential``.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import JSDivLoss
    >>> loss = JSDivLoss(log_input=False)
    >>> q, p = np.asarray([[0.25, 0.75]]), np.asarray([[0.5, 0.5]])
    >>> round(float(loss(q, p)), 7)
    0.0338221
    """

    log_input: bool = True
    log_target: bool = False
    beta: float = 0.5
    axis: Axis = -1
    reduction: Reduction = "batchmean"
    dtype: DType | None = None
    checks = OF_TABLES

    @showing_what_it_takes
    def __call__(
        self,
        input: Operand[ArrayT, MaskT],
        target: Operand[TargetT, MaskT],
        where: MaskT | None = None,
        *unnamed: NoOption,
        **other: NoOption,
    ) -> ArrayT | TargetT:
        """Divergence of `input` and `target`, in nats; see `js_div`."""
        if other or unnamed or type(where) in NO_MASKS:
            refuse_call(type(self), where, unnamed, other)
        loss: ArrayT | TargetT = js_div(input, target, where=where, **self.options)
        return loss
