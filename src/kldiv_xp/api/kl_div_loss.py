"""KLDivLoss: remembers the options and applies them."""

from dataclasses import dataclass

from kldiv_xp._typing import ArrayT, Axis, DType, MaskT, NoOption, Operand, Reduction, TargetT
from kldiv_xp.api.kl_div import kl_div
from kldiv_xp.calls.overrides import showing_what_it_takes
from kldiv_xp.calls.reduction import resolve_reduction
from kldiv_xp.checks.axes import plain_axis
from kldiv_xp.checks.calls_of_classes import NO_MASKS, refuse_call
from kldiv_xp.checks.options import check_form, check_switch
from kldiv_xp.checks.other_names import refuses_other_names
from kldiv_xp.formula.form import Form

ALWAYS_SHOWN = ("reduction", "log_target", "axis")
DEFAULTS = {"log_input": True, "generalized": False, "dtype": None, "reproducible": False}


def shown(loss: object) -> str:
    """Options of a loss, as they are shown; those that torch has not, where they are given."""
    given = [name for name, value in DEFAULTS.items() if getattr(loss, name) is not value]
    return ", ".join(f"{name}={getattr(loss, name)!r}" for name in (*ALWAYS_SHOWN, *given))


@refuses_other_names
@dataclass(frozen=True, init=False, repr=False)
class KLDivLoss:
    """Kullback-Leibler divergence loss with its options remembered.

    An immutable value: it can be compared, hashed, copied and pickled, and called on arrays of
    any library, one after another.

    Parameters
    ----------
    size_average, reduce : bool, optional
        Deprecated, resolved at construction; see `kl_div`.
    reduction : {'mean', 'batchmean', 'sum', 'none'}
        How the terms are combined; see `kl_div`.
    log_target : bool
        Whether targets hold log-probabilities.
    log_input : bool
        Whether inputs hold log-probabilities.
    generalized : bool
        Whether q - p is added to each term; see `kl_div`.
    axis : int or tuple of int, optional
        Axes of one distribution; see `kl_div`.
    dtype : dtype, optional
        Dtype of the loss; see `kl_div`.
    reproducible : bool
        Whether the loss has the same bits in every array library; see `kl_div`.

    Attributes
    ----------
    reduction : str
        The reduction, after the deprecated arguments.
    log_target : bool
        Whether targets hold log-probabilities.
    log_input : bool
        Whether inputs hold log-probabilities.
    generalized : bool
        Whether q - p is added to each term; see `kl_div`.
    axis : int, tuple of int or None
        Axes of one distribution.
    reproducible : bool
        Whether the loss has the same bits in every array library.

    Raises
    ------
    ValueError
        If `reduction` is unknown.
    TypeError
        If a flag is not a bool, or `axis` not of ints.

    Warns
    -----
    DeprecationWarning
        If `size_average` or `reduce` is given.
    KLDivWarning
        If they override another reduction than 'mean', the default.

    See Also
    --------
    kl_div : The same loss as a function, with everything about values, dtypes and errors.
    kldiv_xp.torch.KLDivLoss : The same loss as a module of torch, for ``torch.nn.Sequential``.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import KLDivLoss
    >>> loss = KLDivLoss(reduction="batchmean")
    >>> loss
    KLDivLoss(reduction='batchmean', log_target=False, axis=None)
    >>> input = np.asarray([[-1.0, -2.0], [-3.0, -0.5]])
    >>> target = np.asarray([[0.4, 0.6], [0.1, 0.9]])
    >>> round(float(loss(input, target)), 7)
    0.6759527
    """

    reduction: Reduction
    log_target: bool
    log_input: bool = True
    generalized: bool = False
    axis: Axis = None
    dtype: DType | None = None
    reproducible: bool = False

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: Reduction = "mean",
        log_target: bool = False,
        *,
        log_input: bool = True,
        generalized: bool = False,
        axis: Axis = None,
        dtype: DType | None = None,
        reproducible: bool = False,
    ) -> None:
        check_form(Form(log_input, log_target, generalized))
        check_switch("reproducible", reproducible)
        axis = None if axis is None else plain_axis(axis)
        resolved = resolve_reduction(size_average, reduce, reduction)
        object.__setattr__(self, "reduction", resolved)
        object.__setattr__(self, "log_target", log_target)
        object.__setattr__(self, "log_input", log_input)
        object.__setattr__(self, "generalized", generalized)
        object.__setattr__(self, "axis", axis)
        object.__setattr__(self, "dtype", dtype)
        object.__setattr__(self, "reproducible", reproducible)

    def __repr__(self) -> str:
        return f"KLDivLoss({shown(self)})"

    @showing_what_it_takes
    def __call__(
        self,
        input: Operand[ArrayT, MaskT],
        target: Operand[TargetT, MaskT],
        where: MaskT | None = None,
        *unnamed: NoOption,
        **other: NoOption,
    ) -> ArrayT | TargetT:
        """Loss of `input` against `target`, in nats.

        Parameters
        ----------
        input, target : array
            See `kl_div`.
        where : array of bool, optional
            Mask of what has a part in the loss; see `kl_div`.

        Returns
        -------
        array
            See `kl_div`.

        Warns
        -----
        KLDivWarning
            If the reduction is 'mean' and there is no `axis`: that is not the Kullback-Leibler
            divergence.
        """
        if other or unnamed or type(where) in NO_MASKS:
            refuse_call(type(self), where, unnamed, other)
        return kl_div(
            input,
            target,
            reduction=self.reduction,
            log_input=self.log_input,
            log_target=self.log_target,
            generalized=self.generalized,
            axis=self.axis,
            where=where,
            dtype=self.dtype,
            reproducible=self.reproducible,
        )
