"""diagnose: what is wrong with two operands, before anybody trusts their loss."""

import math
from functools import partial

from kldiv_xp._typing import Array, Axes, InputKind, Namespace, TargetKind
from kldiv_xp.calls.overrides import overridable, override
from kldiv_xp.checks.arrays import check_dtype, check_layouts, common_namespace
from kldiv_xp.checks.operands import check_devices, check_shapes
from kldiv_xp.core.dtypes import limits
from kldiv_xp.core.namespaces import is_overridden, known_shape
from kldiv_xp.diagnosis.evidence import Evidence
from kldiv_xp.diagnosis.normalised_axis import other_axes
from kldiv_xp.diagnosis.question import asked, subject_of
from kldiv_xp.diagnosis.report import Finding, Report
from kldiv_xp.diagnosis.rules import mistakes
from kldiv_xp.diagnosis.scan import inspect
from kldiv_xp.diagnosis.subject import Subject
from kldiv_xp.diagnosis.values import values_of
from kldiv_xp.formula.form import Form

# Sums of float64 that was float32 once are no better than this; worse than that is no 16-bit sum.
LEAST_TOLERANCE, MOST_TOLERANCE = 1e-4, 0.1


@overridable
def diagnose(
    input: Array,
    target: Array,
    *,
    log_input: bool = True,
    log_target: bool = False,
    generalized: bool = False,
    axis: int | Axes = -1,
    where: Array | None = None,
    input_is: InputKind | None = None,
    target_is: TargetKind | None = None,
) -> Report:
    """Look for the usual mistakes in the operands of a loss.

    The operands are read twice, block by block, in bounded memory: to look at their entries, and
    to compute the loss.  Lazy arrays are computed and devices are waited for.

    Parameters
    ----------
    input, target : array
        Operands as for `kl_div`, of any shape: log-probabilities, or with ``log_input=False``
        probabilities, and probabilities, or with `log_target` their logarithms.  With
        ``input_is="logits"`` those of `kl_div_with_logits`.
    log_input : bool
        Whether `input` is meant to hold log-probabilities.
    log_target : bool
        Whether `target` is meant to hold log-probabilities.
    generalized : bool
        Whether the loss is the generalised divergence, whose samples need not add up to 1.
    axis : int or tuple of int
        Axes of one distribution, along which probabilities add up to 1; one of them for logits.
    where : array of bool, optional
        Mask as for `kl_div`, or for `kl_div_with_logits`.  What is not selected is not looked at,
        and distributions of which a part is not selected are not added up.
    input_is : {'log_probabilities', 'probabilities', 'logits'}, optional
        What `input` is meant to hold, and so which loss is asked about.  If left out, what
        `log_input` says.
    target_is : {'probabilities', 'log_probabilities', 'logits'}, optional
        What `target` is meant to hold.  If left out, logits where the input holds logits, and
        otherwise what `log_target` says.

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
        If `axis` names no axis, devices differ, a lazy array does not know its shape, or
        `input_is`, `target_is` and the switches do not go together.

    See Also
    --------
    checking : Raise what was found, in every loss of a block of code.

    Notes
    -----
    What is found: arguments that are swapped; logits as `input`, or an `input` or `target` in
    the other space than the options say; samples that do not add up to 1, and the
    axes along which they would; samples without any probability; negative targets; entries with
    target but no probability in `input`; NaN and infinities; targets that 16-bit floats cannot
    hold; shapes that differ and dtypes that are not floating-point.  `CODES` lists all of them.
    Log-probabilities are logits, and a logit of -inf is a probability of 0.

    The report also tells the loss: that of `kl_div`, and how far 'mean' is from 'batchmean', or
    for logits that of `kl_div_with_logits` with its defaults.

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
    ('probabilities-as-input', (0, 0))
    >>> print(report.findings[0])
    `input` holds probabilities (0.25 at (0, 0)) where their logarithms belong: pass log_softmax of the logits, or numpy.log(input).
    """  # noqa: E501 - a finding is one line
    operands = (input, target, where)
    if is_overridden(operands):
        return override(diagnose, operands, locals())
    subject = subject_of(Form(log_input, log_target, generalized), input_is, target_is)
    return diagnosis_of(input, target, subject, axis, where)


def diagnosis_of(
    input: Array, target: Array, subject: Subject, axis: int | Axes, where: Array | None
) -> Report:
    """Report about the operands of a loss."""
    xp = common_namespace(input=input, target=target)
    check_layouts(xp, input=input, target=target)
    check_devices(xp, input=input, target=target)
    unusable = without_values(xp, input, target)
    kinds = subject.log_target, subject.input_is, subject.target_is
    if unusable:
        return Report(unusable, {}, tuple(input.shape), (), *kinds)
    context, arrays, axes = asked(constant(input), constant(target), subject, axis, where)
    tolerance = allowance(context.xp, input, target, axes)
    tiny = smallest_normal(context.xp, target)
    found = inspect(context, arrays, axes, subject=subject, tiny=tiny, tolerance=tolerance)
    most = 1 if subject.divergence else input.ndim
    elsewhere = partial(other_axes, context, arrays, axes, tolerance, most)
    size = size_of(input, axes)
    findings = mistakes(Evidence(found, subject, axes, elsewhere, context.xp, size))
    values = values_of(subject, context, arrays, axes)
    return Report(findings, values, tuple(input.shape), axes, *kinds)


def constant(operand: Array) -> Array:
    """Operand that is not differentiated."""
    return operand.detach() if hasattr(operand, "detach") else operand


def without_values(xp: Namespace, input: Array, target: Array) -> tuple[Finding, ...]:
    """Findings from types and shapes alone, in the words of the errors that the loss raises."""
    found = []
    for name, operand, other in (("input", input, target), ("target", target, input)):
        try:
            check_dtype(xp, name, operand, known_shape(other) if name == "target" else None)
        except TypeError as error:
            found.append(Finding("dtype", name, None, None, 1, str(error)))
    try:
        check_shapes(input, target)
    except ValueError as error:
        found.append(Finding("shape", "target", None, None, 1, str(error)))
    return tuple(found)


def size_of(input: Array, axes: Axes) -> int:
    """Number of entries of a distribution."""
    return math.prod(input.shape[axis] for axis in axes)


def allowance(xp: Namespace, input: Array, target: Array, axes: Axes) -> float:
    """How far a sum over a distribution may be from 1."""
    size = size_of(input, axes)
    eps = max(float(limits(xp, one.dtype).eps) for one in (input, target))
    return min(MOST_TOLERANCE, max(LEAST_TOLERANCE, 8 * eps * (1 + math.log(max(1, size)))))


def smallest_normal(xp: Namespace, target: Array) -> float:
    """Smallest target that a 16-bit type holds with all its digits; 0 for other types."""
    finfo = limits(xp, target.dtype)
    return float(finfo.smallest_normal) if finfo.bits == 16 else 0.0  # noqa: PLR2004
