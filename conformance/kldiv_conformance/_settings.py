"""Settings of a library that hold for all its calls, which a loss must leave as they are."""

from collections.abc import Callable
from typing import Any, NamedTuple

from kldiv_conformance._adapter import library


class Setting(NamedTuple):
    """Name of the function that reads a setting, and a function that sets it."""

    read: str
    set: Callable[[Any, Any], Any]


SETTINGS = {
    "numpy": (Setting("geterr", lambda numpy, value: numpy.seterr(**value)),),
    "torch": (
        Setting("get_default_dtype", lambda torch, value: torch.set_default_dtype(value)),
        Setting("is_grad_enabled", lambda torch, value: torch.set_grad_enabled(value)),
    ),
}


def settings(name: str) -> list[Any]:
    """Values of the settings of a library."""
    return [getattr(library(name), setting.read)() for setting in SETTINGS.get(name, ())]


def restored(name: str, before: list[Any]) -> str | None:
    """Sentence on a setting that a call has changed, or None; every setting is restored."""
    changed = None
    pairs = zip(SETTINGS.get(name, ()), before, settings(name), strict=True)
    for setting, old, new in pairs:
        if new != old:
            setting.set(library(name), old)
            changed = f"the call left {name}.{setting.read}() at {new}, which was {old} before it."
    return changed
