"""The rounded guesses of every installed library, for every number that comes in question."""

import hashlib
import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.formula import reproducible_functions as functions
from proofs.distances import mantissas, parts, steps

PART = 1 << 21
EXPONENTS = np.arange(-126, 129)


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


def exponent(xp: Any, array: Any) -> Any:
    """Exponent of a power of two."""
    return xp.round(xp.log2(functions.nearest_power_of_two(array)))


def results(way: Callable[..., Any]) -> dict[str, Any]:
    """A digest of all that depends on a library's functions, and a truth."""
    every = mantissas()
    digest = hashlib.sha256()
    for start in range(0, every.size, PART):
        found = way(functions.log_of_mantissa, every[start : start + PART])
        digest.update(np.ascontiguousarray(found).tobytes())
    for function, numbers in (
        (functions.log_of_step, steps()),
        (functions.power_of_parts, parts()),
    ):
        digest.update(np.ascontiguousarray(way(function, numbers)).tobytes())
    exponents = np.asarray(way(exponent, 2.0**EXPONENTS))
    return {
        "digest": digest.hexdigest()[:16],
        "exponents are exact": bool((exponents == EXPONENTS).all()),
    }
