"""The losses as modules of torch; KLDivLoss in the place of torch.nn.KLDivLoss."""

from typing import Any

import torch

from kldiv_xp._typing import Axis, DType, Reduction
from kldiv_xp.api.kl_div import kl_div
from kldiv_xp.api.kl_div_loss import shown
from kldiv_xp.api.torch_js_div_loss import JSDivLoss
from kldiv_xp.api.torch_loss_of_logits import CalledWithOperands
from kldiv_xp.api.torch_modules import JSDivWithLogitsLoss, KLDivWithLogitsLoss
from kldiv_xp.calls.reduction import check_reduction, resolve_reduction
from kldiv_xp.checks.axes import plain_axis
from kldiv_xp.checks.options import check_switch
from kldiv_xp.checks.other_names import refuses_other_names
from kldiv_xp.checks.result_dtype import result_dtype
from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.formula.form import Form

__all__ = ["JSDivLoss", "JSDivWithLogitsLoss", "KLDivLoss", "KLDivWithLogitsLoss"]

SWITCHES = (*Form().switches, "reproducible")


def __dir__() -> list[str]:
    """Return the public names."""
    return [*__all__]


@refuses_other_names
class KLDivLoss(CalledWithOperands, torch.nn.KLDivLoss):
    """Kullback-Leibler divergence loss as a module, in the place of `torch.nn.KLDivLoss`.

    It is a `torch.nn.KLDivLoss`, with the same arguments.  It has no parameters and no buffers: its
    state dict is empty, and moving or casting the module that holds it does not change it.  Its
    options are attributes, and may be set later, to what construction accepts.

    `torch.jit.script` compiles a module that holds it into one that runs here and calls this loss
    in Python, and that `torch.jit.save` therefore refuses: `torch.export.save` keeps a program
    from `torch.export.export`.

    Parameters
    ----------
    size_average, reduce : bool, optional
        Deprecated, resolved at construction; see `kldiv_xp.kl_div`.
    reduction : {'mean', 'batchmean', 'sum', 'none'}
        How the terms are combined; see `kldiv_xp.kl_div`.
    log_target : bool
        Whether targets hold log-probabilities.
    log_input : bool
        Whether inputs hold log-probabilities.
    generalized : bool
        Whether q - p is added to each term; see `kldiv_xp.kl_div`.
    axis : int or tuple of int, optional
        Axes of one distribution; see `kldiv_xp.kl_div`.
    dtype : dtype, optional
        Dtype of the loss; see `kldiv_xp.kl_div`.
    reproducible : bool
        Whether the loss has the same bits in every array library; see `kldiv_xp.kl_div`.

    Raises
    ------
    ValueError
        If `reduction` is unknown, here or when it is set.
    TypeError
        If a flag is not a bool, or `axis` not of ints, here or when it is set.

    Warns
    -----
    DeprecationWarning
        If `size_average` or `reduce` is given.
    KLDivWarning
        If they override another reduction than 'mean', the default.

    See Also
    --------
    kldiv_xp.KLDivLoss : The same loss for arrays of every library.
    kldiv_xp.kl_div : The same loss as a function, with everything about values, dtypes and errors.

    Examples
    --------
    >>> import torch
    >>> from kldiv_xp.torch import KLDivLoss
    >>> loss = KLDivLoss(reduction="batchmean")
    >>> loss
    KLDivLoss(reduction='batchmean', log_target=False, axis=None)
    >>> input = torch.tensor([[-1.0, -2.0], [-3.0, -0.5]])
    >>> target = torch.tensor([[0.4, 0.6], [0.1, 0.9]])
    >>> loss(input, target)
    tensor(0.6760)
    """

    # A module that was pickled before these existed has them from here.
    log_input, generalized, reproducible = True, False, False
    dtype: DType | None = None

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
        resolved = resolve_reduction(size_average, reduce, reduction)
        super().__init__(reduction=resolved, log_target=log_target)
        self.log_input = log_input
        self.generalized = generalized
        self.axis = axis
        self.dtype = dtype
        self.reproducible = reproducible

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; an option only to what construction accepts."""
        super().__setattr__(name, option(name, value))

    # TorchScript takes no keyword-only argument that has a default.
    def forward(
        self, input: torch.Tensor, target: torch.Tensor, where: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Loss of `input` against `target`, in nats; see `kldiv_xp.kl_div`."""
        return self._in_python(input, target, where)

    @torch.jit.ignore
    def _in_python(
        self, input: torch.Tensor, target: torch.Tensor, where: torch.Tensor | None
    ) -> torch.Tensor:
        """The loss itself, which a scripted module calls in Python."""
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

    def extra_repr(self) -> str:
        """Options, as they are shown between the parentheses."""
        return shown(self)


def option(name: str, value: Any) -> Any:
    """Value of an attribute, ints of NumPy as those of Python; refuse what construction refuses."""
    if name == "reduction":
        check_reduction(value)
    elif name in SWITCHES:
        check_switch(name, value)
    elif name == "axis" and value is not None:
        return plain_axis(value)
    elif name == "dtype" and value is not None:
        return result_dtype(namespace_of(torch.empty(0)), value)
    return value


for _module in (KLDivWithLogitsLoss, JSDivWithLogitsLoss, JSDivLoss):
    _module.__module__ = __name__  # by which it is pickled
del _module
