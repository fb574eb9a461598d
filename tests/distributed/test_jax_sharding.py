"""JAX on four devices: arrays sharded over batch or vocabulary, and sums instead of gathers."""

import re
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose

from kldiv_xp import js_div_with_logits, kl_div, kl_div_gradient, kl_div_with_logits

jax = pytest.importorskip("jax", reason="jax is not installed")

from jax.sharding import AxisType, NamedSharding, PartitionSpec  # noqa: E402 - after the skip

DEVICES = 4

if len(jax.devices()) < DEVICES:
    reason = "needs 4 devices: XLA_FLAGS=--xla_force_host_platform_device_count=4"
    pytest.skip(reason, allow_module_level=True)

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")

ROWS, VOCABULARY = 8, 12
SHARDED = {"batch": PartitionSpec("d", None), "vocabulary": PartitionSpec(None, "d")}
EVERY_SHARDING = pytest.mark.parametrize("sharded", SHARDED)
EVERY_MESH = pytest.mark.parametrize("axis_type", [AxisType.Auto, AxisType.Explicit], ids=str)
EXCHANGES = (
    "all-gather",
    "all-to-all",
    "collective-permute",
    "reduce-scatter",
    "ragged-all-to-all",
)

LOSSES = {
    "sum": partial(kl_div, reduction="sum"),
    "mean": partial(kl_div, reduction="mean"),
    "batchmean": partial(kl_div, reduction="batchmean"),
    "samples": partial(kl_div, reduction="none", axis=-1),
    "masked": lambda x, t: kl_div(x, t, reduction="mean", where=t > 0.05),
    "log target": partial(kl_div, reduction="sum", log_target=True),
    "logits": kl_div_with_logits,
    "logits, rows": partial(kl_div_with_logits, reduction="none"),
    "js": js_div_with_logits,
}
EVERY_LOSS = pytest.mark.parametrize("name", LOSSES)


OF_LOGARITHMS = {"log target", "logits", "logits, rows", "js"}


def operands(name):
    """Log-probabilities and what the loss takes for a target, probabilities of 0 among them."""
    q, p = np.random.default_rng(5).dirichlet(np.ones(VOCABULARY), (2, ROWS))
    p[3, ::5] = 0
    q[3, 0] = 0
    with np.errstate(divide="ignore"):
        return np.log(q), np.log(p) if name in OF_LOGARITHMS else p


def placed(name, sharded, axis_type):
    """The same on four devices."""
    mesh = jax.make_mesh((DEVICES,), ("d",), axis_types=(axis_type,))
    sharding = NamedSharding(mesh, SHARDED[sharded])
    return [jax.device_put(one, sharding) for one in operands(name)]


def summed_gradient(loss):
    """Derivatives of the sum of a loss by both operands."""
    return jax.grad(lambda *arrays: loss(*arrays).sum(), (0, 1))


def program(function, arrays):
    """Text of the compiled program."""
    return jax.jit(function).lower(*arrays).compile().as_text()


def collectives(text, kind):
    """Shapes of what every operation of a kind gives: "f64[]"."""
    found = re.findall(rf"= (\([^=]*?\)|\S+) {kind}(?:-start)?\(", text)
    return [shape for one in found for shape in re.findall(r"\w+\[[\d,]*\]", one)]


def elements(shape):
    """Number of elements of a shape of XLA."""
    sizes = shape.partition("[")[2].rstrip("]")
    return int(np.prod([int(size) for size in sizes.split(",")])) if sizes else 1


@EVERY_MESH
@EVERY_SHARDING
@EVERY_LOSS
@pytest.mark.parametrize("transform", ["eager", "jit"])
@pytest.mark.cases(0, 8)
def test_value_is_that_of_one_device(name, sharded, axis_type, transform):
    function = jax.jit(LOSSES[name]) if transform == "jit" else LOSSES[name]
    arrays = placed(name, sharded, axis_type)
    assert len(arrays[0].sharding.device_set) == DEVICES
    expected = LOSSES[name](*map(jax.numpy.asarray, operands(name)))
    assert_allclose(function(*arrays), expected, rtol=1e-13)


@pytest.mark.slow
@EVERY_MESH
@EVERY_SHARDING
@EVERY_LOSS
@pytest.mark.cases(4)
def test_gradient_is_that_of_one_device_and_stays_where_its_operand_is(name, sharded, axis_type):
    arrays = placed(name, sharded, axis_type)
    function = summed_gradient(LOSSES[name])
    expected = function(*map(jax.numpy.asarray, operands(name)))
    for derivative, alone, operand in zip(
        jax.jit(function)(*arrays), expected, arrays, strict=True
    ):
        assert_allclose(derivative, alone, rtol=1e-12, atol=1e-15)
        assert derivative.sharding.is_equivalent_to(operand.sharding, 2)


@EVERY_MESH
@EVERY_SHARDING
@EVERY_LOSS
@pytest.mark.parametrize("which", ["value", "gradient"])
@pytest.mark.cases(0, 8)
def test_program_gathers_no_operand(name, sharded, axis_type, which):
    function = LOSSES[name] if which == "value" else summed_gradient(LOSSES[name])
    text = program(function, placed(name, sharded, axis_type))
    for kind in EXCHANGES:
        assert not collectives(text, kind), kind


@pytest.mark.slow
@pytest.mark.parametrize("name", ["logits", "js"])
@pytest.mark.parametrize("words", [6932, 32000])
def test_program_gathers_no_part_of_a_long_row(name, words):
    mesh = jax.make_mesh((DEVICES,), ("d",))
    sharding = NamedSharding(mesh, SHARDED["vocabulary"])
    operand = jax.ShapeDtypeStruct((2, words), "float32", sharding=sharding)
    text = program(jax.value_and_grad(LOSSES[name]), (operand, operand))
    for kind in EXCHANGES:
        assert not collectives(text, kind), kind


@pytest.mark.few(4, 8)
@EVERY_MESH
@EVERY_SHARDING
@pytest.mark.parametrize("name", ["sum", "mean", "batchmean"])
def test_program_adds_up_one_number_of_every_device(name, sharded, axis_type):
    text = program(LOSSES[name], placed(name, sharded, axis_type))
    found = collectives(text, "all-reduce")
    assert found == ["f64[]"]


@pytest.mark.few(1, 3)
@EVERY_MESH
@pytest.mark.parametrize("name", ["samples", "logits, rows"])
def test_rows_of_whole_samples_need_no_communication(name, axis_type):
    arrays = placed(name, "batch", axis_type)
    assert not collectives(program(LOSSES[name], arrays), "all-reduce")


@pytest.mark.few(1, 3)
@EVERY_MESH
@pytest.mark.parametrize("name", ["samples", "logits, rows"])
def test_rows_in_parts_are_added_up_row_by_row(name, axis_type):
    found = collectives(program(LOSSES[name], placed(name, "vocabulary", axis_type)), "all-reduce")
    assert found
    assert all(elements(shape) == ROWS for shape in found)
    # Of logits: the largest and the sum of exponentials of both operands, and the divergence.
    assert len(found) == (1 if name == "samples" else 5)


@pytest.mark.few(1, 7)
@EVERY_MESH
@EVERY_SHARDING
@pytest.mark.parametrize("checked", [True, False], ids=["checked", "unchecked"])
def test_shard_map_of_the_local_sum(sharded, axis_type, checked):
    arrays = placed("sum", sharded, axis_type)
    spec = SHARDED[sharded]

    @partial(
        jax.shard_map,
        mesh=arrays[0].sharding.mesh,
        in_specs=(spec, spec),
        out_specs=PartitionSpec(),
        check_vma=checked,
    )
    def total(log_q, p):
        return jax.lax.psum(kl_div(log_q, p, reduction="sum"), "d")

    log_q, p = operands("sum")
    value, derivatives = jax.jit(jax.value_and_grad(total, (0, 1)))(*arrays)
    assert_allclose(value, kl_div(log_q, p, reduction="sum"), rtol=1e-13)
    for derivative, alone in zip(
        derivatives, kl_div_gradient(log_q, p, reduction="sum"), strict=True
    ):
        assert_allclose(derivative, alone, rtol=1e-12)
    assert not collectives(program(total, arrays), "all-gather")


@pytest.mark.few(0, 2)
@EVERY_SHARDING
def test_reproducible_losses_have_the_same_bits_on_four_devices(sharded):
    log_q, p = (one.astype("float32") for one in operands("sum"))
    mesh = jax.make_mesh((DEVICES,), ("d",), axis_types=(AxisType.Auto,))
    sharding = NamedSharding(mesh, SHARDED[sharded])
    arrays = [jax.device_put(one, sharding) for one in (log_q, p)]
    for options in ({"reduction": "sum"}, {"reduction": "none", "axis": -1}):
        expected = kl_div(log_q, p, reproducible=True, **options)
        found = kl_div(*arrays, reproducible=True, **options)
        np.testing.assert_array_equal(np.asarray(found), expected)
