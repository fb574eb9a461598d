"""Gradients of 16 bits under loss scaling: finite, and none lost, whichever loss is scaled."""

import pytest

from kldiv_xp import (
    js_div,
    js_div_with_logits,
    kl_div,
    kl_div_with_logits,
    linear_kl_div,
    linear_kl_div_gradient,
    sparse_kl_div_with_logits,
)

torch = pytest.importorskip("torch", reason="torch is not installed")

# What torch.amp.GradScaler begins with; infinite in float16.
SCALE = 65536.0
TOKENS, CLASSES, WIDTH = 4096, 50, 6


def drawn(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(len(shape) + shape[-1]))


STUDENT, TEACHER = 2 * drawn(TOKENS, CLASSES), 2 * drawn(1, TOKENS, CLASSES)[0]
TOP = TEACHER.log_softmax(-1).topk(8)
LOGS, P = STUDENT.log_softmax(-1), TEACHER.softmax(-1)
TOKENS_LEFT = torch.arange(TOKENS) % 3 > 0
LOSSES = {
    "kl_div": (lambda x, o: kl_div(x, P.to(x), reduction="batchmean", **o), [LOGS]),
    "js_div": (
        lambda x, o: js_div(x, P.log().to(x), log_target=True, reduction="batchmean", **o),
        [LOGS],
    ),
    "kl_div_with_logits": (lambda x, o: kl_div_with_logits(x, TEACHER.to(x), **o), [STUDENT]),
    "js_div_with_logits": (lambda x, o: js_div_with_logits(x, TEACHER.to(x), **o), [STUDENT]),
    "sparse_kl_div_with_logits": (
        lambda x, o: sparse_kl_div_with_logits(
            x, TOP.indices, TOP.values.to(x), target_is="log_probabilities", **o
        ),
        [STUDENT],
    ),
    "linear_kl_div": (
        lambda h, w, b, o: linear_kl_div(h, w, TEACHER.to(h), bias=b, **o),
        [drawn(TOKENS, WIDTH), drawn(CLASSES, WIDTH), drawn(CLASSES)],
    ),
    "linear_kl_div, masked": (
        lambda h, w, b, o: linear_kl_div(
            h, w, TEACHER.to(h), bias=b, where=TOKENS_LEFT, reduction="mean", beta=0.5, **o
        ),
        [drawn(TOKENS, WIDTH), drawn(CLASSES, WIDTH), drawn(CLASSES)],
    ),
}


def gradients(loss, operands, dtype, scale):
    learned = [one.detach().to(dtype).requires_grad_() for one in operands]
    wide = torch.promote_types(dtype, torch.float32)
    (loss(*learned, {"dtype": wide}) * scale).backward()
    return [one.grad.double() / scale for one in learned]


@pytest.mark.few(2, 12)
@pytest.mark.parametrize(("dtype", "bound"), [(torch.float16, 4e-3), (torch.bfloat16, 3e-2)])
@pytest.mark.parametrize("name", LOSSES)
def test_scaled_loss_has_the_gradient_of_the_loss_in_16_bits(name, dtype, bound):
    loss, operands = LOSSES[name]
    operands = [one.to(dtype).double() for one in operands]
    exact = gradients(loss, operands, torch.float64, 1.0)
    for found, expected in zip(gradients(loss, operands, dtype, SCALE), exact, strict=True):
        assert torch.isfinite(found).all()
        assert (found - expected).norm() <= bound * expected.norm()
        far = expected.abs() > 1e-2 * expected.abs().max()
        assert (found[far] != 0).all()


MANY = 1 << 16
WAYS = {
    "reduced": lambda *arrays: linear_kl_div(*arrays, dtype=torch.float32),
    "reduced by its caller": lambda *arrays: linear_kl_div(
        *arrays, reduction="none", dtype=torch.float32
    ).mean(),
    "compiled": torch.compile(
        lambda *arrays: linear_kl_div(*arrays, dtype=torch.float32), backend="aot_eager"
    ),
}


@pytest.mark.few(0, 2)
@pytest.mark.parametrize("passes", [1, 2])
@pytest.mark.parametrize("way", WAYS)
def test_gradient_of_hidden_states_in_float16_is_kept_without_a_scale(way, passes):
    operands = [one.half() for one in (drawn(MANY, WIDTH), drawn(CLASSES, WIDTH))]
    teacher = drawn(MANY, CLASSES).half()
    exact = [one.double().requires_grad_() for one in operands]
    linear_kl_div(*exact, teacher.double()).backward()
    learned = [one.requires_grad_() for one in operands]
    loss = WAYS[way](*learned, teacher)
    for last in range(passes):
        found = torch.autograd.grad(loss, learned, retain_graph=last < passes - 1)
    for one, other in zip(found, exact, strict=True):
        assert (one - other.grad).norm() <= 4e-3 * other.grad.norm()


@pytest.mark.few(1, 3)
@pytest.mark.parametrize("way", [*WAYS, "in closed form"])
def test_large_scale_makes_no_derivative_by_logits_infinite_in_float16(way):
    scale = 16 * SCALE
    hidden, weight = drawn(4, WIDTH), drawn(CLASSES, WIDTH)
    operands = [(one / 256).half() for one in (hidden, weight)]
    teacher = (8 * drawn(4, CLASSES)).half()
    exact = [one.double().requires_grad_() for one in operands]
    linear_kl_div(*exact, teacher.double()).backward()
    if way == "in closed form":
        found = linear_kl_div_gradient(*operands, teacher, upstream=scale)[:2]
    else:
        learned = [one.requires_grad_() for one in operands]
        found = torch.autograd.grad(WAYS[way](*learned, teacher) * scale, learned)
    for one, other in zip(found, exact, strict=True):
        wanted = other.grad * scale
        assert (one - wanted).norm() <= 4e-3 * wanted.norm()
