"""torch: derivatives of logits are computed beside the loss, and kept for the backward pass."""

from functools import partial

import numpy as np
import pytest

from kldiv_xp import js_div_with_logits, kl_div_with_logits, kl_div_with_logits_gradient
from kldiv_xp.backends.numpy import rows, rows_with_derivatives
from kldiv_xp.fused.choice import FUSED_VARIABLE

torch = pytest.importorskip("torch", reason="torch is not installed")
assert_close = torch.testing.assert_close

LOSSES = {
    "kl": kl_div_with_logits,
    "reverse": partial(js_div_with_logits, beta=1.0),
    "js": js_div_with_logits,
    "js at 0.3, T = 2": partial(js_div_with_logits, beta=0.3, temperature=2.0),
    "probabilities": partial(kl_div_with_logits, target_is="probabilities"),
}
EVERY_LOSS = pytest.mark.parametrize("name", LOSSES)
COMPILED = pytest.mark.parametrize("compiled", ["0", "1"], ids=["loops of NumPy", "compiled"])
WANTED = pytest.mark.parametrize("wanted", [(True, False), (False, True), (True, True)], ids=str)


def operands(name="kl", wanted=(True, False), shape=(64, 300), dtype=torch.float32):
    """Rows of logits, some of which nearly agree, or rows of logits and of probabilities."""
    random = torch.Generator().manual_seed(0)
    x, t = (torch.randn(shape, generator=random, dtype=torch.float64) for _ in range(2))
    if name == "probabilities":
        t = t.softmax(-1)
    else:
        x[::3] = t[::3] + 1e-3 * x[::3]
    return [one.to(dtype).requires_grad_(want) for one, want in zip((x, t), wanted, strict=True)]


def gradients(loss, given, **options):
    return torch.autograd.grad(loss, [one for one in given if one.requires_grad], **options)


def detached(given):
    return [one.detach() for one in given]


@pytest.fixture
def without_derivatives(monkeypatch):
    """Function after which no derivative is computed any more."""

    def refuse():
        def refused(*_, **__):
            raise AssertionError("a derivative was computed again")

        monkeypatch.setattr(rows, "fill_row_derivatives", refused)
        monkeypatch.setattr(rows_with_derivatives, "fill_row_derivatives", refused)

    return refuse


@pytest.mark.few(24, 60)
@EVERY_LOSS
@COMPILED
@WANTED
@pytest.mark.parametrize("shape", [(24, 300), (5, 7), (3, 4, 130)], ids=str)
def test_the_value_is_that_without_a_gradient(
    monkeypatch, name, compiled, wanted, shape, reduction
):
    """To the bit, but for compiled loops whose derivative takes another form of the rows."""
    monkeypatch.setenv(FUSED_VARIABLE, compiled)
    given = operands(name, wanted, shape)
    loss = LOSSES[name](*given, reduction=reduction)
    alone = LOSSES[name](*detached(given), reduction=reduction)
    is_same_form = compiled == "0" or (name == "kl" and wanted[0])
    assert_close(loss.detach(), alone, rtol=0 if is_same_form else 2e-6, atol=0)


@pytest.mark.few(24, 60)
@EVERY_LOSS
@COMPILED
@WANTED
def test_derivatives_are_those_of_float64(monkeypatch, name, compiled, wanted, reduction):
    monkeypatch.setenv(FUSED_VARIABLE, compiled)
    given = operands(name, wanted)
    exact = [one.detach().double().requires_grad_(one.requires_grad) for one in given]
    weights = torch.linspace(0.5, 2, given[0].shape[0])
    found, right = (
        gradients((LOSSES[name](*each, reduction=reduction) * weights.to(each[0])).sum(), each)
        for each in (given, exact)
    )
    for one, other in zip(found, right, strict=True):
        assert one.dtype == torch.float32
        assert ((one - other).abs().amax(-1) / other.abs().amax(-1)).max() < 2e-6


def test_the_backward_pass_computes_no_exponential_again(without_derivatives):
    given = operands()
    loss = kl_div_with_logits(*given)
    expected = kl_div_with_logits_gradient(*detached(given))[0]
    without_derivatives()
    assert_close(gradients(loss, given)[0], expected)


def test_weights_of_losses_of_samples_are_multiplied_in(without_derivatives):
    given, weights = operands(), torch.arange(64.0)
    loss = kl_div_with_logits(*given, reduction="none")
    upstream = weights
    expected = kl_div_with_logits_gradient(*detached(given), reduction="none", upstream=upstream)
    without_derivatives()
    assert_close(gradients(loss @ weights, given)[0], expected[0])


@pytest.mark.parametrize("factor", [1.0, 3.0])
def test_a_graph_that_is_kept_gives_the_same_gradient_whatever_becomes_of_the_first(factor):
    given = operands()
    loss = kl_div_with_logits(*given) * factor
    (first,) = gradients(loss, given, retain_graph=True)
    expected = first.clone()
    first.zero_()
    (second,) = gradients(loss, given, retain_graph=True)
    second.zero_()
    assert torch.equal(gradients(loss, given)[0], expected)


@pytest.mark.parametrize("factor", [0.0, 1e-30, 1e30, -1e30, float("inf"), float("nan")])
def test_a_cotangent_of_any_size_has_the_gradient_of_the_closed_form(factor):
    given = operands(shape=(4, 200))
    loss, upstream = kl_div_with_logits(*given), torch.tensor(factor)
    expected = kl_div_with_logits_gradient(*detached(given), upstream=upstream)[0]
    found = gradients(loss, given, grad_outputs=upstream)[0]
    assert_close(found, expected, rtol=1e-6, atol=0, equal_nan=True)


@pytest.mark.parametrize("factor", [1e-30, 1e30, float("inf"), float("nan")])
def test_a_cotangent_of_a_sample_of_any_size_has_the_gradient_of_the_closed_form(factor):
    given, upstream = operands(shape=(4, 200)), torch.tensor([1.0, factor, 0.0, 2.0])
    rows, options = kl_div_with_logits(*given, reduction="none"), {"reduction": "none"}
    expected = kl_div_with_logits_gradient(*detached(given), upstream=upstream, **options)[0]
    found = gradients(rows, given, grad_outputs=upstream)[0]
    assert_close(found, expected, rtol=1e-6, atol=0, equal_nan=True)


def test_a_cotangent_of_a_sample_that_is_left_out_may_be_nan():
    given, where = operands(shape=(4, 200)), torch.tensor([True, False, True, False])
    rows = kl_div_with_logits(*given, where=where, reduction="none")
    found = gradients(rows.sqrt().sum(), given)[0]  # the square root of 0 has an infinite slope
    assert torch.isfinite(found).all()
    assert (found.abs().sum(-1) > 0).tolist() == where.tolist()


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_what_a_hook_unpacks_is_not_written(tmp_path, factor):
    """It may be memory that cannot be: the process ended there."""

    def pack(tensor):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.npy"
        np.save(path, tensor.detach().numpy())
        return path

    given = operands()
    with torch.autograd.graph.saved_tensors_hooks(
        pack, lambda path: torch.from_numpy(np.load(path, mmap_mode="r"))
    ):
        loss = kl_div_with_logits(*given)
    (found,) = gradients(loss * factor, given)
    expected = kl_div_with_logits_gradient(*detached(given))[0] * factor
    assert_close(found, expected)
    found.mul_(2)  # nor is it given away


def test_a_graph_of_the_gradient_is_differentiated_once_more():
    given = operands("kl", (True, True), (4, 9), torch.float64)
    loss = partial(kl_div_with_logits, reduction="batchmean")
    assert torch.autograd.gradgradcheck(loss, given)


@pytest.mark.parametrize(
    ("type_", "dtype"), [("float16", None), ("bfloat16", None), ("float32", torch.float64)], ids=str
)
def test_derivatives_that_are_rounded_to_their_operand_are_not_kept(type_, dtype):
    """Times a cotangent they would be rounded twice."""
    given = operands(dtype=getattr(torch, type_))
    assert len(kl_div_with_logits(*given, dtype=dtype).grad_fn.saved_tensors) == 2


def test_derivatives_are_saved_as_operands_are():
    """A checkpoint forgets them, and offloading moves them."""
    given, kept = operands(), []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda one: kept.append(one.shape) or one.clone(), lambda one: one
    ):
        loss = kl_div_with_logits(*given)
    assert kept == [given[0].shape] * 3
    assert_close(gradients(loss, given)[0], kl_div_with_logits_gradient(*detached(given))[0])


def test_hooks_that_keep_equal_tensors_once_get_each_loss_its_gradient():
    """The derivative of both losses was multiplied by 2 and by 3."""
    pool = []

    def pack(tensor):
        same = [one for one in pool if one.shape == tensor.shape and torch.equal(one, tensor)]
        pool.extend([] if same else [tensor.detach()])
        return (same or pool)[-1]

    given = operands()
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        losses = [kl_div_with_logits(*given) for _ in range(2)]
    kept = [one.clone() for one in pool]
    (found,) = gradients(2 * losses[0] + 3 * losses[1], given)
    assert_close(found, 5 * kl_div_with_logits_gradient(*detached(given))[0])
    assert all(map(torch.equal, pool, kept))


def test_a_checkpoint_gives_the_same_gradient():
    given = operands()
    loss = torch.utils.checkpoint.checkpoint(kl_div_with_logits, *given, use_reentrant=False)
    assert_close(gradients(loss, given)[0], gradients(kl_div_with_logits(*given), given)[0])


def test_gradients_that_are_mapped_are_those_one_by_one():
    given, upstream = operands(shape=(3, 40)), torch.eye(3)
    loss = kl_div_with_logits(*given, reduction="none")
    (found,) = gradients(
        loss, given, grad_outputs=upstream, is_grads_batched=True, retain_graph=True
    )
    for one, row in zip(found, upstream, strict=True):
        assert_close(one, gradients(loss, given, grad_outputs=row, retain_graph=True)[0])


def test_a_gradient_that_is_not_asked_for_is_left_out():
    given = operands("kl", (True, True))
    loss = kl_div_with_logits(*given)
    assert_close(
        torch.autograd.grad(loss, given[1])[0],
        kl_div_with_logits_gradient(*detached(given))[1],
    )
