"""Numbers that a schedule changes from step to step, under torch.compile: two programs at most."""

import pytest

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
)

torch = pytest.importorskip("torch", reason="torch is not installed")
testing = pytest.importorskip("torch._dynamo.testing")

from backends.torch.losses import LOSSES, operands  # noqa: E402 - torch may be missing

from kldiv_xp.torch import JSDivLoss, JSDivWithLogitsLoss, KLDivWithLogitsLoss  # noqa: E402

STEPS = 5
VALUES = {
    "temperature": [4.0 - 0.5 * step for step in range(STEPS)],
    "beta": [0.05 + 0.08 * step for step in range(STEPS)],
    "upstream": [0.5 + 0.25 * step for step in range(STEPS)],
}
LEARNED = ("input", "hidden", "weight", "bias")
SOFTENED = ("temperature",)
MIXED = ("temperature", "beta")


def loss_of(name, **options):
    """A loss of the table, with options, of one operand that is learned and all others."""
    return lambda tensors, **numbers: LOSSES[name](tensors, **options, **numbers)


def of_given(function, kind):
    """A loss of logits from a target that is given."""

    def loss(tensors, **numbers):
        target = tensors["target"].exp() if kind == "probabilities" else tensors["target"]
        return function(tensors["input"], target, target_is=kind, **numbers)

    return loss


def of_gradient(function, **options):
    """A number that is made of both gradients."""

    def loss(tensors, **numbers):
        pair = tensors["input"], tensors["target"]
        return sum(one.square().sum() for one in function(*pair, **options, **numbers))

    return loss


CASES = {
    "linear": (loss_of("linear"), MIXED),
    "linear, given": (loss_of("linear", target_is="log_probabilities"), MIXED),
    "linear, states": (loss_of("linear, states"), MIXED),
    "linear, known": (loss_of("linear, known"), SOFTENED),
    "sparse": (loss_of("sparse"), SOFTENED),
    "sparse, zero": (loss_of("sparse", tail="zero"), SOFTENED),
    "js": (loss_of("js"), ("beta",)),
    "kl of logits": (loss_of("kl of logits"), SOFTENED),
    "js of logits": (loss_of("js of logits"), MIXED),
    "not scaled": (loss_of("js of logits", scale_by_temperature_squared=False), MIXED),
    "derived": (
        lambda tensors, temperature: js_div_with_logits(
            tensors["input"], tensors["target"], temperature=temperature, beta=1 / (1 + temperature)
        ),
        SOFTENED,
    ),
    "kl of given": (of_given(kl_div_with_logits, "log_probabilities"), SOFTENED),
    "js of given": (of_given(js_div_with_logits, "probabilities"), MIXED),
    "gradient": (of_gradient(kl_div_gradient, log_target=True, reduction="sum"), ("upstream",)),
    "gradient of logits": (of_gradient(kl_div_with_logits_gradient), ("upstream", *SOFTENED)),
    "gradient of js": (of_gradient(js_div_with_logits_gradient), ("upstream", *MIXED)),
}
MODULES = {
    "kl": (KLDivWithLogitsLoss(), SOFTENED),
    "js": (JSDivWithLogitsLoss(), MIXED),
    "js of tables": (JSDivLoss(log_target=True), ("beta",)),
}


@pytest.fixture(autouse=True)
def _afresh():
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def step_of(loss, tensors, numbers):
    """Value, and derivatives by what is learned."""
    learning = {name: one.clone().requires_grad_(name in LEARNED) for name, one in tensors.items()}
    value = loss(learning, **numbers)
    value.backward()
    return value.detach(), [learning[name].grad for name in LEARNED]


def programs_of(loss, names, module=None, **options):
    """How many programs are made for all steps, each of which is that of eager tensors.

    Numbers of a module are set before each step.
    """
    tensors = operands()
    counter = testing.CompileCounterWithBackend("aot_eager")
    compiled = torch.compile(loss, backend=counter, fullgraph=True, **options)
    for step in range(STEPS):
        numbers = {name: VALUES[name][step] for name in names}
        if module is not None:
            for key, number in numbers.items():
                setattr(module, key, number)
            numbers = {}
        found, eager = (step_of(one, tensors, numbers) for one in (compiled, loss))
        torch.testing.assert_close(found, eager)
    return counter.frame_count


@pytest.fixture(params=["operator", pytest.param("formula", marks=pytest.mark.long)])
def in_the_graph(request, monkeypatch):
    """Operators in the graph of losses of logits; where there is none, the formula."""
    if request.param == "formula":
        operators = pytest.importorskip("kldiv_xp.backends.torch.compiled_logit_derivatives")
        monkeypatch.setattr(operators, "has_operator", lambda arrays: False)


@pytest.mark.long
@pytest.mark.cases(20)
@pytest.mark.parametrize("dynamic", [None, True], ids=["as torch finds", "dynamic"])
@pytest.mark.parametrize("name", CASES)
@pytest.mark.usefixtures("in_the_graph")
def test_numbers_of_a_schedule_make_two_programs_at_most(name, dynamic):
    loss, names = CASES[name]
    assert programs_of(loss, names, dynamic=dynamic) <= 2


@pytest.mark.long
@pytest.mark.parametrize("name", MODULES)
def test_attributes_of_a_module_make_two_programs_at_most(name):
    module, names = MODULES[name]

    def loss(tensors):
        return module(tensors["input"], tensors["target"])

    assert programs_of(loss, names, module) <= 2


@pytest.mark.long
def test_tensors_in_the_place_of_numbers_make_one_program_where_nothing_is_dynamic():
    tensors = operands()
    counter = testing.CompileCounterWithBackend("aot_eager")
    compiled = torch.compile(js_div_with_logits, backend=counter, fullgraph=True, dynamic=False)
    for step in range(STEPS):
        numbers = {name: torch.tensor(VALUES[name][step]) for name in MIXED}
        pair = tensors["input"], tensors["target"]
        torch.testing.assert_close(compiled(*pair, **numbers), js_div_with_logits(*pair, **numbers))
    assert counter.frame_count == 1
