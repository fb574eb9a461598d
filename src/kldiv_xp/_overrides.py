"""torch's protocol of overrides: modes and operands with `__torch_function__` may take a call."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def overridable(function: Callable[P, R]) -> Callable[P, R]:
    """Public function that takes part in the protocol as a function of torch does."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        overrides = sys.modules.get("torch.overrides")
        if overrides is not None:
            operands = (*args, *kwargs.values())
            if is_overridden(overrides, operands):
                result: R = overrides.handle_torch_function(call, operands, *args, **kwargs)
                return result
        return function(*args, **kwargs)

    # What torch.jit.script says of a function that it cannot read.
    vars(call)["__script_unsupported"] = (
        f"`{function.__name__}` cannot be compiled: call it in a function of yours that is "
        "decorated with @torch.jit.ignore, or let kldiv_xp.torch.KLDivLoss call it."
    )
    return call


def is_overridden(overrides: Any, operands: tuple[object, ...]) -> bool:
    """Whether an operand, or a mode that tensors are used in, may take the call."""
    if overrides.torch.compiler.is_compiling():
        # `has_torch_function` as Dynamo reads it sees no modes, and takes operands for overridden
        # within their own override ("no implementation found for 'kldiv_xp.kl_div'").
        state = overrides.torch._C
        return bool(state._is_torch_function_mode_enabled()) or bool(
            state._is_torch_function_enabled() and overrides.has_torch_function(operands)
        )
    return overrides.has_torch_function(operands) and any(
        hasattr(one, "__torch_function__") for one in operands
    )
