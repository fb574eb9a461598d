"""Switches that are neither True nor False: every function tells the one that is meant."""

import inspect
import re
import warnings

import numpy as np
import pytest
from checks.every_function import CLASSES, FUNCTIONS, operands_of
from checks.following_remedies import made
from checks.refusals import of_switch

import kldiv_xp

SWITCHES = (
    "log_target", "log_input", "generalized", "scale_by_temperature_squared", "check",
    "return_value", "reproducible",
)  # fmt: skip
WALKED = [
    (one, name)
    for one in [*FUNCTIONS, *CLASSES]
    for name in SWITCHES
    if name in inspect.signature(getattr(kldiv_xp, one)).parameters
]
OFF = ["False", "false", "0", "no", " OFF ", b"False", [False], ("no",), np.str_("False")]
ON = ["True", "true", "1", "yes", b"1", [True], ("on",), [np.True_]]
NEITHER = ["", "maybe", 2, -1.0, float("nan"), 1j, [True, False], (), {}, bool, np.asarray("True")]


def refused(name, switch, value):
    function = getattr(kldiv_xp, name)
    with pytest.raises(TypeError) as caught:
        function(*(() if name in CLASSES else operands_of(name)), **{switch: value})
    return str(caught.value)


def followed(name, told, switch):
    """The value that a remedy tells, which the function takes."""
    value = eval(re.search(rf"pass {switch}=(\w+)", told)[1])
    function = getattr(kldiv_xp, name)
    if value and switch in {"check", "reproducible"}:
        return value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", kldiv_xp.KLDivWarning)
        function(*(() if name in CLASSES else operands_of(name)), **{switch: value})
    return value


@pytest.mark.few(29, 16)
@pytest.mark.parametrize(("name", "switch"), WALKED)
def test_text_is_told_by_what_it_says(name, switch):
    start = f"`{switch}` must be True or False; got "
    for value in (*OFF, *ON):
        told = refused(name, switch, value)
        meant = any(value is one for one in ON)
        assert told == f"{start}{value!r}: pass {switch}={meant}."
        assert followed(name, told, switch) is meant


@pytest.mark.parametrize(("name", "switch"), WALKED)
def test_nothing_is_told_by_the_default(name, switch):
    default = inspect.signature(getattr(kldiv_xp, name)).parameters[switch].default
    values = (None, "None")
    if default is None:  # that of the loss, which diagnose judges
        default, values = True, ("None",)
    for value in values:
        told = refused(name, switch, value)
        assert told.endswith(f"; got {value!r}: pass {switch}={default}, the default.")
        assert followed(name, told, switch) is default


@pytest.mark.parametrize(("name", "switch"), WALKED)
def test_what_says_neither_is_told_so(name, switch):
    for value in NEITHER:
        told = refused(name, switch, value)
        assert told == f"`{switch}` must be True or False; got {value!r}: pass True or False."
    for value in (1, 0, 0.0, np.False_):
        assert refused(name, switch, value) == of_switch(switch, value)


@pytest.mark.parametrize(("name", "switch"), WALKED)
def test_a_mask_in_the_place_of_a_switch_is_no_switch(name, switch):
    told = refused(name, switch, np.ones((2, 3), bool))
    assert told == f"`{switch}` must be True or False; got numpy.ndarray: pass True or False."


def test_an_array_of_one_element_is_told_in_its_library(holding_backend):
    row = holding_backend.array([0.25, 0.75]), holding_backend.array([0.5, 0.5])
    given = made(holding_backend, np.asarray([[False]]))
    with pytest.raises(TypeError) as caught:
        kldiv_xp.kl_div(*row, reduction="sum", log_target=given)
    code = re.search(r": pass (bool\(.*\))\.$", str(caught.value))[1]
    names = {"log_target": given, **{one: __import__(one) for one in re.findall(r"\((\w+)\.", code)
             if one != "log_target"}}  # fmt: skip
    switch = eval(code, names)
    assert switch is False
    found = kldiv_xp.kl_div(*row, reduction="sum", log_target=switch)
    q, p = np.asarray([0.25, 0.75]), np.asarray([0.5, 0.5])
    assert float(found) == pytest.approx(np.sum(p * (np.log(p) - q)))


def test_text_that_is_followed_gives_the_divergence():
    z, p = np.asarray([[1.0, 2.0, 3.0]]), np.asarray([[0.7, 0.2, 0.1]])
    log_q = z - np.log(np.sum(np.exp(z)))
    told = refused("kl_div", "log_target", "False")
    assert told.endswith("pass log_target=False.")
    found = kldiv_xp.kl_div(log_q, p, log_target=False, reduction="batchmean")
    assert found == pytest.approx(np.sum(p * (np.log(p) - log_q)))


@pytest.mark.parametrize("class_name", CLASSES)
def test_modules_of_torch_tell_it_too_also_when_they_are_set(class_name):
    module = pytest.importorskip("kldiv_xp.torch")
    loss = getattr(module, class_name)(reduction="sum")
    switch = "reproducible" if hasattr(loss, "reproducible") else "log_target"
    with pytest.raises(TypeError) as caught:
        setattr(loss, switch, "False")
    assert str(caught.value).endswith(f"got 'False': pass {switch}=False.")
    setattr(loss, switch, False)
