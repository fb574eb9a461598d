"""The divergence of tables as a module of torch, which `kldiv_xp.torch` makes public."""

from kldiv_xp._typing import Axis, DType, Reduction
from kldiv_xp.api.js_div import js_div
from kldiv_xp.api.remembered_options import OF_TABLES
from kldiv_xp.api.torch_loss_of_logits import LossWithOptions, in_python
from kldiv_xp.checks.other_names import refuses_other_names


@refuses_other_names
class JSDivLoss(LossWithOptions):
    """`kldiv_xp.js_div` as a module.

    It is set, stored and scripted as `KLDivLoss`.

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
        Dtype of the loss; see `kldiv_xp.kl_div`.

    Raises
    ------
    ValueError
        If `reduction` is unknown, or `beta` does not lie between 0 and 1, here or when it is set.
    TypeError
        If an option has the wrong type, here or when it is set.

    See Also
    --------
    kldiv_xp.JSDivLoss : The same loss for arrays of every library.
    kldiv_xp.js_div : The same loss as a function.

    Examples
    --------
    >>> import torch
    >>> from kldiv_xp.torch import JSDivLoss
    >>> loss = JSDivLoss(log_input=False)
    >>> q, p = torch.tensor([[0.25, 0.75]]), torch.tensor([[0.5, 0.5]])
    >>> loss(q, p)
    tensor(0.0338)
    """

    names = ("log_input", "log_target", "beta", "axis", "reduction", "dtype")
    checks = OF_TABLES

    def __init__(
        self,
        *,
        log_input: bool = True,
        log_target: bool = False,
        beta: float = 0.5,
        axis: Axis = -1,
        reduction: Reduction = "batchmean",
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.log_input = log_input
        self.log_target = log_target
        self.beta = beta
        self.axis = axis
        self.reduction = reduction
        self.dtype = dtype

    _in_python = in_python(js_div, names)
