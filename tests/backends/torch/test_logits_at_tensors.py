"""A temperature or beta that is a tensor: read in host memory, else rows go block by block."""

import pytest

import kldiv_xp
from kldiv_xp import js_div_with_logits, kl_div_with_logits

torch = pytest.importorskip("torch", reason="torch is not installed")

from kldiv_xp.backends.torch import (  # noqa: E402 - torch may be missing
    eager,
    learned_numbers,
    logits_at_tensors,
)

LOSSES = [kl_div_with_logits, js_div_with_logits]
EVERY_LOSS = pytest.mark.parametrize("loss", LOSSES)


@pytest.fixture(autouse=True, params=["read", "not read"])
def in_small_blocks(request, monkeypatch):
    """Where numbers are not in host memory, they are not read."""
    monkeypatch.setattr(logits_at_tensors, "BLOCK", {"cpu": 20, "cuda": 20})
    if request.param == "not read":
        way = logits_at_tensors.divergences_at_tensors
        monkeypatch.setattr(eager, "divergences_at_arrays", way)


def operands(dtype=torch.float64, shape=(3, 5, 7)):
    """Students and teachers, near and far, one class impossible."""
    generator = torch.Generator().manual_seed(3)
    student, teacher = torch.randn((2, *shape), generator=generator, dtype=torch.float64)
    teacher[0] = student[0] + 1e-4 * teacher[0]
    student[1, :, 2] = teacher[1, :, 2] = -torch.inf
    return student.to(dtype), teacher.to(dtype)


def numbers(loss, dtype=torch.float64, *, wanted=True):
    """Temperature and, of a mixture, beta."""
    found = {"temperature": torch.tensor(1.5, dtype=dtype, requires_grad=wanted)}
    if loss is js_div_with_logits:
        found["beta"] = torch.tensor(0.3, dtype=dtype, requires_grad=wanted)
    return found


def all_at_once(monkeypatch):
    """Every call that follows makes one block."""
    monkeypatch.setattr(logits_at_tensors, "BLOCK", {"cpu": 1 << 40, "cuda": 1 << 40})


@pytest.mark.few(6, 30)
@EVERY_LOSS
@pytest.mark.parametrize("reduction", ["none", "mean", "batchmean"])
@pytest.mark.parametrize("options", [{}, {"axis": 1}, {"where": True}], ids=str)
def test_blocks_have_the_values_and_derivatives_of_all_rows_at_once(
    monkeypatch, loss, reduction, options
):
    found = []
    for _ in range(2):
        leaves = [one.requires_grad_() for one in operands()]
        given = numbers(loss)
        if "where" in options:
            options = {"where": torch.arange(15).reshape(3, 5) % 4 > 0}
        value = loss(*leaves, reduction=reduction, **given, **options)
        wanted = [*leaves, *given.values()]
        weights = torch.linspace(1, 2, value.numel(), dtype=value.dtype).reshape(value.shape)
        found.append([value.detach(), *torch.autograd.grad(value, wanted, weights)])
        all_at_once(monkeypatch)
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-14, equal_nan=True)


@pytest.mark.few(0, 1)
@EVERY_LOSS
def test_derivatives_agree_with_finite_differences_twice(loss):
    leaves = [one.requires_grad_() for one in operands(shape=(2, 3, 4))]
    for one in leaves:
        one.data[1, :, 2] = 0.5
    given = numbers(loss)

    def value(input, target, *values):
        return loss(input, target, reduction="sum", **dict(zip(given, values, strict=True)))

    assert torch.autograd.gradcheck(value, (*leaves, *given.values()))
    assert torch.autograd.gradgradcheck(value, (*leaves, *given.values()))


@pytest.mark.few(3, 9)
@EVERY_LOSS
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_derivatives_have_the_dtypes_of_their_operands(loss, dtype):
    leaves = [one.requires_grad_() for one in operands(dtype)]
    given = numbers(loss, torch.float32)
    loss(*leaves, **given).backward()
    for one in (*leaves, *given.values()):
        assert one.grad.dtype == one.dtype
        assert one.grad.shape == one.shape
        assert torch.isfinite(one.grad).all()


@pytest.mark.few(2, 2)
@EVERY_LOSS
def test_what_wants_no_derivative_gets_none(loss):
    student, teacher = operands()
    given = numbers(loss)
    loss(student.requires_grad_(), teacher, **given).backward()
    assert teacher.grad is None
    loss(student.detach(), teacher, **given).backward()
    assert given["temperature"].grad is not None


@EVERY_LOSS
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_tensor_without_a_derivative_is_the_number_that_it_holds(loss, dtype):
    given = numbers(loss, dtype, wanted=False)
    plain = {name: float(one) for name, one in given.items()}
    student, teacher = operands(dtype)
    torch.testing.assert_close(
        loss(student, teacher, **given), loss(student, teacher, **plain), rtol=0, atol=0
    )
    gradient = getattr(kldiv_xp, f"{loss.__name__}_gradient")
    for one, other in zip(
        gradient(student, teacher, **given), gradient(student, teacher, **plain), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True)


def test_a_number_that_is_read_is_that_of_the_call():
    """A schedule writes the next temperature before the backward pass."""
    student, teacher = operands()
    student = student[2].clone().requires_grad_()
    temperature = torch.tensor(2.0, dtype=torch.float64)
    loss = kl_div_with_logits(student, teacher[2], temperature=temperature)
    temperature.fill_(5.0)
    loss.backward()
    expected = student.detach().requires_grad_()
    kl_div_with_logits(expected, teacher[2], temperature=2.0).backward()
    torch.testing.assert_close(student.grad, expected.grad, rtol=0, atol=0)


@EVERY_LOSS
@pytest.mark.parametrize("number", [-1.0, 0.0, float("nan"), float("inf")])
def test_a_number_that_is_read_is_refused_where_no_number_may_be(loss, number):
    given = numbers(loss, wanted=False) | {"temperature": torch.tensor(number)}
    with pytest.raises(ValueError, match=f"`temperature` must be .* got {number}: pass temp"):
        loss(*operands(), **given)


def looking_at(sizes, function):
    """A function that keeps how large the first array is that it is given."""
    return lambda way, *given: sizes.append(given[2].numel()) or function(way, *given)


def test_memory_of_rows_is_that_of_a_block(monkeypatch):
    """The arrays that one block makes, and no more of them for more blocks."""
    monkeypatch.setattr(logits_at_tensors, "BLOCK", {"cpu": 64, "cuda": 64})
    sizes = []
    for module in (logits_at_tensors, learned_numbers):
        monkeypatch.setattr(module, "run", looking_at(sizes, module.run))
    leaves = [one.requires_grad_() for one in operands(shape=(40, 5, 8))]
    kl_div_with_logits(*leaves, temperature=torch.tensor(2.0, requires_grad=True)).backward()
    assert max(sizes) <= 64
    assert len(sizes) > 20


def of_one_source(loss, weight):
    """A loss whose teacher, temperature and beta are made of what the student is made of."""
    student = operands()[0][2] * weight
    made = {name: one.detach() * weight for name, one in numbers(loss).items()}
    return loss(student, student.flip(-1) * 1.5, **made)


@EVERY_LOSS
def test_operands_that_are_made_of_each_other_have_one_derivative(monkeypatch, loss):
    """With a graph of it, a path through the teacher to the student was counted twice."""
    found = []
    for is_recorded in (True, False):
        weight = torch.tensor(1.2, dtype=torch.float64, requires_grad=True)
        value = of_one_source(loss, weight)
        (derivative,) = torch.autograd.grad(value, weight, create_graph=is_recorded)
        found.append(derivative.detach())
        all_at_once(monkeypatch)
    torch.testing.assert_close(*found, rtol=1e-10, atol=0)


@pytest.mark.few(2, 2)
@EVERY_LOSS
def test_derivatives_of_several_samples_are_mapped_at_once(loss):
    student, teacher = (one[2] for one in operands())
    given = numbers(loss)
    wanted = [student.requires_grad_(), *given.values()]
    samples = loss(student, teacher, reduction="none", **given)
    each = torch.eye(len(samples), dtype=samples.dtype)
    mapped = torch.autograd.grad(samples, wanted, each, is_grads_batched=True, retain_graph=True)
    for place, one in enumerate(each):
        alone = torch.autograd.grad(samples, wanted, one, retain_graph=True)
        for many, single in zip(mapped, alone, strict=True):
            torch.testing.assert_close(many[place], single, rtol=1e-10, atol=1e-12)
