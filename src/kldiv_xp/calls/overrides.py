"""torch's protocol of overrides: modes and operands with `__torch_function__` may take a call."""

import inspect
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from kldiv_xp.checks.arrays import check_array
from kldiv_xp.checks.not_given import NotGiven, telling_what_is_not_given

Context = tuple[object, ...]
R = TypeVar("R")
FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

REFUSED = ("unnamed", "other")
"""Parameters for arguments without a name and for options that a function has not."""

DEFAULTS: dict[str, dict[str, object]] = {}
"""Options of each function, with the values that they have where they are left out."""


def overridable(function: FunctionT) -> FunctionT:
    """Public function that begins with a look whether it `is_overridden`; TorchScript reads none.

    By a wrapper the look would take 0.9 us, on a machine where it takes 0.3 as it is.
    """
    named = [*inspect.signature(showing_what_it_takes(function)).parameters.values()]
    DEFAULTS[function.__name__] = {option.name: option.default for option in named[2:]}
    vars(function)["__script_unsupported"] = (
        f"`{function.__name__}` cannot be compiled: call it in a function of yours that is "
        "decorated with @torch.jit.ignore, or let kldiv_xp.torch.KLDivLoss call it."
    )
    return function


def override(function: Callable[..., R], context: Context, names: dict[str, object]) -> R:
    """Answer of the mode or operand that takes the call, which is told what was given to it.

    `names` are the local names of the function, which has done nothing yet.
    """
    if any(isinstance(one, NotGiven | dict) for one in context):
        refuse_operands(context, names)
    defaults = DEFAULTS[function.__name__]
    given = {name: names[name] for name in defaults if names[name] is not defaults[name]}
    handle = sys.modules["torch.overrides"].handle_torch_function
    answer: R = handle(function, context, *context[:2], **given)
    return answer


def refuse_operands(context: Context, names: dict[str, object]) -> None:
    """Refuse operands that were not given, and dictionaries: some have every attribute."""
    operands = {one: value for one, value in names.items() if any(value is it for it in context)}
    for name, operand in operands.items():
        if isinstance(operand, NotGiven | dict):
            check_array(name, operand, operands)


def showing_what_it_takes(function: FunctionT) -> FunctionT:
    """Function whose signature, for users and pages, is without the parameters of what it refuses.

    Type checkers refuse those by the type Never.
    """
    signature = inspect.signature(function)
    every = signature.parameters.values()
    named = [one for one in every if one.name not in REFUSED]
    if len(every) - len(named) < len(REFUSED):
        message = f"`{function.__name__}` must have parameters for what it refuses."
        raise TypeError(message)
    vars(function)["__signature__"] = signature.replace(parameters=named)
    telling_what_is_not_given(function)
    return function
