"""A learned temperature or beta under torch.compile: operators, with the results of eager."""

import math
from functools import partial

import pytest

from kldiv_xp import js_div_with_logits, kl_div_with_logits

torch = pytest.importorskip("torch", reason="torch is not installed")

from kldiv_xp.backends.torch import compiled_learned_numbers  # noqa: E402 - torch may be missing

TEMPERATURE, BETA = {"temperature": 2.25}, {"beta": 0.3125}
MASK = torch.tensor([True, False, True, True])
given = partial(js_div_with_logits, beta=0.25, target_is="log_probabilities")
LOSSES = {
    "kl": (kl_div_with_logits, TEMPERATURE),
    "kl, masked": (partial(kl_div_with_logits, where=MASK, reduction="mean"), TEMPERATURE),
    "kl, wider": (partial(kl_div_with_logits, dtype=torch.float64), TEMPERATURE),
    "js": (js_div_with_logits, {**TEMPERATURE, **BETA}),
    "js, beta alone": (partial(js_div_with_logits, temperature=2.0), BETA),
    "js, at an end": (js_div_with_logits, {**TEMPERATURE, "beta": 1.0}),
    "js of given": (partial(given, reduction="none"), TEMPERATURE),
    # Which no float32 is divided by without care: at tensors, as it is not read.
    "kl, hot": (kl_div_with_logits, {"temperature": 2.0**101}),
    "js, hot": (partial(js_div_with_logits, temperature=2.0**101), BETA),
}
EVERY_LOSS = pytest.mark.parametrize("name", LOSSES)


@pytest.fixture(autouse=True)
def forgotten():
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def operands(dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    student, teacher = torch.randn((2, 4, 50), generator=generator)
    leaves = student, teacher.log_softmax(-1)
    return [one.to(dtype).requires_grad_() for one in leaves]


def results(function, numbers, *, wanted=True, dtype=torch.float32):
    """The loss and all gradients."""
    leaves = operands(dtype)
    learned = {name: torch.tensor(one, requires_grad=wanted) for name, one in numbers.items()}
    value = function(*leaves, **learned)
    value.sum().backward()
    return [value.detach(), *(one.grad for one in (*leaves, *learned.values()))]


@pytest.mark.slow
@EVERY_LOSS
@pytest.mark.parametrize("backend", ["aot_eager", pytest.param("inductor", marks=pytest.mark.long)])
def test_loss_and_gradients_are_those_of_eager(name, backend):
    loss, numbers = LOSSES[name]
    compiled = torch.compile(loss, fullgraph=True, backend=backend)
    found, expected = (results(one, numbers) for one in (compiled, loss))
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.slow
def test_tensors_that_are_not_learned_are_read_as_well():
    loss, numbers = LOSSES["js"]
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    found, expected = (results(one, numbers, wanted=False) for one in (compiled, loss))
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_16_bits_have_the_types_of_eager(dtype):
    loss, numbers = LOSSES["js"]
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    found, expected = (results(one, numbers, dtype=dtype) for one in (compiled, loss))
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.slow
def test_graph_holds_the_operator_and_no_formula():
    """Inductor took 79 s for the formula of KL, and over 150 s for that of a mixture."""
    from torch._dynamo.testing import EagerAndRecordGraphs

    recorded = EagerAndRecordGraphs()
    loss, numbers = LOSSES["js"]
    results(torch.compile(loss, fullgraph=True, backend=recorded), numbers)
    (graph,) = recorded.graphs
    code = graph.print_readable(print_output=False)
    for operator in ("kldiv_xp.rows_at_tensors", "kldiv_xp.derivatives_at_tensors"):
        assert operator in code
    assert "exp(" not in code


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("number", [0.0, math.nan])
def test_a_temperature_that_is_none_makes_nan_in_a_graph(number):
    compiled = torch.compile(kl_div_with_logits, fullgraph=True, backend="aot_eager")
    assert compiled(*operands(), temperature=torch.tensor(number, requires_grad=True)).isnan()


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("beta", [-0.5, 1.5, math.nan])
def test_a_beta_that_is_none_raises_nothing(beta):
    compiled = torch.compile(js_div_with_logits, fullgraph=True, backend="aot_eager")
    results(compiled, {"beta": beta})


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("wanted", [(False, False, True), (True, False, False)])
def test_derivatives_that_are_not_wanted_are_not_made(wanted):
    compiled = torch.compile(kl_div_with_logits, fullgraph=True, backend="aot_eager")
    student, teacher = (one.detach() for one in operands())
    leaves = [student, teacher, torch.tensor(2.0)]
    for one, want in zip(leaves, wanted, strict=True):
        one.requires_grad_(want)
    compiled(student, teacher, temperature=leaves[2]).backward()
    assert [one.grad is not None for one in leaves] == list(wanted)


@pytest.mark.parametrize("temperature", [2.0, 2.0**101])
def test_operators_keep_the_rules_of_torch(temperature):
    leaves = [one.detach() for one in operands()]
    numbers = torch.tensor(temperature), torch.tensor(0.3)
    tensors = *leaves, None, *numbers, None, 1.0, "logits", True, 0.5
    tests = ("test_schema", "test_autograd_registration", "test_faketensor")
    check = partial(torch.library.opcheck, test_utils=tests)
    check(compiled_learned_numbers.rows_at_tensors, tensors)
    wanted = [True, True, False, True, True]
    check(compiled_learned_numbers.derivatives_at_tensors, (torch.ones(4), *tensors, wanted))


@pytest.mark.slow
def test_a_number_that_changes_beside_a_learned_one_makes_no_new_graph():
    from torch._dynamo.testing import CompileCounter

    counter = CompileCounter()
    compiled = torch.compile(js_div_with_logits, fullgraph=True, backend=counter, dynamic=True)
    for beta in (0.25, 0.375, 0.4375, 0.5625):
        temperature = torch.tensor(2.0, requires_grad=True)
        value = compiled(*operands(), temperature=temperature, beta=beta)
        eager = js_div_with_logits(*operands(), temperature=temperature, beta=beta)
        torch.testing.assert_close(value, eager)
    assert counter.frame_count <= 2
