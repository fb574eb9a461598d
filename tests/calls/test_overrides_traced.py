"""torch's protocol of overrides in torch.fx, torch.compile and TorchScript."""

import copy
import pickle

import pytest
from calls.torch_functions import EVERY, FUNCTIONS, Plain, Seen, equal, mask, operands, torch

import kldiv_xp
from kldiv_xp import kl_div
from kldiv_xp.torch import KLDivLoss

LOSSES = [name for name in FUNCTIONS if name != "diagnose"]
EVERY_LOSS = pytest.mark.parametrize("name", LOSSES)


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


def compiled(function):
    torch.compiler.reset()
    return torch.compile(function, fullgraph=True, backend="eager")


@pytest.mark.long
@EVERY_LOSS
def test_a_mode_sees_one_call_in_what_is_compiled(name):
    function, options = FUNCTIONS[name]
    pair = operands()
    with Seen() as mode:
        value = compiled(lambda *pair: function(*pair, **options))(*pair)
    assert [called for called, _, _ in mode.calls] == [function]
    torch.testing.assert_close(value, function(*pair, **options))


@pytest.mark.long
@EVERY_LOSS
def test_what_is_compiled_runs_with_a_default_device(name):
    function, options = FUNCTIONS[name]
    with torch.device("cpu"):
        value = compiled(lambda *pair: function(*pair, **options))(*operands())
    torch.testing.assert_close(value, function(*operands(), **options))


@pytest.mark.long
@EVERY_LOSS
def test_a_subclass_gets_its_type_back_from_what_is_compiled(name):
    function, options = FUNCTIONS[name]
    pair = [one.as_subclass(Plain) for one in operands()]
    value = compiled(lambda *pair: function(*pair, **options))(*pair)
    assert {type(one) for one in (value if isinstance(value, tuple) else (value,))} == {Plain}


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
