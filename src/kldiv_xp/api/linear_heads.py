"""Divergence of a softmax over a vocabulary from the hidden states that its logits are made of."""

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
from kldiv_xp.calls.linear_heads import linear_divergence_of
from kldiv_xp.calls.overrides import overridable, override
from kldiv_xp.checks.other_names import refuse_other_names
from kldiv_xp.core.evaluate_linear import Heads
from kldiv_xp.core.namespaces import is_overridden


@overridable
def linear_kl_div(
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
    dtype: DType | None = None,
    **other: NoOption,
) -> ArrayT | TargetT:
    r"""Kullback-Leibler divergence of language models from their last hidden states, in nats.

    `kl_div_with_logits` of ``input @ weight.T + bias``, whose logits are made block by block, and
    once more for the gradient, so that those of all tokens never are in memory.

    Parameters
    ----------
    input : array
        Hidden states of the student, with shape (..., width).
    weight : array
        Weight of the student's last linear layer, with shape (vocabulary, width).
    target : array
        Logits of the teacher, or what `target_is` says, with shape (..., vocabulary); with
        `target_weight` the teacher's hidden states, whose width may be another, and with `indices`
        what is known of the teacher there.
    bias : array, optional
        Bias of the layer, with shape (vocabulary,).
    target_weight, target_bias : array, optional
        Weight and bias of the teacher's last linear layer.
    indices : array of int, optional
        Places in the vocabulary that the teacher is known at, with shape (..., k), for a loss as of
        `sparse_kl_div_with_logits`.
    target_is : {'logits', 'probabilities', 'log_probabilities'}
        What `target` holds; with `target_weight` it is made into logits, and with `indices` logits
        are for ``tail='renormalize'`` alone.
    tail : {'bucket', 'zero', 'renormalize'}
        With `indices`, how the rest of the vocabulary is taken.
    beta : float
        Weight of the target in the mixture of `js_div_with_logits`, whose loss it is if not 0; with
        `indices` it is 0.
    temperature : float
        As for `kl_div_with_logits`, but no array of another library than NumPy.
    scale_by_temperature_squared : bool
        Whether to multiply by :math:`T^2`.
    reduction : {'batchmean', 'mean', 'sum', 'none'}
        As for `kl_div_with_logits`.
    where : array of bool, optional
        Mask of samples, in their shape, or with size 1 in the last axis.
    dtype : dtype, optional
        Dtype of the result; see `kl_div`.

    Returns
    -------
    array
        As of `kl_div_with_logits`, for logits in the type of the product of matrices, which is
        that of ``torch.autocast`` within it.

    Raises
    ------
    TypeError
        As `kl_div_with_logits`, and if `temperature` or `beta` is an array that holds no number at
        hand; with `indices` as `sparse_kl_div_with_logits`.
    ValueError
        As `kl_div_with_logits`, and if the shapes of hidden states, weights and biases differ; with
        `indices` as `sparse_kl_div_with_logits`, and if there is `beta` or `target_weight`.
    KLDivInputError
        Within `checking`, if a mistake is found in the operands.

    See Also
    --------
    linear_kl_div_gradient : Its gradient, for libraries without automatic differentiation.
    kl_div_with_logits, js_div_with_logits, sparse_kl_div_with_logits : The same from logits.

    Notes
    -----
    There are derivatives with respect to `input`, `weight` and `bias`; `target` and its layer are
    taken for constants.  A block has 8 MiB of float32 logits, of the student, of the teacher and of
    their gradient; the gradient with respect to a weight of 16 bits is added up in float32.

    Dask makes the logits chunk by chunk of the tokens, and libraries that this package does not
    know in blocks, of which their own differentiation may keep everything.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import linear_kl_div
    >>> hidden, weight = np.asarray([[1.0, 0.5]]), np.asarray([[1.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    >>> teacher = np.asarray([[3.0, 2.0, 1.0]])
    >>> round(float(linear_kl_div(hidden, weight, teacher)), 7)
    1.227088

    A teacher that a server knows by its two most probable entries:

    >>> places, log_p = np.asarray([[0, 1]]), np.log([[0.7, 0.2]])
    >>> options = {"indices": places, "target_is": "log_probabilities"}
    >>> round(float(linear_kl_div(hidden, weight, log_p, **options)), 7)
    1.2377262
    """
    if other or unnamed:
        refuse_other_names(linear_kl_div, other, unnamed)
    operands = (input, weight, target, bias, target_weight, target_bias, where, indices)
    if is_overridden(operands):
        answer: ArrayT = override(linear_kl_div, operands, locals())
        return answer
    sparse = indices is not None
    divergence = of_heads(input, temperature, beta, target_is, tail, sparse=sparse)
    heads = Heads(*operands)
    check_values_of_heads(heads, divergence)
    result: ArrayT = linear_divergence_of(
        heads, divergence, scale_by_temperature_squared, reduction, dtype
    )
    return result
