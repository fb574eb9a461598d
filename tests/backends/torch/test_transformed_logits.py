"""torch: losses of logits within torch.func, and derivatives that are differentiated again."""

from functools import partial

import pytest

from kldiv_xp import js_div_with_logits, kl_div_with_logits

torch = pytest.importorskip("torch", reason="torch is not installed")

from kldiv_xp.backends.torch import (  # noqa: E402 - torch may be missing
    host_logits,
    pulled_rows,
    transformed_derivatives,
)

# torch compiles its own derivatives.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
LOSSES = pytest.mark.parametrize(
    "loss",
    [
        kl_div_with_logits,
        js_div_with_logits,
        partial(kl_div_with_logits, temperature=3.0, target_is="probabilities"),
        partial(js_div_with_logits, temperature=0.5, beta=0.2),
    ],
    ids=["KL", "JS", "KL of p", "JS of 0.2"],
)
MASK = torch.tensor(
    [[True, False, True, True], [True, True, False, True], [False, True, True, True]]
)
close = torch.testing.assert_close


def operands(dtype=torch.float64):
    generator = torch.Generator().manual_seed(3)
    x, t = torch.randn((2, 3, 4, 7), generator=generator, dtype=torch.float64)
    return x.to(dtype), t.softmax(-1).to(dtype)


def gradient_penalty(loss, x, t):
    x = x.clone().requires_grad_()
    (derivative,) = torch.autograd.grad(loss(x, t), x, create_graph=True)
    return torch.autograd.grad(derivative.pow(2).sum(), x)


def eager_gradients(loss, x, t):
    leaves = [one.clone().requires_grad_() for one in (x, t)]
    return torch.autograd.grad(loss(*leaves), leaves)


@pytest.fixture
def calls(monkeypatch):
    """Names of what the loops of the host have computed."""
    called = []

    def counted(name):
        function = getattr(host_logits, name)

        def counting(*arguments, **options):
            called.append(name)
            return function(*arguments, **options)

        return counting

    for name in ("divergences_of", "row_derivatives_of", "sum_of_divergences_of"):
        monkeypatch.setattr(host_logits, name, counted(name))
    return called


@LOSSES
def test_the_loops_of_the_host_compute_gradients_within_transforms(calls, loss):
    x, t = operands()
    total = partial(loss, reduction="sum")
    found = torch.func.grad(total, (0, 1))(x, t)
    mapped = torch.func.vmap(torch.func.grad(total, (0, 1)))(x, t)
    assert calls == ["divergences_of", "row_derivatives_of"] * 2
    for expected, one, other in zip(eager_gradients(total, x, t), found, mapped, strict=True):
        close(one, expected)
        close(other, expected)


@LOSSES
@pytest.mark.parametrize("axes", [(0, 0), (1, 0), (None, 1), (0, None)], ids=str)
@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
def test_mapped_rows_are_more_rows_for_the_loops(calls, loss, axes, masked):
    size = 3
    x, t = (
        one[0] if axis is None else one.movedim(0, axis)
        for one, axis in zip(operands(), axes, strict=True)
    )
    options = {"where": MASK[0], "reduction": "none"} if masked else {"reduction": "none"}
    function = partial(loss, **options)
    found = torch.func.vmap(function, axes)(x, t)
    assert calls == ["divergences_of"]
    pairs = [
        [
            one if axis is None else one.select(axis, at)
            for one, axis in zip((x, t), axes, strict=True)
        ]
        for at in range(size)
    ]
    expected = torch.stack([function(*pair) for pair in pairs])
    close(found, expected)
    close(torch.func.vmap(function, axes, chunk_size=2)(x, t), expected)


@LOSSES
def test_masks_are_mapped_with_the_rows_and_without(loss):
    x, t = operands()

    def function(x, t, where):
        return loss(x, t, where=where, reduction="sum")

    gradients = torch.func.grad(function, (0, 1))
    expected = eager_gradients(partial(loss, where=MASK, reduction="sum"), x, t)
    close(torch.func.vmap(gradients)(x, t, MASK), expected)
    twice = torch.func.vmap(torch.func.vmap(gradients))
    close(twice(x, t, MASK), expected)
    once = torch.func.vmap(gradients, (None, None, 0))(x[0], t[0], MASK)
    apart = [gradients(x[0], t[0], where) for where in MASK]
    close(once, tuple(map(torch.stack, zip(*apart, strict=True))))


@LOSSES
def test_the_first_derivative_of_a_gradient_penalty_is_that_of_the_loops(calls, loss, monkeypatch):
    x, t = operands()
    total = partial(loss, reduction="batchmean")
    found = gradient_penalty(total, x, t)
    assert calls == ["sum_of_divergences_of", "row_derivatives_of"]
    monkeypatch.setattr(transformed_derivatives, "refuses_rows", lambda: True)
    close(found, gradient_penalty(total, x, t))
    assert calls[2:] == ["sum_of_divergences_of"]


@LOSSES
@pytest.mark.parametrize("transformed", [False, True], ids=["autograd", "torch.func"])
def test_second_derivatives_are_those_of_the_plain_expression(loss, transformed, monkeypatch):
    x, t = operands()

    def penalty(x, t):
        gradients = torch.func.grad(partial(loss, reduction="sum"), (0, 1))(x, t)
        return sum(one.pow(3).sum() for one in gradients)

    def second():
        if transformed:
            return torch.func.grad(penalty, (0, 1))(x, t)
        leaves = [one.clone().requires_grad_() for one in (x, t)]
        value = loss(*leaves, reduction="sum")
        gradients = torch.autograd.grad(value, leaves, create_graph=True)
        return torch.autograd.grad(sum(one.pow(3).sum() for one in gradients), leaves)

    monkeypatch.setattr(pulled_rows, "BLOCK_ELEMENTS", 5 * x.shape[-1])
    found = second()
    monkeypatch.setattr(transformed_derivatives, "refuses_rows", lambda: True)
    close(found, second())


@pytest.mark.long
@LOSSES
def test_derivatives_of_the_third_order_are_those_of_finite_differences(loss, monkeypatch):
    x, t = (one[:2, :2, :3].clone().requires_grad_() for one in operands())
    monkeypatch.setattr(pulled_rows, "BLOCK_ELEMENTS", 3)

    def first(x, t):
        return torch.autograd.grad(loss(x, t, reduction="sum"), (x, t), create_graph=True)

    assert torch.autograd.gradcheck(first, (x, t))
    assert torch.autograd.gradgradcheck(first, (x, t))


@pytest.mark.few(2)
@LOSSES
def test_derivatives_that_are_mapped_or_taken_forward_are_those_of_reverse_mode(loss):
    x, t = (one[0] for one in operands())
    total = partial(loss, reduction="sum")
    old = torch.autograd.functional.hessian(total, (x, t))
    for function in (
        torch.func.hessian(total, (0, 1)),
        torch.func.jacrev(torch.func.jacrev(total, (0, 1)), (0, 1)),
        torch.func.jacrev(torch.func.jacfwd(total, (0, 1)), (0, 1)),
        lambda *pair: torch.autograd.functional.hessian(total, pair, vectorize=True),
    ):
        close(function(x, t), old)


@LOSSES
def test_second_derivatives_are_taken_within_hooks_of_saved_tensors(loss):
    x, t = operands()
    total = partial(loss, reduction="sum")
    expected = gradient_penalty(total, x, t)
    with torch.autograd.graph.save_on_cpu():
        close(gradient_penalty(total, x, t), expected)


@LOSSES
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32], ids=str)
def test_gradients_within_transforms_have_the_type_of_their_operand(loss, dtype):
    x, t = operands(dtype)
    total = partial(loss, reduction="sum")
    expected = eager_gradients(total, x, t)
    close(torch.func.vmap(torch.func.grad(total, (0, 1)))(x, t), expected, rtol=0, atol=0)
    assert gradient_penalty(total, x, t)[0].dtype == dtype


def test_teachers_of_inference_mode_are_mapped_too():
    x, t = operands()
    expected = eager_gradients(partial(js_div_with_logits, reduction="sum"), x, t)[0]
    with torch.inference_mode():
        teacher = t * 1
    gradient = torch.func.grad(partial(js_div_with_logits, reduction="sum"))
    close(torch.func.vmap(gradient)(x, teacher), expected)
    close(gradient(x, teacher), expected)


def test_tensors_without_memory_are_mapped_by_the_plain_expression(calls):
    x, t = (one.to("meta") for one in operands())
    gradient = torch.func.vmap(torch.func.grad(kl_div_with_logits))
    assert gradient(x, t).shape == x.shape
    assert calls == []


@pytest.mark.few(9, 11)
@pytest.mark.parametrize("loss", [kl_div_with_logits, js_div_with_logits])
@pytest.mark.parametrize("distance", [0.0, 1e-3, 1.0, 30.0, 1000.0])
@pytest.mark.parametrize("lacking", [False, True], ids=["all classes", "without classes"])
def test_second_derivatives_of_float32_are_as_right_as_by_the_plain_expression(
    loss, distance, lacking, monkeypatch
):
    generator = torch.Generator().manual_seed(4)
    t, step = torch.randn((2, 6, 9), generator=generator)
    x = t + distance * step
    if lacking:
        x[::2, 3], t[::2, 3] = -torch.inf, -torch.inf
    total = partial(loss, reduction="sum", temperature=0.7)

    def second(x, t):
        leaves = [one.clone().requires_grad_() for one in (x, t)]
        gradients = torch.autograd.grad(total(*leaves), leaves, create_graph=True)
        weights = torch.linspace(-1, 1, x.numel(), dtype=x.dtype).reshape(x.shape)
        value = sum((weights * one).sum() for one in gradients)
        return torch.stack(torch.autograd.grad(value, leaves)).double()

    monkeypatch.setattr(pulled_rows, "BLOCK_ELEMENTS", 2 * x.shape[-1])
    found = second(x, t)
    monkeypatch.setattr(transformed_derivatives, "refuses_rows", lambda: True)
    plain, exact = second(x, t), second(x.double(), t.double())
    at_hand = torch.isfinite(exact)
    assert torch.isfinite(found[at_hand & torch.isfinite(plain)]).all()
    largest = exact[at_hand].abs().max()
    errors = [(one - exact)[at_hand].abs().nan_to_num(torch.inf) for one in (found, plain)]
    error, before = (one.max() for one in errors)
    assert error <= torch.maximum(before, 2**-22 * largest)


@pytest.mark.parametrize("loss", [kl_div_with_logits, js_div_with_logits])
def test_second_derivative_of_a_row_depends_on_no_other_row(loss):
    generator = torch.Generator().manual_seed(6)
    x, t = torch.randn((2, 4, 9), generator=generator)
    x[1], x[2, 0] = t[1], -torch.inf  # what the quick form is not enough for
    total = partial(loss, reduction="sum")
    (together,) = gradient_penalty(total, x, t)
    apart = [gradient_penalty(total, *pair)[0] for pair in zip(x, t, strict=True)]
    close(together, torch.stack(apart), equal_nan=True, rtol=0, atol=0)


@pytest.mark.parametrize("shape", [(0, 3), (3,)], ids=str)
def test_second_derivatives_have_the_shape_of_the_operand(shape):
    x, t = torch.ones(2, *shape)
    (found,) = gradient_penalty(partial(kl_div_with_logits, reduction="sum"), x, t)
    close(found, torch.zeros(shape))
