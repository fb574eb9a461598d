"""Settings of a library that hold for all its calls, which a loss must leave as they are."""

import sys
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from kldiv_conformance._adapter import library
from kldiv_conformance._operands import STAY

Returned = TypeVar("Returned")
LEFT = "the call left "
OTHERWISE = f"changed{STAY}"
FILTERS = f"{LEFT}warnings.filters {OTHERWISE}"


class Setting(NamedTuple):
    """Name of a setting in its library, and functions that read and set it; a state is not told."""

    written: str
    read: Callable[[Any], Any]
    set: Callable[[Any, Any], Any]
    is_state: bool = False


def state_of_numpy(numpy: Any) -> tuple[Any, ...]:
    """Random state of NumPy, whose array is bytes."""
    name, keys, *others = numpy.random.get_state()
    return name, keys.tobytes(), *others


def set_state_of_numpy(numpy: Any, state: tuple[Any, ...]) -> None:
    """Set the random state of NumPy."""
    name, keys, *others = state
    numpy.random.set_state((name, numpy.frombuffer(keys, numpy.uint32), *others))


SETTINGS = {
    "random": (
        Setting(
            "getstate()",
            lambda random: random.getstate(),
            lambda random, state: random.setstate(state),
            is_state=True,
        ),
    ),
    "numpy": (
        Setting(
            "geterr()",
            lambda numpy: numpy.geterr(),
            lambda numpy, value: numpy.seterr(**value),
        ),
        Setting(
            "random.get_state()",
            state_of_numpy,
            set_state_of_numpy,
            is_state=True,
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
        Setting(
            "get_num_threads()",
            lambda torch: torch.get_num_threads(),
            lambda torch, value: torch.set_num_threads(value),
        ),
        Setting(
            "get_rng_state()",
            lambda torch: bytes(torch.get_rng_state().numpy()),
            lambda torch, state: torch.set_rng_state(torch.tensor([*state], dtype=torch.uint8)),
            is_state=True,
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


# Libraries whose settings are read beside those of a backend, where they are imported.
BESIDE = {"numpy": ("random",), "torch": ("random", "numpy")}


class Read(NamedTuple):
    """A setting of a library, and its value."""

    library: str
    setting: Setting
    value: Any


def settings(name: str) -> list[Read]:
    """Settings of a library, and of those that its losses may change as well."""
    beside = [one for one in BESIDE.get(name, ()) if one in sys.modules]
    return [
        Read(one, setting, setting.read(library(one)))
        for one in (*beside, name)
        for setting in SETTINGS.get(one, ())
    ]


def restored(before: list[Read]) -> str | None:
    """Sentence on a setting that a call has changed, or None; every setting is restored."""
    changed = None
    for name, setting, old in before:
        new = setting.read(library(name))
        if new != old:
            setting.set(library(name), old)
            said = OTHERWISE if setting.is_state else f"at {new}, which was {old} before it."
            changed = f"{LEFT}{name}.{setting.written} {said}"
    return changed


def without_warnings(run: Callable[[], Returned]) -> tuple[Returned, str | None]:
    """Result of a call, and a sentence if it changes warnings.filters each time."""
    found, is_changed = with_filters(run)
    # A library that is imported by the first call may add a filter.
    return found, FILTERS if is_changed and with_filters(run)[1] else None


def with_filters(run: Callable[[], Returned]) -> tuple[Returned, bool]:
    """Result of a call without warnings, and whether it changes warnings.filters."""
    with warnings.catch_warnings():
        # Not `simplefilter`, whose filter a loss that silences warnings would add in vain.
        warnings.filterwarnings("ignore", ".*")
        before = [*warnings.filters]
        found = run()
        return found, [*warnings.filters] != before
