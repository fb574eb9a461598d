"""CUDA tensors: their two ways, run on tensors in host memory that pass for such.

The kernels are compiled by g++ and run on a simulated device. What only a GPU can show is missing:
torch's streams, CuPy's compiler, and whether anything waits for the device.
"""

import pytest
import reference
from numpy.testing import assert_allclose

from kldiv_xp import (
    js_div_with_logits,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    sparse_kl_div_with_logits,
)

torch = pytest.importorskip("torch", reason="torch is not installed")

from backends.torch.cuda_tensors import (  # noqa: E402 - torch may be missing
    assert_close,
    plainly,
    tensors,
)

from kldiv_xp.backends.torch import cuda_in_blocks  # noqa: E402 - torch may be missing

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")
BOTH_SPACES = pytest.mark.parametrize("log_target", [False, True], ids=["p", "log p"])
TYPES = pytest.mark.parametrize("type_", ["float16", "bfloat16", "float32", "float64"])


@pytest.mark.cases(6)
@TYPES
@BOTH_SPACES
@pytest.mark.parametrize("options", [
    {"reduction": "none"}, {"reduction": "mean"}, {"reduction": "sum"}, {"reduction": "batchmean"},
    {"reduction": "none", "axis": 1}, {"reduction": "mean", "axis": (0, 1)},
], ids=str)  # fmt: skip
def test_values_are_those_of_the_plain_expression(way, monkeypatch, type_, log_target, options):
    operands = tensors(type_=type_, log_target=log_target)
    found = kl_div(*operands, log_target=log_target, **options)
    expected = plainly(monkeypatch, kl_div, *operands, log_target=log_target, **options)
    assert_close(found, expected, type_)


LOSSES = pytest.mark.parametrize("loss", [kl_div_with_logits, js_div_with_logits])


@pytest.mark.few(0, 3)
@LOSSES
@pytest.mark.parametrize("options", [
    {}, {"reduction": "mean", "temperature": 2.5}, {"reduction": "none", "axis": 0},
    {"reduction": "mean", "where": torch.tensor([True, False, True, True, False, True])},
], ids=["plain", "temperature", "axis", "where"])  # fmt: skip
def test_losses_of_logits_and_their_gradients_are_those_of_the_plain_expression(
    way, monkeypatch, loss, options
):
    def value_and_gradients():
        operands = tensors(differentiated=(True, True))
        value = loss(*operands, **options)
        value.backward(torch.linspace(1, 2, value.numel(), dtype=value.dtype).reshape(value.shape))
        return [value, *(operand.grad for operand in operands)]

    found = value_and_gradients()
    for each, other in zip(found, plainly(monkeypatch, value_and_gradients), strict=True):
        assert_close(each, other, "float64")


@pytest.mark.few(0, 4)
@LOSSES
def test_second_derivatives_of_losses_of_logits_are_those_of_the_plain_expression(
    way, monkeypatch, loss
):
    def second():
        x, t = tensors(differentiated=(True, False))
        (derivative,) = torch.autograd.grad(loss(x, t), x, create_graph=True)
        (derivative**2).sum().backward()
        return x.grad

    assert_close(second(), plainly(monkeypatch, second), "float64")


@pytest.mark.cases(2, 2)
@BOTH_SPACES
@pytest.mark.parametrize("options", [
    {"reduction": "none"}, {"reduction": "batchmean"}, {"reduction": "none", "axis": 1},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("differentiated", [(True, False), (False, True), (True, True)], ids=str)
def test_gradients_are_those_of_autograd(way, monkeypatch, log_target, options, differentiated):
    def gradients():
        operands = tensors(log_target=log_target, differentiated=differentiated)
        loss = kl_div(*operands, log_target=log_target, **options)
        loss.backward(torch.linspace(1, 2, loss.numel(), dtype=loss.dtype).reshape(loss.shape))
        return [operand.grad for operand in operands]

    for found, expected in zip(gradients(), plainly(monkeypatch, gradients), strict=True):
        assert (found is None) == (expected is None)
        if found is not None:
            assert_close(found, expected, "float64")


@BOTH_SPACES
def test_special_operands_are_as_the_contract_says(way, log_target):
    pairs = reference.every_pair(log_target)
    inputs, targets = (torch.tensor(each, dtype=torch.float64) for each in zip(*pairs, strict=True))
    terms = kl_div(inputs, targets, reduction="none", log_target=log_target)
    assert_allclose(terms, [reference.term(*pair, log_target) for pair in pairs], rtol=1e-14)


def test_masks_and_gradients_in_closed_form(way, monkeypatch):
    operands = tensors((4, 3, 5))
    mask = torch.arange(3)[:, None] < 2
    mask = mask.expand(4, 3, 1)
    options = {"axis": -1, "where": mask, "reduction": "mean"}
    expected = plainly(monkeypatch, kl_div, *operands, **options)
    assert_close(kl_div(*operands, **options), expected, "float64")
    derivatives = plainly(monkeypatch, kl_div_gradient, *operands, **options)
    for found, expected in zip(kl_div_gradient(*operands, **options), derivatives, strict=True):
        assert_close(found, expected, "float64")


@pytest.mark.few(1, 1)
def test_strides_of_tensors_are_followed(way, monkeypatch):
    log_q, target = tensors((6, 8))
    laid = log_q.t()[::2], target.t()[::2].contiguous()
    for reduction in ("none", "sum"):
        expected = plainly(monkeypatch, kl_div, *laid, reduction=reduction)
        assert_close(kl_div(*laid, reduction=reduction), expected, "float64")


def test_only_the_operands_are_kept_for_the_backward_pass(way):
    operands = tensors(differentiated=(True, True))
    loss = kl_div(*operands, reduction="sum")
    kept = [tensor.data_ptr() for tensor in loss.grad_fn.saved_tensors]
    assert kept == [operand.data_ptr() for operand in operands]


def test_second_derivative_is_that_of_the_plain_expression(way, monkeypatch):
    def second():
        operands = tensors((3, 4), differentiated=(True, True))
        loss = kl_div(*operands, reduction="sum")
        (by_target,) = torch.autograd.grad(loss, operands[1:], create_graph=True)
        return torch.autograd.grad(by_target.sum(), operands[0])[0]

    assert_close(second(), plainly(monkeypatch, second), "float64")


@pytest.mark.few(1, 1)
def test_loss_is_the_same_bits_on_repeat(way):
    operands = tensors((40, 50), "float32")
    first, *others = [kl_div(*operands, reduction="sum") for _ in range(3)]
    assert all(torch.equal(first, other) for other in others)


@pytest.mark.few(2, 4)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0)], ids=str)
def test_few_elements(way, shape):
    operands = torch.full(shape, -1.0), torch.ones(shape)
    assert kl_div(*operands, reduction="none").shape == shape
    assert kl_div(*operands, reduction="sum") == operands[0].numel()


@pytest.mark.few(1, 1)
def test_sum_beyond_float16_is_divided_before_it_is_rounded(way):
    operands = [torch.full((40, 1000), value, dtype=torch.float16) for value in (-8.0, 1.0)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuda_in_blocks, "CUDA_BLOCK_ELEMENTS", 1 << 14)
        assert kl_div(*operands, reduction="batchmean") == 8000


def teacher(target_is, tail):
    """Logits of a student with a class that has no chance, indices, and what is known there."""
    generator = torch.Generator().manual_seed(3)
    logits = 3 * torch.randn((5, 40), generator=generator, dtype=torch.float64)
    logits[0, 3] = -torch.inf
    indices = torch.stack([torch.randperm(40, generator=generator)[:6] for _ in range(5)])
    p = torch.randn((5, 6 if tail == "renormalize" else 9), generator=generator).softmax(-1)[:, :6]
    return logits, indices, p if target_is == "probabilities" else p.log()


@pytest.mark.cases(1, 11)
@TYPES
@pytest.mark.parametrize("tail", ["bucket", "zero", "renormalize"])
@pytest.mark.parametrize("target_is", ["probabilities", "log_probabilities"])
@pytest.mark.parametrize("options", [
    {}, {"temperature": 2.5}, {"temperature": 1e35}, {"reduction": "none"},
    {"reduction": "mean", "where": torch.tensor([True, False, True, True, False])},
], ids=["plain", "temperature", "hot", "none", "where"])  # fmt: skip
def test_teachers_known_in_part_are_compared_as_by_the_plain_expression(
    way, monkeypatch, type_, tail, target_is, options
):
    logits, indices, target = teacher(target_is, tail)

    def loss_and_gradients():
        x = logits.to(getattr(torch, type_)).requires_grad_()
        t = target.to(x.dtype).requires_grad_()
        chosen = {"target_is": target_is, "tail": tail, "dtype": torch.float64, **options}
        loss = sparse_kl_div_with_logits(x, indices, t, **chosen)
        loss.sum().backward()
        return loss.detach(), x.grad, t.grad

    expected = plainly(monkeypatch, loss_and_gradients)
    found = loss_and_gradients()
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        assert_close(one, other, type_)
