"""The losses of logits as modules of torch, which `kldiv_xp.torch` makes public."""

from kldiv_xp._typing import DType, Reduction, TargetKind
from kldiv_xp.api.js_div_with_logits import js_div_with_logits
from kldiv_xp.api.kl_div_with_logits import kl_div_with_logits
from kldiv_xp.api.torch_loss_of_logits import LossWithOptions, in_python
from kldiv_xp.checks.other_names import refuses_other_names


@refuses_other_names
class KLDivWithLogitsLoss(LossWithOptions):
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
    reproducible : bool
        Whether the loss has the same bits in every array library; see `kldiv_xp.kl_div`.

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
        *("dtype", "reproducible"),
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
        reproducible: bool = False,
    ) -> None:
        super().__init__()
        self.axis = axis
        self.temperature = temperature
        self.scale_by_temperature_squared = scale_by_temperature_squared
        self.reduction = reduction
        self.target_is = target_is
        self.dtype = dtype
        self.reproducible = reproducible

    _in_python = in_python(kl_div_with_logits, names)


@refuses_other_names
class JSDivWithLogitsLoss(LossWithOptions):
    """`kldiv_xp.js_div_with_logits` as a module, like `KLDivWithLogitsLoss`.

    Parameters
    ----------
    beta : float
        Weight of the target, from 0 to 1; one that is learned the function itself takes.
    axis, temperature, scale_by_temperature_squared, reduction, target_is, dtype, reproducible
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
        reproducible: bool = False,
    ) -> None:
        super().__init__()
        self.beta = beta
        self.axis = axis
        self.temperature = temperature
        self.scale_by_temperature_squared = scale_by_temperature_squared
        self.reduction = reduction
        self.target_is = target_is
        self.dtype = dtype
        self.reproducible = reproducible

    _in_python = in_python(js_div_with_logits, names)
