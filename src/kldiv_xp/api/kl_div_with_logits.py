"""kl_div_with_logits: the divergence of two softmax distributions, from their logits."""

from typing import SupportsFloat

from kldiv_xp._typing import ArrayT, DType, MaskT, NoOption, Operand, Reduction, TargetKind, TargetT
from kldiv_xp.api.checked_values import check_logit_values
from kldiv_xp.api.reproducible import is_reproducible
from kldiv_xp.calls.divergences import kl_of
from kldiv_xp.calls.overrides import overridable, override
from kldiv_xp.calls.reproducible_rows import reproducible_divergence
from kldiv_xp.calls.with_logits import divergence_of
from kldiv_xp.checks.other_names import refuse_other_names
from kldiv_xp.core.namespaces import is_overridden


@overridable
def kl_div_with_logits(
    input: Operand[ArrayT, MaskT],
    target: Operand[TargetT, MaskT],
    *unnamed: NoOption,
    axis: int = -1,
    temperature: SupportsFloat | ArrayT = 1.0,
    scale_by_temperature_squared: bool = True,
    reduction: Reduction = "batchmean",
    where: MaskT | None = None,
    target_is: TargetKind = "logits",
    dtype: DType | None = None,
    reproducible: bool = False,
    **other: NoOption,
) -> ArrayT | TargetT:
    r"""Kullback-Leibler divergence of two softmax distributions, from their logits, in nats.

    :math:`T^2\, \mathrm{KL}(\mathrm{softmax}(target/T) \,\|\, \mathrm{softmax}(input/T))`, the
    loss of knowledge distillation [1]_, where `input` are the student's logits and `target` the
    teacher's.

    Parameters
    ----------
    input : array
        Logits of the approximating distribution.
    target : array
        Logits of the true distribution, or what `target_is` says, which is taken as it is: the
        temperature does not change it.  Same library, shape and device as `input`.
    axis : int
        Axis of one distribution.
    temperature : float or 0-d array
        :math:`T`, by which logits are divided: any real number, or a 0-d array of `input`'s
        library, with respect to which automatic differentiation works.  Its value is read where
        it is at hand, in NumPy and in torch on a CPU.  It does not change the dtype of the result.
    scale_by_temperature_squared : bool
        Whether to multiply by :math:`T^2`, so that gradients do not shrink as :math:`T` grows.
    reduction : {'batchmean', 'mean', 'sum', 'none'}
        What becomes of the divergences of the samples: 'none' keeps them, 'sum' adds them up,
        'mean' divides by their number, 'batchmean' by the size of the first axis that `axis`
        leaves (by 1 if it leaves none).
    where : array of bool, optional
        Mask of samples, in their shape, which is `input`'s without `axis`, or with size 1 in
        `axis`.  A sample that is not selected has no part in the result, whatever it holds, and
        a gradient of exactly 0; 'mean' divides by the number selected.  To leave out an entry of
        a sample, make its logit -inf.
    target_is : {'logits', 'probabilities', 'log_probabilities'}
        What `target` holds.
    dtype : dtype, optional
        Dtype of the result; see `kl_div`.
    reproducible : bool
        Whether the result has the same bits in every array library; see `reproducible`.

    Returns
    -------
    array
        Of the same library and device, 0-d unless for 'none', which gives `input`'s shape
        without `axis`.  Its dtype is `dtype`, or the promoted dtype of the operands; within
        ``torch.autocast`` float32 for 16-bit operands, as of torch's losses.

    Raises
    ------
    TypeError
        As `kl_div`, and if `temperature` is neither a real number nor a 0-d array of them.
    ValueError
        As `kl_div`, and if `temperature` is not positive and finite, too small for its reciprocal
        to be a number of the dtype that is computed in, or too large for its square to be a
        number, or if `target_is` is unknown; also as `reproducible` says.
    KLDivInputError
        Within `checking`, if a mistake is found in the operands.

    See Also
    --------
    js_div_with_logits : A symmetric divergence, and the reverse one.
    kl_div_with_logits_gradient : Its gradient, for libraries without automatic differentiation.
    kl_div : The same of log-probabilities and probabilities.

    Notes
    -----
    A logit of -inf is a probability of 0: in `target` it contributes 0, in `input` alone
    :math:`+\infty`.  A row of nothing but -inf, and a NaN, give NaN.

    With ``target_is="logits"`` the divergence is never negative, exactly 0 for equal rows, and
    right to the last digits where the two distributions nearly agree.

    The options have no other names: torch's ``dim`` is `axis`, ``log_target=True`` is
    ``target_is="log_probabilities"``, and what others call T or tau is `temperature`.

    References
    ----------
    .. [1] G. Hinton, O. Vinyals and J. Dean, "Distilling the Knowledge in a Neural Network",
       arXiv:1503.02531 (2015).

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import kl_div_with_logits
    >>> student, teacher = np.asarray([[1.0, 2.0, 3.0]]), np.asarray([[3.0, 2.0, 1.0]])
    >>> round(float(kl_div_with_logits(student, teacher, temperature=2.0)), 7)
    1.2806267
    """
    if other or unnamed:
        refuse_other_names(kl_div_with_logits, other, unnamed)
    operands = (input, target, where, temperature)
    if is_overridden(operands):
        answer: ArrayT = override(kl_div_with_logits, operands, locals())
        return answer
    divergence = kl_of(input, temperature, target_is, axis)
    scaled = scale_by_temperature_squared
    check_logit_values(input, target, divergence, axis, scaled, where)
    value = reproducible_divergence if is_reproducible(reproducible) else divergence_of
    result: ArrayT = value(input, target, divergence, axis, scaled, reduction, where, dtype)
    return result
