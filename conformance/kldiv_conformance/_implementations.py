"""Finds the loss that is to be judged."""

import importlib
from collections.abc import Callable
from typing import Any

from kldiv_conformance._judge import Implementation

OURS = "kldiv_xp:kl_div"
FUNCTIONS = ("kl_div_with_logits", "js_div_with_logits")


def load_implementation(specification: str) -> Implementation:
    """Implementation from ``module:name``.

    A gradient in closed form is taken from ``<name>_gradient`` beside it, if there is one, and so
    are the divergences of logits, by their names.

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
    beside = importlib.import_module(module)
    gradient = getattr(beside, f"{name}_gradient", None)
    functions = {name: getattr(beside, name) for name in FUNCTIONS if hasattr(beside, name)}
    return Implementation(specification, loss, gradient, functions)


def attribute(module: str, name: str) -> Callable[..., Any]:
    """Attribute of a module, dots included."""
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    function: Callable[..., Any] = found
    return function
