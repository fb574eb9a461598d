"""Losses of logits with their options remembered: for every library, and as modules of torch."""

import copy
import dataclasses
import inspect
import pickle

import numpy as np
import pytest
from array_libraries import library
from conftest import usable
from numpy.testing import assert_array_equal

import kldiv_xp
from kldiv_xp import (
    JSDivWithLogitsLoss,
    KLDivWithLogitsLoss,
    js_div_with_logits,
    kl_div_with_logits,
)

STUDENT, TEACHER = np.random.default_rng(11).normal(size=(2, 3, 4))
SELECTED = np.asarray([True, False, True])
ROWS = [
    (KLDivWithLogitsLoss, kl_div_with_logits, {"temperature": 2.0, "reduction": "mean"}),
    (KLDivWithLogitsLoss, kl_div_with_logits, {"target_is": "logits", "axis": -1}),
    (JSDivWithLogitsLoss, js_div_with_logits, {"beta": 0.25, "reduction": "none"}),
    (
        JSDivWithLogitsLoss,
        js_div_with_logits,
        {"beta": 1, "temperature": 3, "scale_by_temperature_squared": False},
    ),
]
EVERY = pytest.mark.parametrize(("loss", "function", "options"), ROWS)
KINDS = pytest.mark.parametrize(
    ("loss", "function"), [(loss, function) for loss, function, _ in ROWS[::2]]
)
# Options that are refused, and why.
WRONG = {
    "reduction": (
        "avg",
        "`reduction` must be one of 'none', 'mean', 'sum', 'batchmean'; got "
        "'avg': did you mean 'mean'?",
    ),
    "axis": (
        (0, 1),
        "`axis` must be an int, the axis of one distribution; got (0, 1): reshape the "
        "operands so that "
        "these axes are one, and pass that.",
    ),
    "scale_by_temperature_squared": (
        1,
        "`scale_by_temperature_squared` must be True or False; got 1: pass bool(...) of it.",
    ),
    "temperature": (
        0,
        "`temperature` must be a positive finite real number (no bool); got 0: pass "
        "temperature=1.0, which leaves the logits as they are.",
    ),
    "beta": (
        np.asarray(0.5),
        "`beta` must be a real number from 0 to 1 (no bool); got array(0.5): pass float(...) of "
        "it, or call the function in place of the class, which takes a 0-d array as `beta`.",
    ),
    "target_is": (
        "probs",
        "`target_is` must be one of 'logits', 'probabilities', 'log_probabilities'; got "
        "'probs': did you mean 'probabilities'?",
    ),
}


def module_of(loss):
    usable("torch")
    library("torch")
    return getattr(__import__("kldiv_xp.torch", fromlist=["torch"]), loss.__name__)


def tensors():
    torch = library("torch")
    return torch.tensor(STUDENT), torch.tensor(TEACHER)


@pytest.mark.only_where(lambda backend: backend not in ("torch-compile", "jax-jit"))
@EVERY
def test_calling_it_is_calling_the_function(backend, loss, function, options):
    operands = backend.array(STUDENT), backend.array(TEACHER)
    where = backend.array(SELECTED * 1.0) != 0
    found = backend.read(loss(**options)(*operands, where=where))
    assert_array_equal(found, backend.read(function(*operands, where=where, **options)))


@KINDS
def test_options_and_their_defaults_are_those_of_the_function(loss, function):
    parameters = inspect.signature(function).parameters
    defaults = {name: one.default for name, one in parameters.items()}
    del defaults["input"], defaults["target"], defaults["where"]
    for kind in (loss, module_of(loss)):
        remembered = inspect.signature(kind).parameters
        assert {name: one.default for name, one in remembered.items()} == defaults
        assert {one.kind for one in remembered.values()} == {inspect.Parameter.KEYWORD_ONLY}
        assert all(getattr(kind(), name) == value for name, value in defaults.items())


@EVERY
def test_it_is_an_immutable_value(loss, function, options):
    del function
    one = loss(**options)
    assert one == loss(**options) == eval(repr(one))
    assert hash(one) == hash(loss(**options))
    assert one != dataclasses.replace(one, reduction="sum") != "sum"
    assert copy.copy(one) == copy.deepcopy(one) == one
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(one, protocol)) == one
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.temperature = 2.0


@pytest.mark.parametrize("name", WRONG)
def test_wrong_options_raise_at_construction_and_when_they_are_set(name):
    value, sentence = WRONG[name]
    kinds = [loss for loss, *_ in ROWS[::2] if name in loss().options]
    assert kinds
    for loss in kinds:
        module = module_of(loss)
        shown = repr(module())
        later = module()
        for refused in (
            lambda kind=loss: kind(**{name: value}),
            lambda kind=module: kind(**{name: value}),
            lambda one=later: setattr(one, name, value),
        ):
            with pytest.raises((TypeError, ValueError)) as caught:
                refused()
            assert str(caught.value) == sentence
        assert repr(later) == shown


@pytest.mark.parametrize("number", [np.float32(0.5), np.float64(0.5), np.int64(1), 1])
def test_numbers_are_remembered_as_floats(number):
    for kind in (JSDivWithLogitsLoss, module_of(JSDivWithLogitsLoss)):
        one = kind(beta=number, temperature=number, axis=np.int64(1))
        assert (type(one.beta), type(one.temperature), type(one.axis)) == (float, float, int)
        assert one.beta == one.temperature == float(number)


@EVERY
def test_module_has_the_value_and_gradients_of_the_function(loss, function, options):
    module = module_of(loss)(**options)
    torch = library("torch")
    where = torch.tensor(SELECTED)
    results = []
    for call in (
        lambda x, t: module(x, t, where),
        lambda x, t: function(x, t, where=where, **options),
    ):
        pair = [one.requires_grad_() for one in tensors()]
        value = call(*pair)
        results.append([value, *torch.autograd.grad(value.sum(), pair)])
    for found, expected in zip(*results, strict=True):
        assert torch.equal(found, expected)


@EVERY
def test_module_is_like_others(tmp_path, loss, function, options):
    del function
    kind = module_of(loss)
    torch = library("torch")
    module = kind(**options)
    assert module.state_dict() == {}
    assert not [*module.parameters(), *module.buffers(), *module.children()]
    assert repr(eval(repr(module), {loss.__name__: kind})) == repr(module)
    assert repr(module) == repr(loss(**options))
    torch.save(module, tmp_path / "loss.pt")
    with torch.serialization.safe_globals([kind]):
        loaded = torch.load(tmp_path / "loss.pt", weights_only=True)
    for other in (
        loaded,
        copy.copy(module),
        copy.deepcopy(module),
        pickle.loads(pickle.dumps(module)),
    ):
        assert type(other) is kind
        assert repr(other) == repr(module)
        assert torch.equal(other(*tensors()), module(*tensors()))
    later = kind()
    for name, value in options.items():
        setattr(later, name, value)
    assert repr(later) == repr(module)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
@KINDS
def test_module_is_scripted_compiled_and_widened_by_autocast(loss, function):
    module = module_of(loss)(temperature=2.0)
    torch = library("torch")
    expected = function(*tensors(), temperature=2.0)
    assert torch.equal(torch.jit.script(module)(*tensors()), expected)
    torch.compiler.reset()
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(*tensors()), expected)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = module(*(one.bfloat16() for one in tensors()))
    assert value.dtype == torch.float32


@KINDS
@pytest.mark.parametrize("section", ["Parameters", "Raises", "See Also", "Examples"])
def test_docstrings_have_their_sections(loss, function, section):
    del function
    for kind in (loss, module_of(loss)):
        assert f"\n{section}\n{'-' * len(section)}\n" in inspect.getdoc(kind)
    assert getattr(kldiv_xp, loss.__name__) is loss


@pytest.mark.parametrize("name", ["KLDivWithLogitsLoss", "JSDivWithLogitsLoss", "JSDivLoss"])
def test_a_field_that_a_subclass_adds_is_no_option_of_the_loss(name):
    """It was handed on to the function, which refused it."""
    base = getattr(kldiv_xp, name)

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Weighted(base):
        extra: float = 1.0

        def __call__(self, input, target):
            return self.extra * super().__call__(input, target)

    tables = [np.log(np.full((2, 4), 0.25)), np.full((2, 4), 0.25)]
    pair = tables if name == "JSDivLoss" else (STUDENT, TEACHER)
    weighted = Weighted(extra=3.0, reduction="sum")
    assert_array_equal(weighted(*pair), 3.0 * base(reduction="sum")(*pair))
    assert "extra=3.0" in repr(weighted)
    assert weighted == Weighted(extra=3.0, reduction="sum") != Weighted(extra=2.0, reduction="sum")
