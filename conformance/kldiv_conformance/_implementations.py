"""Finds the loss that is to be judged."""

import importlib
from collections.abc import Callable
from typing import Any

from kldiv_conformance._judge import Implementation

OURS = "kldiv_xp:kl_div"


def load_implementation(specification: str) -> Implementation:
    """Implementation from ``module:name``.

    A gradient in closed form is taken from ``<name>_gradient`` beside it, if there is one.

    Raises
    ------
    ValueError
        If the specification does not lead to a function.
    """
    module, _, name = specification.partition(":")
    try:
        loss = attribute(module, name)
    except (ImportError, AttributeError, ValueError) as error:
        message = (
            f"`implementation` must be 'module:function', like {OURS!r}; got {specification!r}, "
            f"which cannot be loaded: {error}."
        )
        raise ValueError(message) from error
    gradient = getattr(importlib.import_module(module), f"{name}_gradient", None)
    return Implementation(specification, loss, gradient)


def attribute(module: str, name: str) -> Callable[..., Any]:
    """Attribute of a module, dots included."""
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    function: Callable[..., Any] = found
    return function
