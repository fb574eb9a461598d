"""Random operands of tests of properties, and what these do to them."""

import functools
import math
from dataclasses import dataclass

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

COMPILING = ("torch-compile", "jax", "jax-jit")
GARBAGE = (math.nan, math.inf, -math.inf, 1e300)

# Terms cancel in a sum, so its error is relative to the largest of them: some 80 nats, rounded by
# 1e-14 each.
close = functools.partial(assert_allclose, rtol=1e-12, atol=1e-12)


@dataclass(frozen=True)
class Draw:
    """Size of the operands, spread of their logits, and the seed of their numbers."""

    rows: int
    classes: int
    scale: float
    seed: int

    def start(self, backend):
        """Generator and shape; a library that compiles for every shape gets always the same."""
        shape = (3, 4) if backend.name in COMPILING else (self.rows, self.classes)
        return np.random.default_rng(self.seed), shape

    def logits(self, rng, shape, zeros=0.0):
        """Logits, among them a share of -inf, but never a row of nothing else."""
        logits = rng.normal(scale=self.scale, size=shape)
        masked = rng.random(shape) < zeros
        masked[..., 0] = False
        return np.where(masked, -math.inf, logits)

    def pair(self, rng, shape):
        """log q, everywhere finite, and log p, in which some p are 0."""
        return log_softmax(self.logits(rng, shape)), log_softmax(self.logits(rng, shape, 0.2))


DRAWS = st.builds(
    Draw,
    rows=st.integers(1, 4),
    classes=st.integers(1, 6),
    scale=st.sampled_from([0.1, 1.0, 10.0]),
    seed=st.integers(0, 2**32 - 1),
)


def for_all_draws(test):
    """Property test of as many draws as the profile says."""
    fixture = HealthCheck.function_scoped_fixture  # `values` keeps nothing but what it compiled
    chosen = settings(suppress_health_check=[fixture])
    return chosen(given(draw=DRAWS)(test))


def log_softmax(logits):
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def in_space(log_p, log_target):
    return log_p if log_target else np.exp(log_p)


def masked(function, *arrays, **options):
    """Function whose last array becomes the mask."""
    *operands, mask = arrays
    return function(*operands, where=mask != 0, **options)


def half_of(rng, shape):
    """Mask of half of the elements, rounded up, so that what it selects has a size known before."""
    return rng.permutation(np.arange(math.prod(shape)) % 2 == 0).reshape(shape)


def spoil(rng, array, mask):
    """Garbage wherever nothing is selected."""
    return np.where(mask, array, rng.choice(GARBAGE, size=array.shape))


def results_on(backend):
    """Function to results of functions of host arrays, each compiled once for all draws."""

    @functools.cache
    def compiled(function, **options):
        return backend.wrap(functools.partial(function, **options))

    def values(function, *arrays, **options):
        operands = [backend.array(array) for array in arrays]
        with backend.context():
            result = compiled(function, **options)(*operands)
        if isinstance(result, tuple):
            return tuple(backend.read(part) for part in result)
        return backend.read(result)

    return values
