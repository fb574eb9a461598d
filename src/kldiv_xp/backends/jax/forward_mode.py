"""Forward mode of JAX, which passes no function whose derivative is closed: told in a sentence."""

from collections.abc import Callable
from typing import TypeVar

R = TypeVar("R")


def without_forward_mode(sentence: str, function: Callable[..., R], *operands: object) -> R:
    """Result of a function; within jax.jit, forward mode is refused later, by JAX alone.

    It says "can't apply forward-mode autodiff (jvp) to a custom_vjp function".
    """
    try:
        return function(*operands)
    except TypeError as error:
        if "custom_vjp" in str(error):
            raise TypeError(sentence) from error
        raise
