"""Report on the two operands of a loss: what their dtypes, shapes and values say."""

from kldiv_xp._typing import Array, Axes, Axis, Namespace
from kldiv_xp.checks.arrays import check_dtype, check_layouts, common_namespace
from kldiv_xp.checks.axes import resolve_axis
from kldiv_xp.checks.operands import check_devices, check_shapes
from kldiv_xp.core.namespaces import known_shape
from kldiv_xp.diagnosis.findings import detached, findings_of
from kldiv_xp.diagnosis.question import checked_operands
from kldiv_xp.diagnosis.report import Finding, Report
from kldiv_xp.diagnosis.subject import Subject
from kldiv_xp.diagnosis.values import with_loss


def diagnosis_of(
    input: Array, target: Array, subject: Subject, axis: Axis, where: Array | None
) -> Report:
    """Report on the operands of a loss; without `axis` its terms are not summed along one."""
    of_samples = axis is not None or subject.divergence is not None or subject.beta is not None
    axis = -1 if axis is None else axis
    xp = common_namespace(subject.divergence or subject.form, axis, input=input, target=target)
    check_layouts(xp, input=input, target=target)
    check_devices(xp, input=input, target=target)
    unusable = without_values(xp, input, target, subject, axis)
    kinds = subject.log_target, subject.input_is, subject.target_is
    if unusable:
        axes = resolve_axis(axis, input.ndim) if input.ndim else ()
        return Report(unusable, {}, tuple(input.shape), axes, *kinds, loss=subject.loss)
    context, arrays, axes = checked_operands(
        detached(input), detached(target), subject, axis, where
    )
    findings = findings_of(context, arrays, axes, subject)
    report = Report(findings, {}, tuple(input.shape), axes, *kinds, loss=subject.loss)
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
