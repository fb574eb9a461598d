"""CUDA tensors: the loss with both derivatives, from operands that kernels read once."""

import pytest

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
    sparse_kl_div_with_logits,
    sparse_kl_div_with_logits_gradient,
)

torch = pytest.importorskip("torch", reason="torch is not installed")

from backends.torch.cuda_tensors import (  # noqa: E402 - torch may be missing
    assert_close,
    tensors,
)

KL = kl_div_with_logits, kl_div_with_logits_gradient
JS = js_div_with_logits, js_div_with_logits_gradient
SPARSE = sparse_kl_div_with_logits, sparse_kl_div_with_logits_gradient
GIVEN = kl_div, kl_div_gradient
SOME = torch.arange(6) != 2
CASES = {
    "sum": (*GIVEN, {"reduction": "batchmean"}),
    "terms": (*GIVEN, {"reduction": "none"}),
    "samples": (*GIVEN, {"reduction": "none", "axis": 1}),
    "columns": (*GIVEN, {"reduction": "none", "axis": 0}),
    "mean of some": (*GIVEN, {"reduction": "mean", "axis": 1, "where": SOME}),
    "KL": (*KL, {"reduction": "none"}),
    "KL of p": (*KL, {"target_is": "probabilities", "temperature": 2.0, "where": SOME}),
    "JS": (*JS, {"beta": 0.3}),
    "JS of p": (*JS, {"target_is": "probabilities", "beta": 0.3}),
}


@pytest.mark.few(0, 6)
@pytest.mark.parametrize("name", CASES)
def test_loss_and_derivatives_are_those_of_two_calls_and_take_one_kernel(way, name):
    loss, gradient, options = CASES[name]
    operands = tensors()
    found = gradient(*operands, return_value=True, **options)
    assert sum("at_x," in source for source in way) in (0, 1)
    expected = loss(*operands, **options), *gradient(*operands, **options)
    for one, other in zip(found, expected, strict=True):
        assert_close(one, other, "float64")


@pytest.mark.few(1, 1)
def test_logits_beside_a_sparse_teacher_are_added_up_once(way):
    logits, target = tensors((6, 40))
    indices = torch.arange(24).reshape(6, 4)
    options = {"tail": "bucket", "temperature": 2.0}
    operands = logits, indices, target[:, :4] / 9
    found = SPARSE[1](*operands, return_value=True, **options)
    assert len(way) in (0, 2)  # the sum of exponentials, and the derivative
    expected = SPARSE[0](*operands, **options), *SPARSE[1](*operands, **options)
    for one, other in zip(found, expected, strict=True):
        assert_close(one, other, "float64")


@pytest.mark.few(1, 5)
@pytest.mark.parametrize("name", CASES)
def test_what_is_differentiated_is_left_to_autograd(way, name):
    _, gradient, options = CASES[name]
    operands = tensors(differentiated=(True, True))
    value, by_input, _ = gradient(*operands, return_value=True, **options)
    (derivative,) = torch.autograd.grad(value.sum(), operands[0], retain_graph=True)
    assert_close(derivative, by_input, "float64")
    torch.autograd.grad(by_input.sum(), operands[1])
