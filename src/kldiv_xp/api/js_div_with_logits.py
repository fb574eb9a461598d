"""js_div_with_logits: the Jensen-Shannon divergence of two softmax distributions."""

from typing import Any, SupportsFloat

from kldiv_xp._typing import ArrayT, DType, MaskT, NoOption, Operand, Reduction, TargetKind, TargetT
from kldiv_xp.api.checked_values import check_logit_values
from kldiv_xp.api.reproducible import is_reproducible
from kldiv_xp.calls.divergences import js_of
from kldiv_xp.calls.overrides import overridable, override
from kldiv_xp.calls.reproducible_rows import reproducible_divergence
from kldiv_xp.calls.with_logits import divergence_of
from kldiv_xp.checks.other_names import refuse_other_names
from kldiv_xp.core.namespaces import is_overridden


@overridable
def js_div_with_logits(
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
    dtype: DType | None = None,
    reproducible: bool = False,
    **other: NoOption,
) -> ArrayT | TargetT:
    r"""Generalised Jensen-Shannon divergence of two softmax distributions, in nats.

    :math:`T^2\, [\beta\, \mathrm{KL}(p \,\|\, m) + (1 - \beta)\, \mathrm{KL}(q \,\|\, m)]`
    with :math:`m = \beta p + (1 - \beta) q`, the loss of on-policy distillation [1]_, where
    :math:`p = \mathrm{softmax}(target/T)` and :math:`q = \mathrm{softmax}(input/T)`.

    Parameters
    ----------
    input, target : array
        Logits of the student and of the teacher; see `kl_div_with_logits`.
    beta : float or 0-d array
        From 0 to 1: any real number, or a 0-d array as for `temperature`.  At 0.5 the
        Jensen-Shannon divergence, which is symmetric and lies between 0 and log 2 (times
        :math:`T^2`).  For :math:`0 < \beta < 1` the value tends to 0 at both ends.  At 0 and 1
        the function returns :math:`\mathrm{KL}(p \,\|\, q)` and
        :math:`\mathrm{KL}(q \,\|\, p)`, the limits of the value over :math:`\beta` and over
        :math:`1 - \beta`; of probabilities that do not add up to 1 as `js_div` has them.
    axis, temperature, scale_by_temperature_squared, reduction, where, target_is, dtype
        See `kl_div_with_logits`.
    reproducible : bool
        Whether the result has the same bits in every array library; see `reproducible`.

    Returns
    -------
    array
        See `kl_div_with_logits`.

    Raises
    ------
    TypeError
        As `kl_div_with_logits`, and if `beta` is neither a real number nor a 0-d array of them,
        or an array where `target_is` is not 'logits'.
    ValueError
        As `kl_div_with_logits`, and if `beta` does not lie between 0 and 1; also as `reproducible`
        says.
    KLDivInputError
        Within `checking`, if a mistake is found in the operands.

    See Also
    --------
    js_div_with_logits_gradient : Its gradient, for libraries without automatic differentiation.
    js_div : The same of probabilities, or of their logarithms.
    kl_div_with_logits : The divergence in one direction.

    Notes
    -----
    The options have no other names, as those of `kl_div_with_logits`.

    References
    ----------
    .. [1] R. Agarwal et al., "On-Policy Distillation of Language Models: Learning from
       Self-Generated Mistakes", arXiv:2306.13649 (2024).

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import js_div_with_logits
    >>> student, teacher = np.asarray([[1.0, 2.0, 3.0]]), np.asarray([[3.0, 2.0, 1.0]])
    >>> round(float(js_div_with_logits(student, teacher)), 7)
    0.2475881
    """
    if other or unnamed:
        refuse_other_names(js_div_with_logits, other, unnamed)
    operands = (input, target, where, temperature, beta)
    if is_overridden(operands):
        answer: ArrayT = override(js_div_with_logits, operands, locals())
        return answer
    divergence = js_of(input, temperature, beta, target_is, axis)
    scaled = scale_by_temperature_squared
    check_logit_values(input, target, divergence, axis, scaled, where)
    value: Any = reproducible_divergence if is_reproducible(reproducible) else divergence_of
    result: ArrayT = value(input, target, divergence, axis, scaled, reduction, where, dtype)
    return result
