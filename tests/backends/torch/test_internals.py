"""torch: what is more than memory is told before NumPy sees it, by names that may be missing."""

import warnings

import pytest

from kldiv_xp import js_div_with_logits, kl_div, kl_div_gradient, kl_div_with_logits

torch = pytest.importorskip("torch", reason="torch is not installed")

from torch.autograd import forward_ad  # noqa: E402 - torch may be missing
from torch.overrides import BaseTorchFunctionMode  # noqa: E402
from torch.testing._internal.logging_tensor import LoggingTensor  # noqa: E402
from torch.testing._internal.two_tensor import TwoTensor  # noqa: E402

from kldiv_xp.backends.torch import internals, numpy_views  # noqa: E402
from kldiv_xp.backends.torch.internals import (  # noqa: E402
    is_transformed,
    is_watched,
    which_are_plain,
)

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")


class Named(torch.Tensor):
    """A subclass that says nothing of what it does."""


def negated(tensor):
    """The same numbers, as the negated view of others."""
    pairs = torch.stack([torch.zeros_like(tensor), -tensor], -1)
    return torch.view_as_complex(pairs).conj().imag


def zeros_without_memory(tensor):
    return torch._efficientzerotensor(tensor.shape, dtype=tensor.dtype)


WRAPPED = {
    "two": (lambda one: TwoTensor(one, one), lambda one: one.a),
    "logging": (LoggingTensor, lambda one: one.elem),
    "named": (lambda one: one.as_subclass(Named), lambda one: one.as_subclass(torch.Tensor)),
    "negated": (negated, torch.Tensor.clone),
}
EVERY_KIND = pytest.mark.parametrize(("wrap", "unwrap"), WRAPPED.values(), ids=WRAPPED)
LOSSES = {
    "terms": lambda x, t, m=None: kl_div(x, t, reduction="none", where=m),
    "sum": lambda x, t, m=None: kl_div(x, t, reduction="sum", where=m),
    "samples": lambda x, t, m=None: kl_div(x, t, reduction="none", axis=-1, where=m),
    "logits": lambda x, t, m=None: kl_div_with_logits(x, t, where=None if m is None else m[:, :1]),
    "js": lambda x, t, m=None: js_div_with_logits(x, t, where=None if m is None else m[:, :1]),
}
EVERY_LOSS = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


def is_intercepted():
    return is_watched() or is_transformed()


def operands():
    log_p = torch.randn((2, 4, 5), generator=torch.Generator().manual_seed(1)).log_softmax(-1)
    mask = torch.rand((4, 5), generator=torch.Generator().manual_seed(2)) < 0.8
    return log_p[0].clone().requires_grad_(), log_p[1].exp(), mask


@EVERY_LOSS
@EVERY_KIND
@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
def test_incoming_gradient_may_be_any_tensor(loss, wrap, unwrap, twice):
    log_q, target, _ = operands()
    value = loss(log_q, target)
    upstream = torch.rand_like(value)
    (expected,) = torch.autograd.grad(value, log_q, upstream, retain_graph=True)
    (found,) = torch.autograd.grad(value, log_q, wrap(upstream), create_graph=twice)
    torch.testing.assert_close(unwrap(found).detach(), expected)


@EVERY_LOSS
def test_incoming_zeros_without_memory_give_zeros(loss):
    log_q, target, _ = operands()
    value = loss(log_q, target)
    (found,) = torch.autograd.grad(value, log_q, zeros_without_memory(value))
    assert torch.equal(found, torch.zeros_like(log_q))


@EVERY_LOSS
@pytest.mark.parametrize("kind", ["two", "logging", "named"])
def test_mask_may_be_any_tensor(loss, kind):
    log_q, target, mask = operands()
    wrap, unwrap = WRAPPED[kind]
    value = loss(log_q.detach(), target, mask)
    torch.testing.assert_close(unwrap(loss(log_q.detach(), target, wrap(mask))), value)


@EVERY_KIND
def test_upstream_of_the_closed_gradient_may_be_any_tensor(wrap, unwrap):
    log_q, target, mask = operands()
    log_q = log_q.detach()
    for reduction, shape in (("none", (4, 5)), ("sum", ())):
        upstream = torch.rand(shape)
        options = {"reduction": reduction, "where": mask}
        found = kl_div_gradient(log_q, target, upstream=wrap(upstream), **options)
        expected = kl_div_gradient(log_q, target, upstream=upstream, **options)
        torch.testing.assert_close([unwrap(one) for one in found], list(expected))


def test_upstream_zeros_without_memory_give_zeros():
    log_q, target, _ = operands()
    upstream = zeros_without_memory(torch.ones(()))
    for derivative in kl_div_gradient(log_q.detach(), target, reduction="sum", upstream=upstream):
        assert torch.equal(derivative + 0, torch.zeros(4, 5))


@EVERY_LOSS
def test_batched_gradients_beside_a_mask(loss):
    log_q, target, mask = operands()
    value = loss(log_q, target, mask)
    several = torch.rand((3, *value.shape))
    options = {"retain_graph": True}
    (found,) = torch.autograd.grad(value, log_q, several, is_grads_batched=True, **options)
    expected = [torch.autograd.grad(value, log_q, one, **options)[0] for one in several]
    torch.testing.assert_close(found, torch.stack(expected))


def test_masked_tensor_as_incoming_gradient_is_no_matter_of_numpy():
    from torch.masked import MaskedTensor

    log_q, target, mask = operands()
    value = kl_div(log_q, target, reduction="none")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "The PyTorch API of MaskedTensors is in prototype stage"
        upstream = MaskedTensor(torch.ones(4, 5), mask)
        (found,) = torch.autograd.grad(value, log_q, upstream)
    torch.testing.assert_close(found.get_data()[mask], -target[mask])


# What is plain


def test_only_memory_is_plain():
    plain = torch.rand(3, 4)
    with torch.inference_mode():
        inference = torch.rand(3)
    for one in (plain, plain.T, plain > 0, inference, torch.nn.Parameter(plain), plain.bfloat16()):
        assert all(which_are_plain([one]))
    others = [wrap(plain) for wrap, _ in WRAPPED.values()]
    others += [plain.to_sparse(), plain.to("meta"), zeros_without_memory(plain)]
    others += [
        torch.nested.as_nested_tensor([plain, plain], layout=torch.jagged),
        plain.to_mkldnn(),
    ]
    for one in others:
        assert not all(which_are_plain([one]))
    mapped = torch.func.vmap(lambda one: torch.full_like(one, float(all(which_are_plain([one])))))
    assert not mapped(plain).any()


def test_keys_of_cuda_are_those_of_the_host_with_its_name():
    names = [str(keys) for keys in internals.plain_keys()]
    assert names[2:] == [name.replace("CPU", "CUDA") for name in names[:2]]


@EVERY_LOSS
def test_functionalized_losses_are_the_same(loss):
    x, t, mask = operands()

    def total(x, t):
        return (loss(x, t, mask) * torch.tensor(1.5)).sum()

    wanted = torch.func.grad(total, (0, 1))(x, t)
    functionalize, grad = torch.func.functionalize, torch.func.grad
    torch.testing.assert_close(functionalize(total)(x, t), total(x, t))
    torch.testing.assert_close(functionalize(grad(total, (0, 1)))(x, t), wanted)
    torch.testing.assert_close(grad(functionalize(total), (0, 1))(x, t), wanted)
    mapped = functionalize(torch.func.vmap(grad(lambda x, t: loss(x, t).sum())))
    torch.testing.assert_close(mapped(x[:, None], t[:, None]).shape, x[:, None].shape)


def test_mode_that_names_the_default_device_intercepts_nothing():
    for device in ("cpu", "meta"):
        with torch.device(device):
            assert not is_intercepted()
            with BaseTorchFunctionMode():
                assert is_intercepted()


# Names that another torch may lack

MODULES = {
    "_functorch": torch._C,
    "_len_torch_dispatch_stack": torch._C,
    "_is_tracing": torch._C,
    "_len_torch_function_stack": torch._C,
    "_current_level": forward_ad,
}


@pytest.mark.parametrize("name", MODULES)
def test_torch_without_a_name_is_taken_for_one_that_watches(monkeypatch, name):
    assert not is_intercepted()
    monkeypatch.setattr(torch.jit, "is_tracing", lambda: False)  # it needs one of the names
    monkeypatch.delattr(MODULES[name], name)
    assert is_intercepted()
    assert_plain_expression()


@pytest.mark.parametrize("name", ["_dispatch_keys", "DispatchKey", "DispatchKeySet"])
def test_tensors_of_a_torch_without_dispatch_keys_are_not_plain(monkeypatch, name):
    internals.plain_keys.cache_clear()
    monkeypatch.delattr(torch._C, name)
    assert not all(which_are_plain([torch.ones(3)]))
    assert_plain_expression()


@pytest.mark.parametrize("name", ["_get_current_function_mode_stack", "_device"])
def test_unknown_modes_of_a_torch_without_a_name_watch(monkeypatch, name):
    module = torch.overrides if name.startswith("_get") else torch.utils
    with torch.device("cpu"):
        assert not is_intercepted()
        with monkeypatch.context() as patch:
            patch.delattr(module, name)
            assert is_intercepted()


def assert_plain_expression():
    """Values and gradients are right all the same, and not computed in blocks."""
    log_q, target, _ = operands()
    assert numpy_views.memory_of((log_q, target)) is None
    log_q = log_q.double()
    value = kl_div(log_q, target.double(), reduction="sum")
    expected = torch.nn.functional.kl_div(log_q, target.double(), reduction="sum")
    torch.testing.assert_close(value, expected)
    (derivative,) = torch.autograd.grad(value, log_q)
    torch.testing.assert_close(derivative, -target.double())
    assert kl_div_with_logits(log_q, log_q) == 0
