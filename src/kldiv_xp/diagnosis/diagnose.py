"""diagnose: find mistakes in the operands of a loss."""

from kldiv_xp._typing import Array, Axes, Axis, InputKind, Namespace, NoOption, Tail, TargetKind
from kldiv_xp.calls.overrides import overridable, override
from kldiv_xp.checks.arrays import check_dtype, check_layouts, common_namespace
from kldiv_xp.checks.operands import check_devices, check_shapes
from kldiv_xp.checks.options import resolve_axis
from kldiv_xp.checks.other_names import refuse_other_names
from kldiv_xp.core.evaluate_linear import Heads
from kldiv_xp.core.namespaces import is_overridden, known_shape
from kldiv_xp.diagnosis.findings import detached, findings_of
from kldiv_xp.diagnosis.losses_of_teachers import report_of_teachers
from kldiv_xp.diagnosis.question import checked_operands, subject_of
from kldiv_xp.diagnosis.report import Finding, Report
from kldiv_xp.diagnosis.subject import Subject
from kldiv_xp.diagnosis.values import with_loss
from kldiv_xp.formula.form import Form


@overridable
def diagnose(
    input: Array,
    target: Array,
    *unnamed: NoOption,
    log_input: bool = True,
    log_target: bool = False,
    generalized: bool = False,
    axis: Axis = None,
    where: Array | None = None,
    input_is: InputKind | None = None,
    target_is: TargetKind | None = None,
    indices: Array | None = None,
    tail: Tail = "bucket",
    weight: Array | None = None,
    bias: Array | None = None,
    target_weight: Array | None = None,
    target_bias: Array | None = None,
    **other: NoOption,
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
    axis : int or tuple of int, optional
        Axes of one distribution, along which probabilities add up to 1; one of them for logits.
        If left out the last one, and the loss is that of a call without `axis`.
    where : array of bool, optional
        Mask as for `kl_div`, or for `kl_div_with_logits`.  What is not selected is not looked at,
        and partly masked samples are excluded from the sum-to-one check.
    input_is : {'log_probabilities', 'probabilities', 'logits'}, optional
        What `input` is meant to hold, and so which loss is asked about.  If left out, what
        `log_input` says.
    target_is : {'probabilities', 'log_probabilities', 'logits'}, optional
        What `target` is meant to hold.  If left out, logits where the input holds logits, and
        otherwise what `log_target` says; with `indices` alone log-probabilities.
    indices, tail : optional
        Places of a teacher that is known in part, and what the rest is: `input` and `target` are
        those of `sparse_kl_div_with_logits`.
    weight, bias, target_weight, target_bias : optional
        Last layers: `input` and `target` are those of `linear_kl_div`.  The places that are told
        are those of the logits.

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
        `input_is`, `target_is` and the switches do not go together; and with `indices` or `weight`
        as the loss.

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

    The report also tells the loss: that of `kl_div` with the same `axis` and `where`, and how far
    'mean' is from 'batchmean', or for logits that of `kl_div_with_logits`, or the loss that is
    asked about, with its defaults.

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
    >>> report.findings[0].code, report.findings[0].index
    ('probabilities-as-input', (0, 0))
    >>> print(report.findings[0])
    `input` holds probabilities (0.25 at (0, 0)) where their logarithms belong: pass numpy.log(input) or log_softmax of the logits, or log_input=False for probabilities.
    """  # noqa: E501 - a finding is one line
    layers = (weight, bias, target_weight, target_bias)
    if other or unnamed:
        refuse_other_names(diagnose, other, unnamed)
    operands = (input, target, where, indices, *layers)
    if is_overridden(operands):
        return override(diagnose, operands, locals())
    of_teachers = indices is not None or any(one is not None for one in layers)
    if of_teachers and input_is is None:
        input_is = "logits"
    form = Form(log_input, log_target, generalized)
    subject = subject_of(form, input_is, target_is)
    if of_teachers:
        heads = Heads(input, weight, target, bias, target_weight, target_bias, where, indices)
        return report_of_teachers(heads, subject, axis, target_is, tail)
    return diagnosis_of(input, target, subject, axis, where)


def diagnosis_of(
    input: Array, target: Array, subject: Subject, axis: Axis, where: Array | None
) -> Report:
    """Report on the operands of a loss; without `axis` its terms are not summed along one."""
    of_samples = axis is not None or subject.divergence is not None
    axis = -1 if axis is None else axis
    xp = common_namespace(input=input, target=target)
    check_layouts(xp, input=input, target=target)
    check_devices(xp, input=input, target=target)
    unusable = without_values(xp, input, target, subject, axis)
    kinds = subject.log_target, subject.input_is, subject.target_is
    if unusable:
        axes = resolve_axis(axis, input.ndim) if input.ndim else ()
        return Report(unusable, {}, tuple(input.shape), axes, *kinds)
    context, arrays, axes = checked_operands(
        detached(input), detached(target), subject, axis, where
    )
    findings = findings_of(context, arrays, axes, subject)
    report = Report(findings, {}, tuple(input.shape), axes, *kinds)
    return with_loss(report, subject, context, arrays, of_samples=of_samples)


def without_values(
    xp: Namespace, input: Array, target: Array, subject: Subject, axis: int | Axes
) -> tuple[Finding, ...]:
    """Findings from dtypes and shapes alone, with the messages of the loss's errors."""
    found, loss = [], subject.divergence or subject.form
    for name, operand, other in (("input", input, target), ("target", target, input)):
        try:
            beside = known_shape(other) if name == "target" else None
            check_dtype(xp, name, operand, beside, loss, axis)
        except TypeError as error:
            found.append(Finding("dtype", name, None, None, 1, str(error)))
    try:
        check_shapes(input, target, loss, axis)
    except ValueError as error:
        found.append(Finding("shape", "target", None, None, 1, str(error)))
    return tuple(found)
