"""kl_div: torch's signature, to resolved arguments, to the value."""

from kldiv_xp._evaluation import evaluate
from kldiv_xp._reduction import resolve_reduction, warn_about_mean
from kldiv_xp._typing import ArrayT, Reduction


def kl_div(
    input: ArrayT,
    target: ArrayT,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: Reduction = "mean",
    log_target: bool = False,
) -> ArrayT:
    r"""Kullback-Leibler divergence loss, in nats.

    The arguments are those of `torch.nn.functional.kl_div`, in the same positions; the arrays
    may come from any library that the array API standard reaches.

    Parameters
    ----------
    input : array
        Log-probabilities :math:`\log q` of the approximating distribution, of any shape.
    target : array
        Probabilities :math:`p` of the true distribution, or their logarithms if `log_target`.
        Same library, shape and device as `input`.
    size_average, reduce : bool, optional
        Deprecated; if either is given they override `reduction`.  ``reduce=False`` means
        'none', otherwise ``size_average=False`` means 'sum', otherwise 'mean'.
    reduction : {'mean', 'batchmean', 'sum', 'none'}
        'none' keeps the terms; 'sum' adds them up; 'batchmean' divides the sum by the size of
        the first axis, which gives the divergence averaged over a batch; 'mean' divides it by
        the number of elements.
    log_target : bool
        Whether `target` holds log-probabilities.

    Returns
    -------
    array
        Of the same library and device: `input`'s shape for 'none', otherwise 0-d.  Its dtype is
        the promoted dtype of the operands.

    Raises
    ------
    TypeError
        If an operand is not an array of real floating-point dtype, if the operands come from
        different libraries, or if a flag is not a bool.
    ValueError
        If `reduction` is unknown, or shapes or devices differ (nothing is broadcast).

    Warns
    -----
    KLDivWarning
        If the reduction is 'mean', whose value is not the Kullback-Leibler divergence.
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
    both derivatives are 0 there.  A positive target gives :math:`+\infty` where `input` is
    :math:`-\infty`.  NaN in either operand, and a negative target, give NaN.  The mean of no
    elements is NaN, their sum 0.

    float16 and bfloat16 are computed and added up in float32 and rounded once, at the end.

    References
    ----------
    .. [1] S. Kullback and R. A. Leibler, "On Information and Sufficiency", Annals of
       Mathematical Statistics 22 (1951), 79-86.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import kl_div
    >>> input = np.asarray([[-1.0, -2.0], [-3.0, -0.5]])
    >>> target = np.asarray([[0.4, 0.6], [0.1, 0.9]])
    >>> kl_div(input, target, reduction="batchmean").round(7)
    array(0.6759527)
    >>> kl_div(input, target, reduction="none").round(7)
    array([[0.0334837, 0.8935047],
           [0.0697415, 0.3551755]])
    """
    resolved = resolve_reduction(size_average, reduce, reduction)
    loss: ArrayT = evaluate(input, target, resolved, log_target)
    warn_about_mean(resolved)
    return loss
