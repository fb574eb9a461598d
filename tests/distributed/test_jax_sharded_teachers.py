"""JAX on four devices: rows of sparse teachers and of hidden states, sharded over a batch."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose

from kldiv_xp import (
    linear_kl_div,
    linear_kl_div_gradient,
    sparse_kl_div_with_logits,
    sparse_kl_div_with_logits_gradient,
)
from kldiv_xp.core import evaluate_linear

jax = pytest.importorskip("jax", reason="jax is not installed")

from jax.sharding import AxisType, NamedSharding, PartitionSpec  # noqa: E402 - after the skip

DEVICES = 4

if len(jax.devices()) < DEVICES:
    reason = "needs 4 devices: XLA_FLAGS=--xla_force_host_platform_device_count=4"
    pytest.skip(reason, allow_module_level=True)

RNG = np.random.default_rng(6)
ROWS, SIZE, WIDTH, TOP = 24, 12, 5, 3
STUDENT, TEACHER = 2 * RNG.normal(size=(2, ROWS, SIZE))
HIDDEN, WEIGHT, BIAS = RNG.normal(size=(ROWS, WIDTH)), RNG.normal(size=(SIZE, WIDTH)), STUDENT[0]
INDICES = np.argsort(-TEACHER, axis=-1)[:, :TOP].copy()
LOG_P = TEACHER - np.log(np.exp(TEACHER).sum(axis=-1, keepdims=True))
TOP_P = np.take_along_axis(LOG_P, INDICES, axis=-1)
TOKENS = np.arange(ROWS) % 5 > 0
EVERY_MESH = pytest.mark.parametrize("axis_type", [AxisType.Auto, AxisType.Explicit], ids=str)


def sparse(student, target, indices, mask):
    rows = sparse_kl_div_with_logits(student, indices, target, tail="renormalize", reduction="none")
    mean = sparse_kl_div_with_logits(
        student, indices, target, where=mask, temperature=2.0, reduction="mean"
    )
    return mean + (rows * rows).sum()


def linear(hidden, weight, bias, target, mask):
    rows = linear_kl_div(hidden, weight, target, bias=bias, reduction="none")
    mean = linear_kl_div(
        hidden, weight, target, bias=bias, where=mask, temperature=2.0, reduction="mean"
    )
    return mean + (rows * rows).sum()


def linear_sparse(hidden, weight, bias, target, indices, mask):
    options = {"bias": bias, "indices": indices, "target_is": "log_probabilities"}
    return linear_kl_div(hidden, weight, target, where=mask, reduction="mean", **options)


# Loss, operands that are sharded by rows or lie on all devices, and by which there is a gradient.
LOSSES = {
    "sparse": (sparse, (STUDENT, TOP_P, INDICES, TOKENS), (0, 1)),
    "linear": (linear, (HIDDEN, WEIGHT, BIAS, TEACHER, TOKENS), (0, 1, 2)),
    "linear, sparse": (
        linear_sparse,
        (HIDDEN, WEIGHT, BIAS, TOP_P, INDICES, TOKENS),
        (0, 1, 2),
    ),
}


def placed(operands, axis_type):
    """The same on four devices: rows are sharded, and a layer is on each."""
    mesh = jax.make_mesh((DEVICES,), ("d",), axis_types=(axis_type,))
    specs = [PartitionSpec("d") if len(one) == ROWS else PartitionSpec() for one in operands]
    return [
        jax.device_put(one, NamedSharding(mesh, spec))
        for one, spec in zip(operands, specs, strict=True)
    ]


@pytest.mark.slow
@EVERY_MESH
@pytest.mark.parametrize("transform", ["eager", "jit"])
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.cases(4)
def test_value_and_gradients_are_those_of_one_device(monkeypatch, name, transform, axis_type):
    loss, operands, wanted = LOSSES[name]
    function = jax.value_and_grad(loss, wanted)
    expected, derivatives = function(*map(jax.numpy.asarray, operands))
    arrays = placed(operands, axis_type)
    if transform == "jit":  # in blocks of rows that four devices do not share
        monkeypatch.setattr(evaluate_linear, "BYTES_OF_LOGITS", 4 * SIZE * 9)
        jax.clear_caches()
        function = jax.jit(function)
    with jax.set_mesh(arrays[0].sharding.mesh):  # of explicit axes JAX adds up nothing without it
        found, found_derivatives = function(*arrays)
    assert_allclose(found, expected, rtol=1e-12)
    for place, derivative, alone in zip(wanted, found_derivatives, derivatives, strict=True):
        assert_allclose(derivative, alone, rtol=1e-10, atol=1e-14)
        assert derivative.sharding.is_equivalent_to(arrays[place].sharding, derivative.ndim)


def closed(name, *operands):
    """Loss of selected samples with its gradient in closed form."""
    options = {"reduction": "mean", "return_value": True, "temperature": 2.0}
    if name == "sparse":
        student, target, indices, mask = operands
        options |= {"where": mask, "tail": "renormalize"}
        return sparse_kl_div_with_logits_gradient(student, indices, target, **options)
    hidden, weight, bias, target, *indices, mask = operands
    options |= {"indices": indices[0], "target_is": "log_probabilities"} if indices else {}
    return linear_kl_div_gradient(hidden, weight, target, bias=bias, where=mask, **options)


@pytest.mark.slow
@EVERY_MESH
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.cases(2)
def test_gradients_in_closed_form_are_those_of_one_device(name, axis_type):
    _, operands, wanted = LOSSES[name]
    expected = closed(name, *operands)
    arrays = placed(operands, axis_type)
    with jax.set_mesh(arrays[0].sharding.mesh):
        found = closed(name, *arrays)
    assert len(found) == 1 + len(wanted)
    for one, alone in zip(found, expected, strict=True):
        assert_allclose(one, alone, rtol=1e-10, atol=1e-14)


def summed(name, *operands):
    """Sum of the divergences, which is that of the sums of the parts."""
    if name == "sparse":
        student, target, indices, mask = operands
        return sparse_kl_div_with_logits(student, indices, target, where=mask, reduction="sum")
    hidden, weight, bias, target, *indices, mask = operands
    known = {"indices": indices[0], "target_is": "log_probabilities"} if indices else {}
    return linear_kl_div(hidden, weight, target, bias=bias, where=mask, reduction="sum", **known)


@pytest.mark.slow
@pytest.mark.parametrize("blocks", ["one block", "several blocks"])
@pytest.mark.parametrize("checked", [True, False], ids=["checked", "unchecked"])
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.cases(2)
def test_shard_map_adds_up_the_gradients_of_a_layer_that_is_on_each(
    monkeypatch, name, checked, blocks
):
    _, operands, wanted = LOSSES[name]
    function = partial(summed, name)
    expected = jax.value_and_grad(function, wanted)(*map(jax.numpy.asarray, operands))
    if blocks == "several blocks":
        monkeypatch.setattr(evaluate_linear, "BYTES_OF_LOGITS", 4 * SIZE * 4)
        jax.clear_caches()
    arrays = placed(operands, AxisType.Auto)
    total = jax.shard_map(
        lambda *parts: jax.lax.psum(function(*parts), "d"),
        mesh=arrays[0].sharding.mesh,
        in_specs=tuple(one.sharding.spec for one in arrays),
        out_specs=PartitionSpec(),
        check_vma=checked,
    )
    found = jax.jit(jax.value_and_grad(total, wanted))(*arrays)
    for one, alone in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert_allclose(one, alone, rtol=1e-10, atol=1e-14)


def small_gradient(hidden, weight, teacher, scale):
    """Gradient of a scaled sum of divergences by hidden states and weight, in closed form."""
    options = {"reduction": "sum", "upstream": scale}
    return linear_kl_div_gradient(hidden, weight, teacher, **options)[:2]


@pytest.mark.parametrize("checked", [None, True, False], ids=["placed", "checked", "unchecked"])
@pytest.mark.parametrize("scale", [1.0, 2.0**20])
@pytest.mark.cases(0, 2)
def test_gradient_in_closed_form_in_float16_takes_any_scale_and_is_added_up_once(scale, checked):
    operands = [one.astype("float16") for one in (HIDDEN / 1024, WEIGHT / 1024, 4 * TEACHER)]
    expected = small_gradient(*(one.astype("float64") for one in operands), scale)
    function = partial(small_gradient, scale=scale)
    if checked is not None:
        rows, whole = PartitionSpec("d"), PartitionSpec()
        function = jax.shard_map(
            function,
            mesh=jax.make_mesh((DEVICES,), ("d",), axis_types=(AxisType.Auto,)),
            in_specs=(rows, whole, rows),
            out_specs=(rows, whole if checked else rows),
            check_vma=checked,
        )
    by_hidden, by_weight = jax.jit(function)(*map(jax.numpy.asarray, operands))
    # Where JAX keeps no account of what varies, each device has the gradient of its own rows.
    by_weight = np.asarray(by_weight, "float64").reshape(-1, *operands[1].shape).sum(0)
    for one, wanted in zip((by_hidden, by_weight), expected, strict=True):
        assert np.linalg.norm(one - wanted) <= 4e-3 * np.linalg.norm(wanted)
