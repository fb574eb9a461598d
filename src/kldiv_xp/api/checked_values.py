"""Raising what a diagnosis finds: by `check=True` of one call, or within a block of code."""

from dataclasses import replace

from kldiv_xp._typing import Array, Axis, TargetKind
from kldiv_xp.api.checking import KLDivInputError, allowed_codes, is_checking
from kldiv_xp.checks.options import check_switch
from kldiv_xp.core.evaluate_linear import Heads, LinearDivergence
from kldiv_xp.core.namespaces import is_being_compiled, is_being_recorded
from kldiv_xp.diagnosis.question import subject_of
from kldiv_xp.diagnosis.report import Report
from kldiv_xp.diagnosis.subject import Subject
from kldiv_xp.diagnosis.teachers import report_of_heads, report_of_sparse
from kldiv_xp.diagnosis.two_operands import diagnosis_of
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logit_arrays import JSOfArray
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.formula.sparse import SparseKL


def check_values(
    check: bool,
    input: Array,
    target: Array,
    form: Form,
    axis: Axis = None,
    where: Array | None = None,
) -> None:
    """Raise what a diagnosis finds, if it is asked for here or all around."""
    check_switch("check", check)
    if check or is_checking():
        refuse_compilation(input)
        raise_findings(input, target, subject_of(form), axis, where)


def check_logit_values(
    input: Array,
    target: Array,
    divergence: Divergence | JSOfArray,
    axis: int,
    scaled: bool,
    where: Array | None,
) -> None:
    """Raise what a diagnosis finds in the operands of a loss of logits, if it is asked for."""
    if is_checking():
        refuse_compilation(input)
        target_is: TargetKind = getattr(divergence, "target_is", "logits")
        raise_findings(input, target, Subject(target_is, divergence, scaled), axis, where)


def check_values_of_part(
    input: Array,
    indices: Array,
    target: Array,
    divergence: SparseKL,
    axis: int,
    where: Array | None,
) -> None:
    """The same of a loss whose teacher is known at some indices."""
    if is_checking():
        refuse_compilation(input)
        raise_of(report_of_sparse(input, indices, target, divergence, axis, where))


def check_values_of_heads(heads: Heads, divergence: LinearDivergence) -> None:
    """The same of a loss whose logits are made of hidden states."""
    if is_checking():
        refuse_compilation(heads.input)
        raise_of(report_of_heads(heads, divergence))


def refuse_compilation(input: Array) -> None:
    """Refuse what torch.compile and torch.jit.trace trace."""
    tracer = "torch.compile" if is_being_compiled(input) else None
    if tracer is None and is_being_recorded(input):
        tracer = "torch.jit.trace"
    if tracer is not None:
        message = (
            f"A check reads values, and what {tracer} traces has none: call the traced function "
            "without it, and diagnose(...) outside."
        )
        raise TypeError(message)


def raise_findings(
    input: Array, target: Array, subject: Subject, axis: Axis, where: Array | None
) -> None:
    """Raise what is found in two operands and may not pass."""
    raise_of(diagnosis_of(input, target, subject, axis, where))


def raise_of(report: Report) -> None:
    """Raise what is found and may not pass."""
    allowed = allowed_codes()
    # What types and shapes alone say, the loss itself raises.
    raised = [one for one in report.findings if one.index is not None and one.code not in allowed]
    if raised:
        raise KLDivInputError(replace(report, findings=tuple(raised)))
