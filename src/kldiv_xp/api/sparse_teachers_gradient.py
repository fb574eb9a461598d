"""Gradient of the divergence from a teacher known by its most probable entries alone."""

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
from kldiv_xp.api.checked_values import check_values_of_part
from kldiv_xp.calls.overrides import overridable, override
from kldiv_xp.calls.sparse_teachers import sparse_divergence_with_gradient
from kldiv_xp.checks.options import check_tail, check_target_kind
from kldiv_xp.checks.other_names import refuse_other_names
from kldiv_xp.checks.scalars import temperature_of
from kldiv_xp.core.namespaces import is_overridden
from kldiv_xp.formula.sparse import SparseKL


@overridable
def sparse_kl_div_with_logits_gradient(
    input: Operand[ArrayT, MaskT],
    indices: Operand[Any, MaskT],
    target: Operand[TargetT, MaskT],
    *unnamed: NoOption,
    target_is: TargetKind = "log_probabilities",
    tail: Tail = "bucket",
    axis: int = -1,
    temperature: SupportsFloat | ArrayT = 1.0,
    scale_by_temperature_squared: bool = True,
    reduction: Reduction = "batchmean",
    where: MaskT | None = None,
    upstream: ArrayT | SupportsFloat | None = None,
    return_value: bool = False,
    dtype: DType | None = None,
    **other: NoOption,
) -> tuple[ArrayT | TargetT, ...]:
    r"""Gradient of `sparse_kl_div_with_logits` with respect to input and target, in closed form.

    Parameters
    ----------
    input, indices, target, target_is, tail, axis, temperature
        See `sparse_kl_div_with_logits`.
    scale_by_temperature_squared, reduction, where
        See `sparse_kl_div_with_logits`.
    upstream, return_value, dtype
        See `kl_div_with_logits_gradient`.

    Returns
    -------
    value : array
        What `sparse_kl_div_with_logits` returns; only with `return_value`.
    d_input, d_target : array
        Shape, dtype and device of `input` and of `target`.

    Raises
    ------
    TypeError, ValueError
        As `sparse_kl_div_with_logits`, and for `upstream` as `kl_div_with_logits_gradient`.
    KLDivInputError
        Within `checking`, if a mistake is found in the operands.

    See Also
    --------
    sparse_kl_div_with_logits : The loss.
    linear_kl_div_gradient : The same from hidden states.

    Notes
    -----
    Before upstream, divisor and :math:`T^2`, the derivative with respect to the logits of
    `input` is :math:`(m\, q - p) / T`, where :math:`m` is the probability that the teacher has in
    all, and :math:`p` is 0 where it names nothing.  With ``tail='bucket'`` the rest of
    :math:`p` is spread as that of :math:`q` there.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import sparse_kl_div_with_logits_gradient
    >>> student = np.asarray([[1.0, 2.0, 3.0, 0.0]])
    >>> places, log_p = np.asarray([[0, 1]]), np.log([[0.5, 0.25]])
    >>> d_student, _ = sparse_kl_div_with_logits_gradient(student, places, log_p)
    >>> d_student.round(7)
    array([[-0.4128557, -0.0131172,  0.4057707,  0.0202021]])
    """
    if other or unnamed:
        refuse_other_names(sparse_kl_div_with_logits_gradient, other, unnamed)
    operands = (input, indices, target, where, temperature, upstream)
    if is_overridden(operands):
        answer: tuple[Any, ...] = override(sparse_kl_div_with_logits_gradient, operands, locals())
        return answer
    check_target_kind(target_is)
    check_tail(tail)
    divergence = SparseKL(temperature_of(temperature, input, axis), target_is, tail)
    check_values_of_part(input, indices, target, divergence, axis, where)
    options = divergence, axis, scale_by_temperature_squared, reduction
    results: tuple[Any, ...] = sparse_divergence_with_gradient(
        operands[:4], *options, upstream, return_value, dtype
    )
    return results
