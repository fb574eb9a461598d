"""JAX on a CPU: blocks of rows give the same losses and derivatives, and need little memory."""

import warnings
from functools import partial

import numpy as np
import pytest
from backends.jax_losses import jax, jnp

from kldiv_xp import (
    KLDivWarning,
    js_div_with_logits,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
    linear_kl_div,
)
from kldiv_xp.core import evaluate_linear

blocks = pytest.importorskip("kldiv_xp.backends.jax.blocks")
linear = pytest.importorskip("kldiv_xp.backends.jax.linear_loss")
linear_blocks = pytest.importorskip("kldiv_xp.backends.jax.linear")

SHAPE = (5, 7, 20)
MIB = 2**20


@pytest.fixture
def cut(monkeypatch):
    """One device, and blocks of two or three rows, the last one of fewer."""
    monkeypatch.setattr(blocks, "count_of_devices", lambda: 1)
    monkeypatch.setattr(blocks, "ELEMENTS", 50)
    jax.clear_caches()
    yield
    jax.clear_caches()


@pytest.fixture
def operands():
    """Logits of two distributions, and a mask of elements, on NumPy."""
    rng = np.random.default_rng(3)
    return *rng.normal(0, 2, (2, *SHAPE)), rng.random(SHAPE) < 0.7


def tables(operands, dtype):
    """Log-probabilities and probabilities of an axis, some zero; rounded to a type."""
    x, t, where = operands
    log_q = x - np.log(np.sum(np.exp(x), -1, keepdims=True))
    p = np.where(t > 0, np.exp(t), 0)
    return [jnp.asarray(one, dtype) for one in (log_q, p / p.sum())], where


def exact(arrays):
    return [np.asarray(one.astype("float32"), "float64") for one in arrays]


OPTIONS = [
    *({"reduction": name} for name in ("sum", "batchmean")),
    *({"reduction": name, "axis": -1} for name in ("none", "mean")),
    *({"reduction": "sum", "axis": axis} for axis in ((1, 2), (0,), (0, 1, 2))),
    {"reduction": "sum", "generalized": True},
    {"reduction": "none", "axis": -1, "generalized": True},
]
TOLERANCES = {"float32": 2e-6, "float16": 2e-3, "bfloat16": 2e-2}
CASES = [
    *((options, "float32") for options in OPTIONS),
    *((OPTIONS[place], dtype) for place in (0, 2) for dtype in ("float16", "bfloat16")),
]


@pytest.mark.few(1, 3)
@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize("masked", [False, True], ids=["all", "masked"])
@pytest.mark.parametrize(("options", "dtype"), CASES, ids=str)
def test_sums_by_blocks_are_those_of_numpy(operands, options, dtype, masked):
    arrays, where = tables(operands, dtype)
    mask = {"where": where} if masked else {}
    expected = kl_div(*exact(arrays), **options, **mask)
    mask = {name: jnp.asarray(one) for name, one in mask.items()}
    found = np.asarray(kl_div(*arrays, **options, **mask), "float64")
    np.testing.assert_allclose(found, expected, rtol=TOLERANCES[dtype], atol=1e-7)


@pytest.mark.few(1, 1)
@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize("option", [{}, {"axis": -1}], ids=str)
def test_mean_by_blocks_divides_by_what_is_selected(operands, option):
    arrays, where = tables(operands, "float32")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KLDivWarning)
        expected = kl_div(*exact(arrays), where=where, **option)
        found = kl_div(*arrays, where=jnp.asarray(where), **option)
    assert float(found) == pytest.approx(float(expected), rel=2e-6)


LOSSES = {
    "kl": partial(kl_div_with_logits, target_is="logits", reduction="sum"),
    "kl at 3": partial(kl_div_with_logits, target_is="logits", reduction="sum", temperature=3.0),
    "js": partial(js_div_with_logits, reduction="sum"),
    "js .1": partial(js_div_with_logits, beta=0.1, reduction="sum"),
}


@pytest.mark.few(0, 1)
@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.cases(4)
def test_losses_of_logits_by_blocks_are_those_of_numpy(operands, loss, dtype):
    x, t, where = operands
    arrays = [jnp.asarray(one, dtype) for one in (x, t)]
    rows = where[..., 0]
    expected = LOSSES[loss](*exact(arrays), where=rows)
    found = jax.jit(LOSSES[loss])(*arrays, where=jnp.asarray(rows))
    assert float(found) == pytest.approx(float(expected), rel=TOLERANCES[dtype])


@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.long
def test_derivatives_by_blocks_are_those_without(operands, loss, monkeypatch):
    x, t = (jnp.asarray(one, "float32") for one in operands[:2])
    rows = jnp.asarray(operands[2][..., 0])

    def results():
        function = partial(LOSSES[loss], where=rows)
        gradients = jax.grad(function, (0, 1))(x, t)
        moved = jax.jvp(function, (x, t), (t, x))
        mapped = jax.vmap(LOSSES[loss])(x, t)
        bent = jax.jvp(lambda x: jax.grad(function)(x, t), (x,), (t,))
        return jax.tree.leaves((gradients, moved, mapped, bent))

    by_blocks = results()
    monkeypatch.setattr(blocks, "count_of_devices", lambda: 4)
    jax.clear_caches()
    for one, other in zip(by_blocks, results(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
@pytest.mark.usefixtures("cut")
def test_closed_derivatives_by_blocks_are_those_of_numpy(operands):
    x, t, where = operands
    options = {"target_is": "logits", "reduction": "batchmean", "where": where[..., 0]}
    expected = kl_div_with_logits_gradient(x, t, **options)
    options["where"] = jnp.asarray(options["where"])
    found = kl_div_with_logits_gradient(*(jnp.asarray(one, "float32") for one in (x, t)), **options)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.long
@pytest.mark.usefixtures("cut")
def test_masked_rows_have_no_part_in_a_derivative_by_blocks(operands):
    x, t, _ = operands
    rows = np.zeros(SHAPE[:2], bool)
    rows[1:] = True
    x[0], upstream = np.nan, np.where(rows, 1.0, np.nan)
    loss = partial(
        kl_div_with_logits, target_is="logits", reduction="none", where=jnp.asarray(rows)
    )
    value, pull = jax.vjp(lambda x: loss(x, jnp.asarray(t, "float32")), jnp.asarray(x, "float32"))
    (derivative,) = pull(jnp.asarray(upstream, value.dtype))
    assert not np.any(derivative[0])
    assert np.all(np.isfinite(derivative))
    assert np.all(derivative[1:] != 0)


@pytest.mark.long
@pytest.mark.usefixtures("cut")
def test_blocks_go_through_a_shard_map(operands):
    shard_map = getattr(jax, "shard_map", None)
    if shard_map is None:
        pytest.skip("this JAX has no jax.shard_map")
    x, t = (jnp.asarray(one, "float32") for one in operands[:2])
    mesh = jax.sharding.Mesh(jax.devices()[:1], "d")
    spec = jax.sharding.PartitionSpec("d")
    rows = partial(kl_div_with_logits, target_is="logits", reduction="none")
    mapped = shard_map(rows, mesh=mesh, in_specs=(spec, spec), out_specs=spec)
    np.testing.assert_allclose(mapped(x, t), rows(x, t), rtol=1e-6)
    derivative = jax.grad(lambda x: jnp.sum(mapped(x, t)))(x)
    np.testing.assert_allclose(derivative, jax.grad(lambda x: jnp.sum(rows(x, t)))(x), rtol=1e-6)


@pytest.mark.few(1)
@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize("loss", [kl_div_with_logits, partial(kl_div, log_target=True, axis=-1)])
def test_rows_along_an_explicit_axis_of_one_device_are_not_cut(operands, loss):
    kinds = getattr(jax.sharding, "AxisType", None)
    if kinds is None:
        pytest.skip("this JAX has no explicit axes")
    x, t = (jnp.asarray(one, "float32") for one in operands[:2])
    mesh = jax.sharding.Mesh(jax.devices()[:1], "d", axis_types=(kinds.Explicit,))
    placed = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("d"))
    function = jax.jit(jax.value_and_grad(partial(loss, reduction="sum"), (0, 1)))
    found = function(*jax.device_put((x, t), placed))
    for one, right in zip(jax.tree.leaves(found), jax.tree.leaves(function(x, t)), strict=True):
        np.testing.assert_allclose(one, right, rtol=1e-5, atol=1e-6)


@pytest.mark.usefixtures("cut")
def test_zeros_by_blocks_make_no_nan_on_the_way(operands):
    (log_q, p), where = tables(operands, "float16")
    log_q = jnp.where(p == 0, -jnp.inf, log_q)
    with jax.debug_nans(new_val=True):
        total = jax.jit(partial(kl_div, reduction="sum"))(log_q, p, where=jnp.asarray(where))
        derivative = kl_div_gradient(log_q, p, reduction="sum")
    assert np.isfinite(total)
    assert all(np.all(np.isfinite(one)) for one in derivative)


CALLS = {
    "mask": lambda x, t, where: kl_div(x, t, reduction="sum", where=where),
    "rows of a mask": lambda x, t, where: kl_div(x, t, axis=-1, where=where),
    "float16": lambda x, t, _: kl_div(*(one.astype("float16") for one in (x, t)), reduction="sum"),
    "generalized": lambda x, t, _: kl_div(x, t, reduction="sum", generalized=True),
    "logits": lambda x, t, _: kl_div_with_logits(x, t, target_is="logits"),
    "JS": lambda x, t, _: js_div_with_logits(x, t),
}
# What float16 is made from stays.
MADE = {"float16": 2 * 8 * 1000 * 2000 / MIB}


@pytest.mark.few(1, 2)
@pytest.mark.parametrize("call", CALLS)
def test_what_is_computed_on_the_way_is_small(call, monkeypatch):
    monkeypatch.setattr(blocks, "count_of_devices", lambda: 1)
    jax.clear_caches()
    kinds = "float32", "float32", "bool"
    shapes = [jax.ShapeDtypeStruct((1000, 2000), kind) for kind in kinds]
    compiled = jax.jit(CALLS[call]).lower(*shapes).compile()
    jax.clear_caches()
    temporary = compiled.memory_analysis().temp_size_in_bytes / MIB
    assert temporary < 3 + MADE.get(call, 0)


def test_arrays_of_several_devices_are_not_cut(monkeypatch):
    monkeypatch.setattr(jax, "device_count", lambda _: 2)
    assert not blocks.is_of_known_rows((np.zeros(3),))
    monkeypatch.setattr(jax, "device_count", lambda _: 1)
    assert blocks.is_of_known_rows((np.zeros(3),))


def test_without_a_cpu_nothing_is_cut(monkeypatch):
    def missing(_):
        message = "Unknown backend cpu"
        raise RuntimeError(message)

    monkeypatch.setattr(jax, "device_count", missing)
    assert not blocks.is_of_known_rows((np.zeros(3),))


@pytest.mark.slow
def test_gradient_of_hidden_states_keeps_neither_logits_nor_copies_of_the_weight(monkeypatch):
    for one in (linear, linear_blocks):
        monkeypatch.setattr(one, "is_alone", lambda: True)
    jax.clear_caches()
    rows, width, classes = 512, 512, 32000
    shapes = (rows, width), (classes, width), (rows, classes), (classes,)
    operands = [jax.ShapeDtypeStruct(shape, "float32") for shape in shapes]

    def loss(hidden, weight, target, bias):
        return linear_kl_div(hidden, weight, target, bias=bias)

    compiled = jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 3))).lower(*operands).compile()
    jax.clear_caches()
    assert compiled.memory_analysis().temp_size_in_bytes <= 64 * MIB


@pytest.mark.long
@pytest.mark.parametrize("learned", [(0, 1, 2), (0,), (1,), (2,)])
@pytest.mark.cases(1)
def test_gradient_by_a_weight_is_added_up_for_some_classes_after_the_other(learned, monkeypatch):
    rng = np.random.default_rng(5)
    hidden, weight, bias, target = (
        jnp.asarray(rng.normal(size=shape)) for shape in ((6, 3), (7, 3), (7,), (6, 7))
    )
    mask = jnp.asarray([True, False, True, True, False, True])

    def of_logits(hidden, weight, bias):
        logits = hidden @ weight.T + bias
        return kl_div_with_logits(logits, target, where=mask, reduction="mean")

    def of_states(hidden, weight, bias):
        return linear_kl_div(hidden, weight, target, bias=bias, where=mask, reduction="mean")

    for one in (linear, linear_blocks):
        monkeypatch.setattr(one, "is_alone", lambda: True)
    monkeypatch.setattr(linear, "BYTES_OF_PART", 2 * 3 * 4)
    monkeypatch.setattr(evaluate_linear, "BYTES_OF_LOGITS", 2 * 7 * 4)
    jax.clear_caches()
    found, expected = (
        jax.value_and_grad(loss, argnums=learned)(hidden, weight, bias)
        for loss in (of_states, of_logits)
    )
    jax.clear_caches()
    for one, other in zip(*map(jax.tree.leaves, (found, expected)), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-6, atol=1e-7)
