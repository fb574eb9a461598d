"""js_div: the Jensen-Shannon divergence of tables of probabilities, and its derivative."""

from typing import Any, SupportsFloat

from kldiv_xp._typing import ArrayT, Axis, DType, MaskT, NoOption, Operand, Reduction, TargetT
from kldiv_xp.api.checked_values import check_values
from kldiv_xp.api.checking import is_checking
from kldiv_xp.calls.divergences import js_form
from kldiv_xp.calls.kl_div import value_of, with_gradient
from kldiv_xp.calls.overrides import overridable, override
from kldiv_xp.calls.reduction import check_reduction
from kldiv_xp.checks.other_names import refuse_other_names
from kldiv_xp.core.namespaces import is_overridden


@overridable
def js_div(
    input: Operand[ArrayT, MaskT],
    target: Operand[TargetT, MaskT],
    *unnamed: NoOption,
    log_input: bool = True,
    log_target: bool = False,
    beta: SupportsFloat = 0.5,
    axis: Axis = -1,
    reduction: Reduction = "batchmean",
    where: MaskT | None = None,
    dtype: DType | None = None,
    **other: NoOption,
) -> ArrayT | TargetT:
    r"""Jensen-Shannon divergence of distributions that are given, in nats.

    :math:`\beta\, \mathrm{KL}(p \,\|\, m) + (1 - \beta)\, \mathrm{KL}(q \,\|\, m)` with
    :math:`m = \beta p + (1 - \beta) q`.  The operands are those of `kl_div`; each may be
    probabilities or their logarithms.

    Parameters
    ----------
    input : array
        Log-probabilities :math:`\log q`, or the probabilities :math:`q` themselves if `log_input`
        is false.
    target : array
        Probabilities :math:`p`, or their logarithms if `log_target`.  Same library, shape and
        device as `input`.
    log_input, log_target : bool
        Whether the operands hold log-probabilities.
    beta : float
        Weight of the target, from 0 to 1; see `js_div_with_logits`.
    axis : int or tuple of int, optional
        Axes of one distribution.  With None every element is one by itself.
    reduction : {'batchmean', 'mean', 'sum', 'none'}
        What becomes of the divergences of the samples; see `kl_div`.
    where, dtype
        See `kl_div`.

    Returns
    -------
    array
        As of `kl_div`.

    Raises
    ------
    TypeError
        As `kl_div`, and if `beta` is no real number.
    ValueError
        As `kl_div`, and if `beta` does not lie between 0 and 1.
    KLDivInputError
        Within `checking`, if a mistake is found in the operands.

    See Also
    --------
    js_div_gradient : Its gradient, for libraries without automatic differentiation.
    js_div_with_logits : The same from logits.
    JSDivLoss : The same with its options remembered.

    Notes
    -----
    No element contributes less than 0, and where :math:`q` is :math:`p` it is exactly 0.  Nothing
    is divided by its sum: samples that add up to 1 have a divergence of at most
    :math:`-\beta \log \beta - (1 - \beta) \log (1 - \beta)`, which is :math:`\log 2` at 0.5.
    There it is the square of ``scipy.spatial.distance.jensenshannon``.  At the ends of `beta` it is
    ``kl_div(..., generalized=True)`` of p and q, and of q and p.

    The derivatives are 0 where the operand itself is a probability of 0.  NaN, and a negative
    probability, give NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import js_div
    >>> q, p = np.asarray([[0.25, 0.75], [1.0, 0.0]]), np.asarray([[0.5, 0.5], [0.0, 1.0]])
    >>> js_div(q, p, log_input=False, reduction="none").round(7)
    array([0.0338221, 0.6931472])
    """
    if other or unnamed:
        refuse_other_names(js_div, other, unnamed)
    operands = (input, target, where)
    if is_overridden(operands):
        answer: ArrayT = override(js_div, operands, locals())
        return answer
    check_reduction(reduction)
    form = js_form(log_input, log_target, beta)
    if is_checking():
        check_values(True, input, target, form, axis, where)  # noqa: FBT003
    result: ArrayT = value_of(input, target, reduction, form, axis, where, dtype)
    return result


@overridable
def js_div_gradient(
    input: Operand[ArrayT, MaskT],
    target: Operand[TargetT, MaskT],
    *unnamed: NoOption,
    log_input: bool = True,
    log_target: bool = False,
    beta: SupportsFloat = 0.5,
    axis: Axis = -1,
    reduction: Reduction = "batchmean",
    where: MaskT | None = None,
    upstream: ArrayT | SupportsFloat | None = None,
    return_value: bool = False,
    dtype: DType | None = None,
    **other: NoOption,
) -> tuple[ArrayT | TargetT, ...]:
    r"""Gradient of `js_div` with respect to both operands, in closed form.

    Parameters
    ----------
    input, target, log_input, log_target, beta, axis, reduction, where
        See `js_div`.
    upstream, return_value, dtype
        See `kl_div_gradient`.

    Returns
    -------
    value, d_input, d_target : array
        See `kl_div_gradient`.

    Raises
    ------
    TypeError, ValueError
        As `js_div`, and for `upstream` as `kl_div_gradient`.
    KLDivInputError
        Within `checking`, if a mistake is found in the operands.

    See Also
    --------
    js_div : The loss.

    Notes
    -----
    Before upstream and divisor, the gradient for :math:`p` is :math:`\beta \log(p / m)`, and for
    :math:`\log p` it is :math:`p` times that; by :math:`q` with :math:`1 - \beta` and :math:`q` in
    their places; at the ends of `beta` that of ``kl_div_gradient(..., generalized=True)``.  They
    are 0 where the operand is a probability of 0.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import js_div_gradient
    >>> q, p = np.asarray([[0.25, 0.75]]), np.asarray([[0.5, 0.5]])
    >>> value, d_q, d_p = js_div_gradient(q, p, log_input=False, return_value=True)
    >>> round(float(value), 7)
    0.0338221
    >>> d_q.round(7)
    array([[-0.2027326,  0.0911608]])
    """
    if other or unnamed:
        refuse_other_names(js_div_gradient, other, unnamed)
    operands = (input, target, where, upstream)
    if is_overridden(operands):
        answer: tuple[Any, ...] = override(js_div_gradient, operands, locals())
        return answer
    check_reduction(reduction)
    form = js_form(log_input, log_target, beta)
    if is_checking():
        check_values(True, input, target, form, axis, where)  # noqa: FBT003
    results: tuple[Any, ...] = with_gradient(
        input, target, reduction, form, axis, where, upstream, return_value, dtype
    )
    return results
