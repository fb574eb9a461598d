"""Divergence of logits from a teacher known by its most probable entries alone."""

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
from kldiv_xp.calls.sparse_teachers import sparse_divergence_of
from kldiv_xp.checks.options import check_tail, check_target_kind
from kldiv_xp.checks.other_names import refuse_other_names
from kldiv_xp.checks.scalars import temperature_of
from kldiv_xp.core.namespaces import is_overridden
from kldiv_xp.formula.sparse import SparseKL


@overridable
def sparse_kl_div_with_logits(
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
    dtype: DType | None = None,
    **other: NoOption,
) -> ArrayT | TargetT:
    r"""Kullback-Leibler divergence from a teacher that is known by its top k entries, in nats.

    The loss of `kl_div_with_logits` against what inference servers return: for every sample k
    entries of the vocabulary, and the teacher's log-probabilities there.

    Parameters
    ----------
    input : array
        Logits of the student, over the whole vocabulary.
    indices : array of int
        Places of the teacher's entries along `axis`, in any order, each once in a sample:
        `input`'s shape with the size k along `axis`.  ``torch.topk`` returns them second.
    target : array of float
        The teacher at these places, in the shape of `indices`; `target_is` says what it holds.
    target_is : {'log_probabilities', 'probabilities', 'logits'}
        Probabilities are those over the whole vocabulary, which the temperature does not change.
        What ``torch.topk`` takes from raw logits are logits: pass ``target_is="logits"`` and
        ``tail="renormalize"``.
        A softmax of logits needs all of them, so logits are for ``tail='renormalize'``, or for k
        that is the size of the vocabulary.
    tail : {'bucket', 'zero', 'renormalize'}
        How the rest of the vocabulary is taken, of which the teacher tells but its probability.
        'bucket' makes it one entry, for student and teacher: a divergence, never negative, and at
        most that of the whole vocabulary.  'zero' leaves out its terms: what is left may be
        negative.  'renormalize' divides the teacher's probabilities by their sum, and makes those
        of the rest 0.
    axis : int
        Axis of one distribution.
    temperature : float or 0-d array
        As for `kl_div_with_logits`; it divides `input`, and a `target` of logits.
    scale_by_temperature_squared : bool
        Whether to multiply by :math:`T^2`.
    reduction : {'batchmean', 'mean', 'sum', 'none'}
        As for `kl_div_with_logits`.
    where : array of bool, optional
        Mask of samples, as for `kl_div_with_logits`.  A sample that is not selected has no part in
        the result, whatever it holds, its indices included.
    dtype : dtype, optional
        Dtype of the result; see `kl_div`.

    Returns
    -------
    array
        As of `kl_div_with_logits`.

    Raises
    ------
    TypeError
        As `kl_div_with_logits`, and if `indices` are no integers.
    ValueError
        As `kl_div_with_logits`, and if `tail` is unknown, if logits are given where probabilities
        are needed.  Of arrays of NumPy, chunks of Dask's, and eager tensors in host memory also if
        an index is out of range or twice in a sample, or if log-probabilities stand for
        probabilities that add up to more than 2, which no rounding explains: logits that are not
        called so.  Elsewhere no value is read: an index out of range gives what the library's own
        gather gives, a repeated one or logits that are not called so a wrong number, which
        `checking` tells.
    KLDivInputError
        Within `checking`, if a mistake is found in the operands.

    See Also
    --------
    sparse_kl_div_with_logits_gradient : Its gradient, for libraries without automatic
        differentiation.
    kl_div_with_logits : The same with a teacher known everywhere.

    Notes
    -----
    The options have no other names, as those of `kl_div_with_logits`.

    No array of the size of the vocabulary is made for the teacher.  Arrays of NumPy and eager
    tensors in host memory are read in blocks; on devices and in compiled functions one temporary
    of the size of `input` is made, and none is kept for the gradient.

    With k the size of the vocabulary there is no rest: the loss is that of `kl_div_with_logits`,
    with tail='renormalize' of what adds up to 1.

    A probability of 0 contributes 0, so where a sample has less than k entries, it is padded with
    places that are not in use and a probability of 0.

    The bucket has what the probabilities lack of 1, and nothing where that is their own rounding in
    float32: in 16 bits they are rounded more, which the bucket takes for probability.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import sparse_kl_div_with_logits
    >>> student = np.asarray([[1.0, 2.0, 3.0, 0.0]])
    >>> places, log_p = np.asarray([[0, 1]]), np.log([[0.5, 0.25]])
    >>> round(float(sparse_kl_div_with_logits(student, places, log_p)), 7)
    0.6383221
    """
    if other or unnamed:
        refuse_other_names(sparse_kl_div_with_logits, other, unnamed)
    operands = (input, indices, target, where, temperature)
    if is_overridden(operands):
        answer: ArrayT = override(sparse_kl_div_with_logits, operands, locals())
        return answer
    check_target_kind(target_is)
    check_tail(tail)
    divergence = SparseKL(temperature_of(temperature, input, axis), target_is, tail)
    check_values_of_part(input, indices, target, divergence, axis, where)
    scaled = scale_by_temperature_squared
    result: ArrayT = sparse_divergence_of(
        input, indices, target, divergence, axis, scaled, reduction, where, dtype
    )
    return result
