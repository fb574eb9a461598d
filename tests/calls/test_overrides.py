"""torch's protocol of overrides: who defines `__torch_function__` may take a call."""

import copy
import pickle
import subprocess
import sys

import pytest

import kldiv_xp
from kldiv_xp import (
    diagnose,
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
)

torch = pytest.importorskip("torch", reason="torch is not installed")

from torch.overrides import TorchFunctionMode  # noqa: E402 - only where torch is installed

from kldiv_xp.torch import KLDivLoss  # noqa: E402 - only where torch is installed

FUNCTIONS = {
    "kl_div": (kl_div, {"reduction": "batchmean"}),
    "kl_div_gradient": (kl_div_gradient, {"reduction": "batchmean"}),
    "kl_div_with_logits": (kl_div_with_logits, {"temperature": 2.0}),
    "js_div_with_logits": (js_div_with_logits, {"beta": 0.25}),
    "kl_div_with_logits_gradient": (kl_div_with_logits_gradient, {"reduction": "sum"}),
    "js_div_with_logits_gradient": (js_div_with_logits_gradient, {"beta": 0.25}),
    "diagnose": (diagnose, {"log_target": True}),
}
LOSSES = [name for name in FUNCTIONS if name != "diagnose"]
OPTIONS = {"reduction": "batchmean"}
CALLERS = {
    **{name: (function, function, options) for name, (function, options) in FUNCTIONS.items()},
    "KLDivLoss": (kldiv_xp.KLDivLoss(reduction="batchmean"), kl_div, OPTIONS),
    "torch.KLDivLoss": (KLDivLoss(reduction="batchmean"), kl_div, OPTIONS),
}
EVERY = pytest.mark.parametrize("name", FUNCTIONS)
EVERY_LOSS = pytest.mark.parametrize("name", LOSSES)
EVERY_CALLER = pytest.mark.parametrize("name", CALLERS)


class Seen(TorchFunctionMode):
    """A mode that remembers the calls that reach it, and lets them pass."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.calls.append((function, args, kwargs or {}))
        return function(*args, **(kwargs or {}))


class Plain(torch.Tensor):
    """A subclass that adds nothing."""


class Duck:
    """No tensor, but something that answers for the functions of torch."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return function, types, args, kwargs


def operands(dtype=torch.float64):
    generator = torch.Generator().manual_seed(9)
    log_q, log_p = torch.randn(2, 6, 4, generator=generator, dtype=dtype).log_softmax(-1)
    return log_q, log_p.exp()


def mask():
    return torch.arange(6)[:, None] < 4


def call_of(name):
    """What the caller of this name does for the user, and the options that it was given."""
    caller, function, options = CALLERS[name]
    return caller, function, options, (options if caller is function else {})


def equal(found, expected):
    if isinstance(expected, tuple):
        return all(map(equal, found, expected))
    return torch.equal(found, expected) if isinstance(expected, torch.Tensor) else found == expected


# Modes


@EVERY_CALLER
def test_a_mode_sees_one_call_with_the_arguments_given(name):
    caller, function, seen, given = call_of(name)
    pair = operands()
    with Seen() as mode:
        value = caller(*pair, **given)
    ((called, args, kwargs),) = mode.calls
    assert (called, kwargs) == (function, seen)
    assert all(map(lambda left, right: left is right, args, pair))
    assert equal(value, caller(*pair, **given))


def test_a_mode_sees_operands_by_place_and_options_by_name():
    log_q, p = operands()
    with Seen() as mode:
        kl_div(log_q, p, None, None, "sum")
        kl_div(target=p, reduction="sum", input=log_q, log_target=False)
    assert mode.calls == [(kl_div, (log_q, p), {"reduction": "sum"})] * 2


def test_what_overrides_the_loss_of_torch_takes_the_arguments_of_ours():
    class Mine:
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            return cls.kl_div(*args, **(kwargs or {}))

        @staticmethod
        def kl_div(input, target, size_average=None, reduce=None, reduction="mean", log_target=0):
            return reduction, log_target

    for function in (kl_div, torch.nn.functional.kl_div):
        assert function(Mine(), Mine(), log_target=True, reduction="sum") == ("sum", True)


@EVERY_CALLER
def test_a_mode_may_answer_in_our_place(name):
    class Answer(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            return f"{function.__name__} by a mode"

    caller, function, _, given = call_of(name)
    pair = operands()
    with Answer():
        assert caller(*pair, **given) == f"{function.__name__} by a mode"


@EVERY
def test_a_mode_sees_nothing_of_other_libraries(name):
    function, options = FUNCTIONS[name]
    pair = [one.numpy() for one in operands()]
    with Seen() as mode:
        function(*pair, **options)
    assert mode.calls == []


def test_a_default_device_leaves_the_node_of_the_fast_way():
    log_q, p = operands()
    log_q.requires_grad_()
    plain = kl_div(log_q, p, reduction="sum")
    with torch.device("cpu"):
        value = kl_div(log_q, p, reduction="sum")
    assert type(value.grad_fn).__name__ == type(plain.grad_fn).__name__ == "LossBackward"
    assert torch.equal(value, plain)


# Operands


@EVERY
@pytest.mark.parametrize("place", [0, 1])
def test_an_operand_that_is_no_tensor_may_take_the_call(name, place):
    function, options = FUNCTIONS[name]
    pair = list(operands())
    pair[place] = Duck()
    called, types, args, kwargs = function(*pair, **options)
    assert (called, kwargs) == (function, options)
    assert Duck in types
    assert list(args) == pair


@EVERY
def test_masks_and_cotangents_are_operands(name):
    function, _ = FUNCTIONS[name]
    names = ["where", "upstream"] if name.endswith("gradient") else ["where"]
    for argument in names:
        duck = Duck()
        called, _, _, kwargs = function(*operands(), **{argument: duck})
        assert (called, kwargs) == (function, {argument: duck})


def test_modules_hand_over_masks_too():
    duck = Duck()
    for loss in (kldiv_xp.KLDivLoss(), KLDivLoss()):
        assert loss(*operands(), where=duck)[0] is kl_div


@EVERY
def test_a_call_that_nobody_takes_says_so_in_the_words_of_torch(name):
    class Refuses:
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            return NotImplemented

    function, _ = FUNCTIONS[name]
    refuses = Refuses()
    with pytest.raises(TypeError) as caught:
        function(refuses, refuses)
    assert str(caught.value) == (
        f"no implementation found for 'kldiv_xp.{name}' on types that implement "
        f"__torch_function__: {[Refuses]}"
    )


@pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")
@EVERY_CALLER
@pytest.mark.parametrize("which", ["input", "target", "both"])
def test_a_subclass_gets_its_type_back(name, which):
    caller, _, _, given = call_of(name)
    pair = operands()
    wanted = [which in {"input", "both"}, which in {"target", "both"}]
    mixed = [
        one.as_subclass(Plain) if want else one for one, want in zip(pair, wanted, strict=True)
    ]
    value, expected = caller(*mixed, **given), caller(*pair, **given)
    if name == "diagnose":
        assert str(value) == str(expected)
        return
    found = value if isinstance(value, tuple) else (value,)
    assert [type(one) for one in found] == [Plain] * len(found)
    plain = [one.as_subclass(torch.Tensor) for one in found]
    torch.testing.assert_close(plain, [*expected] if isinstance(expected, tuple) else [expected])


def test_a_subclass_among_masks_and_cotangents_gets_its_type_back():
    where, upstream = mask().as_subclass(Plain), torch.tensor(2.0).double().as_subclass(Plain)
    assert type(kl_div(*operands(), reduction="sum", axis=-1, where=where)) is Plain
    assert type(kl_div_gradient(*operands(), reduction="sum", upstream=upstream)[0]) is Plain


def test_parameters_are_tensors_like_any_other():
    log_q, p = operands()
    assert type(kl_div(torch.nn.Parameter(log_q), p, reduction="none")) is torch.Tensor


# torch.fx


def traced(function, options):
    return torch.fx.symbolic_trace(lambda log_q, p: function(log_q, p, **options))


@EVERY_LOSS
def test_a_traced_graph_calls_our_function(name):
    function, options = FUNCTIONS[name]
    module = traced(function, options)
    (node,) = [node for node in module.graph.nodes if node.op == "call_function"]
    assert (node.target, node.kwargs) == (function, options)
    assert node.name == name
    module.recompile()
    for one in (module, copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert equal(one(*operands()), function(*operands(), **options))
    again = torch.fx.symbolic_trace(module)
    assert equal(again(*operands()), function(*operands(), **options))


@pytest.mark.parametrize("axis", [None, -1])
@pytest.mark.parametrize("make", [kldiv_xp.KLDivLoss, KLDivLoss])
def test_a_traced_model_computes_the_same(axis, make):
    class Student(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(4, 4)
            self.loss = make(reduction="batchmean", axis=axis)

        def forward(self, features, target, where):
            return self.loss(self.linear(features).log_softmax(-1), target, where=where)

    model = Student().double()
    arrays = *operands(), mask().expand(6, 4)
    module = torch.fx.symbolic_trace(model)
    assert [n.target for n in module.graph.nodes if n.op == "call_function"] == [kl_div]
    assert torch.equal(module(*arrays), model(*arrays))
    module(*arrays).backward()
    found = model.linear.weight.grad.clone()
    model.linear.weight.grad = None
    model(*arrays).backward()
    assert torch.equal(found, model.linear.weight.grad)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_a_model_is_prepared_for_quantisation_with_its_loss():
    quantisation = pytest.importorskip("torch.ao.quantization", reason="this torch has none")
    from torch.ao.quantization.quantize_fx import prepare_fx

    class Student(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(4, 4)
            self.loss = KLDivLoss(reduction="batchmean")

        def forward(self, features, target):
            return self.loss(self.linear(features).log_softmax(-1), target)

    model, pair = Student().eval(), operands(torch.float32)
    mapping = quantisation.get_default_qconfig_mapping()
    prepared = prepare_fx(model, mapping, pair)
    assert torch.equal(prepared(*pair), model(*pair))


# torch.compile


def compiled(function):
    torch.compiler.reset()
    return torch.compile(function, fullgraph=True, backend="eager")


@pytest.mark.slow
@EVERY_LOSS
def test_a_mode_sees_one_call_in_what_is_compiled(name):
    function, options = FUNCTIONS[name]
    pair = operands()
    with Seen() as mode:
        value = compiled(lambda *pair: function(*pair, **options))(*pair)
    assert [called for called, _, _ in mode.calls] == [function]
    torch.testing.assert_close(value, function(*pair, **options))


@pytest.mark.slow
@EVERY_LOSS
def test_what_is_compiled_runs_with_a_default_device(name):
    function, options = FUNCTIONS[name]
    with torch.device("cpu"):
        value = compiled(lambda *pair: function(*pair, **options))(*operands())
    torch.testing.assert_close(value, function(*operands(), **options))


@pytest.mark.slow
@EVERY_LOSS
def test_a_subclass_gets_its_type_back_from_what_is_compiled(name):
    function, options = FUNCTIONS[name]
    pair = [one.as_subclass(Plain) for one in operands()]
    value = compiled(lambda *pair: function(*pair, **options))(*pair)
    assert {type(one) for one in (value if isinstance(value, tuple) else (value,))} == {Plain}


# TorchScript


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
@EVERY
def test_what_torch_script_cannot_read_it_says_with_a_remedy(name):
    function, _ = FUNCTIONS[name]
    with pytest.raises(RuntimeError) as caught:
        torch.jit.script(function)
    assert str(caught.value) == (
        f"TorchScript error: `{name}` cannot be compiled: call it in a function of yours that is "
        "decorated with @torch.jit.ignore, or let kldiv_xp.torch.KLDivLoss call it."
    )


@torch.jit.ignore
def ignored(input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return kl_div(input, target, reduction="sum")


def user(input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return 2 * ignored(input, target)


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_the_remedy_for_torch_script_works():
    assert torch.equal(torch.jit.script(user)(*operands()), user(*operands()))


# What it leaves as it is


def test_functions_are_found_by_their_names():
    for name, (function, _) in FUNCTIONS.items():
        assert pickle.loads(pickle.dumps(function)) is function is getattr(kldiv_xp, name)


def test_torch_is_not_imported_for_it():
    program = """
import sys, numpy as np, kldiv_xp
print(kldiv_xp.kl_div(np.zeros((1, 1)), np.ones((1, 1)), reduction="sum"), "torch" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout + done.stderr == "0.0 False\n"
