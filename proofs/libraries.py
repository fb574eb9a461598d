"""The rounded guesses of every installed library, for every number that comes in question."""

import hashlib
import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.formula import reproducible_functions as functions
from proofs.distances import mantissas, steps

PART = 1 << 21
EXPONENTS = np.arange(-126, 129)
POWERS = np.arange(-289.0, 290.0)


def ways() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Names of libraries, and how each applies a function (xp, array) to an array of NumPy."""
    yield "numpy", lambda function, array: function(namespace_of(array), array)
    if importlib.util.find_spec("torch"):
        import torch

        def eager(function: Any, array: np.ndarray) -> Any:
            tensor = torch.from_numpy(array)
            return function(namespace_of(tensor), tensor)

        def compiled(function: Any, array: np.ndarray) -> Any:
            torch.compiler.reset()
            xp = namespace_of(torch.empty(0))
            return torch.compile(lambda one: function(xp, one))(torch.from_numpy(array))

        yield "torch", eager
        yield "torch.compile", compiled
    if importlib.util.find_spec("jax"):
        import jax

        jax.config.update("jax_enable_x64", val=True)
        yield "jax", lambda function, array: function(jax.numpy, jax.numpy.asarray(array))
        yield (
            "jax.jit",
            lambda function, array: jax.jit(lambda one: function(jax.numpy, one))(array),
        )


def ratio(xp: Any, array: Any) -> Any:
    """Quotient that the logarithm is made of."""
    return functions.log_ratio(xp, array)


def exponential(xp: Any, array: Any) -> Any:
    """Exponential of a multiple of 2^-12."""
    return functions.to_grid(xp, xp.exp(array), functions.EXP_GRID)


def exponent(xp: Any, array: Any) -> Any:
    """Exponent of a power of two."""
    return xp.round(xp.log2(functions.nearest_power_of_two(array)))


def power(xp: Any, array: Any) -> Any:
    """Power of two of an integer."""
    guess = xp.exp(array * functions.LN2_ROUNDED) * (1 + 2.0**-20)
    return functions.nearest_power_of_two(guess)


def results(way: Callable[..., Any]) -> dict[str, Any]:
    """A digest of what depends on the logarithm and the exponential, and two truths."""
    every = mantissas()
    every[every == 1] = 0.75  # its logarithm is 0, whatever the ratio
    digest = hashlib.sha256()
    for start in range(0, every.size, PART):
        digest.update(np.ascontiguousarray(way(ratio, every[start : start + PART])).tobytes())
    digest.update(np.ascontiguousarray(way(exponential, steps())).tobytes())
    return {
        "digest": digest.hexdigest()[:16],
        "exponents are exact": bool((np.asarray(way(exponent, 2.0**EXPONENTS)) == EXPONENTS).all()),
        "powers of two are exact": bool((np.asarray(way(power, POWERS)) == 2.0**POWERS).all()),
    }
