"""JAX on a CPU: blocks, and guesses of its own, change no bit of a reproducible loss."""

import numpy as np
import pytest
from backends.jax_losses import jax, jnp
from contracts.same_bits import differing
from contracts.same_bits_of_logits import KINDS, losses
from contracts.same_bits_of_logits import table as rows

from kldiv_xp import kl_div, kl_div_gradient, kl_div_with_logits
from kldiv_xp.formula import reproducible_functions as formula

blocks = pytest.importorskip("kldiv_xp.backends.jax.blocks")
functions = pytest.importorskip("kldiv_xp.backends.jax.reproducible_functions")
SHAPE = (5, 7, 20)


@pytest.fixture(autouse=True)
def cut(monkeypatch):
    """One device, and blocks of a few rows, the last one of fewer."""
    monkeypatch.setattr(blocks, "count_of_devices", lambda: 1)
    monkeypatch.setattr(blocks, "ELEMENTS", 50)
    jax.clear_caches()
    yield
    jax.clear_caches()


def numbers():
    mantissas = np.arange(126 << 23, 128 << 23, 5, dtype="int32").view("float32")
    exponents = [np.ldexp([1.0, 1.25, 1.75], e) for e in range(-126, 128)]
    return np.concatenate([mantissas, *exponents]).astype("float64")


def exponents():
    rng = np.random.default_rng(0)
    some = rng.uniform(formula.LOG_OF_TINY, formula.LOG_OF_LARGEST, 200_000)
    ends = [0.0, formula.LOG_OF_TINY, formula.LOG_OF_LARGEST, np.nan]
    return np.concatenate([some, -some / 2**20, ends])


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("name", "numbers"), [("log_of_normal", numbers()), ("exp_of_bounded", exponents())]
)
def test_functions_have_the_bits_of_the_formula(name, numbers):
    expected = getattr(formula, name)(np, numbers)
    function = getattr(functions.FUNCTIONS, name)
    for way in (function, jax.jit(function)):
        found = way(jnp.asarray(numbers))
        assert np.array_equal(np.asarray(found), expected, equal_nan=True)


def test_whole_numbers_become_integers():
    numbers = np.asarray([0.0, -0.0, 1.0, -1.0, 2.0**50, -(2.0**50) + 1])
    found = functions.FUNCTIONS.astype(jnp.asarray(numbers), jnp.int64)
    assert found.dtype == jnp.int64
    assert np.array_equal(np.asarray(found), numbers.astype("int64"))


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("options", [{}, {"axis": (1, 2)}, {"axis": (0, 2)}, {"axis": (0, 1, 2)}])
@pytest.mark.parametrize("log_target", [False, True])
@pytest.mark.cases(2)
def test_blocks_change_no_bit_of_terms_that_are_given(options, log_target):
    rng = np.random.default_rng(0)
    x, t = rng.standard_normal((2, *SHAPE)).astype("float32") * 3
    t = t if log_target else np.where(t > 0, np.exp(t), 0)
    options = {**options, "log_target": log_target, "reproducible": True}
    where = rng.random(SHAPE) < 0.7
    masks = {"where": where} if log_target else {}
    theirs = {"where": jnp.asarray(where)} if log_target else {}
    for reduction in ("none", "sum"):
        given = {**options, "reduction": reduction}
        expected = [kl_div(x, t, **given, **masks)]
        expected += kl_div_gradient(x, t, **given, **masks, upstream=0.7)
        found = [kl_div(*map(jnp.asarray, (x, t)), **given, **theirs)]
        found += kl_div_gradient(*map(jnp.asarray, (x, t)), **given, **theirs, upstream=0.7)
        assert differing([np.asarray(one) for one in found], expected) == 0


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_blocks_change_no_bit_of_rows_of_logits(kind):
    x, t, where = rows(kind)
    loss, gradient, options = losses(kind)
    ours = [loss(x, t, reduction="none", **options)]
    ours += gradient(x, t, where=where, reduction="none", upstream=ours[0], **options)
    x, t, where, upstream = map(jnp.asarray, (x, t, where, ours[0]))
    theirs = [loss(x, t, reduction="none", **options)]
    theirs += gradient(x, t, where=where, reduction="none", upstream=upstream, **options)
    assert differing([np.asarray(one) for one in theirs], ours) == 0


@pytest.mark.few(1, 1)
@pytest.mark.parametrize("reproducible", [False, True])
def test_a_single_row_is_not_cut(reproducible):
    x, t = (one[10] for one in rows("logits")[:2])
    x, t = np.tile(x, 10), np.tile(t, 10)
    found = kl_div_with_logits(jnp.asarray(x), jnp.asarray(t), reproducible=reproducible)
    expected = kl_div_with_logits(x, t, reproducible=reproducible)
    assert float(found) == pytest.approx(float(expected), rel=1e-6)
