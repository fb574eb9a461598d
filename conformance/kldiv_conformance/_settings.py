"""Settings of a library that hold for all its calls, which a loss must leave as they are."""

from collections.abc import Callable
from typing import Any, NamedTuple

from kldiv_conformance._adapter import library

LEFT = "the call left "


class Setting(NamedTuple):
    """Name of a setting in its library, and functions that read and set it."""

    written: str
    read: Callable[[Any], Any]
    set: Callable[[Any, Any], Any]


SETTINGS = {
    "numpy": (
        Setting(
            "geterr()",
            lambda numpy: numpy.geterr(),
            lambda numpy, value: numpy.seterr(**value),
        ),
    ),
    "torch": (
        Setting(
            "get_default_dtype()",
            lambda torch: torch.get_default_dtype(),
            lambda torch, value: torch.set_default_dtype(value),
        ),
        Setting(
            "is_grad_enabled()",
            lambda torch: torch.is_grad_enabled(),
            lambda torch, value: torch.set_grad_enabled(value),
        ),
    ),
    "jax": (
        Setting(
            "config.jax_enable_x64",
            lambda jax: jax.config.jax_enable_x64,
            lambda jax, value: jax.config.update("jax_enable_x64", value),
        ),
    ),
}


def settings(name: str) -> list[Any]:
    """Values of the settings of a library."""
    return [setting.read(library(name)) for setting in SETTINGS.get(name, ())]


def restored(name: str, before: list[Any]) -> str | None:
    """Sentence on a setting that a call has changed, or None; every setting is restored."""
    changed = None
    pairs = zip(SETTINGS.get(name, ()), before, settings(name), strict=True)
    for setting, old, new in pairs:
        if new != old:
            setting.set(library(name), old)
            changed = f"{LEFT}{name}.{setting.written} at {new}, which was {old} before it."
    return changed
