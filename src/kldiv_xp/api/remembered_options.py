"""Options that a loss remembers: which are refused, and how they are shown."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from kldiv_xp.calls.reduction import check_reduction
from kldiv_xp.checks.axes import check_axis, check_single, plain_axis
from kldiv_xp.checks.options import check_switch, check_target_kind
from kldiv_xp.checks.scalars import plain_number_within

LEFT_OUT = {"dtype": None, "reproducible": False}

Checks = dict[str, Callable[[Any], Any]]


def axis_of_logits(axis: object) -> int:
    """The axis of one distribution, as an int of Python."""
    check_single(axis)
    return check_axis(axis)[0]


def axes_of_tables(axis: object) -> Any:
    """The axes of one distribution, as ints of Python, or None."""
    return None if axis is None else plain_axis(axis)


# What is refused, and what is remembered where that is not the value itself.
OF_LOGITS: Checks = {
    "axis": axis_of_logits,
    "beta": partial(plain_number_within, "beta"),
    "temperature": partial(plain_number_within, "temperature"),
    "scale_by_temperature_squared": partial(check_switch, "scale_by_temperature_squared"),
    "reduction": check_reduction,
    "target_is": check_target_kind,
    "reproducible": partial(check_switch, "reproducible"),
}
OF_TABLES: Checks = {
    "axis": axes_of_tables,
    "beta": partial(plain_number_within, "beta"),
    "log_input": partial(check_switch, "log_input"),
    "log_target": partial(check_switch, "log_target"),
    "reduction": check_reduction,
}


def checked_option(checks: Checks, name: str, value: Any) -> Any:
    """Option of a loss as it is remembered; refuse what its call would refuse."""
    found = checks[name](value) if name in checks else None
    return value if found is None else found


def shown(options: dict[str, Any]) -> str:
    """Options as they are shown; a dtype, and what torch has not, where they are given."""
    given = {name: value for name, value in options.items() if value is not LEFT_OUT.get(name, ...)}
    return ", ".join(f"{name}={value!r}" for name, value in given.items())


class Remembering:
    """Immutable options of a call, each checked."""

    checks: ClassVar[Checks] = {}
    option_names: ClassVar[list[str]] = []
    """Options of the loss; a field that a subclass adds is none."""

    def __post_init__(self) -> None:
        for name in self.options:
            object.__setattr__(self, name, checked_option(self.checks, name, getattr(self, name)))

    @property
    def options(self) -> dict[str, Any]:
        """Options by their names."""
        return {name: getattr(self, name) for name in self.option_names}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({shown(self.options)})"
