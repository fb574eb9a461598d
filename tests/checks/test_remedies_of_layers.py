"""A linear layer in the place of its weight, bias or output: the remedies lead to the loss."""

import inspect
import re
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from checks.following_remedies import RNG
from numpy.testing import assert_allclose
from words import value

from kldiv_xp import diagnose, kl_div, kl_div_with_logits, linear_kl_div, linear_kl_div_gradient

HIDDEN, TEACHER = RNG.normal(size=(2, 3)), RNG.normal(size=(2, 2))
WEIGHT, TARGET_WEIGHT = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2))
BIAS, TARGET_BIAS = RNG.normal(size=(2, 4))
OPERANDS = {
    "input": HIDDEN, "weight": WEIGHT, "target": TEACHER, "bias": BIAS,
    "target_weight": TARGET_WEIGHT, "target_bias": TARGET_BIAS,
}  # fmt: skip
LAYERS = {
    "weight": (WEIGHT, BIAS), "bias": (WEIGHT, BIAS),
    "target_weight": (TARGET_WEIGHT, TARGET_BIAS), "target_bias": (TARGET_WEIGHT, TARGET_BIAS),
}  # fmt: skip
REMEDY = r"pass its (?:weight|bias), ([\w.]+)(?:, and (\w+)=([\w.]+))?\.$"


def of_torch(weight, bias):
    torch = pytest.importorskip("torch")
    layer = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None).double()
    layer.requires_grad_(requires_grad=False).weight.copy_(torch.tensor(weight))
    if bias is not None:
        layer.bias.copy_(torch.tensor(bias))
    return layer, torch.tensor


def of_numpy(weight, bias):
    return SimpleNamespace(weight=weight, bias=bias), np.asarray


def mended(given, name, sentence):
    """Arguments after what a sentence says."""
    code, beside, other = re.search(REMEDY, sentence).groups()
    layer = {name: given[name]}
    changes = {name: value(code, **layer)}
    return given | changes | ({beside: value(other, **layer)} if beside else {})


@pytest.mark.parametrize("with_bias", [True, False])
@pytest.mark.parametrize("make", [of_torch, of_numpy])
@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("function", [linear_kl_div, linear_kl_div_gradient, diagnose])
def test_layer_leads_to_its_weight_and_bias(function, name, make, with_bias):
    weight, bias = LAYERS[name]
    layer, as_array = make(weight, bias if with_bias else None)
    its_bias = name.replace("weight", "bias")
    right = {one: as_array(array) for one, array in OPERANDS.items() if one != its_bias}
    with pytest.raises(TypeError, match=f"`{name}` must be an array") as caught:
        function(**right | {name: layer})
    given = mended(right | {name: layer}, name, str(caught.value))
    found = function(**given)
    if function is linear_kl_div:
        logits = HIDDEN @ WEIGHT.T, TEACHER @ TARGET_WEIGHT.T
        biases = (given.get("bias"), given.get("target_bias"))
        added = [0 if one is None else np.asarray(one.tolist()) for one in biases]
        whole = kl_div_with_logits(*(one + b for one, b in zip(logits, added, strict=True)))
        assert_allclose(float(found), whole, rtol=1e-6)
    assert with_bias == (given.get(its_bias) is not None)


@pytest.mark.parametrize("name", ["input", "target"])
@pytest.mark.parametrize("function", [kl_div, kl_div_with_logits, linear_kl_div])
def test_layer_in_the_place_of_its_output_is_called(function, name):
    layer, _ = of_torch(WEIGHT, BIAS)
    names = [one for one in inspect.signature(function).parameters if one in OPERANDS][:3]
    given = {one: layer if one == name else OPERANDS[one] for one in names if "bias" not in one}
    with pytest.raises(TypeError) as caught:
        partial(function, **given)()
    assert str(caught.value) == (
        f"`{name}` must be an array (NumPy, CuPy, PyTorch, JAX, Dask, ...); got "
        f"torch.nn.modules.linear.Linear: pass what it returns, {name}(...)."
    )
