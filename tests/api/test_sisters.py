"""Functions and classes that belong together have the same options, with the same defaults."""

import inspect
from collections import defaultdict

import pytest
from array_libraries import library
from conftest import usable

import kldiv_xp

SPARSE = "sparse_kl_div_with_logits"
LOSSES = (
    *("kl_div", "js_div", "kl_div_with_logits", "js_div_with_logits"),
    *(SPARSE, "linear_kl_div"),
)
GRADIENTS = {name: f"{name}_gradient" for name in LOSSES}
CLASSES = {
    "kl_div": "KLDivLoss",
    "kl_div_with_logits": "KLDivWithLogitsLoss",
    "js_div_with_logits": "JSDivWithLogitsLoss",
    "js_div": "JSDivLoss",
}
# Options whose defaults differ, and why.
DIFFERENT = {
    # That of torch has no axis, and its mean is that of all elements.
    "axis": {None: ("kl_div", "kl_div_gradient", "KLDivLoss")},
    "reduction": {"mean": ("kl_div", "kl_div_gradient", "KLDivLoss")},
    # At 0 the loss from hidden states is what its name says.
    "beta": {0.0: ("linear_kl_div", "linear_kl_div_gradient")},
    # Servers return log-probabilities.
    "target_is": {"log_probabilities": (SPARSE, f"{SPARSE}_gradient")},
}


def options_of(name, module=kldiv_xp):
    parameters = inspect.signature(getattr(module, name)).parameters.values()
    empty = inspect.Parameter.empty
    return {one.name: one.default for one in parameters if one.default is not empty}


def test_an_option_has_one_default():
    found = defaultdict(lambda: defaultdict(set))
    for name in (*LOSSES, *GRADIENTS.values(), *CLASSES.values()):
        for option, default in options_of(name).items():
            found[option][default].add(name)
    for option, defaults in found.items():
        usual = max(defaults, key=lambda default: len(defaults[default]))
        others = {default: names for default, names in defaults.items() if default != usual}
        expected = {key: set(names) for key, names in DIFFERENT.get(option, {}).items()}
        assert others == expected, option


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_has_what_every_loss_has(name):
    assert {"reduction", "where", "dtype"} <= set(options_of(name))
    if "logits" in name or "linear" in name:
        every = {"temperature", "scale_by_temperature_squared", "target_is"}
        assert every <= set(options_of(name))


@pytest.mark.parametrize("name", GRADIENTS)
def test_a_gradient_has_the_options_of_its_loss(name):
    options = options_of(GRADIENTS[name])
    assert options.pop("upstream") is None
    assert options.pop("return_value") is False
    legacy = ("size_average", "reduce", "check")
    expected = {key: one for key, one in options_of(name).items() if key not in legacy}
    assert options == expected


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_and_a_module_have_the_options_of_their_function(name):
    expected = options_of(name)
    for option in {"where", "check"} & set(expected):
        del expected[option]
    assert options_of(CLASSES[name]) == expected
    usable("torch")
    modules = library("kldiv_xp.torch")
    assert options_of(CLASSES[name], modules) == expected
