"""The operator that stands in compiled graphs for losses of logits."""

from functools import partial

import pytest

from kldiv_xp import js_div_with_logits, kl_div_with_logits
from kldiv_xp.formula.logits import JS

torch = pytest.importorskip("torch", reason="torch is not installed")

from kldiv_xp.backends.torch import compiled_logits  # noqa: E402 - torch may be missing

LOSSES = [
    partial(kl_div_with_logits, temperature=2.0, scale_by_temperature_squared=True),
    partial(js_div_with_logits, beta=0.3),
    partial(kl_div_with_logits, target_is="probabilities"),
]


def operands(rows=4, dtype="float32"):
    generator = torch.Generator().manual_seed(0)
    student, teacher = torch.randn((2, rows, 50), generator=generator).to(getattr(torch, dtype))
    return student.requires_grad_(), teacher.softmax(-1).requires_grad_()


def graphs_of(function, *arguments, **options):
    """Result of a compiled function, and the graphs that were made."""
    from torch._dynamo.testing import EagerAndRecordGraphs

    recorded = EagerAndRecordGraphs()
    torch.compiler.reset()
    result = torch.compile(function, backend=recorded, fullgraph=True, **options)(*arguments)
    return result, recorded.graphs


@pytest.mark.long
@pytest.mark.parametrize("loss", LOSSES)
def test_value_and_gradients_are_those_of_eager_tensors(loss):
    found = []
    for function in (loss, torch.compile(loss, fullgraph=True)):
        student, teacher = operands()
        mask = torch.tensor([True, False, True, True])
        value = function(student, teacher, where=mask, reduction="mean")
        value.backward()
        found.append((value, student.grad, teacher.grad))
    torch.testing.assert_close(*found)
    torch.compiler.reset()


@pytest.mark.slow
def test_graph_holds_the_operator_and_no_formula():
    _, (graph,) = graphs_of(kl_div_with_logits, *operands())
    code = graph.print_readable(print_output=False)
    assert "kldiv_xp.rows_of_logits" in code
    assert "exp(" not in code


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_16_bits_have_the_type_of_eager(dtype):
    student, teacher = operands(dtype=dtype)
    eager = kl_div_with_logits(student, teacher)
    found, _ = graphs_of(kl_div_with_logits, student, teacher)
    assert found.dtype is eager.dtype
    torch.testing.assert_close(found, eager)


@pytest.mark.long
def test_batch_of_any_size_is_one_graph():
    torch.compiler.reset()
    compiled = torch.compile(kl_div_with_logits, dynamic=True, fullgraph=True)
    for rows in (3, 5, 8):
        student, teacher = operands(rows)
        torch.testing.assert_close(compiled(student, teacher), kl_div_with_logits(student, teacher))
    torch.compiler.reset()


@pytest.mark.long
def test_derivatives_that_are_not_wanted_are_not_made():
    student, teacher = operands()
    torch.compiler.reset()
    torch.compile(js_div_with_logits)(student, teacher.detach()).backward()
    eager = student.grad.clone()
    student.grad = None
    js_div_with_logits(student, teacher.detach()).backward()
    torch.testing.assert_close(student.grad, eager)
    torch.compiler.reset()


def test_operator_keeps_the_rules_of_torch():
    student, teacher = operands()
    arguments = student, teacher, None, None, 1.0, "logits", False, 0.5
    tests = ("test_schema", "test_autograd_registration", "test_faketensor")
    torch.library.opcheck(compiled_logits.rows_of_logits, arguments, test_utils=tests)


@pytest.mark.long
def test_second_derivatives_are_those_of_the_formula():
    leaves = [one.double().detach().requires_grad_() for one in operands()]
    divergence = JS.of(2.0, 0.5)

    def rows(*pair):
        return compiled_logits.divergences(torch.float64, pair, divergence)

    assert torch.autograd.gradgradcheck(rows, leaves)


def test_exported_graph_holds_the_formula():
    class Loss(torch.nn.Module):
        def forward(self, student, teacher):
            return kl_div_with_logits(student, teacher)

    operands_ = tuple(one.detach() for one in operands())
    program = torch.export.export(Loss(), operands_)
    assert "rows_of_logits" not in str(program.graph)
    torch.testing.assert_close(program.module()(*operands_), kl_div_with_logits(*operands_))


@pytest.mark.long
def test_transforms_see_the_formula():
    student, teacher = (one.detach() for one in operands())
    torch.compiler.reset()
    mapped = torch.compile(torch.func.vmap(kl_div_with_logits))
    batches = student.unsqueeze(1), teacher.unsqueeze(1)
    torch.testing.assert_close(mapped(*batches), torch.func.vmap(kl_div_with_logits)(*batches))
    torch.compiler.reset()


@pytest.mark.few(1, 2)
@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
def test_ends_of_a_mixture_with_a_given_target_are_those_of_masses_in_graphs_too(beta):
    loss = partial(js_div_with_logits, beta=beta, target_is="probabilities", reduction="sum")
    student, masses = (operand.detach() for operand in operands())
    value, _ = graphs_of(loss, student, 3 * masses)
    torch.testing.assert_close(value, loss(student, 3 * masses))
