"""Gradients of the divergences from logits in closed form, for libraries without autodiff."""

from typing import Any, SupportsFloat

from kldiv_xp._typing import ArrayT, DType, MaskT, NoOption, Operand, Reduction, TargetKind, TargetT
from kldiv_xp.api.checked_values import check_logit_values
from kldiv_xp.api.reproducible import is_reproducible
from kldiv_xp.calls.divergences import js_of, kl_of
from kldiv_xp.calls.overrides import overridable, override
from kldiv_xp.calls.reproducible_rows import reproducible_divergence_with_gradient
from kldiv_xp.calls.with_logits_gradient import with_gradient
from kldiv_xp.checks.other_names import refuse_other_names
from kldiv_xp.core.namespaces import is_overridden


@overridable
def kl_div_with_logits_gradient(
    input: Operand[ArrayT, MaskT],
    target: Operand[TargetT, MaskT],
    *unnamed: NoOption,
    axis: int = -1,
    temperature: SupportsFloat | ArrayT = 1.0,
    scale_by_temperature_squared: bool = True,
    reduction: Reduction = "batchmean",
    where: MaskT | None = None,
    target_is: TargetKind = "logits",
    upstream: ArrayT | SupportsFloat | None = None,
    return_value: bool = False,
    dtype: DType | None = None,
    reproducible: bool = False,
    **other: NoOption,
) -> tuple[ArrayT | TargetT, ...]:
    r"""Gradient of `kl_div_with_logits` with respect to both operands, in closed form.

    Parameters
    ----------
    input, target, axis, temperature, scale_by_temperature_squared, reduction, where, target_is
        See `kl_div_with_logits`.
    upstream : array or float, optional
        Gradient of the final scalar with respect to the loss (torch's grad_output, JAX's
        cotangent): any real number, a 0-d array, or an array of the loss's shape for 'none'.  1 if
        left out.
    return_value : bool
        Whether to return the loss too, before its derivatives; the operands are read once.
    dtype : dtype, optional
        Dtype of the loss, as of `kl_div`; the derivatives have those of their operands.
    reproducible : bool
        Whether the results have the same bits in every array library; see `kl_div_with_logits`.

    Returns
    -------
    value : array
        What `kl_div_with_logits` returns; only with `return_value`.
    d_input, d_target : array
        Shape, dtype and device of `input` and of `target`.

    Raises
    ------
    TypeError
        As `kl_div_with_logits`, and if `upstream` is neither a number nor an array of the same
        library.
    ValueError
        As `kl_div_with_logits`, and if `upstream` has another shape than the loss.
    KLDivInputError
        Within `checking`, if a mistake is found in the operands.

    See Also
    --------
    kl_div_with_logits : The loss.

    Notes
    -----
    Before upstream, divisor and :math:`T^2`, the derivative with respect to the logits of
    `input` is :math:`(q - p) / T`, and with respect to those of `target`
    :math:`p (\log p - \log q - \mathrm{KL}) / T`.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import kl_div_with_logits_gradient
    >>> student, teacher = np.asarray([[1.0, 2.0, 3.0]]), np.asarray([[3.0, 2.0, 1.0]])
    >>> loss, d_student, _ = kl_div_with_logits_gradient(student, teacher, return_value=True)
    >>> round(float(loss), 7)
    1.1504208
    >>> d_student.round(7)
    array([[-0.5752104,  0.       ,  0.5752104]])
    """
    if other or unnamed:
        refuse_other_names(kl_div_with_logits_gradient, other, unnamed)
    operands = (input, target, where, temperature, upstream)
    if is_overridden(operands):
        answer: tuple[Any, ...] = override(kl_div_with_logits_gradient, operands, locals())
        return answer
    divergence = kl_of(input, temperature, target_is, axis)
    scaled = scale_by_temperature_squared
    check_logit_values(input, target, divergence, axis, scaled, where)
    options = divergence, axis, scaled, reduction, where
    differentiate: Any = with_gradient
    if is_reproducible(reproducible):
        differentiate = reproducible_divergence_with_gradient
    results: tuple[Any, ...] = differentiate(input, target, options, upstream, return_value, dtype)
    return results


@overridable
def js_div_with_logits_gradient(
    input: Operand[ArrayT, MaskT],
    target: Operand[TargetT, MaskT],
    *unnamed: NoOption,
    beta: SupportsFloat | ArrayT = 0.5,
    axis: int = -1,
    temperature: SupportsFloat | ArrayT = 1.0,
    scale_by_temperature_squared: bool = True,
    reduction: Reduction = "batchmean",
    where: MaskT | None = None,
    target_is: TargetKind = "logits",
    upstream: ArrayT | SupportsFloat | None = None,
    return_value: bool = False,
    dtype: DType | None = None,
    reproducible: bool = False,
    **other: NoOption,
) -> tuple[ArrayT | TargetT, ...]:
    r"""Gradient of `js_div_with_logits` with respect to both operands, in closed form.

    Parameters
    ----------
    input, target, beta, axis, temperature, scale_by_temperature_squared
        See `js_div_with_logits`.
    reduction, where, target_is
        See `js_div_with_logits`.
    upstream, return_value, dtype, reproducible
        See `kl_div_with_logits_gradient`.

    Returns
    -------
    value, d_input, d_target : array
        See `kl_div_with_logits_gradient`.

    Raises
    ------
    TypeError, ValueError
        As `js_div_with_logits`, and for `upstream` as `kl_div_with_logits_gradient`.
    KLDivInputError
        Within `checking`, if a mistake is found in the operands.

    See Also
    --------
    js_div_with_logits : The loss.

    Notes
    -----
    Before upstream, divisor and :math:`T^2`, the derivative with respect to the logits of
    `input` is :math:`(1 - \beta)\, q (\log q - \log m - \mathrm{KL}(q \,\|\, m)) / T`, and at
    :math:`\beta = 0` :math:`(q - p) / T`; with respect to those of `target` the same with both
    distributions and weights in each other's place.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import js_div_with_logits_gradient
    >>> student, teacher = np.asarray([[1.0, 2.0, 3.0]]), np.asarray([[3.0, 2.0, 1.0]])
    >>> d_student, _ = js_div_with_logits_gradient(student, teacher)
    >>> d_student.round(7)
    array([[-0.0756873, -0.0302959,  0.1059832]])
    """
    if other or unnamed:
        refuse_other_names(js_div_with_logits_gradient, other, unnamed)
    operands = (input, target, where, temperature, beta, upstream)
    if is_overridden(operands):
        answer: tuple[Any, ...] = override(js_div_with_logits_gradient, operands, locals())
        return answer
    divergence = js_of(input, temperature, beta, target_is, axis)
    scaled = scale_by_temperature_squared
    check_logit_values(input, target, divergence, axis, scaled, where)
    options = divergence, axis, scaled, reduction, where
    differentiate: Any = with_gradient
    if is_reproducible(reproducible):
        differentiate = reproducible_divergence_with_gradient
    results: tuple[Any, ...] = differentiate(input, target, options, upstream, return_value, dtype)
    return results
