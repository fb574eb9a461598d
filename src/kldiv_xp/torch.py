"""The losses as modules of torch; KLDivLoss in the place of torch.nn.KLDivLoss."""

from abc import abstractmethod
from typing import Any

import torch

from kldiv_xp._typing import Axis, Reduction, TargetKind
from kldiv_xp.api.kl_div import kl_div
from kldiv_xp.api.with_logits import js_div_with_logits, kl_div_with_logits
from kldiv_xp.api.with_logits_losses import checked_option
from kldiv_xp.calls.reduction import check_reduction, resolve_reduction
from kldiv_xp.checks.options import check_switch, plain_axis

__all__ = ["JSDivWithLogitsLoss", "KLDivLoss", "KLDivWithLogitsLoss"]


class KLDivLoss(torch.nn.KLDivLoss):
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
    axis : int or tuple of int, optional
        Axes of one distribution; see `kldiv_xp.kl_div`.

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

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: Reduction = "mean",
        log_target: bool = False,
        *,
        axis: Axis = None,
    ) -> None:
        resolved = resolve_reduction(size_average, reduce, reduction)
        super().__init__(reduction=resolved, log_target=log_target)
        self.axis = axis

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; an option only to what construction accepts."""
        super().__setattr__(name, option(name, value))

    # TorchScript takes no keyword-only argument that has a default.
    def forward(
        self, input: torch.Tensor, target: torch.Tensor, where: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Loss of `input` (log-probabilities) against `target`, in nats; see `kldiv_xp.kl_div`."""
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
            log_target=self.log_target,
            axis=self.axis,
            where=where,
        )

    def extra_repr(self) -> str:
        """Options, as they are shown between the parentheses."""
        return f"reduction={self.reduction!r}, log_target={self.log_target}, axis={self.axis}"


def option(name: str, value: Any) -> Any:
    """Value of an attribute, ints of NumPy as those of Python; refuse what construction refuses."""
    if name == "reduction":
        check_reduction(value)
    elif name == "log_target":
        check_switch(name, value)
    elif name == "axis" and value is not None:
        return plain_axis(value)
    return value


class LossOfLogits(torch.nn.Module):
    """A loss of logits whose options are attributes; it has no parameters and no buffers."""

    names: tuple[str, ...] = ()

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; an option only to what construction accepts."""
        super().__setattr__(name, checked_option(name, value) if name in self.names else value)

    # TorchScript takes no keyword-only argument that has a default.
    def forward(
        self, input: torch.Tensor, target: torch.Tensor, where: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Loss of the logits `input` against `target`, in nats."""
        return self._in_python(input, target, where)

    @abstractmethod
    @torch.jit.ignore
    def _in_python(
        self, input: torch.Tensor, target: torch.Tensor, where: torch.Tensor | None
    ) -> torch.Tensor:
        """The loss itself, which a scripted module calls in Python, without its class."""

    def extra_repr(self) -> str:
        """Options, as they are shown between the parentheses."""
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in self.names)


class KLDivWithLogitsLoss(LossOfLogits):
    """`kldiv_xp.kl_div_with_logits` as a module.

    It has no parameters and no buffers, and options that may be set later, as `KLDivLoss`, which
    says how it is scripted.

    Parameters
    ----------
    axis : int
        Axis of one distribution.
    temperature : float
        What logits are divided by; one that is learned the function itself takes.
    scale_by_temperature_squared : bool
        Whether to multiply by the square of the temperature.
    reduction : {'batchmean', 'mean', 'sum', 'none'}
        What becomes of the divergences of the samples.
    target_is : {'logits', 'probabilities', 'log_probabilities'}
        What targets hold.

    Raises
    ------
    ValueError
        If an option is none of those that there are, or a number out of its range, here or when
        it is set.
    TypeError
        If an option has the wrong type, here or when it is set.

    See Also
    --------
    kldiv_xp.KLDivWithLogitsLoss : The same loss for arrays of every library.
    kldiv_xp.kl_div_with_logits : The same loss as a function.

    Examples
    --------
    >>> import torch
    >>> from kldiv_xp.torch import KLDivWithLogitsLoss
    >>> loss = KLDivWithLogitsLoss(temperature=2.0)
    >>> student, teacher = torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[3.0, 2.0, 1.0]])
    >>> loss(student, teacher)
    tensor(1.2806)
    """

    names = "axis", "temperature", "scale_by_temperature_squared", "reduction", "target_is"

    def __init__(
        self,
        *,
        axis: int = -1,
        temperature: float = 1.0,
        scale_by_temperature_squared: bool = True,
        reduction: Reduction = "batchmean",
        target_is: TargetKind = "logits",
    ) -> None:
        super().__init__()
        self.axis = axis
        self.temperature = temperature
        self.scale_by_temperature_squared = scale_by_temperature_squared
        self.reduction = reduction
        self.target_is = target_is

    @torch.jit.ignore
    def _in_python(
        self, input: torch.Tensor, target: torch.Tensor, where: torch.Tensor | None
    ) -> torch.Tensor:
        """Value of `kldiv_xp.kl_div_with_logits`."""
        return kl_div_with_logits(
            input,
            target,
            where=where,
            axis=self.axis,
            temperature=self.temperature,
            scale_by_temperature_squared=self.scale_by_temperature_squared,
            reduction=self.reduction,
            target_is=self.target_is,
        )


class JSDivWithLogitsLoss(LossOfLogits):
    """`kldiv_xp.js_div_with_logits` as a module.

    It has no parameters and no buffers, and options that may be set later, as `KLDivLoss`, which
    says how it is scripted.

    Parameters
    ----------
    beta : float
        Weight of the target, from 0 to 1; one that is learned the function itself takes.
    axis, temperature, scale_by_temperature_squared, reduction
        See `KLDivWithLogitsLoss`.

    Raises
    ------
    ValueError
        If an option is none of those that there are, or a number out of its range, here or when
        it is set.
    TypeError
        If an option has the wrong type, here or when it is set.

    See Also
    --------
    kldiv_xp.JSDivWithLogitsLoss : The same loss for arrays of every library.
    kldiv_xp.js_div_with_logits : The same loss as a function.

    Examples
    --------
    >>> import torch
    >>> from kldiv_xp.torch import JSDivWithLogitsLoss
    >>> loss = JSDivWithLogitsLoss(beta=0.5)
    >>> student, teacher = torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[3.0, 2.0, 1.0]])
    >>> loss(student, teacher)
    tensor(0.2476)
    """

    names = "beta", "axis", "temperature", "scale_by_temperature_squared", "reduction"

    def __init__(
        self,
        *,
        beta: float = 0.5,
        axis: int = -1,
        temperature: float = 1.0,
        scale_by_temperature_squared: bool = True,
        reduction: Reduction = "batchmean",
    ) -> None:
        super().__init__()
        self.beta = beta
        self.axis = axis
        self.temperature = temperature
        self.scale_by_temperature_squared = scale_by_temperature_squared
        self.reduction = reduction

    @torch.jit.ignore
    def _in_python(
        self, input: torch.Tensor, target: torch.Tensor, where: torch.Tensor | None
    ) -> torch.Tensor:
        """Value of `kldiv_xp.js_div_with_logits`."""
        return js_div_with_logits(
            input,
            target,
            where=where,
            beta=self.beta,
            axis=self.axis,
            temperature=self.temperature,
            scale_by_temperature_squared=self.scale_by_temperature_squared,
            reduction=self.reduction,
        )
