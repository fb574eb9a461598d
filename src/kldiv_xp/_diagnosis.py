"""diagnose: what is wrong with two operands, before anybody trusts their loss."""

import math
from functools import partial

from kldiv_xp._array_api import is_kind, known_shape, limits
from kldiv_xp._evaluation import Arrays, evaluate_loss, unrounded
from kldiv_xp._evidence import Evidence
from kldiv_xp._findings import Finding, Report
from kldiv_xp._inspection import inspect, read
from kldiv_xp._mistakes import mistakes
from kldiv_xp._operands import Operands
from kldiv_xp._options import check_switch
from kldiv_xp._other_axis import other_axis
from kldiv_xp._reduction import divisor
from kldiv_xp._request import checked, number_selected, sample_shape
from kldiv_xp._typing import Array, Axes, Namespace
from kldiv_xp._validation import check_devices, check_dtype, check_shapes, common_namespace

# Sums of float64 that was float32 once are no better than this; worse than that is no 16-bit sum.
LEAST_TOLERANCE, MOST_TOLERANCE = 1e-4, 0.1


def diagnose(
    input: Array,
    target: Array,
    *,
    log_target: bool = False,
    axis: int | Axes = -1,
    where: Array | None = None,
) -> Report:
    """Look for the usual mistakes in the operands of a loss.

    The operands are read twice, block by block, in bounded memory: to look at their entries, and
    to compute the loss.  Lazy arrays are computed and devices are waited for.

    Parameters
    ----------
    input, target : array
        Operands as for `kl_div`, of any shape: log-probabilities, and probabilities or, with
        `log_target`, their logarithms.
    log_target : bool
        Whether `target` is meant to hold log-probabilities.
    axis : int or tuple of int
        Axes of one distribution, along which probabilities add up to 1.
    where : array of bool, optional
        Mask as for `kl_div`.  What is not selected is not looked at, and distributions of which
        a part is not selected are not added up.

    Returns
    -------
    Report
        True if anything was found; `str` of it tells people, its `findings` and `as_dict()` tell
        programs.

    Raises
    ------
    TypeError
        If an operand is not an array that holds values, if they come from different libraries, or
        if an option has the wrong type.
    ValueError
        If `axis` names no axis, devices differ, or a lazy array does not know its shape.

    See Also
    --------
    checking : Raise what was found, in every loss of a block of code.

    Notes
    -----
    What is found: arguments that are swapped; probabilities or logits as `input`; a `target` in
    the other space than `log_target` says; samples that do not add up to 1, and the axis along
    which they would; negative targets; entries with target but no probability in `input`; NaN and
    infinities; targets that 16-bit floats cannot hold; shapes that differ and dtypes that are not
    floating-point.  The report also tells how far 'mean' is from 'batchmean'.

    Sums may differ from 1 by what the dtype explains, ``8 eps (1 + log n)`` for n entries, but by
    no less than 0.0001 and no more than 0.1.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import diagnose
    >>> q, p = np.asarray([[0.25, 0.75]]), np.asarray([[0.5, 0.5]])
    >>> bool(diagnose(np.log(q), p))
    False
    >>> report = diagnose(q, p)
    >>> report.findings[0].code, report.findings[0].where
    ('probabilities as input', (0, 0))
    >>> print(report.findings[0])
    `input` holds probabilities (0.25 at (0, 0)) where their logarithms belong: pass log_softmax of the logits, or log(input).
    """  # noqa: E501 - a finding is one line
    check_switch("log_target", log_target)
    xp = common_namespace(input=input, target=target)
    check_devices(xp, input=input, target=target)
    unusable = without_values(xp, input, target)
    if unusable:
        return Report(unusable, {}, tuple(input.shape), (), log_target)
    axes = axis if input.ndim else ()
    return report_of(constant(input), constant(target), log_target, axes, where)


def constant(operand: Array) -> Array:
    """Operand that is not differentiated."""
    return operand.detach() if hasattr(operand, "detach") else operand


def report_of(
    input: Array, target: Array, log_target: bool, axis: int | Axes, where: Array | None
) -> Report:
    """Report about operands that the loss can be computed of."""
    operands, arrays, resolved = checked(input, target, log_target, axis, where)
    axes = resolved or ()
    check_known(input)
    tolerance = allowance(operands.xp, input, target, axes)
    tiny = smallest_normal(operands.xp, target)
    found = inspect(operands, arrays, axes, log_target=log_target, tiny=tiny, tolerance=tolerance)
    elsewhere = partial(other_axis, operands, arrays, axes, tolerance)
    findings = mistakes(Evidence(found, log_target, axes, elsewhere))
    values = losses(operands, arrays, log_target)
    return Report(findings, values, tuple(input.shape), axes, log_target)


def without_values(xp: Namespace, input: Array, target: Array) -> tuple[Finding, ...]:
    """What types and shapes alone say, in the words of the errors that the loss would raise."""
    found = []
    for name, operand in (("input", input), ("target", target)):
        try:
            check_dtype(xp, name, operand)
        except TypeError as error:
            found.append(Finding("dtype", name, None, None, 1, f"{error}{hint(xp, operand)}"))
    try:
        check_shapes(input, target)
    except ValueError as error:
        found.append(Finding("shape", "target", None, None, 1, str(error)))
    return tuple(found)


def hint(xp: Namespace, operand: Array) -> str:
    """What integers usually are."""
    if not is_kind(xp, operand.dtype, "integral"):
        return ""
    return " Class labels become distributions by one_hot(...) first."


def check_known(input: Array) -> None:
    """Refuse a lazy array that does not know its shape."""
    shape = known_shape(input)
    if None in shape:
        message = (
            f"A diagnosis needs to know the shape of `input`; got {shape}: compute it first "
            "(Dask: compute_chunk_sizes())."
        )
        raise ValueError(message)


def allowance(xp: Namespace, input: Array, target: Array, axes: Axes) -> float:
    """How far a sum over a distribution may be from 1."""
    size = math.prod(input.shape[axis] for axis in axes)
    eps = max(float(limits(xp, one.dtype).eps) for one in (input, target))
    return min(MOST_TOLERANCE, max(LEAST_TOLERANCE, 8 * eps * (1 + math.log(max(1, size)))))


def smallest_normal(xp: Namespace, target: Array) -> float:
    """Smallest target that a 16-bit type holds with all its digits; 0 for other types."""
    finfo = limits(xp, target.dtype)
    return float(finfo.smallest_normal) if finfo.bits == 16 else 0.0  # noqa: PLR2004


def losses(operands: Operands, arrays: Arrays, log_target: bool) -> dict[str, float]:
    """The loss by each reduction that gives one number, of one unrounded sum."""
    total = read(evaluate_loss(unrounded(operands), arrays, log_target, 1))
    shape = sample_shape(arrays[0], None)
    selected = divisor("mean", shape)
    if arrays[2:]:
        selected = read(number_selected(operands, arrays[2], None))
    return {
        "sum": total,
        "batchmean": total / divisor("batchmean", shape),
        "mean": total / selected,
    }
