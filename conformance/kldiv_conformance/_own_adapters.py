"""Backends of one's own: an adapter that is named as 'module:name', or an entry point leads to."""

import importlib
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from importlib.metadata import entry_points

from kldiv_conformance._adapter import Adapter
from kldiv_conformance._adapters import ADAPTERS
from kldiv_conformance._implementations import SPECIFICATION, attribute
from kldiv_conformance._text import described

ENTRY_POINTS = "kldiv_conformance.adapters"


def all_adapters(specifications: Iterable[str] = ()) -> dict[str, Adapter]:
    """Backends by their names: those of the suite, of installed packages, and of one's own.

    Raises
    ------
    ValueError
        If a specification does not lead to an adapter, or its name is taken.
    """
    installed = installed_adapters()
    named = dict.fromkeys(one for one in specifications if one not in installed)
    found = dict(ADAPTERS)
    for specification, adapter in installed.items():
        # What a package offers never keeps the others from running.
        free = adapter.name not in found
        found |= {adapter.name: adapter} if free else broken(specification, taken(adapter.name))
    for specification, adapter in own_adapters(named).items():
        if adapter.name in found:
            message = f"the adapter {specification!r} {taken(adapter.name)}."
            raise ValueError(message)
        found[adapter.name] = adapter
    return found


def taken(name: str) -> str:
    """Clause on a name that another backend has."""
    return f"calls its backend {name!r}, which is taken: give it another `name`"


def broken(name: str, reason: str) -> dict[str, Adapter]:
    """A backend that does not run here, by its name."""
    text = f"its entry point is broken: {reason}"
    return {name: replace(ADAPTERS["numpy"], name=name, why_unusable=lambda: text)}


def own_adapters(specifications: Iterable[str]) -> dict[str, Adapter]:
    """Adapter of each specification."""
    return {specification: load_adapter(specification) for specification in specifications}


@cache
def installed_adapters() -> dict[str, Adapter]:
    """Adapters of installed packages, by what their entry points lead to, without its extras."""
    points = {
        point.value.partition("[")[0].strip(): point for point in entry_points(group=ENTRY_POINTS)
    }
    return {value: installed_adapter(point.name, value) for value, point in points.items()}


def installed_adapter(name: str, specification: str) -> Adapter:
    """Adapter of an entry point; one that is broken is a backend that does not run here."""
    try:
        return load_adapter(specification)
    except ValueError as error:
        return broken(name, str(error))[name]


def load_adapter(specification: str) -> Adapter:
    """Adapter from ``module:name``: an instance, or a function without arguments that returns one.

    Raises
    ------
    ValueError
        If the specification does not lead to an adapter.
    """
    example = "'my_library_adapter:ADAPTER'"
    must = f"`adapter` must be 'module:name', like {example}; got {specification!r}"
    if not SPECIFICATION.fullmatch(specification):
        message = f"{must}."
        raise ValueError(message)
    module, _, name = specification.partition(":")
    try:
        found = attribute(importlib.import_module(module), name)
        if not isinstance(found, Adapter) and callable(found):
            found = found()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        message = f"{must}, which cannot be loaded: {described(error).rstrip('.')}."
        raise ValueError(message) from error
    if isinstance(found, Adapter):
        return found
    message = (
        f"{must}, which is of {type(found).__name__}: make it an Adapter of kldiv_conformance, or a"
        " function without arguments that returns one."
    )
    raise ValueError(message)
