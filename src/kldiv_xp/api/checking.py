"""Raising what a diagnosis finds: by `check=True` of one call, or within a block of code."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import replace

from kldiv_xp._scopes import Scope
from kldiv_xp._typing import Array, Axes, Axis, TargetKind
from kldiv_xp.checks.options import check_switch
from kldiv_xp.core.namespaces import is_being_compiled, is_being_recorded
from kldiv_xp.diagnosis.diagnose import diagnosis_of
from kldiv_xp.diagnosis.question import subject_of
from kldiv_xp.diagnosis.report import CODES, Report
from kldiv_xp.diagnosis.subject import Subject
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logit_arrays import JSOfArray
from kldiv_xp.formula.logits import Divergence

# The codes that may pass in the innermost block, None outside of all blocks.
_allowed = Scope[frozenset[str]]("kldiv_xp_checking")


class KLDivInputError(ValueError):
    """The operands of a loss hold a mistake that a diagnosis finds.

    Attributes
    ----------
    report : Report
        All that was found; the text of the error is that of its findings.
    """

    def __init__(self, report: Report) -> None:
        super().__init__("\n".join(map(str, report.findings)))
        self.report = report

    def __reduce__(self) -> tuple[type, tuple[Report]]:
        return type(self), (self.report,)


def checking(*, allow: Iterable[str] = ()) -> AbstractContextManager[None]:
    """Diagnose the operands of the losses within the ``with`` block, and raise what is found.

    It is for a while, when something is wrong or new: it reads all values, and waits for devices.
    `kl_div`, `KLDivLoss` and `kl_div_gradient` are checked with their `axis`, or the last one
    where they have none, `kl_div_with_logits` and `js_div_with_logits` as logits.  Operands of
    `sparse_kl_div_with_logits` and `linear_kl_div`, and of a function that was compiled before the
    block, are not looked into.

    Parameters
    ----------
    allow : iterable of str
        Codes of findings that may pass; `CODES` lists them.  Of nested blocks the innermost
        decides.

    Raises
    ------
    KLDivInputError
        By a loss within the block, if `diagnose` finds anything in its operands.
    TypeError
        By a loss within the block, if its operands are traced and hold no values; by `checking`
        itself, if `allow` is no iterable of strings.
    ValueError
        By `checking` itself, if `allow` holds what is no code.

    See Also
    --------
    diagnose : The same, returned.

    Notes
    -----
    Which code is within the block, generators and tasks included, `thread_limit` says.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import checking, kl_div
    >>> p = np.asarray([[0.5, 0.5]])
    >>> with checking():
    ...     round(float(kl_div(np.log([[0.25, 0.75]]), p, reduction="batchmean")), 7)
    0.143841
    >>> with checking():
    ...     kl_div(p, p, reduction="batchmean")
    Traceback (most recent call last):
        ...
    kldiv_xp.KLDivInputError: `input` holds probabilities (0.5 at (0, 0)) where their logarithms belong: pass log_softmax of the logits, or numpy.log(input).
    >>> with checking(allow=["probabilities-as-input"]):
    ...     round(float(kl_div(p, p, reduction="batchmean")), 7)
    -1.1931472
    """  # noqa: E501 - a finding is one line
    return _allowed.during(check_allowed(allow))


def check_allowed(allow: object) -> frozenset[str]:
    """The codes that may pass; refuse what is no code."""
    if isinstance(allow, str) or not isinstance(allow, Iterable):
        remedy = f"pass [{allow!r}]" if isinstance(allow, str) else "leave it out to allow none"
        message = f"`allow` must be a list of codes; got {allow!r}: {remedy}."
        raise TypeError(message)
    codes = list(allow)
    for code in codes:
        if not (isinstance(code, str) and code in CODES):
            message = f"`allow` must hold codes of findings, {', '.join(CODES)}; got {code!r}."
            raise ValueError(message)
    return frozenset(codes)


def is_checking() -> bool:
    """Whether this runs within a block that checks."""
    return bool(_allowed.blocks()) and _allowed.value() is not None


# torch.compile does not trace context variables: this is called while it traces, and its result is
# kept.
vars(is_checking)["_dynamo_marked_constant"] = True


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
        axes = -1 if axis is None else axis
        raise_findings(input, target, subject_of(form), axes, where)


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
    input: Array, target: Array, subject: Subject, axis: int | Axes, where: Array | None
) -> None:
    """Raise what is found and may not pass."""
    report = diagnosis_of(input, target, subject, axis, where)
    allowed = _allowed.value() or frozenset()
    # What types and shapes alone say, the loss itself raises.
    raised = [one for one in report.findings if one.where is not None and one.code not in allowed]
    if raised:
        raise KLDivInputError(replace(report, findings=tuple(raised)))
