"""kl_div_gradient: the derivative of kl_div in closed form, for libraries without autodiff."""

from typing import Any, Literal, SupportsFloat, overload

from kldiv_xp._typing import ArrayT, Axis, DType, MaskT, NoOption, Operand, Reduction, TargetT
from kldiv_xp.api.checked_values import check_values
from kldiv_xp.api.checking import is_checking
from kldiv_xp.api.reproducible import is_reproducible
from kldiv_xp.calls.kl_div import with_gradient
from kldiv_xp.calls.overrides import overridable, override
from kldiv_xp.calls.reduction import check_reduction, warn_about_mean
from kldiv_xp.calls.reproducible import reproducible_with_gradient
from kldiv_xp.checks.other_names import refuse_other_names
from kldiv_xp.core.namespaces import is_overridden
from kldiv_xp.formula.form import Form


@overload
def kl_div_gradient(
    input: Operand[ArrayT, MaskT],
    target: Operand[TargetT, MaskT],
    *,
    reduction: Reduction = ...,
    log_input: bool = ...,
    log_target: bool = ...,
    generalized: bool = ...,
    axis: Axis = ...,
    where: MaskT | None = ...,
    upstream: ArrayT | SupportsFloat | None = ...,
    return_value: Literal[False] = ...,
    dtype: DType | None = ...,
    reproducible: bool = ...,
) -> tuple[ArrayT, TargetT]: ...


@overload
def kl_div_gradient(
    input: Operand[ArrayT, MaskT],
    target: Operand[TargetT, MaskT],
    *,
    reduction: Reduction = ...,
    log_input: bool = ...,
    log_target: bool = ...,
    generalized: bool = ...,
    axis: Axis = ...,
    where: MaskT | None = ...,
    upstream: ArrayT | SupportsFloat | None = ...,
    return_value: Literal[True],
    dtype: DType | None = ...,
    reproducible: bool = ...,
) -> tuple[ArrayT | TargetT, ArrayT, TargetT]: ...


@overridable
def kl_div_gradient(
    input: Operand[ArrayT, MaskT],
    target: Operand[TargetT, MaskT],
    *unnamed: NoOption,
    reduction: Reduction = "mean",
    log_input: bool = True,
    log_target: bool = False,
    generalized: bool = False,
    axis: Axis = None,
    where: MaskT | None = None,
    upstream: ArrayT | SupportsFloat | None = None,
    return_value: bool = False,
    dtype: DType | None = None,
    reproducible: bool = False,
    **other: NoOption,
) -> Any:
    r"""Gradient of `kl_div` with respect to both operands, in closed form.

    Parameters
    ----------
    input : array
        Log-probabilities :math:`\log q`, of any shape, or probabilities :math:`q` if `log_input`
        is false.
    target : array
        Probabilities :math:`p`, or their logarithms if `log_target`; same library, shape and
        device as `input`.
    reduction : {'mean', 'batchmean', 'sum', 'none'}
        Reduction of the loss whose gradient is wanted.
    log_input : bool
        Whether `input` holds log-probabilities.
    log_target : bool
        Whether `target` holds log-probabilities.
    generalized : bool
        Whether :math:`q - p` is added to each term; see `kl_div`.
    axis : int or tuple of int, optional
        Axes of one distribution; see `kl_div`.
    where : array of bool, optional
        Mask of what has a part in the loss; see `kl_div`.
    upstream : array or float, optional
        Gradient of the final scalar with respect to the loss (torch's grad_output, JAX's
        cotangent): any real number, a 0-d array, or an array of the loss's shape for 'none'.  1 if
        left out.
    return_value : bool
        Whether to return the loss too, before its derivatives; the operands are read once.
    dtype : dtype, optional
        Dtype of the loss, as of `kl_div`; the derivatives have those of their operands.
    reproducible : bool
        Whether the results have the same bits in every array library; see `kl_div`.

    Returns
    -------
    value : array
        What `kl_div` returns; only with `return_value`.
    d_input, d_target : array
        Shape, dtype and device of `input` and of `target`.

    Raises
    ------
    TypeError
        As `kl_div`, and if `upstream` is neither a number nor an array of the same library.
    ValueError
        As `kl_div`, and if `upstream` has another shape than the loss.
    KLDivInputError
        Within `checking`, if a mistake is found in the operands.

    Warns
    -----
    KLDivWarning
        If the reduction is 'mean' and there is no `axis`, as `kl_div`.

    See Also
    --------
    kl_div : The loss.
    kl_div_with_logits_gradient, js_div_with_logits_gradient : The same of logits.

    Notes
    -----
    Before upstream and divisor, the gradient for :math:`\log q` is :math:`-p`, for :math:`q` it is
    :math:`-p / q`, by :math:`p` it is :math:`\log p - \log q + 1`, and by :math:`\log p` it is
    :math:`p (\log p - \log q + 1)`.  All are 0 where :math:`p` is 0, which is what automatic
    differentiation of `kl_div` gives too.  16-bit floats are computed in float32 and rounded
    once.

    With `generalized` they are :math:`q - p`, :math:`1 - p / q`, :math:`\log p - \log q` and
    :math:`p (\log p - \log q)`, the last two 0 where :math:`p` is 0.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import kl_div_gradient
    >>> input, target = np.log([[0.25, 0.75]]), np.asarray([[0.5, 0.5]])
    >>> d_input, d_target = kl_div_gradient(input, target, reduction="batchmean")
    >>> d_input
    array([[-0.5, -0.5]])
    >>> d_target.round(7)
    array([[1.6931472, 0.5945349]])
    """
    if other or unnamed:
        refuse_other_names(kl_div_gradient, other, unnamed)
    operands = (input, target, where, upstream)
    if is_overridden(operands):
        return override(kl_div_gradient, operands, locals())
    check_reduction(reduction)
    form = Form(log_input, log_target, generalized)
    if is_checking():
        check_values(True, input, target, form, axis, where)  # noqa: FBT003
    differentiate = reproducible_with_gradient if is_reproducible(reproducible) else with_gradient
    results = differentiate(
        input, target, reduction, form, axis, where, upstream, return_value, dtype
    )
    if axis is None and reduction == "mean":
        warn_about_mean(len(input.shape))
    return results
