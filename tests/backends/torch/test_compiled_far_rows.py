"""Logits under torch.compile without compiled loops: most rows in the graph, others completed."""

import math
from functools import partial

import pytest

from kldiv_xp import js_div_with_logits, kl_div_with_logits

torch = pytest.importorskip("torch", reason="torch is not installed")

from backends.torch.test_compiled_logits import graphs_of  # noqa: E402 - torch may be missing

LOSSES = {
    "KL": kl_div_with_logits,
    "KL, T = 2": partial(kl_div_with_logits, temperature=2.0, scale_by_temperature_squared=False),
    "JS": js_div_with_logits,
    "JS, beta 0.3": partial(js_div_with_logits, beta=0.3),
    "JS, beta 1": partial(js_div_with_logits, beta=1.0),
}
WHERE = [True, True, False, True, True, True, True, True]


@pytest.fixture(autouse=True)
def no_loops(monkeypatch):
    monkeypatch.setenv("KLDIV_XP_FUSED", "0")
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def logits(dtype="float32"):
    """Rows that differ, nearly agree, are equal, lack classes, hold NaN, are masked."""
    generator = torch.Generator().manual_seed(0)
    student, teacher = torch.randn((2, 8, 300), generator=generator) * 2
    student[0] = teacher[0]
    student[1] = teacher[1] + student[1] / 1000
    student[2] = math.nan
    student[3:5, ::7] = teacher[3:5, ::7] = -math.inf
    teacher[5, ::3] = -math.inf
    return [one.to(getattr(torch, dtype)) for one in (student, teacher)]


def value_and_gradients(loss, operands, wanted):
    """Rows of a loss, and the derivatives of their weighted sum."""
    both = [
        one.detach().clone().requires_grad_(want)
        for one, want in zip(operands, wanted, strict=True)
    ]
    mask = torch.tensor(WHERE)
    rows = loss(*both, where=mask, reduction="none")
    weights = torch.arange(1, 9, dtype=rows.dtype)
    if not any(wanted):
        return [rows]
    return [
        rows.detach(),
        *torch.autograd.grad(rows @ weights, [one for one in both if one.requires_grad]),
    ]


def assert_right(loss, compiled, wanted, dtype="float32"):
    operands = logits(dtype)
    expected = value_and_gradients(loss, [one.double() for one in operands], wanted)
    tolerance = 1e-2 if dtype == "bfloat16" else 1e-5
    for found, right in zip(value_and_gradients(compiled, operands, wanted), expected, strict=True):
        if found.ndim == 1:
            torch.testing.assert_close(found.double(), right, rtol=tolerance, atol=0)
            continue
        finite = right.isfinite().all(dim=-1)  # the gradient of an infinite divergence is not
        assert torch.equal(found.isfinite().all(dim=-1), finite)
        errors = (found.double() - right)[finite].norm(dim=-1)
        assert bool((errors <= tolerance * right[finite].norm(dim=-1)).all())


@pytest.mark.few(0, 2)
@pytest.mark.parametrize("wanted", [(False, False), (True, False), (True, True)], ids=str)
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_rows_of_every_kind_and_their_derivatives_are_right(loss, wanted):
    assert_right(loss, torch.compile(loss, backend="aot_eager", fullgraph=True), wanted)


@pytest.mark.long
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_rows_are_right_in_the_code_of_inductor(loss, dtype):
    assert_right(loss, torch.compile(loss, fullgraph=True), (True, False), dtype)


@pytest.mark.long
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_long_rows_are_right_in_the_code_of_inductor(loss):
    """Its sums of float32 left errors of 1.5e-5 in derivatives."""
    generator = torch.Generator().manual_seed(1)
    teacher = torch.randn((4, 128_256), generator=generator) * 3
    student = teacher + torch.randn(teacher.shape, generator=generator) * 3
    compiled = torch.compile(loss, fullgraph=True)
    values, derivatives = [], []
    for function, operands in (
        (loss, (student.double(), teacher.double())),
        (compiled, (student, teacher)),
    ):
        operand = operands[0].requires_grad_()
        rows = function(operand, operands[1], reduction="none")
        rows.sum().backward()
        values.append(rows.detach().double())
        derivatives.append(operand.grad.double())
    torch.testing.assert_close(values[1], values[0], rtol=2e-6, atol=0)
    errors = (derivatives[1] - derivatives[0]).norm(dim=-1)
    assert bool((errors <= 1e-6 * derivatives[0].norm(dim=-1)).all())


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_graph_holds_a_form_and_the_operator_that_completes_it(loss):
    _, (graph,) = graphs_of(loss, *logits())
    code = graph.print_readable(print_output=False)
    assert "kldiv_xp.filled_rows" in code
    assert "exp(" in code
    assert "rows_of_logits" not in code


@pytest.mark.slow
def test_nothing_is_computed_anew_where_all_rows_differ(monkeypatch):
    from kldiv_xp.backends.torch import compiled_far_rows

    computed = []
    function = compiled_far_rows.rows_of_block

    def recorded(context, arrays, divergence):
        computed.append(arrays[0].shape[0])
        return function(context, arrays, divergence)

    monkeypatch.setattr(compiled_far_rows, "rows_of_block", recorded)
    compiled = torch.compile(kl_div_with_logits, backend="aot_eager")
    student, teacher = logits()
    compiled(student[3:], teacher[3:])
    assert not computed
    compiled(student[:2], teacher[:2])
    compiled(student[1:], teacher[1:])
    assert computed == [2, 2]


@pytest.mark.slow
def test_open_temperatures_have_the_operator_alone():
    losses = partial(kl_div_with_logits, reduction="sum")
    compiled = torch.compile(losses, backend="aot_eager", fullgraph=True)
    student, teacher = (one[3:5] for one in logits())
    for temperature in (1.0, 2.0, 3.0, 4.0):
        found = compiled(student, teacher, temperature=temperature)
        torch.testing.assert_close(found, losses(student, teacher, temperature=temperature))
