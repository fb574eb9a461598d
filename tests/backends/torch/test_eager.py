"""torch: NumPy's loops under one autograd node where that is safe, else the plain expression."""

import gc
import os
import subprocess
import sys
import threading
from functools import partial

import numpy as np
import pytest
import reference
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import kl_div, kl_div_gradient, thread_limit
from kldiv_xp.host import blocks, inner_products, sharing

torch = pytest.importorskip("torch", reason="torch is not installed")

BOTH_SPACES = pytest.mark.parametrize("log_target", [False, True], ids=["p", "log p"])
WIDE = pytest.mark.parametrize("type_", ["float32", "float64"])
HALF = pytest.mark.parametrize("type_", ["float16", "bfloat16"])
TYPES = pytest.mark.parametrize("type_", ["float16", "bfloat16", "float32", "float64"])
DIFFERENTIATED = pytest.mark.parametrize(
    "differentiated", [(True, False), (False, True), (True, True)], ids=["input", "target", "both"]
)
SHAPE = (13, 37)

pytestmark = [
    pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning"),
    # torch itself compiles what forward mode needs by what it deprecates.
    pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning"),
]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks of 64 float64, so that small tensors have several, and rows of 16."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 64 * 8)
    monkeypatch.setattr(inner_products, "ROW", 16)


@pytest.fixture
def one_thread_of_torch():
    """torch may use one thread, and as many as before after the test."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Subclass(torch.Tensor):
    """A tensor that might do anything, which gets the plain expression."""


def arrays(log_target=False, *, zeros=True):
    rng = np.random.default_rng(7)
    log_q, target = rng.uniform(-9, -4, SHAPE), rng.uniform(0.1, 1, SHAPE)
    if zeros:
        target[5, ::3] = 0
        log_q[5, ::6] = -np.inf
    with np.errstate(divide="ignore"):
        return log_q, np.log(target) if log_target else target


def tensors(log_target=False, type_="float64", differentiated=(False, False), *, zeros=True):
    return [
        torch.tensor(array, dtype=getattr(torch, type_), requires_grad=wanted)
        for array, wanted in zip(arrays(log_target, zeros=zeros), differentiated, strict=True)
    ]


def detached(operands):
    return [operand.detach().clone() for operand in operands]


def bits(*results):
    return [
        bytes(result.detach().contiguous().reshape(-1).view(torch.uint8).tolist())
        for result in results
    ]


def plain(function, *operands, **options):
    """What the plain expression gives."""
    result = function(*[operand.as_subclass(Subclass) for operand in operands], **options)
    results = result if isinstance(result, tuple) else (result,)
    return [value.as_subclass(torch.Tensor) for value in results]


def close(found, expected, type_="float64"):
    eps = 16 * torch.finfo(getattr(torch, type_)).eps
    torch.testing.assert_close(found, expected, rtol=eps, atol=eps, equal_nan=True)


# Values


@BOTH_SPACES
@WIDE
def test_value_and_gradients_are_those_of_numpy_bit_for_bit(type_, reduction, log_target):
    options = {"reduction": reduction, "log_target": log_target}
    operands = tensors(log_target, type_)
    there = [operand.numpy().copy() for operand in operands]
    for limit in (1, 3):
        with thread_limit(limit):
            found = kl_div(*operands, **options), *kl_div_gradient(*operands, **options)
            exact = kl_div(*there, **options), *kl_div_gradient(*there, **options)
        assert bits(*found) == [array.tobytes() for array in exact]
        assert all(type(value) is torch.Tensor for value in found)


@BOTH_SPACES
@HALF
def test_half_precision_is_computed_in_float32_and_rounded_once(type_, reduction, log_target):
    options = {"reduction": reduction, "log_target": log_target}
    operands = tensors(log_target, type_)
    found = kl_div(*operands, **options), *kl_div_gradient(*operands, **options)
    singles = [operand.float() for operand in operands]
    exact = kl_div(*singles, **options), *kl_div_gradient(*singles, **options)
    for value, single in zip(found, exact, strict=True):
        assert value.dtype == getattr(torch, type_)
        assert torch.equal(value, single.to(value.dtype))


@BOTH_SPACES
@TYPES
def test_terms_and_gradients_are_those_of_the_plain_expression(type_, log_target):
    operands = tensors(log_target, type_)
    for function in (kl_div, kl_div_gradient):
        options = {"reduction": "none", "log_target": log_target}
        result = function(*operands, **options)
        result = result if isinstance(result, tuple) else (result,)
        for value, whole in zip(result, plain(function, *operands, **options), strict=True):
            assert value.dtype == whole.dtype
            close(value, whole, type_)


@BOTH_SPACES
def test_special_pairs_are_as_the_contract_says(dtype, log_target):
    pairs = np.tile(np.asarray(reference.every_pair(log_target)).T, 5)
    operands = [torch.tensor(operand, dtype=getattr(torch, dtype)) for operand in pairs]
    terms = kl_div(*operands, reduction="none", log_target=log_target)
    exact = [reference.term(x, t, log_target) for x, t in zip(*operands, strict=True)]
    assert_allclose(terms, exact, rtol=4 * np.finfo(dtype).eps)
    for slope, whole in zip(
        kl_div_gradient(*operands, reduction="sum", log_target=log_target),
        plain(kl_div_gradient, *operands, reduction="sum", log_target=log_target),
        strict=True,
    ):
        close(slope, whole, dtype)


def negative_view(tensor):
    """The same values by torch's lazy negation of others."""
    return torch._neg_view(-tensor)


LAYOUTS = {
    "transposed": lambda tensor: tensor.t().contiguous().t(),
    "every second": lambda tensor: tensor.repeat_interleave(2, 0).repeat_interleave(2, 1)[::2, ::2],
    "shifted": lambda tensor: torch.cat([tensor[:1], tensor])[1:],
    "negative bit": negative_view,
    "parameter": lambda tensor: torch.nn.Parameter(tensor, requires_grad=False),
}


@BOTH_SPACES
@TYPES
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_layout_changes_nothing(type_, layout, log_target):
    operands = tensors(log_target, type_)
    moved = [layout(operand) for operand in operands]
    for reduction in ("none", "sum"):
        options = {"reduction": reduction, "log_target": log_target}
        close(kl_div(*moved, **options), kl_div(*operands, **options), type_)
        for slope, exact in zip(
            kl_div_gradient(*moved, **options), kl_div_gradient(*operands, **options), strict=True
        ):
            close(slope, exact, type_)


@TYPES
def test_expanded_operand_is_read_where_it_is(type_, reduction):
    log_q, p = tensors(type_=type_)
    row = p[:1].expand(SHAPE)
    found = kl_div(log_q, row, reduction=reduction)
    close(found, kl_div(log_q, row.contiguous(), reduction=reduction), type_)
    number = p[0, 0].requires_grad_()
    kl_div(log_q, number.expand(SHAPE), reduction="sum").backward()
    assert number.grad.shape == ()


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1,), (1, 1, 5)])
def test_small_and_empty_tensors_keep_their_shape(shape, reduction):
    log_q, p = torch.full(shape, -2.0, requires_grad=True), torch.full(shape, 0.5)
    value = kl_div(log_q, p, reduction=reduction)
    assert value.shape == (shape if reduction == "none" else ())
    value.sum().backward()
    assert log_q.grad.shape == shape


def test_sparse_and_other_tensors_that_lend_no_memory_get_the_plain_expression():
    log_q, p = tensors()
    meta = kl_div(log_q.to("meta"), p.to("meta"), reduction="sum")
    assert (meta.device.type, meta.shape) == ("meta", ())


def test_result_owns_its_memory():
    log_q, p = tensors()
    terms = kl_div(log_q, p, reduction="none")
    copy = terms.clone()
    del log_q, p
    gc.collect()
    assert torch.equal(terms, copy)
    terms.add_(1)
    assert terms.is_contiguous()


def test_operands_are_left_as_they_are(reduction):
    operands = tensors(differentiated=(True, True))
    copies, versions = detached(operands), [operand._version for operand in operands]
    kl_div(*operands, reduction=reduction).sum().backward()
    kl_div_gradient(*detached(operands), reduction=reduction)
    assert [operand._version for operand in operands] == versions
    assert all(torch.equal(a.detach(), b) for a, b in zip(operands, copies, strict=True))


# Autograd


@BOTH_SPACES
@DIFFERENTIATED
@TYPES
def test_gradient_is_the_closed_form_and_only_what_was_asked_for(
    type_, reduction, log_target, differentiated
):
    options = {"reduction": reduction, "log_target": log_target}
    operands = tensors(log_target, type_, differentiated)
    loss = kl_div(*operands, **options)
    upstream = torch.full_like(loss, 3).detach()
    loss.backward(upstream)
    closed = kl_div_gradient(*detached(operands), **options, upstream=upstream)
    for operand, exact, wanted in zip(operands, closed, differentiated, strict=True):
        if wanted:
            assert operand.grad.dtype == operand.dtype
            close(operand.grad, exact, type_)
        else:
            assert operand.grad is None


def test_gradients_of_operands_of_two_types_have_their_types(reduction):
    log_q, p = tensors(type_="float32", differentiated=(True, True))
    wide = p.detach().double().requires_grad_()
    loss = kl_div(log_q, wide, reduction=reduction)
    assert loss.dtype == torch.float64
    loss.sum().backward()
    assert (log_q.grad.dtype, wide.grad.dtype) == (torch.float32, torch.float64)


ROWS = torch.arange(SHAPE[0])[:, None] % 3 > 0
MASKS = {
    None: ROWS.expand(SHAPE),
    -1: ROWS,
    0: torch.arange(SHAPE[1])[None] % 3 > 0,
    (0, 1): torch.ones(1, 1, dtype=torch.bool),
}


@BOTH_SPACES
@DIFFERENTIATED
@pytest.mark.parametrize("axis", MASKS, ids=str)
def test_gradients_of_masked_samples_are_those_of_the_plain_expression(
    reduction, axis, differentiated, log_target
):
    options = {"reduction": reduction, "log_target": log_target, "axis": axis}

    def value_and_gradients(way):
        operands = tensors(log_target, differentiated=differentiated)
        (value,) = way(*operands, where=MASKS[axis], **options)
        upstream = torch.linspace(1, 2, value.numel(), dtype=torch.float64)
        value.backward(upstream.reshape(value.shape))
        return [value.detach(), *(one.grad for one in operands if one.requires_grad)]

    found = value_and_gradients(lambda *operands, **named: [kl_div(*operands, **named)])
    close(found, value_and_gradients(partial(plain, kl_div)))


@BOTH_SPACES
@DIFFERENTIATED
def test_node_keeps_its_operands_and_nothing_else(reduction, log_target, differentiated):
    operands = tensors(log_target, differentiated=differentiated)
    kept = []

    def keep(tensor):
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = kl_div(*operands, reduction=reduction, log_target=log_target)
    addresses = {operand.data_ptr() for operand in operands}
    assert {tensor.data_ptr() for tensor in kept} <= addresses
    assert len(kept) <= 2
    parents = [node for node, _ in loss.grad_fn.next_functions if node is not None]
    assert [type(node).__name__ for node in parents] == ["AccumulateGrad"] * sum(differentiated)


def test_packed_operands_are_unpacked_for_the_gradient():
    log_q, p = tensors(differentiated=(True, True))
    with torch.autograd.graph.save_on_cpu():
        kl_div(log_q, p, reduction="sum").backward()
    assert_array_equal(log_q.grad, -p.detach())


@pytest.mark.parametrize("changed", [0, 1])
def test_operand_that_changed_before_the_gradient_is_refused(reduction, changed):
    operands = tensors(differentiated=(True, True))
    loss = kl_div(*operands, reduction=reduction).sum()
    with torch.no_grad():
        operands[changed].mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_graph_is_freed_after_its_gradient_and_kept_on_demand():
    log_q, p = tensors(differentiated=(True, False))
    loss = kl_div(log_q, p, reduction="sum")
    loss.backward(retain_graph=True)
    loss.backward()
    assert_array_equal(log_q.grad, -2 * p)
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
@TYPES
def test_value_alone_has_no_graph(context, reduction, type_):
    operands = tensors(type_=type_, differentiated=(True, True))
    with context(), thread_limit(1):
        loss = kl_div(*operands, reduction=reduction)
        slopes = kl_div_gradient(*operands, reduction=reduction)
    assert not loss.requires_grad
    assert loss.is_inference() == (context is torch.inference_mode)
    assert not any(slope.requires_grad for slope in slopes)
    close(loss, kl_div(*detached(operands), reduction=reduction), type_)


def test_tensors_of_inference_mode_are_read(reduction):
    with torch.inference_mode():
        operands = tensors()
    close(kl_div(*operands, reduction=reduction), kl_div(*tensors(), reduction=reduction))


def test_enable_grad_within_no_grad_makes_a_graph():
    operands = tensors(differentiated=(True, False))
    with torch.no_grad(), torch.enable_grad():
        assert kl_div(*operands, reduction="sum").requires_grad


@BOTH_SPACES
@DIFFERENTIATED
@pytest.mark.parametrize("layout", [*LAYOUTS.values()][:4], ids=[*LAYOUTS][:4])
def test_gradient_goes_through_any_layout(layout, log_target, differentiated):
    operands = tensors(log_target, differentiated=differentiated)
    kl_div(*map(layout, operands), reduction="batchmean", log_target=log_target).backward()
    closed = kl_div_gradient(*detached(operands), reduction="batchmean", log_target=log_target)
    for operand, exact, wanted in zip(operands, closed, differentiated, strict=True):
        if wanted:
            close(operand.grad, exact)


def test_expanded_and_permuted_upstream_is_read_where_it_is():
    log_q, p = tensors(differentiated=(True, True))
    weights = torch.rand(SHAPE[::-1], dtype=torch.float64).t()
    for upstream in (torch.tensor(2.0, dtype=torch.float64).expand(SHAPE), weights):
        found = torch.autograd.grad(kl_div(log_q, p, reduction="none"), (log_q, p), upstream)
        assert_array_equal(found[0], -p.detach() * upstream)


def check_operands(log_target):
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(4), 3)
    return (
        torch.tensor(np.log(rng.dirichlet(np.ones(4), 3)), requires_grad=True),
        torch.tensor(np.log(p) if log_target else p, requires_grad=True),
    )


@BOTH_SPACES
@pytest.mark.parametrize("check", ["gradcheck", "gradgradcheck"])
def test_derivatives_are_those_of_differences(check, reduction, log_target):
    def loss(x, t):
        return kl_div(x, t, reduction=reduction, log_target=log_target)

    assert getattr(torch.autograd, check)(loss, check_operands(log_target))


@BOTH_SPACES
@DIFFERENTIATED
def test_second_derivative_needs_only_what_is_differentiated(log_target, differentiated):
    operands = tensors(log_target, differentiated=differentiated, zeros=False)
    leaves = [operand for operand in operands if operand.requires_grad]
    slopes = torch.autograd.grad(
        kl_div(*operands, reduction="sum", log_target=log_target), leaves, create_graph=True
    )
    total = sum(slope.square().sum() for slope in slopes)
    if total.requires_grad:
        total.backward()
        assert all(torch.isfinite(leaf.grad).all() for leaf in leaves if leaf.grad is not None)
    # -p does not depend on log q, so that its derivative ends there.
    assert total.requires_grad == (differentiated != (True, False))


def test_penalty_of_the_gradient_goes_through_a_model():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 5, dtype=torch.float64), torch.nn.LogSoftmax(1))
    samples = torch.rand(3, 4, dtype=torch.float64, requires_grad=True)
    p = torch.softmax(torch.rand(3, 5, dtype=torch.float64), 1)
    loss = kl_div(model(samples), p, reduction="batchmean")
    (slope,) = torch.autograd.grad(loss, samples, create_graph=True)
    slope.square().sum().backward()
    assert all(torch.isfinite(weight.grad).all() for weight in model.parameters())


def test_loss_is_recomputed_under_a_checkpoint():
    from torch.utils.checkpoint import checkpoint

    log_q, p = tensors(differentiated=(True, False))
    checkpoint(lambda x: kl_div(x, p, reduction="sum"), log_q, use_reentrant=False).backward()
    assert_array_equal(log_q.grad, -p)


def test_gradient_may_be_computed_in_another_thread():
    log_q, p = tensors(differentiated=(True, False))
    worker = threading.Thread(target=lambda: kl_div(log_q, p, reduction="sum").backward())
    worker.start()
    worker.join()
    assert_array_equal(log_q.grad, -p)


# What traces, transforms or counts


@BOTH_SPACES
@TYPES
def test_mapped_loss_is_the_loss_of_each(type_, reduction, log_target):
    operands = tensors(log_target, type_)

    def loss(x, t):
        return kl_div(x, t, reduction=reduction, log_target=log_target)

    together = torch.func.vmap(loss)(*operands)
    apart = torch.stack([loss(x, t) for x, t in zip(*operands, strict=True)])
    close(together, apart, type_)
    half = torch.func.vmap(loss, (0, None))(operands[0], operands[1][5])
    close(half, torch.stack([loss(x, operands[1][5]) for x in operands[0]]), type_)


@BOTH_SPACES
def test_functional_derivatives_are_the_closed_form(log_target):
    operands = tensors(log_target)

    def loss(x, t):
        return kl_div(x, t, reduction="sum", log_target=log_target)

    closed = kl_div_gradient(*operands, reduction="sum", log_target=log_target)
    for found in (
        torch.func.grad(loss, (0, 1))(*operands),
        torch.func.jacrev(loss, (0, 1))(*operands),
        torch.func.vmap(torch.func.grad(loss, (0, 1)))(*operands),
    ):
        for slope, exact in zip(found, closed, strict=True):
            close(slope, exact)


@BOTH_SPACES
def test_forward_mode_agrees_with_reverse_mode(reduction, log_target):
    operands = tensors(log_target, zeros=False)
    moves = [torch.rand(SHAPE, dtype=torch.float64) for _ in operands]

    def loss(x, t):
        return kl_div(x, t, reduction=reduction, log_target=log_target)

    value, moved = torch.func.jvp(loss, tuple(operands), tuple(moves))
    closed = kl_div_gradient(*operands, reduction=reduction, log_target=log_target)
    along = sum(slope * move for slope, move in zip(closed, moves, strict=True))
    close(moved, along if reduction == "none" else along.sum())
    close(value, loss(*operands))

    from torch.autograd import forward_ad

    with forward_ad.dual_level():
        dual = [forward_ad.make_dual(o, m) for o, m in zip(operands, moves, strict=True)]
        close(forward_ad.unpack_dual(loss(*dual)).tangent, moved)
        assert forward_ad.unpack_dual(loss(*operands)).tangent is None


@BOTH_SPACES
def test_hessians_agree(log_target):
    operands = check_operands(log_target)

    def loss(x, t):
        return kl_div(x, t, reduction="sum", log_target=log_target)

    old = torch.autograd.functional.hessian(loss, operands)
    new = torch.func.hessian(loss, (0, 1))(*operands)
    for old_row, new_row in zip(old, new, strict=True):
        for a, b in zip(old_row, new_row, strict=True):
            close(a, b.detach())


def test_fake_tensors_have_a_shape_and_no_value(reduction):
    from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

    operands = tensors()
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        fakes = [mode.from_tensor(operand) for operand in operands]
        found = kl_div(*fakes, reduction=reduction)
        mixed = kl_div(*operands, reduction=reduction)
    for fake in (found, mixed, kl_div(*fakes, reduction=reduction)):
        assert isinstance(fake, FakeTensor)
        assert fake.shape == (SHAPE if reduction == "none" else ())


@pytest.mark.parametrize("tracing_mode", ["real", "fake", "symbolic"])
@BOTH_SPACES
def test_graph_of_operations_holds_the_whole_expression(tracing_mode, reduction, log_target):
    from torch.fx.experimental.proxy_tensor import make_fx

    operands = tensors(log_target)

    def loss(x, t):
        return kl_div(x, t, reduction=reduction, log_target=log_target)

    graph = make_fx(loss, tracing_mode=tracing_mode)(*operands)
    others = [operands[0] - 1, operands[1]]
    close(graph(*others), loss(*others))


@BOTH_SPACES
@pytest.mark.filterwarnings("ignore:.*torch.jit.trace.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")  # sizes are compared
def test_recorded_loss_computes_anew(log_target):
    operands = tensors(log_target)

    def loss(x, t):
        return kl_div(x, t, reduction="batchmean", log_target=log_target)

    traced = torch.jit.trace(loss, tuple(operands))
    others = operands[0] - 1, operands[1]
    close(traced(*others), loss(*others))


def test_exported_loss_computes_anew():
    operands = tensors()
    program = torch.export.export(Module(), tuple(operands))
    others = operands[0] - 1, operands[1]
    close(program.module()(*others), kl_div(*others, reduction="batchmean"))


class Module(torch.nn.Module):
    """The loss in a model."""

    def forward(self, log_q, p):
        return kl_div(log_q, p, reduction="batchmean")


def test_mode_that_watches_sees_every_operation(reduction):
    from torch.utils._python_dispatch import TorchDispatchMode

    class Watching(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            seen.append(str(function))
            return function(*args, **(kwargs or {}))

    seen = []
    operands = tensors()
    with Watching():
        found = kl_div(*operands, reduction=reduction)
    assert any("aten.log" in name for name in seen)
    close(found, kl_div(*operands, reduction=reduction))


def test_counter_of_operations_sees_the_loss():
    from torch.utils.flop_counter import FlopCounterMode

    log_q, p = tensors(differentiated=(True, False))
    with FlopCounterMode(display=False) as counter:
        kl_div(log_q, p, reduction="sum").backward()
    assert counter.get_total_flops() == 0
    assert_array_equal(log_q.grad, -p)


def test_subclass_gets_its_own_type_and_its_gradient(reduction):
    operands = tensors()
    log_q, p = (operand.as_subclass(Subclass) for operand in operands)
    log_q.requires_grad_()
    loss = kl_div(log_q, p, reduction=reduction)
    assert type(loss) is Subclass
    loss.sum().backward()
    close(loss.detach().as_subclass(torch.Tensor), kl_div(*operands, reduction=reduction))
    closed, _ = kl_div_gradient(*operands, reduction=reduction)
    close(log_q.grad.as_subclass(torch.Tensor), closed)


def test_subclass_that_watches_functions_sees_the_loss_alone():
    class Watching(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            seen.append(function)
            return super().__torch_function__(function, types, args, kwargs or {})

    seen = []
    log_q, p = tensors()
    kl_div(log_q.as_subclass(Watching), p, reduction="sum")
    assert seen == [kl_div]


def test_parameter_is_a_tensor_like_any_other(reduction):
    log_q, p = tensors()
    parameter = torch.nn.Parameter(log_q)
    loss = kl_div(parameter, p, reduction=reduction)
    loss.sum().backward()
    assert bits(loss) == bits(kl_div(log_q, p, reduction=reduction))
    close(parameter.grad, kl_div_gradient(log_q, p, reduction=reduction)[0])


# torch.compile


def compiled(function, **options):
    torch.compiler.reset()
    return torch.compile(function, fullgraph=True, backend="aot_eager", **options)


@pytest.mark.cases(6)
@BOTH_SPACES
@DIFFERENTIATED
@TYPES
def test_compiled_gradient_is_the_closed_form(type_, log_target, differentiated):
    def loss(x, t):
        return kl_div(x, t, reduction="batchmean", log_target=log_target)

    operands = tensors(log_target, type_, differentiated)
    value = compiled(loss)(*operands)
    value.backward()
    close(value.detach(), loss(*detached(operands)), type_)
    closed = kl_div_gradient(*detached(operands), reduction="batchmean", log_target=log_target)
    for operand, exact, wanted in zip(operands, closed, differentiated, strict=True):
        if wanted:
            assert operand.grad.dtype == operand.dtype
            close(operand.grad, exact, type_)
        else:
            assert operand.grad is None


@pytest.mark.slow
@DIFFERENTIATED
def test_compiled_loss_of_any_size_is_compiled_once(differentiated):
    calls = []

    def backend(graph, _):
        calls.append(graph)
        return graph

    torch.compiler.reset()
    loss = torch.compile(
        lambda x, t: kl_div(x, t, reduction="batchmean"),
        fullgraph=True,
        backend=backend,
        dynamic=True,
    )
    for rows in (3, 5, 8):
        operands = [o.detach()[:rows].clone() for o in tensors()]
        for operand, wanted in zip(operands, differentiated, strict=True):
            operand.requires_grad_(wanted)
        value = loss(*operands)
        close(value.detach(), kl_div(*detached(operands), reduction="batchmean"))
        value.backward()
        closed = kl_div_gradient(*detached(operands), reduction="batchmean")
        for operand, exact in zip(operands, closed, strict=True):
            if operand.requires_grad:
                close(operand.grad, exact)
    assert len(calls) == 1


@BOTH_SPACES
def test_compiled_special_pairs_are_as_the_contract_says(log_target):
    def loss(x, t):
        return kl_div(x, t, reduction="sum", log_target=log_target)

    program = compiled(loss, dynamic=False)
    for pair in reference.every_pair(log_target):
        operands = [torch.tensor([v], dtype=torch.float64, requires_grad=True) for v in pair]
        value = program(*operands)
        assert_allclose(value.detach(), reference.term(*pair, log_target), rtol=1e-15)
        value.backward()
        if not np.isnan(pair).any():
            found = [operand.grad.item() for operand in operands]
            assert_allclose(found, reference.gradient(*pair, log_target), rtol=1e-14, atol=1e-14)


def test_compiled_training_step_is_the_eager_one():
    torch.manual_seed(1)
    model = torch.nn.Linear(6, 5, dtype=torch.float64)
    samples = torch.rand(4, 6, dtype=torch.float64)
    p = torch.softmax(torch.rand(4, 5, dtype=torch.float64), 1)

    def loss(samples, p):
        return kl_div(torch.log_softmax(model(samples), 1), p, reduction="batchmean")

    loss(samples, p).backward()
    eager = model.weight.grad.clone()
    model.zero_grad()
    compiled(loss)(samples, p).backward()
    close(model.weight.grad, eager)


# Threads and memory


def started(monkeypatch, function):
    """How many threads a function starts."""
    count = []
    start = sharing.start_new_thread

    def counted(*thread):
        count.append(thread)
        start(*thread)

    with monkeypatch.context() as patch:
        patch.setattr(sharing, "start_new_thread", counted)
        function()
    return len(count)


@pytest.mark.usefixtures("one_thread_of_torch")
def test_one_thread_of_torch_is_one_of_ours(monkeypatch, reduction):
    operands = tensors()
    with thread_limit(8):
        assert started(monkeypatch, lambda: kl_div(*operands, reduction=reduction)) == 0
        assert started(monkeypatch, lambda: kl_div_gradient(*operands)) == 0


def test_limit_holds_for_tensors(monkeypatch):
    monkeypatch.setenv("KLDIV_XP_FUSED", "0")  # whose jobs are longer
    operands = tensors()
    if torch.get_num_threads() < 2:
        pytest.skip("torch may use one thread here")
    with thread_limit(1):
        assert started(monkeypatch, lambda: kl_div(*operands, reduction="sum")) == 0
    with thread_limit(2):
        assert started(monkeypatch, lambda: kl_div(*operands, reduction="sum")) == 1


def test_any_number_of_threads_gives_the_same_bits(reduction):
    operands = tensors()

    def everything():
        found = kl_div(*operands, reduction=reduction)
        return bits(found, *kl_div_gradient(*operands, reduction=reduction))

    with thread_limit(1):
        alone = everything()
    before = torch.get_num_threads()
    try:
        for threads in (2, 3, 5):
            torch.set_num_threads(threads)
            with thread_limit(threads):
                assert everything() == alone
    finally:
        torch.set_num_threads(before)


WITHOUT_NUMPY = """
import sys
sys.modules["numpy"] = None
import warnings
warnings.simplefilter("ignore")
import torch
from kldiv_xp import kl_div, kl_div_gradient
x = torch.tensor([-1.0, -2.0], requires_grad=True)
p = torch.tensor([0.0, 1.0])
kl_div(x, p, reduction="sum").backward()
print(x.grad.tolist(), kl_div(x, p, reduction="none").tolist())
"""


def test_torch_needs_no_numpy():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NUMPY],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )
    assert done.stdout.replace("-0.0", "0.0").strip() == "[0.0, -1.0] [0.0, 2.0]", done.stderr


def test_nothing_is_kept_alive():
    import weakref

    log_q, p = tensors(differentiated=(True, True))
    kl_div(log_q, p, reduction="sum").backward()
    references = [weakref.ref(log_q), weakref.ref(p)]
    del log_q, p
    gc.collect()
    assert [reference() for reference in references] == [None, None]
