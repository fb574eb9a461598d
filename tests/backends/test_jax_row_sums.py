"""JAX on a CPU: long rows whose classes are nearly all the same keep their digits."""

from functools import partial
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from backends.jax_losses import jax, jnp

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
    linear_kl_div,
)

blocks = pytest.importorskip("kldiv_xp.backends.jax.blocks")
row_sums = pytest.importorskip("kldiv_xp.backends.jax.row_sums")

LOSSES = {
    "KL": (kl_div_with_logits, kl_div_with_logits_gradient),
    "JS": (js_div_with_logits, js_div_with_logits_gradient),
}
DIFFERENCES = (0.01, 0.1, 1, 10, 12, 30)


@pytest.fixture(autouse=True)
def devices(request, monkeypatch):
    """How many CPUs JAX is told that it has: one, if a test does not ask for more."""
    count = getattr(request, "param", 1)
    for module in (blocks, row_sums):
        monkeypatch.setattr(module, "count_of_devices", lambda: count)
    jax.clear_caches()
    yield count
    jax.clear_caches()


def one_class_differs(shape):
    """Uniform teachers, and students of whom one class differs."""
    for difference in DIFFERENCES:
        student = np.zeros(shape, "float32")
        student[..., 3] = difference
        yield student, np.zeros(shape, "float32")


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize(
    ("shape", "devices"),
    [((50257,), 1), ((1, 32000), 1), ((3, 50257), 1), ((1, 128256), 1), ((1, 128256), 4)],
    indirect=["devices"],
    ids=str,
)
def test_uniform_rows_whose_one_class_differs_have_right_values_and_derivatives(name, shape):
    loss, gradient = LOSSES[name]
    value = jax.jit(partial(loss, reduction="sum"))
    derivatives = jax.jit(partial(gradient, reduction="sum"))
    for pair in one_class_differs(shape):
        wide = [one.astype("float64") for one in pair]
        assert np.isclose(value(*pair), loss(*wide, reduction="sum"), rtol=1e-5, atol=0)
        for found, exact in zip(derivatives(*pair), gradient(*wide, reduction="sum"), strict=True):
            gap = np.linalg.norm(np.asarray(found, "float64") - exact)
            assert gap <= 1e-5 * np.linalg.norm(exact)


@pytest.mark.few(0, 2)
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("classes", [10, 100, 1000])
def test_derivatives_of_rows_of_one_large_class_are_not_all_rounded_the_same_way(name, classes):
    _, gradient = LOSSES[name]
    derivatives = jax.jit(partial(gradient, reduction="sum"))
    for level, difference in product((10, 12, 14), (0.1, 0.001, -0.01)):
        student = np.zeros((1, classes), "float32")
        student[0, classes // 2] = level
        teacher = student.copy()
        teacher[0, classes // 2] += difference
        wide = student.astype("float64"), teacher.astype("float64")
        exact = gradient(*wide, reduction="sum")
        for found, one in zip(derivatives(student, teacher), exact, strict=True):
            assert np.linalg.norm(np.asarray(found, "float64") - one) <= 8e-7 * np.linalg.norm(one)


@pytest.mark.slow
def test_sums_of_pairs_are_those_of_any_number_of_classes():
    for length in (*range(40), 255, 256, 257, 1000):
        rows = np.random.default_rng(0).normal(size=(2, 3, length)).astype("float32")
        for keepdims in (False, True):
            found = row_sums.PAIRWISE_SUMS.sum(jnp.asarray(rows), axis=-1, keepdims=keepdims)
            exact = rows.astype("float64").sum(-1, keepdims=keepdims)
            assert found.shape == exact.shape
            assert np.allclose(found, exact, rtol=0, atol=1e-5)


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("name", LOSSES)
def test_losses_of_each_sample_under_vmap_have_right_values(name):
    loss, _ = LOSSES[name]
    each = jax.jit(jax.vmap(partial(loss, reduction="sum")))
    for pair in one_class_differs((2, 50257)):
        exact = loss(*(one.astype("float64") for one in pair), reduction="none")
        assert np.allclose(each(*pair), exact, rtol=1e-5, atol=0)


def test_logits_of_hidden_states_have_right_values():
    hidden, teacher = np.ones((2, 1), "float32"), np.zeros((2, 50257), "float32")
    weight = np.zeros((50257, 1), "float32")
    loss = jax.jit(partial(linear_kl_div, reduction="none", target_is="logits"))
    for difference in DIFFERENCES:
        weight[3] = difference
        exact = kl_div_with_logits(
            (hidden @ weight.T).astype("float64"), teacher.astype("float64"), reduction="none"
        )
        assert np.allclose(loss(hidden, weight, teacher), exact, rtol=1e-5, atol=0)


@pytest.mark.few(1, 5)
@pytest.mark.parametrize("part", [2, 1024])
@pytest.mark.parametrize("rest", [-1, 0, 1])
def test_parts_and_what_is_left_make_the_sum(monkeypatch, part, rest):
    monkeypatch.setattr(row_sums, "PART", part)
    for parts in (1, 2, 3):
        rows = np.random.default_rng(0).normal(size=(2, 3, part * parts + rest)).astype("float32")
        for keepdims in (False, True):
            found = jax.jit(partial(row_sums.SUMS_IN_PARTS.sum, axis=-1, keepdims=keepdims))(rows)
            exact = rows.astype("float64").sum(-1, keepdims=keepdims)
            assert found.shape == exact.shape
            assert np.allclose(found, exact, rtol=0, atol=1e-4)


@pytest.mark.parametrize("devices", [1, 4], indirect=True)
@pytest.mark.parametrize("length", [4096, 32000, 50256, 50257, 128256, 6932, 4 * 1733, 7])
def test_no_part_lies_on_two_devices(length, devices):
    part = row_sums.length_of_parts(length)
    if length % devices == 0 and devices > 1:
        assert length // devices % part == 0 or part == length
    else:
        assert part == row_sums.PART


def test_rows_along_explicit_axes_are_added_up_in_one_piece(monkeypatch):
    monkeypatch.setattr(blocks, "explicit_sharding", lambda _: SimpleNamespace(spec=("rows",)))
    on_cpu, elsewhere = row_sums.with_sums_in_parts(lambda xp, one: (xp, one), (jnp.zeros(3),))
    assert on_cpu(1)[0] is elsewhere(1)[0] is jnp
