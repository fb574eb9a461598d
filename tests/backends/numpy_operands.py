"""Arrays of NumPy with and without zeros, computed by any number of threads or plainly."""

import numpy as np
import pytest

from kldiv_xp import kl_div, kl_div_gradient, thread_limit

BOTH_SPACES = pytest.mark.parametrize("log_target", [False, True], ids=["p", "log p"])
REAL = (20, 65_536)  # five or ten blocks of the real size
LOOPS_OF_NUMPY = [
    pytest.mark.usefixtures("no_compiled_loops"),
    pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning"),
]


class Plain(np.ndarray):
    """A subclass, which gets the plain expression over the whole arrays."""


def plain(function, *arrays, **options):
    """Results of the plain expression, as arrays of NumPy."""
    result = function(*[array.view(Plain) for array in arrays], **options)
    results = result if isinstance(result, tuple) else (result,)
    return [np.asarray(value) for value in results]


def operands(shape, dtype="float64", log_target=False):
    """Ordinary operands, whose terms do not cancel."""
    rng = np.random.default_rng(11)
    target = rng.uniform(-2, -0.1, shape) if log_target else rng.uniform(0.1, 1, shape)
    return rng.uniform(-9, -4, shape).astype(dtype), target.astype(dtype)


def everything(log_q, target, reduction, log_target):
    """Bytes of the value and of both gradients."""
    options = {"reduction": reduction, "log_target": log_target}
    results = kl_div(log_q, target, **options), *kl_div_gradient(log_q, target, **options)
    return [result.tobytes() for result in results]


def threaded(threads, function, *arguments):
    with thread_limit(threads):
        return function(*arguments)
