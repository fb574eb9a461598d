"""An implementation under judgement: a loss, the functions beside it, and where they are found."""

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from kldiv_conformance._adapter import Array
from kldiv_conformance._text import described

OURS = "kldiv_xp:kl_div"
DIVERGENCES = (
    *("kl_div_with_logits", "js_div_with_logits", "js_div"),
    *("sparse_kl_div_with_logits", "linear_kl_div"),
)
# Names with dots between them, on both sides of a colon.
SPECIFICATION = re.compile(r"\w[\w-]*(\.\w[\w-]*)*:\w+(\.\w+)*")
FUNCTIONS = (*DIVERGENCES, *(f"{name}_gradient" for name in DIVERGENCES))


@dataclass(frozen=True)
class Implementation:
    """A loss to be judged, and what it claims.

    Attributes
    ----------
    name : str
        What a report calls it.
    loss : callable or None
        ``loss(input, target, **arguments)``; NotImplementedError stands for 'not supported'.
        None where one of the functions is judged alone.
    gradient : callable or None
        ``gradient(input, target, **arguments, upstream=...)`` in closed form; without one the
        backend differentiates the loss, where it can.
    functions : mapping of str to callable
        Functions that vectors call instead of the loss, by the name that these give them; and
        their gradients in closed form, by that name with ``_gradient`` after it.
    """

    name: str
    loss: Callable[..., Array] | None
    gradient: Callable[..., tuple[Array, Array]] | None = None
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)


def load_implementation(specification: str) -> Implementation:
    """Implementation from ``module:name``.

    A gradient in closed form is taken from ``<name>_gradient`` beside it, if there is one, and so
    are the other divergences, by their names, and their gradients.  One of these that is named
    itself is judged alone.

    Raises
    ------
    ValueError
        If the specification does not lead to a function.
    """
    must = f"`implementation` must be 'module:function', like {OURS!r}; got {specification!r}"
    if not SPECIFICATION.fullmatch(specification):
        message = f"{must}."
        raise ValueError(message)
    module, _, name = specification.partition(":")
    try:
        beside = importlib.import_module(module)
        return found_beside(specification, beside, name)
    except BaseException as error:  # an import may raise anything, SystemExit included
        message = f"{must}, which cannot be loaded: {described(error).rstrip('.')}."
        raise ValueError(message) from error


def found_beside(specification: str, module: ModuleType, name: str) -> Implementation:
    """Implementation of a module, with all that stands beside it."""
    loss = attribute(module, name)
    problem = why_no_function(loss)
    if problem:
        raise TypeError(problem)
    if name in FUNCTIONS and name not in DIVERGENCES:
        loss_of_it = name.removesuffix("_gradient")
        message = f"it is a gradient in closed form: name its loss, {loss_of_it}, which has it"
        raise TypeError(message)
    if name in DIVERGENCES:
        return alone(specification, module, name)
    functions = {name: getattr(module, name) for name in FUNCTIONS if hasattr(module, name)}
    if not is_reference(loss):  # what a module imports to compare itself with is no part of it
        functions = {name: one for name, one in functions.items() if not is_reference(one)}
    gradient = getattr(module, f"{name}_gradient", None)
    if is_reference(gradient) and not is_reference(loss):
        gradient = None
    return Implementation(specification, loss, gradient, functions)


def alone(specification: str, module: ModuleType, name: str) -> Implementation:
    """Implementation of one function that stands beside a loss, and of its gradient."""
    names = (name, f"{name}_gradient")
    found = {one: getattr(module, one) for one in names if hasattr(module, one)}
    return Implementation(specification, None, functions=found)


def is_reference(function: object) -> bool:
    """Whether a function is one of kldiv_xp itself."""
    return str(getattr(function, "__module__", "")).partition(".")[0] == OURS.partition(":")[0]


def why_no_function(loss: object) -> str | None:
    """Reason why a loss is no function of arrays, or None."""
    if isinstance(loss, type):
        return "it is a class: name a function that makes an object of it and calls that"
    return None if callable(loss) else f"it is no function but {type(loss).__name__}"


def attribute(module: ModuleType, name: str) -> Any:
    """Attribute of a module, dots included."""
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part)
    return found
