"""Derivatives with respect to a learned temperature and beta agree with the exact ones."""

import math

import pytest

from kldiv_xp import js_div_with_logits, kl_div_with_logits

torch = pytest.importorskip("torch", reason="torch is not installed")

KL = {"temperature": 2.0}
# Numbers that every type holds.
JS = {"temperature": 2.0, "beta": 0.3125}
LOSSES = {
    "kl": (kl_div_with_logits, KL),
    "kl, not scaled": (kl_div_with_logits, {**KL, "scale_by_temperature_squared": False}),
    "kl, cold": (kl_div_with_logits, {"temperature": 0.0625}),
    "kl, hot": (kl_div_with_logits, {"temperature": 300.0}),
    "kl, probabilities": (kl_div_with_logits, {**KL, "target_is": "probabilities"}),
    "kl, log_probabilities": (kl_div_with_logits, {**KL, "target_is": "log_probabilities"}),
    "js": (js_div_with_logits, JS),
    "js, not scaled": (js_div_with_logits, {**JS, "scale_by_temperature_squared": False}),
    "js, at half": (js_div_with_logits, {"temperature": 1.0, "beta": 0.5}),
    "js, near an end": (js_div_with_logits, {"temperature": 0.75, "beta": 2.0**-20}),
    "js, near the other": (js_div_with_logits, {"temperature": 0.75, "beta": 1 - 2.0**-20}),
}
LEARNED = ("temperature", "beta")
EVERY_LOSS = pytest.mark.parametrize("name", LOSSES)


def pair(noise, *, target_is="logits", spread=3.0):
    """Students and teachers, all of whose numbers are those of float32."""
    generator = torch.Generator().manual_seed(11)
    student, other = torch.randn((2, 10, 40), generator=generator)
    student = spread * student + 30
    teacher = student + noise * other
    if target_is == "logits":
        return student, teacher
    table = teacher.double().log_softmax(-1).float()
    return student, table if target_is == "log_probabilities" else table.exp()


def derivatives(name, student, teacher, dtype, **more):
    """Of every row, by each number that is learned."""
    loss, options = LOSSES[name]
    given = {
        key: torch.tensor(number, dtype=dtype, requires_grad=True) if key in LEARNED else number
        for key, number in options.items()
    }
    learned = [given[key] for key in LEARNED if key in given]
    rows = loss(student.to(dtype), teacher.to(dtype), reduction="none", **given, **more)
    return [torch.stack(torch.autograd.grad(row, learned, retain_graph=True)) for row in rows]


def by_hand(name, student, teacher):
    """The same of a divergence in plain float64, without regard to what cancels."""
    _, options = LOSSES[name]
    kind = options.get("target_is", "logits")
    learned = [options[key] for key in LEARNED if key in options]
    numbers = torch.tensor(learned, dtype=torch.float64, requires_grad=True)
    temperature, beta = numbers[0], numbers[1] if "beta" in options else None
    log_q = (student.double() / temperature).log_softmax(-1)
    if kind == "logits":
        log_p = (teacher.double() / temperature).log_softmax(-1)
    else:
        log_p = teacher.double().log() if kind == "probabilities" else teacher.double()
    p, q = log_p.exp(), log_q.exp()
    if beta is None:
        rows = (p * (log_p - log_q)).sum(-1)
    else:
        log_m = (beta * p + (1 - beta) * q).log()
        rows = beta * (p * (log_p - log_m)).sum(-1) + (1 - beta) * (q * (log_q - log_m)).sum(-1)
    if options.get("scale_by_temperature_squared", True):
        rows = rows * temperature**2
    return [torch.autograd.grad(row, numbers, retain_graph=True)[0] for row in rows]


@pytest.mark.few(10, 23)
@EVERY_LOSS
@pytest.mark.parametrize("noise", [10.0, 1.0, 0.1])
def test_derivatives_are_those_of_the_formula_by_hand(name, noise):
    kind = LOSSES[name][1].get("target_is", "logits")
    operands = pair(noise, target_is=kind)
    found = derivatives(name, *operands, torch.float64)
    for one, other in zip(found, by_hand(name, *operands), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11)


@pytest.mark.few(3, 52)
@EVERY_LOSS
@pytest.mark.parametrize("noise", [10.0, 1.0, 1e-2, 1e-4, 1e-6])
def test_those_of_float32_are_right_to_its_digits_at_every_distance(name, noise):
    kind = LOSSES[name][1].get("target_is", "logits")
    operands = pair(noise, target_is=kind)
    found, exact = (
        torch.stack(derivatives(name, *operands, dtype)).double()
        for dtype in (torch.float32, torch.float64)
    )
    loss, options = LOSSES[name]
    rows = loss(*(one.double() for one in operands), reduction="none", **options)
    # Two parts of the derivative may cancel: 2 D / T, and those of KL(p || m) and KL(q || m).
    scale = exact.abs()
    scale[:, 0] += 2 * rows.abs() / options["temperature"]
    if "beta" in options:
        scale[:, 1] += rows.abs() / (options["beta"] * (1 - options["beta"]))
    subnormal = 2.0**-149
    assert ((found - exact).abs() <= 2e-6 * scale + 64 * subnormal).all()


@pytest.mark.parametrize("name", ["kl", "js", "js, at half"])
def test_classes_that_are_missing_make_no_derivative_of_their_own(name):
    student, teacher = (torch.tensor([one]) for one in ([1.0, 2.0, 0.5], [0.3, 1.0, 2.5]))
    expected = derivatives(name, student, teacher, torch.float64)
    for nothing in (-math.inf, torch.finfo(torch.float32).min):
        missing = torch.full((1, 1), nothing)
        both = (torch.cat([one, missing], -1) for one in (student, teacher))
        found = derivatives(name, *both, torch.float64)
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", ["kl", "js", "js, at half"])
@pytest.mark.parametrize("nothing", [-math.inf, -1e30, -4000.0])
def test_classes_that_one_side_lacks_have_their_limit(name, nothing):
    """A class that is all but missing is that which is."""
    student = torch.tensor([[1.0, 2.0, 0.5, 0.1]])
    teacher = torch.tensor([[0.3, 1.0, 2.5, nothing]])
    sides = [(student, teacher)]
    if name != "kl":  # which is infinite where the student lacks a class
        sides.append((teacher, student))
    for one, other in sides:
        near = (torch.where(side == nothing, -1600.0, side) for side in (one, other))
        expected = by_hand(name, *near)
        found = derivatives(name, one, other, torch.float64)
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["kl", "js"])
def test_rows_that_a_mask_leaves_out_add_nothing(name):
    student, teacher = pair(1.0)
    where = torch.arange(len(student)) % 3 > 0
    student[0] = teacher[3] = math.nan
    found = derivatives(name, student, teacher, torch.float64, where=where[:, None])
    for kept, one in zip(where, found, strict=True):
        assert torch.isfinite(one).all()
        assert bool((one != 0).all()) == bool(kept)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_beta_of_16_bits_is_computed_with_all_its_digits(dtype):
    """Of 16 bits, 1 - beta was rounded, and the loss off by 3e-3."""
    student, teacher = pair(1.0)
    learned = torch.tensor(0.4, dtype=dtype, requires_grad=True)
    exact = float(learned.detach())
    value = js_div_with_logits(student, teacher, beta=learned)
    plain = js_div_with_logits(student, teacher, beta=exact)
    torch.testing.assert_close(value, plain, rtol=1e-6, atol=0)
    value.backward()
    wide = torch.tensor(exact, requires_grad=True)
    js_div_with_logits(student, teacher, beta=wide).backward()
    assert learned.grad == wide.grad.to(dtype)


@pytest.mark.parametrize("number", [-1.0, 0.0, math.nan])
def test_a_learned_temperature_that_is_none_is_refused(number):
    learned = torch.tensor(number, requires_grad=True)
    with pytest.raises(ValueError, match=f"`temperature` must be .* got {number}: pass temp"):
        kl_div_with_logits(*pair(1.0), temperature=learned)


@pytest.mark.parametrize("beta", [0.0, 1.0])
def test_at_the_ends_of_beta_which_are_other_divergences_there_is_no_derivative(beta):
    learned = torch.tensor(beta, requires_grad=True)
    js_div_with_logits(*pair(1.0), beta=learned).backward()
    assert learned.grad == 0
