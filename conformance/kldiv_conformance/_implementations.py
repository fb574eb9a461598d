"""What is judged: a loss, the functions beside it, and where to find them."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kldiv_conformance._adapter import Array

OURS = "kldiv_xp:kl_div"
DIVERGENCES = ("kl_div_with_logits", "js_div_with_logits")
FUNCTIONS = (*DIVERGENCES, *(f"{name}_gradient" for name in DIVERGENCES))


@dataclass(frozen=True)
class Implementation:
    """A loss to be judged, and what it claims.

    Attributes
    ----------
    name : str
        What a report calls it.
    loss : callable
        ``loss(input, target, **arguments)``; NotImplementedError stands for 'not supported'.
    gradient : callable or None
        ``gradient(input, target, **arguments, upstream=...)`` in closed form; without one the
        backend differentiates the loss, where it can.
    functions : mapping of str to callable
        Functions that vectors call instead of the loss, by the name that these give them; and
        their gradients in closed form, by that name with ``_gradient`` after it.
    """

    name: str
    loss: Callable[..., Array]
    gradient: Callable[..., tuple[Array, Array]] | None = None
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)


def load_implementation(specification: str) -> Implementation:
    """Implementation from ``module:name``.

    A gradient in closed form is taken from ``<name>_gradient`` beside it, if there is one, and so
    are the divergences of logits, by their names, and their gradients.

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
