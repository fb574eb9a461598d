"""Checks of single options."""

from typing import get_args

from kldiv_xp._typing import Tail, TargetKind
from kldiv_xp.checks.axes import for_traced
from kldiv_xp.checks.choices import check_choice
from kldiv_xp.checks.switches import for_no_switch, shown_switch
from kldiv_xp.formula.form import Form

TARGET_KINDS, TAILS = get_args(TargetKind), get_args(Tail)


def check_switch(name: str, value: object) -> None:
    """Refuse any value but True and False."""
    if not isinstance(value, bool):
        remedy = for_traced(value) or for_no_switch(name, value)
        message = f"`{name}` must be True or False; got {shown_switch(value)}: {remedy}."
        raise TypeError(message)


def check_form(form: Form) -> None:
    """Refuse any value but True and False for the switches of a loss."""
    check_switch("log_input", form.log_input)
    check_switch("log_target", form.log_target)
    check_switch("generalized", form.generalized)


def check_target_kind(target_is: object) -> None:
    """Refuse a `target_is` that is none of the three kinds."""
    check_choice("target_is", target_is, TARGET_KINDS)


def check_tail(tail: object) -> None:
    """Refuse a `tail` that is none of the three choices."""
    check_choice("tail", tail, TAILS)
