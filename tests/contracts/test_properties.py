"""Properties of the divergence that hold for any numbers, on every backend."""

import functools
import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import js_div_with_logits, kl_div, kl_div_gradient, kl_div_with_logits

BOTH_SPACES = pytest.mark.parametrize("log_target", [False, True], ids=["p", "log p"])
COMPILING = ("torch-compile", "jax", "jax-jit")
GARBAGE = (math.nan, math.inf, -math.inf, 1e300)

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")

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


masked_kl = functools.partial(masked, kl_div)
masked_gradient = functools.partial(masked, kl_div_gradient)
masked_logits = {
    "kl": functools.partial(masked, kl_div_with_logits),
    "js": functools.partial(masked, js_div_with_logits),
}
logit_divergences = {"kl": kl_div_with_logits, "js": js_div_with_logits}
OF_LOGITS = pytest.mark.parametrize("name", logit_divergences)


def half_of(rng, shape):
    """Mask of half of the elements, rounded up, so that what it selects has a size known before."""
    return rng.permutation(np.arange(math.prod(shape)) % 2 == 0).reshape(shape)


def spoil(rng, array, mask):
    """Garbage wherever nothing is selected."""
    return np.where(mask, array, rng.choice(GARBAGE, size=array.shape))


@pytest.fixture
def values(backend):
    """Results of a function of host arrays on the backend, compiled once for all draws."""

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


@BOTH_SPACES
@for_all_draws
def test_divergence_of_distributions_is_never_negative(backend, values, draw, log_target):
    log_q, log_p = draw.pair(*draw.start(backend))
    options = {"reduction": "none", "axis": -1, "log_target": log_target}
    assert (values(kl_div, log_q, in_space(log_p, log_target), **options) >= -1e-14).all()


@BOTH_SPACES
@for_all_draws
def test_divergence_of_a_distribution_from_itself_is_zero(backend, values, draw, log_target):
    _, log_p = draw.pair(*draw.start(backend))
    options = {"reduction": "none", "axis": -1, "log_target": log_target}
    rows = values(kl_div, log_p, in_space(log_p, log_target), **options)
    assert_allclose(rows, 0, atol=0 if log_target else 1e-14)


@BOTH_SPACES
@for_all_draws
def test_order_of_samples_and_of_classes_does_not_matter(backend, values, draw, log_target):
    rng, shape = draw.start(backend)
    log_q, log_p = draw.pair(rng, shape)
    operands = log_q, in_space(log_p, log_target)
    order = np.ix_(*map(rng.permutation, shape))
    options = {"reduction": "batchmean", "log_target": log_target}
    moved = [array[order] for array in operands]
    close(values(kl_div, *moved, **options), values(kl_div, *operands, **options))
    gradient = values(kl_div_gradient, *operands, **options)
    for part, permuted in zip(gradient, values(kl_div_gradient, *moved, **options), strict=True):
        close(permuted, part[order])


@BOTH_SPACES
@for_all_draws
def test_batch_is_its_samples(backend, values, draw, log_target):
    log_q, log_p = draw.pair(*draw.start(backend))
    operands = log_q, in_space(log_p, log_target)
    options = {"log_target": log_target}
    rows = values(kl_div, *operands, reduction="none", axis=-1, **options)
    alone = [
        values(kl_div, *row, reduction="sum", **options) for row in zip(*operands, strict=True)
    ]
    close(rows, alone)
    close(values(kl_div, *operands, reduction="sum", **options), sum(alone))


@BOTH_SPACES
@for_all_draws
def test_divergence_of_two_batches_joined_is_the_sum(backend, values, draw, log_target):
    rng, shape = draw.start(backend)
    pairs = [draw.pair(rng, shape) for _ in range(2)]
    pairs = [(log_q, in_space(log_p, log_target)) for log_q, log_p in pairs]
    options = {"reduction": "sum", "log_target": log_target}
    joined = [np.concatenate(arrays) for arrays in zip(*pairs, strict=True)]
    parts = [values(kl_div, *pair, **options) for pair in pairs]
    close(values(kl_div, *joined, **options), sum(parts))


@BOTH_SPACES
@pytest.mark.parametrize("reduction", ["sum", "mean"])
@for_all_draws
def test_mask_of_elements_is_a_selection(backend, values, draw, log_target, reduction):
    rng, shape = draw.start(backend)
    log_q, log_p = draw.pair(rng, shape)
    operands = log_q, in_space(log_p, log_target)
    mask = half_of(rng, shape)
    options = {"reduction": reduction, "log_target": log_target}
    chosen = values(kl_div, *(array[mask] for array in operands), **options)
    close(values(masked_kl, *(spoil(rng, a, mask) for a in operands), mask, **options), chosen)


@BOTH_SPACES
@pytest.mark.parametrize("reduction", ["sum", "mean"])
@for_all_draws
def test_mask_of_samples_is_a_selection(backend, values, draw, log_target, reduction):
    rng, shape = draw.start(backend)
    log_q, log_p = draw.pair(rng, shape)
    operands = log_q, in_space(log_p, log_target)
    mask = half_of(rng, (shape[0], 1))
    options = {"reduction": reduction, "log_target": log_target, "axis": -1}
    chosen = values(kl_div, *(array[mask[:, 0]] for array in operands), **options)
    close(values(masked_kl, *(spoil(rng, a, mask) for a in operands), mask, **options), chosen)


@for_all_draws
def test_mask_of_classes_is_a_selection(backend, values, draw):
    rng, shape = draw.start(backend)
    log_q, log_p = draw.pair(rng, shape)
    operands = log_q, np.exp(log_p)
    classes = half_of(rng, shape[1:])
    mask = np.broadcast_to(classes, shape)
    options = {"reduction": "none", "axis": -1}
    chosen = values(kl_div, *(array[:, classes] for array in operands), **options)
    close(values(masked_kl, *(spoil(rng, a, mask) for a in operands), mask, **options), chosen)


@BOTH_SPACES
@for_all_draws
def test_garbage_behind_the_mask_never_reaches_the_gradient(backend, values, draw, log_target):
    rng, shape = draw.start(backend)
    log_q, log_p = draw.pair(rng, shape)
    operands = log_q, in_space(log_p, log_target)
    mask = half_of(rng, shape)
    options = {"reduction": "sum", "log_target": log_target}
    expected = values(kl_div_gradient, *operands, **options)
    spoiled = [spoil(rng, array, mask) for array in operands]
    for part, whole in zip(
        values(masked_gradient, *spoiled, mask, **options), expected, strict=True
    ):
        assert_array_equal(part[~mask], 0)
        close(part[mask], whole[mask])


@OF_LOGITS
@for_all_draws
def test_mask_of_samples_of_logits_is_a_selection(backend, values, draw, name):
    rng, shape = draw.start(backend)
    operands = draw.logits(rng, shape), draw.logits(rng, shape, 0.2)
    mask = half_of(rng, (shape[0], 1))
    chosen = [array[mask[:, 0]] for array in operands]
    close(
        values(
            masked_logits[name], *(spoil(rng, a, mask) for a in operands), mask, reduction="mean"
        ),
        values(logit_divergences[name], *chosen, reduction="mean"),
    )


@for_all_draws
def test_mixture_of_pairs_is_no_further_apart_than_they_are(backend, values, draw):
    rng, shape = draw.start(backend)
    pairs = [draw.pair(rng, shape) for _ in range(2)]
    share = rng.random()
    one, other = (values(kl_div, q, np.exp(p), reduction="none", axis=-1) for q, p in pairs)
    q, p = (share * np.exp(a) + (1 - share) * np.exp(b) for a, b in zip(*pairs, strict=True))
    mixed = values(kl_div, np.log(q), p, reduction="none", axis=-1)
    assert (mixed <= share * one + (1 - share) * other + 1e-12).all()


@OF_LOGITS
@for_all_draws
def test_constant_added_to_the_logits_of_a_sample_changes_nothing(backend, values, draw, name):
    rng, shape = draw.start(backend)
    student, teacher = draw.logits(rng, shape), draw.logits(rng, shape, 0.2)
    function = logit_divergences[name]
    rows = values(function, student, teacher, reduction="none")
    for_student, for_teacher = rng.uniform(-100, 100, size=(2, shape[0], 1))
    for moved in [(student + for_student, teacher), (student, teacher + for_teacher)]:
        # A logit of 100 is rounded by 1e-14.
        close(values(function, *moved, reduction="none"), rows, rtol=1e-10)


@for_all_draws
def test_logits_and_their_log_probabilities_are_equally_far_apart(backend, values, draw):
    rng, shape = draw.start(backend)
    student, teacher = draw.logits(rng, shape), draw.logits(rng, shape, 0.2)
    distributions = log_softmax(student), np.exp(log_softmax(teacher))
    close(
        values(kl_div_with_logits, student, teacher, reduction="none"),
        values(kl_div, *distributions, reduction="none", axis=-1),
    )


@for_all_draws
def test_jensen_shannon_is_symmetric_and_between_0_and_log_2(backend, values, draw):
    rng, shape = draw.start(backend)
    student, teacher = (draw.logits(rng, shape, zeros) for zeros in (0.4, 0.4))
    rows = values(js_div_with_logits, student, teacher, reduction="none")
    close(values(js_div_with_logits, teacher, student, reduction="none"), rows)
    assert ((rows >= -1e-14) & (rows <= math.log(2) + 1e-14)).all()


@pytest.mark.parametrize("temperature", [0.5, 7.0])
@for_all_draws
def test_temperature_divides_logits_and_multiplies_by_its_square(
    backend, values, draw, temperature
):
    rng, shape = draw.start(backend)
    student, teacher = draw.logits(rng, shape), draw.logits(rng, shape, 0.2)
    softened = values(
        kl_div_with_logits, student / temperature, teacher / temperature, reduction="none"
    )
    rows = values(kl_div_with_logits, student, teacher, temperature=temperature, reduction="none")
    close(rows, temperature**2 * softened, atol=1e-12 * max(1, temperature**2))
