"""Results of the kernels on the simulated device, and of the plain expression beside them."""

from dataclasses import replace

import numpy as np
import pytest
from golden_kernels import LOG_P, P

import cuda_on_cpu
from kldiv_xp.calls.operands import examine
from kldiv_xp.core.evaluate import evaluate_loss, evaluate_samples, evaluate_terms
from kldiv_xp.cuda import launch_plan

if cuda_on_cpu.why_unusable():
    pytest.skip(cuda_on_cpu.why_unusable(), allow_module_level=True)

BOTH_SPACES = pytest.mark.parametrize("form", [P, LOG_P], ids=["p", "log p"])
TYPES = pytest.mark.parametrize("type_", ["float16", "float32", "float64"])
DEVICE = cuda_on_cpu.numpy_device()


def tolerance(dtype):
    """Libraries differ by some units in the last place of a logarithm or an exponential."""
    return 4 * np.finfo(dtype).eps


def operands(shape, type_="float64", form=P, seed=0):
    """Log-probabilities, and targets with zeros."""
    rng = np.random.default_rng(seed)
    log_q, target = rng.uniform(-9, -0.1, shape), rng.uniform(0.05, 1, shape)
    target = np.where(rng.uniform(size=shape) < 0.2, 0, target)
    log_q = log_q if form.log_input else np.exp(log_q)
    with np.errstate(divide="ignore"):
        target = np.log(target) if form.log_target else target
    return np.asarray(log_q.astype(type_)), np.asarray(target.astype(type_))


def plain(log_q, target):
    """Operands of the plain expression."""
    return replace(examine(log_q, target), backend=None)


def both_ways(reduction, arrays, form=P, axis=(0, 2), parts=5):
    """Results of the kernels and of the plain expression."""
    whole = plain(*arrays[:2])
    if reduction == "terms":
        here = launch_plan.terms(DEVICE, whole, arrays, form)
        return here, evaluate_terms(whole, arrays, form)
    if reduction == "samples":
        here = launch_plan.sums(DEVICE, whole, arrays, form, axis, None)
        return here, evaluate_samples(whole, arrays, form, axis)
    every = tuple(range(arrays[0].ndim))
    here = launch_plan.sums(DEVICE, whole, arrays, form, every, parts)
    return here, evaluate_loss(whole, arrays, form, parts)
