"""The losses of logits as modules of torch, which `kldiv_xp.torch` makes public."""

from abc import abstractmethod
from typing import Any

import torch

from kldiv_xp._typing import DType, Reduction, TargetKind
from kldiv_xp.api.js_div_with_logits import js_div_with_logits
from kldiv_xp.api.kl_div_with_logits import kl_div_with_logits
from kldiv_xp.api.with_logits_losses import checked_option
from kldiv_xp.checks.result_dtype import result_dtype
from kldiv_xp.core.namespaces import namespace_of


class LossOfLogits(torch.nn.Module):
    """A loss of logits whose options are attributes; it has no parameters and no buffers."""

    names: tuple[str, ...] = ()

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; an option only to what construction accepts."""
        super().__setattr__(name, option(name, value) if name in self.names else value)

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
        shown = [name for name in self.names if name != "dtype" or self.dtype is not None]
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)


def option(name: str, value: Any) -> Any:
    """Option as it is remembered, a dtype as one of torch."""
    if name == "dtype" and value is not None:
        return result_dtype(namespace_of(torch.empty(0)), value)
    return checked_option(name, value)


class KLDivWithLogitsLoss(LossOfLogits):
    """`kldiv_xp.kl_div_with_logits` as a module.

    It is set, stored and scripted as `KLDivLoss`.

    Parameters
    ----------
    axis : int
        Axis of one distribution.
    temperature : float
        What logits are divided by; one that is learned the function itself takes.
    scale_by_temperature_squared : bool
        Whether to multiply by the square of the temperature.
    reduction : {'batchmean', 'mean', 'sum', 'none'}
        What becomes of the divergences of samples.
    target_is : {'logits', 'probabilities', 'log_probabilities'}
        What targets hold.
    dtype : dtype, optional
        Dtype of the loss; see `kldiv_xp.kl_div`.

    Raises
    ------
    ValueError
        If an option is unknown or out of its range, here or when it is set.
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

    names: tuple[str, ...] = (
        *("axis", "temperature", "scale_by_temperature_squared", "reduction", "target_is"),
        "dtype",
    )

    def __init__(
        self,
        *,
        axis: int = -1,
        temperature: float = 1.0,
        scale_by_temperature_squared: bool = True,
        reduction: Reduction = "batchmean",
        target_is: TargetKind = "logits",
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.axis = axis
        self.temperature = temperature
        self.scale_by_temperature_squared = scale_by_temperature_squared
        self.reduction = reduction
        self.target_is = target_is
        self.dtype = dtype

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
            dtype=self.dtype,
        )


class JSDivWithLogitsLoss(LossOfLogits):
    """`kldiv_xp.js_div_with_logits` as a module, like `KLDivWithLogitsLoss`.

    Parameters
    ----------
    beta : float
        Weight of the target, from 0 to 1; one that is learned the function itself takes.
    axis, temperature, scale_by_temperature_squared, reduction, target_is, dtype
        See `KLDivWithLogitsLoss`.

    Raises
    ------
    ValueError, TypeError
        As `KLDivWithLogitsLoss`.

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

    names = ("beta", *KLDivWithLogitsLoss.names)

    def __init__(
        self,
        *,
        beta: float = 0.5,
        axis: int = -1,
        temperature: float = 1.0,
        scale_by_temperature_squared: bool = True,
        reduction: Reduction = "batchmean",
        target_is: TargetKind = "logits",
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.beta = beta
        self.axis = axis
        self.temperature = temperature
        self.scale_by_temperature_squared = scale_by_temperature_squared
        self.reduction = reduction
        self.target_is = target_is
        self.dtype = dtype

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
            target_is=self.target_is,
            dtype=self.dtype,
        )
