"""KLDivLoss as a torch.nn.Module, in the place of torch.nn.KLDivLoss."""

import torch

from kldiv_xp import _loss
from kldiv_xp._typing import Axis, Reduction

__all__ = ["KLDivLoss"]


class KLDivLoss(torch.nn.Module):
    """Kullback-Leibler divergence loss as a module, with the arguments of `torch.nn.KLDivLoss`.

    It has no parameters and no buffers: its state dict is empty, and moving or casting the module
    that holds it does not change it.  Its options cannot be changed either.

    Parameters
    ----------
    size_average, reduce : bool, optional
        Deprecated, resolved at construction; see `kldiv_xp.kl_div`.
    reduction : {'mean', 'batchmean', 'sum', 'none'}
        How the terms are combined; see `kldiv_xp.kl_div`.
    log_target : bool
        Whether targets hold log-probabilities.
    axis : int or tuple of int, optional
        Axes of one distribution; see `kldiv_xp.kl_div`.

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

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: Reduction = "mean",
        log_target: bool = False,
        *,
        axis: Axis = None,
    ) -> None:
        super().__init__()
        self._loss = _loss.KLDivLoss(size_average, reduce, reduction, log_target, axis=axis)

    @property
    def reduction(self) -> Reduction:
        """The reduction, after the deprecated arguments."""
        return self._loss.reduction

    @property
    def log_target(self) -> bool:
        """Whether targets hold log-probabilities."""
        return self._loss.log_target

    @property
    def axis(self) -> Axis:
        """Axes of one distribution."""
        return self._loss.axis

    def forward(
        self, input: torch.Tensor, target: torch.Tensor, *, where: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Loss of `input` (log-probabilities) against `target`, in nats; see `kldiv_xp.kl_div`."""
        return self._loss(input, target, where=where)

    def extra_repr(self) -> str:
        """Options, as they are shown between the parentheses."""
        return f"reduction={self.reduction!r}, log_target={self.log_target}, axis={self.axis}"
