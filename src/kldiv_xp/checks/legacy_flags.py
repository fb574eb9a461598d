"""Values that torch's two deprecated flags do not take, and the reduction that they mean."""

from typing import Any, get_args

from kldiv_xp._typing import Reduction
from kldiv_xp.checks.choices import nearest_choice
from kldiv_xp.checks.switches import is_whole_array, shown_switch, switch_meant, text_of
from kldiv_xp.core.namespaces import known_shape

FLAGS = ("size_average", "reduce")
# What a flag means that is off.
REDUCTION_OF = {"size_average": "sum", "reduce": "none"}


def check_flags(size_average: object, reduce: object) -> None:
    """Refuse anything but True, False and None for a legacy flag."""
    flags = dict(zip(FLAGS, (size_average, reduce), strict=True))
    for name, value in flags.items():
        if value is not None and not isinstance(value, bool):
            message = (
                f"`{name}` must be True, False or None; got {shown_switch(value)}: "
                f"{for_flag(name, flags)}."
            )
            raise TypeError(message)


def for_flag(name: str, flags: dict[str, Any]) -> str:
    """Remedy for a value of a flag, beside the other one."""
    value = flags[name]
    if is_whole_array(value) and type(value).__name__ not in ("bool", "bool_"):
        return for_array_as_flag(name, value)
    if isinstance(value, tuple) or (isinstance(value, int) and value not in (0, 1)):
        return f"leave it out, or pass axes by keyword, axis={value!r}"
    if switch_meant(value) is None:
        return for_reduction(value)
    meant = legacy_reduction(*(switch_meant(flags[one]) for one in FLAGS))
    given = [one for one in FLAGS if flags[one] is not None]
    if len(given) > 1:
        return f"leave both flags out, and pass reduction={meant!r}"
    return f"leave it out, and pass reduction={meant!r}"


def for_reduction(value: object) -> str:
    """Remedy for what says neither True nor False: it may be a reduction."""
    near = nearest_choice(value, get_args(Reduction)) if text_of(value) not in ("none", "") else ""
    if value in get_args(Reduction):
        near = str(value)
    return f"pass a reduction by keyword, reduction={near!r}" if near else "leave it out"


def for_array_as_flag(name: str, array: Any) -> str:
    """Remedy for an array: a mask, or one element that is not read."""
    if set(known_shape(array)) - {1}:
        return "pass a mask of bools by keyword, where="
    return (
        "leave it out, and pass reduction='mean' if it is True, or reduction="
        f"{REDUCTION_OF[name]!r} if it is False"
    )


def legacy_reduction(size_average: bool | None, reduce: bool | None) -> Reduction:
    """Reduction that torch's two deprecated flags mean together; None counts as True."""
    if reduce is False:
        return "none"
    return "sum" if size_average is False else "mean"
