"""Gradient of the divergence of a softmax over a vocabulary from hidden states."""

from typing import Any, SupportsFloat

from kldiv_xp._typing import (
    ArrayT,
    DType,
    MaskT,
    NoOption,
    Operand,
    Reduction,
    Tail,
    TargetKind,
    TargetT,
)
from kldiv_xp.api.checked_values import check_values_of_heads
from kldiv_xp.calls.divergences import of_heads
from kldiv_xp.calls.linear_heads_gradient import linear_divergence_with_gradient
from kldiv_xp.calls.overrides import overridable, override
from kldiv_xp.checks.other_names import refuse_other_names
from kldiv_xp.core.evaluate_linear import Heads
from kldiv_xp.core.namespaces import is_overridden


@overridable
def linear_kl_div_gradient(
    input: Operand[ArrayT, MaskT],
    weight: Operand[Any, MaskT],
    target: Operand[TargetT, MaskT],
    *unnamed: NoOption,
    bias: Operand[Any, MaskT] | None = None,
    target_weight: Operand[Any, MaskT] | None = None,
    target_bias: Operand[Any, MaskT] | None = None,
    indices: Operand[Any, MaskT] | None = None,
    target_is: TargetKind = "logits",
    tail: Tail = "bucket",
    beta: SupportsFloat = 0.0,
    temperature: SupportsFloat = 1.0,
    scale_by_temperature_squared: bool = True,
    reduction: Reduction = "batchmean",
    where: MaskT | None = None,
    upstream: ArrayT | SupportsFloat | None = None,
    return_value: bool = False,
    dtype: DType | None = None,
    **other: NoOption,
) -> tuple[Any, ...]:
    r"""Gradient of `linear_kl_div` with respect to input, weight and bias, in closed form.

    Parameters
    ----------
    input, weight, target, bias, target_weight, target_bias, indices
        See `linear_kl_div`.
    target_is, tail, beta, temperature, scale_by_temperature_squared, reduction, where
        See `linear_kl_div`.
    upstream, return_value, dtype
        See `kl_div_with_logits_gradient`.

    Returns
    -------
    value : array
        What `linear_kl_div` returns; only with `return_value`.
    d_input, d_weight : array
        Shape, dtype and device of `input` and of `weight`.
    d_bias : array or None
        The same of `bias`; None where there is no bias.

    Raises
    ------
    TypeError, ValueError
        As `linear_kl_div`, and for `upstream` as `kl_div_with_logits_gradient`.
    KLDivInputError
        Within `checking`, if a mistake is found in the operands.

    See Also
    --------
    linear_kl_div : The loss.
    sparse_kl_div_with_logits_gradient, kl_div_with_logits_gradient : The same from logits.

    Notes
    -----
    With :math:`d` the derivative of the loss with respect to the logits, which are made block by
    block, the gradients are :math:`d\, W`, :math:`d^\top x` and the sum of :math:`d` over the
    samples, for the hidden states :math:`x` and the weight :math:`W`.  The last two are added up in
    no narrower type than float32.

    torch differentiates the gradient of tensors that require one, for which it makes all logits at
    once: pass detached tensors, or call it within ``torch.no_grad()``.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import linear_kl_div_gradient
    >>> hidden, weight = np.asarray([[1.0, 0.5]]), np.asarray([[1.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    >>> teacher = np.asarray([[3.0, 2.0, 1.0]])
    >>> loss, d_hidden, d_weight, _ = linear_kl_div_gradient(
    ...     hidden, weight, teacher, return_value=True
    ... )
    >>> round(float(loss), 7)
    1.227088
    >>> d_hidden.round(7)
    array([[0.835177, 1.117468]])
    """
    if other or unnamed:
        refuse_other_names(linear_kl_div_gradient, other, unnamed)
    operands = (input, weight, target, bias, target_weight, target_bias, where, indices)
    if is_overridden((*operands, upstream)):
        answer: tuple[Any, ...] = override(linear_kl_div_gradient, (*operands, upstream), locals())
        return answer
    sparse = indices is not None
    options = temperature, beta, target_is, tail
    divergence = of_heads(input, *options, sparse=sparse, gradient=True)
    heads = Heads(*operands)
    check_values_of_heads(heads, divergence)
    scaled = scale_by_temperature_squared
    results: tuple[Any, ...] = linear_divergence_with_gradient(
        heads, divergence, scaled, reduction, upstream, return_value, dtype
    )
    return results
