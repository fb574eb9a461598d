"""kl_div: torch's signature, to resolved arguments, to the value."""

from kldiv_xp._typing import ArrayT, Axis, DType, MaskT, NoOption, Operand, Reduction, TargetT
from kldiv_xp.api.checked_values import check_values
from kldiv_xp.api.checking import is_checking
from kldiv_xp.api.reproducible import is_reproducible
from kldiv_xp.calls.kl_div import value_of
from kldiv_xp.calls.overrides import overridable, override
from kldiv_xp.calls.reduction import resolve_reduction, warn_about_mean
from kldiv_xp.calls.reproducible import reproducible_value
from kldiv_xp.checks.other_names import refuse_other_names
from kldiv_xp.core.namespaces import is_overridden
from kldiv_xp.formula.form import Form


@overridable
def kl_div(
    input: Operand[ArrayT, MaskT],
    target: Operand[TargetT, MaskT],
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: Reduction = "mean",
    log_target: bool = False,
    *unnamed: NoOption,
    log_input: bool = True,
    generalized: bool = False,
    axis: Axis = None,
    where: MaskT | None = None,
    dtype: DType | None = None,
    check: bool = False,
    reproducible: bool = False,
    **other: NoOption,
) -> ArrayT | TargetT:
    r"""Kullback-Leibler divergence loss, in nats.

    The arguments are those of `torch.nn.functional.kl_div`, in the same positions; the arrays
    may come from any library that the array API standard reaches.

    Parameters
    ----------
    input : array
        Log-probabilities :math:`\log q` of the approximating distribution, of any shape, or the
        probabilities :math:`q` themselves if `log_input` is false.
    target : array
        Probabilities :math:`p` of the true distribution, or their logarithms if `log_target`.
        Same library, shape and device as `input`.
    size_average, reduce : bool, optional
        Deprecated; if either is given they override `reduction`.  ``reduce=False`` means
        'none', otherwise ``size_average=False`` means 'sum', otherwise 'mean'.
    reduction : {'mean', 'batchmean', 'sum', 'none'}
        'none' keeps the terms; 'sum' adds them up; 'batchmean' divides the sum by the size of
        the first axis that `axis` leaves, which gives the divergence averaged over a batch;
        'mean' divides it by the number of elements.
    log_target : bool
        Whether `target` holds log-probabilities.
    log_input : bool
        Whether `input` holds log-probabilities.
    generalized : bool
        Whether :math:`q - p` is added to each term, so that none is negative [2]_.  It changes
        nothing for samples that add up to 1, except that the loss of nearly equal ones is exact,
        and extends the divergence to those that do not.
    axis : int or tuple of int, optional
        Axes of one distribution.  The terms are summed over them first, and `reduction` applies
        to these divergences of single samples: 'none' keeps them, 'sum' adds them up, 'mean'
        divides by their number, 'batchmean' by the size of the first axis that `axis` leaves (by
        1 if it leaves none).  For operands of shape (batch, sequence, vocabulary), ``axis=-1``
        with 'mean' is the divergence per token.
    where : array of bool, optional
        Mask in `input`'s shape; with `axis` also one of samples, in their shape, which is
        `input`'s without `axis`, or with size 1 in the places of `axis`.  What is not selected
        has no part in the result, whatever it holds, NaN included, and a gradient of exactly 0;
        'mean' divides by the number of selected elements, or with `axis` of samples in which
        something is selected.  Where nothing is selected the loss is 0.
    dtype : dtype, optional
        Dtype of the result, of the library of `input`, as in the standard's ``sum``: any real
        floating-point dtype.  A narrower one than that of the operands is rounded to at the end,
        a wider one is computed in; 16-bit operands are not copied to be widened.
    check : bool
        Whether to diagnose the operands first, and to raise what is found; see `diagnose`.  It
        reads all values, and waits for a device.  `checking` does it in every loss of a block.
    reproducible : bool
        Whether the result has the same bits in every array library; see `reproducible`.

    Returns
    -------
    array
        Of the same library and device, 0-d unless for 'none', which gives `input`'s shape,
        without the axes of `axis`.  Its dtype is `dtype`, or the promoted dtype of the
        operands; within ``torch.autocast`` float32 for 16-bit operands, as of torch's losses.

    Raises
    ------
    TypeError
        If an operand is not an array of real floating-point dtype, if the operands come from
        different libraries, if a flag is not a bool, `axis` not of ints, `where` not of bools
        or `dtype` not a real floating-point dtype of the library.
    ValueError
        If `reduction` is unknown, `axis` names no axis, or shapes or devices differ (nothing is
        broadcast but `where` along `axis`); also as `reproducible` says.
    KLDivInputError
        If `check` is true, or this runs within `checking`, and a mistake is found.

    Warns
    -----
    KLDivWarning
        If the reduction is 'mean' and there is no `axis`: that is not the Kullback-Leibler
        divergence.  If `size_average` or `reduce` override another reduction than 'mean', the
        default: for 'batchmean' torch then divides twice.
    DeprecationWarning
        If `size_average` or `reduce` is given.

    See Also
    --------
    KLDivLoss : The same loss with its options remembered.
    kl_div_gradient : Its gradient, for libraries without automatic differentiation.

    Notes
    -----
    Each element contributes :math:`p (\log p - \log q)` [1]_.  A target of 0 contributes exactly
    0, also where `input` is infinite, and so does a log-target whose exponential rounds to 0;
    both derivatives are 0 there.  A positive target gives :math:`+\infty` where :math:`q` is 0.
    NaN in either operand, and a negative probability, give NaN.  The mean of no elements is NaN,
    their sum 0.

    With `generalized` an element contributes :math:`p (\log p - \log q) + q - p`: :math:`q` where
    the target is 0, and :math:`+\infty` where either is infinite and the other one finite.
    float16 and bfloat16 are computed and added up in float32 and rounded once, at the end.

    References
    ----------
    .. [1] S. Kullback and R. A. Leibler, "On Information and Sufficiency", Annals of
       Mathematical Statistics 22 (1951), 79-86.
    .. [2] I. Csiszar, "Why Least Squares and Maximum Entropy?", Annals of Statistics 19 (1991),
       2032-2066.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import kl_div
    >>> input = np.asarray([[-1.0, -2.0], [-3.0, -0.5]])
    >>> target = np.asarray([[0.4, 0.6], [0.1, 0.9]])
    >>> round(float(kl_div(input, target, reduction="batchmean")), 7)
    0.6759527
    >>> kl_div(input, target, reduction="none", axis=-1).round(7)
    array([0.9269883, 0.424917 ])

    Two tables of probabilities, of which the first one approximates the second:

    >>> q, p = np.asarray([[[0.25, 0.75], [1.0, 0.0]], [[0.5, 0.5], [1.0, 0.0]]])
    >>> kl_div(q, p, reduction="none", axis=-1, log_input=False).round(7)
    array([0.143841, 0.      ])
    >>> kl_div(q, p, reduction="none", log_input=False, generalized=True).round(7)
    array([[0.0965736, 0.0472674],
           [0.       , 0.       ]])

    To divide by a number of one's own, such as the tokens of all microbatches, divide the sum:

    >>> parts = [kl_div(input[k], target[k], reduction="sum") / 2 for k in range(2)]
    >>> round(float(sum(parts)), 7)
    0.6759527

    A mask of samples:

    >>> round(float(kl_div(input, target, axis=-1, where=np.asarray([True, False]))), 7)
    0.9269883
    """
    if other or unnamed:
        refuse_other_names(kl_div, other, unnamed)
    if is_overridden(operands := (input, target, where)):
        answer: ArrayT = override(kl_div, operands, locals())
        return answer
    resolved = resolve_reduction(size_average, reduce, reduction)
    form = Form(log_input, log_target, generalized)
    if check is not False or is_checking():
        check_values(check, input, target, form, axis, where)
    value = reproducible_value if is_reproducible(reproducible) else value_of
    loss: ArrayT = value(input, target, resolved, form, axis, where, dtype)
    if axis is None and resolved == "mean":
        warn_about_mean(len(input.shape))
    return loss
