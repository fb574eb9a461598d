"""The divergence of tables with its options remembered: for every library, and as a module."""

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
from kldiv_xp import JSDivLoss, js_div

Q, P = np.random.default_rng(12).dirichlet(np.ones(4), (2, 3))
SELECTED = np.asarray([True, False, True])
OPTIONS = [
    {"log_input": False, "beta": 0.25, "reduction": "none"},
    {"log_target": True, "axis": (0, 1), "reduction": "sum"},
    {"log_input": False, "axis": None, "reduction": "mean"},
]
EVERY = pytest.mark.parametrize("options", OPTIONS)
# Options that are refused, and why.
WRONG = {
    "reduction": (
        "avg",
        "`reduction` must be one of 'none', 'mean', 'sum', 'batchmean'; got "
        "'avg': did you mean 'mean'?",
    ),
    "axis": (
        1.5,
        "`axis` must be None, an int or a tuple of ints; got 1.5: pass an int, "
        "axis=-1 for the last one.",
    ),
    "log_input": (1, "`log_input` must be True or False; got 1: pass bool(...) of it."),
    "log_target": (
        "yes",
        "`log_target` must be True or False; got 'yes': pass log_target=True.",
    ),
    "beta": (
        1.5,
        "`beta` must be a real number from 0 to 1 (no bool); got 1.5: pass beta=0.5, the "
        "Jensen-Shannon divergence.",
    ),
}


def operands(options, make=np.asarray):
    """Tables in the spaces of the options."""
    spaces = options.get("log_input", True), options.get("log_target", False)
    return [make(np.log(one) if log else one) for one, log in zip((Q, P), spaces, strict=True)]


def module_of():
    usable("torch")
    return library("kldiv_xp.torch").JSDivLoss


@pytest.mark.only_where(lambda backend: backend not in ("torch-compile", "jax-jit"))
@EVERY
def test_calling_it_is_calling_the_function(backend, options):
    pair = operands(options, backend.array)
    where = backend.array(np.broadcast_to(SELECTED[:, None], P.shape) * 1.0) != 0
    found = backend.read(JSDivLoss(**options)(*pair, where=where))
    assert_array_equal(found, backend.read(js_div(*pair, where=where, **options)))


@EVERY
def test_it_is_an_immutable_value(options):
    one = JSDivLoss(**options)
    assert one == JSDivLoss(**options) == eval(repr(one))
    assert hash(one) == hash(JSDivLoss(**options))
    assert one != dataclasses.replace(one, beta=0.75) != "sum"
    assert copy.copy(one) == copy.deepcopy(one) == one
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(one, protocol)) == one
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.beta = 0.75


@pytest.mark.parametrize("name", WRONG)
def test_wrong_options_raise_at_construction_and_when_they_are_set(name):
    value, sentence = WRONG[name]
    module = module_of()
    later = module()
    for refused in (
        lambda: JSDivLoss(**{name: value}),
        lambda: module(**{name: value}),
        lambda: setattr(later, name, value),
    ):
        with pytest.raises((TypeError, ValueError)) as caught:
            refused()
        assert str(caught.value) == sentence
    assert repr(later) == repr(JSDivLoss())


def test_numbers_are_remembered_as_floats_and_ints():
    for kind in (JSDivLoss, module_of()):
        one = kind(beta=np.float32(0.5), axis=np.int64(1))
        assert (type(one.beta), type(one.axis)) == (float, int)
        assert kind(axis=(np.int64(0), 1)).axis == (0, 1)


@EVERY
def test_module_has_the_value_and_gradients_of_the_function(options):
    module = module_of()(**options)
    torch = library("torch")
    where = torch.tensor(np.broadcast_to(SELECTED[:, None], P.shape).copy())
    results = []
    for call in (
        lambda q, p: module(q, p, where),
        lambda q, p: js_div(q, p, where=where, **options),
    ):
        pair = [one.requires_grad_() for one in operands(options, torch.tensor)]
        value = call(*pair)
        results.append([value, *torch.autograd.grad(value.sum(), pair)])
    for found, expected in zip(*results, strict=True):
        assert torch.equal(found, expected)


@EVERY
def test_module_is_like_others(tmp_path, options):
    kind = module_of()
    torch = library("torch")
    module = kind(**options)
    assert module.state_dict() == {}
    assert not [*module.parameters(), *module.buffers(), *module.children()]
    assert (
        repr(module) == repr(JSDivLoss(**options)) == repr(eval(repr(module), {"JSDivLoss": kind}))
    )
    torch.save(module, tmp_path / "loss.pt")
    with torch.serialization.safe_globals([kind]):
        loaded = torch.load(tmp_path / "loss.pt", weights_only=True)
    pair = operands(options, torch.tensor)
    for other in (loaded, copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert type(other) is kind
        assert torch.equal(other(*pair), module(*pair))
    later = kind()
    for name, value in options.items():
        setattr(later, name, value)
    assert repr(later) == repr(module)
    narrow = kind(dtype=torch.float32)
    assert narrow(*operands({}, torch.tensor)).dtype == torch.float32


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_module_is_scripted_and_compiled():
    module = module_of()(log_input=False)
    torch = library("torch")
    pair = [torch.tensor(one) for one in (Q, P)]
    expected = js_div(*pair, log_input=False)
    assert torch.equal(torch.jit.script(module)(*pair), expected)
    torch.compiler.reset()
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(*pair), expected)


@pytest.mark.parametrize("section", ["Parameters", "Raises", "See Also", "Examples"])
def test_docstrings_have_their_sections(section):
    for kind in (JSDivLoss, module_of()):
        assert f"\n{section}\n{'-' * len(section)}\n" in inspect.getdoc(kind)
    assert kldiv_xp.JSDivLoss is JSDivLoss
    assert JSDivLoss.__module__ == "kldiv_xp"
    assert module_of().__module__ == "kldiv_xp.torch"
