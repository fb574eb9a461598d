"""Divergences of rows on torch tensors in host memory: NumPy's loops, block by block."""

import math

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from kldiv_xp import js_div_with_logits, js_div_with_logits_gradient
from kldiv_xp.backends.numpy import rows_with_derivatives
from kldiv_xp.calls.operands import examine
from kldiv_xp.core.evaluate_rows import evaluate_divergences, plain_derivatives
from kldiv_xp.formula.logits import JS, KL
from kldiv_xp.host import blocks

torch = pytest.importorskip("torch", reason="torch is not installed")
bridge = pytest.importorskip("kldiv_xp.backends.torch.eager_logits")

SHAPE = (4, 6, 37)
DIVERGENCES = pytest.mark.parametrize(
    "divergence", [KL(2.0, "logits"), KL(1.0, "probabilities"), JS.of(1.0, 0.25)], ids=str
)
MASKED = pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
WANTED = pytest.mark.parametrize(
    "wanted", [(True, False), (False, True), (True, True)], ids=["input", "target", "both"]
)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks of 16 float64, less than a row."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 16 * 8)


def arrays(wanted=(False, False), *, masked=False, shape=SHAPE):
    """Two distributions, both of which are logits as well, and a mask of rows."""
    generator = torch.Generator().manual_seed(5)
    logits = torch.randn((2, *shape), generator=generator, dtype=torch.float64)
    operands = [
        one.softmax(-1).requires_grad_(want) for one, want in zip(logits, wanted, strict=True)
    ]
    mask = torch.arange(math.prod(shape[:-1])).reshape(*shape[:-1], 1) % 3 > 0
    return (*operands, mask) if masked else tuple(operands)


def divergences(every, divergence):
    return bridge.divergences(examine(*every[:2]), every, divergence)


@DIVERGENCES
@MASKED
def test_divergences_are_those_of_numpy_bit_for_bit(divergence, masked):
    every = arrays(masked=masked)
    on_host = tuple(one.numpy() for one in every)
    expected = evaluate_divergences(examine(*on_host[:2]), on_host, divergence)
    assert_array_equal(divergences(every, divergence), expected)


@pytest.mark.few(18, 18)
@DIVERGENCES
@MASKED
@WANTED
@pytest.mark.parametrize("shape", [(24, 37), SHAPE], ids=str)
def test_gradient_is_written_row_by_row_where_a_row_is_a_block(
    monkeypatch, divergence, masked, wanted, shape
):
    monkeypatch.setenv("KLDIV_XP_FUSED", "0")
    every, shapes = arrays(wanted, masked=masked, shape=shape), []
    function = rows_with_derivatives.derivatives_of_block

    def recorded(*arguments):
        shapes.append(arguments[5].shape)
        return function(*arguments)

    monkeypatch.setattr(rows_with_derivatives, "derivatives_of_block", recorded)
    rows = divergences(every, divergence)
    upstream = torch.linspace(1, 2, rows.numel(), dtype=torch.float64).reshape(rows.shape)
    asked = [one for one, want in zip(every[:2], wanted, strict=True) if want]
    found = torch.autograd.grad(rows, asked, upstream)
    assert {math.prod(shape) for shape in shapes} == {SHAPE[-1]}
    plain = tuple(one.detach() for one in every)
    closed = plain_derivatives(examine(*plain[:2]), plain, divergence, upstream[..., None], wanted)
    torch.testing.assert_close(list(found), [one for one in closed if one is not None])


@DIVERGENCES
def test_second_derivative_takes_the_plain_expression(monkeypatch, divergence):
    every = arrays((True, True))
    rows = divergences(every, divergence)
    (derivative,) = torch.autograd.grad(rows.sum(), every[0], create_graph=True)
    monkeypatch.setattr(bridge.host_logits, "row_derivatives_of", None)
    (second,) = torch.autograd.grad((derivative * every[1].detach()).sum(), every[0])
    assert torch.isfinite(second).all()
    assert second.abs().sum() > 0


@MASKED
@WANTED
def test_node_keeps_the_operands_and_the_derivatives_that_are_wanted(masked, wanted):
    every = arrays(wanted, masked=masked)
    kept = divergences(every, KL(1.0, "logits")).grad_fn.saved_tensors
    operands, derivatives = kept[: len(every)], kept[len(every) :]
    assert [one.data_ptr() for one in operands] == [one.data_ptr() for one in every]
    assert [one is not None and one.shape == SHAPE for one in derivatives] == list(wanted)


def test_tensors_without_memory_get_the_plain_expression():
    every = tuple(torch.ones(SHAPE, device="meta") for _ in range(2))
    rows = divergences(every, KL(1.0, "logits"))
    assert (rows.device.type, rows.shape) == ("meta", SHAPE[:-1])


@pytest.mark.parametrize("type_", ["float16", "bfloat16", "float32"])
def test_gradient_has_the_type_of_its_operand(type_):
    every = [one.to(getattr(torch, type_)).requires_grad_() for one in arrays()]
    rows = divergences(every, JS.of(1.0, 0.5))
    assert rows.dtype == torch.float32
    derivatives = torch.autograd.grad(rows.sum(), every)
    assert [one.dtype for one in derivatives] == [every[0].dtype] * 2
    plain = tuple(one.detach() for one in every)
    ones = torch.ones((*SHAPE[:-1], 1))
    closed = plain_derivatives(examine(*plain), plain, JS.of(1.0, 0.5), ones, (True, True))
    eps = torch.finfo(every[0].dtype).eps
    for derivative, expected in zip(derivatives, closed, strict=True):
        np.testing.assert_allclose(
            derivative.float(), expected.float(), rtol=4 * eps, atol=eps / 16
        )


@pytest.mark.parametrize("beta", [0.5, 0.3])
@pytest.mark.parametrize("options", [{}, {"temperature": torch.tensor(1.0)}], ids=["T", "tensor"])
def test_classes_with_subnormal_probabilities_leave_gradients_of_all_orders_finite(beta, options):
    """Of both 1e-41: a quotient of the two had an infinite derivative, and the row NaN."""
    x, t = torch.tensor([[0.0, 1.0, -95.0]], requires_grad=True), torch.tensor([[0.0, 2.0, -95.0]])
    loss = js_div_with_logits(x, t, beta=beta, **options)
    (derivative,) = torch.autograd.grad(loss, x, create_graph=True)
    expected = js_div_with_logits_gradient(x.detach().double(), t.double(), beta=beta)[0]
    torch.testing.assert_close(derivative.double(), expected, rtol=1e-5, atol=1e-9)
    (second,) = torch.autograd.grad(derivative[0, 0], x)
    assert torch.isfinite(second).all()
