"""The loss that a diagnosis is about, and its checked operands."""

from typing import Literal, get_args

from kldiv_xp._typing import Array, Axes, InputKind, TargetKind
from kldiv_xp.calls.kl_div import checked
from kldiv_xp.calls.with_logits import check_logits
from kldiv_xp.checks.axes import resolve_axis
from kldiv_xp.checks.choices import check_choice
from kldiv_xp.checks.operands import check_where
from kldiv_xp.checks.options import check_form
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.namespaces import known_shape
from kldiv_xp.diagnosis.subject import Subject, subject_of_form, subject_of_logits
from kldiv_xp.formula.form import Form

LOG_PROBABILITIES: Literal["log_probabilities"] = "log_probabilities"


def subject_of(
    form: Form, input_is: InputKind | None = None, target_is: TargetKind | None = None
) -> Subject:
    """The loss that the options name; refuse contradictory options."""
    check_form(form)
    said: InputKind = LOG_PROBABILITIES if form.log_input else "probabilities"
    if input_is is not None:
        check_choice("input_is", input_is, get_args(InputKind))
    if target_is is not None:
        check_choice("target_is", target_is, get_args(TargetKind))
    check_spaces(form, input_is or said, target_is)
    if input_is == "logits":
        return subject_of_logits(target_is or "logits")
    log_target = form.log_target or target_is == LOG_PROBABILITIES
    return subject_of_form(
        form._replace(log_input=(input_is or said) == LOG_PROBABILITIES, log_target=log_target)
    )


def check_spaces(form: Form, input_is: InputKind, target_is: TargetKind | None) -> None:
    """Refuse contradictory options."""
    if input_is != "logits" and target_is == "logits":
        held, remedy = "log-probabilities", "pass input_is='logits', which log-probabilities are"
        if input_is == "probabilities":
            held, remedy = "probabilities", "pass input_is='logits' and log(input), which is logits"
        message = (
            "`target_is` must be 'probabilities' or 'log_probabilities' where `input` holds "
            f"{held}; got 'logits': {remedy} as well."
        )
        raise ValueError(message)
    if not form.log_input and input_is != "probabilities":
        message = (
            f"`log_input` must be left out where input_is={input_is!r}; got False: pass "
            "input_is='probabilities' for probabilities."
        )
        raise ValueError(message)
    if form.log_target and (input_is == "logits" or target_is not in (None, LOG_PROBABILITIES)):
        message = (
            f"`log_target` must be left out where input_is={input_is!r} and "
            f"target_is={target_is!r}; got True: pass target_is={LOG_PROBABILITIES!r} for "
            "log-probabilities."
        )
        raise ValueError(message)
    if form.generalized and input_is == "logits":
        message = (
            "`generalized` must be left out where input_is='logits'; got True: the softmax of "
            "logits adds up to 1, so that it changes nothing."
        )
        raise ValueError(message)


def checked_operands(
    input: Array, target: Array, subject: Subject, axis: int | Axes, where: Array | None
) -> tuple[Context, Arrays, Axes]:
    """Context, operands with their mask in one shape, and axes, checked as by the loss."""
    kept: int | Axes = axis if input.ndim or subject.divergence is not None else ()
    if subject.divergence is not None:
        kept = axes_of_samples(input, axis)
        if where is not None:
            check_where(input, where, kept, subject.divergence, of_samples=True)
    context, arrays, axes = checked(input, target, subject.form, kept, where)
    check_known(input=input, target=target)
    return context, arrays, axes or ()


def axes_of_samples(input: Array, axis: object) -> Axes:
    """The one axis of a distribution of logits."""
    if axis is None or isinstance(axis, tuple):
        message = (
            f"`axis` must be an int, the axis of one distribution; got {axis!r}: reshape the "
            "operands, so that a distribution lies along one axis."
        )
        raise TypeError(message)
    (place,) = axes = resolve_axis(axis, input.ndim)
    check_logits(known_shape(input), place)
    return axes


def check_known(**operands: Array | None) -> None:
    """Refuse lazy arrays of unknown shape."""
    for name, operand in operands.items():
        shape = () if operand is None else known_shape(operand)
        if None in shape:
            message = (
                f"A diagnosis needs to know the shape of `{name}`; got {shape}: compute it first "
                "(Dask: compute_chunk_sizes())."
            )
            raise ValueError(message)
