"""torch's functorch/test_ops, test_vmap, test_proxy_tensor and test_aotdispatch."""

import pytest
from opinfo.subjects import EVERY, QUIETLY, few_of, internals, positional, samples_of, torch
from torch.func import grad, jvp, vjp, vmap
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._pytree import tree_map

pytestmark = QUIETLY

optests = internals("optests")


def cotangents(value):
    return tree_map(
        lambda one: torch.linspace(0.5, 2, one.numel()).to(one).reshape(one.shape), value
    )


def equal(found, expected):
    torch.testing.assert_close(found, expected)


def detached(info, sample, **options):
    function, tensors = positional(info, sample, **options)
    return function, tuple(one.detach() for one in tensors)


def total(function):
    """Sum of all that a function returns."""

    def summed(*tensors):
        value = function(*tensors)
        return sum(one.sum() for one in value) if isinstance(value, tuple) else value.sum()

    return summed


def weighted(function, weights):
    """All that a function returns, times something."""
    return lambda *tensors: tuple(map(torch.mul, function(*tensors), weights))


def derivatives(function, tensors):
    """Derivatives that autograd computes."""
    leaves = [one.detach().requires_grad_() for one in tensors]
    return torch.autograd.grad(total(function)(*leaves), leaves, materialize_grads=True)


@pytest.mark.few(1, 3)
@EVERY
def test_grad_is_that_of_autograd(info):
    """test_grad."""
    for sample in samples_of(info):
        function, tensors = detached(info, sample)
        found = grad(total(function), argnums=tuple(range(len(tensors))))(*tensors)
        equal(found, derivatives(function, tensors))


@pytest.mark.long
@EVERY
def test_jvp_is_the_transpose_of_vjp(info):
    """test_jvp and test_vjp."""
    for sample in samples_of(info):
        function, tensors = detached(info, sample)
        tangents = tuple(cotangents(tensors))
        value, along = jvp(function, tensors, tangents)
        again, back = vjp(function, *tensors)
        above = cotangents(value)
        equal(value, function(*tensors))
        equal(again, value)
        dot = total(lambda *pair: tuple(map(torch.mul, *pair)))
        left = dot([along], [above]) if isinstance(value, torch.Tensor) else dot(along, above)
        equal(left, dot(back(above), tangents))


@pytest.mark.long
@EVERY
def test_transforms_of_transforms_agree(info):
    """test_vjpvjp, test_jvpvjp and test_vmapvjp."""
    for sample in samples_of(info):
        function, tensors = detached(info, sample)
        tangents = tuple(cotangents(tensors))
        places = tuple(range(len(tensors)))
        gradient = grad(total(function), argnums=places)
        _, forward = jvp(gradient, tensors, tangents)
        equal(forward, derivatives(weighted(gradient, tangents), tensors))
        batches = tuple(torch.stack([one, one.flip(-1) if one.ndim else one]) for one in tensors)
        each = [gradient(*row) for row in zip(*batches, strict=True)]
        equal(vmap(gradient)(*batches), tuple(map(torch.stack, zip(*each, strict=True))))


def in_turn(function, tensors, along):
    """Values for one row of the batch after another, stacked."""
    values = [
        function(
            *(
                one if place is None else one.select(place, row)
                for one, place in zip(tensors, along, strict=True)
            )
        )
        for row in range(2)
    ]
    if isinstance(values[0], torch.Tensor):
        return torch.stack(values)
    return tuple(map(torch.stack, zip(*values, strict=True)))


@pytest.mark.few(0, 3)
@EVERY
@pytest.mark.parametrize("place", [0, 1, -1])
def test_vmap_is_a_loop(info, place):
    """test_vmap_exhaustive: along every axis, of all operands, masks among them, or of some."""
    for sample in samples_of(info):
        function, tensors = detached(info, sample, mask=True)
        if place == 1 and not all(one.ndim for one in tensors):
            continue
        for batched in range(1, 2 ** len(tensors)):
            along = [place if batched >> i & 1 else None for i in range(len(tensors))]
            stacked = [
                one if at is None else torch.stack([one, one.flip(-1) if one.ndim else one / 2], at)
                for one, at in zip(tensors, along, strict=True)
            ]
            found = vmap(function, in_dims=tuple(along))(*stacked)
            equal(found, in_turn(function, stacked, along))


@pytest.mark.long
@pytest.mark.cases(4)
@EVERY
@pytest.mark.parametrize("mode", ["real", "fake", "symbolic"])
def test_make_fx_gives_a_graph_that_computes_the_same(info, mode):
    """test_make_fx_exhaustive and its fellows."""
    for sample in few_of(info):
        function, tensors = detached(info, sample, mask=True)
        graph = make_fx(function, tracing_mode=mode)(*tensors)
        other = tuple(one.flip(-1) if one.ndim else one for one in tensors)
        equal(graph(*other), function(*other))


@pytest.mark.long
@pytest.mark.cases(3)
@EVERY
@pytest.mark.parametrize("dynamic", [False, True], ids=["static", "dynamic"])
def test_aot_autograd_gives_the_same_derivatives(info, dynamic):
    """test_aot_autograd_exhaustive and test_aot_autograd_symbolic_exhaustive."""
    for sample in few_of(info, grad=True):
        function, tensors = positional(info, sample, mask=True)
        optests.aot_autograd_check(
            function,
            tensors,
            {},
            dynamic=dynamic,
            assert_equals_fn=lambda found, expected, **_: torch.testing.assert_close(
                found, expected
            ),
            check_gradients=True,
        )
