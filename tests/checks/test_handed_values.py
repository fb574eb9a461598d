"""Values that a remedy hands on: the option takes them, or it is said what it takes."""

import inspect
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from checks.every_function import CLASSES, FUNCTIONS, operands_of
from numpy.testing import assert_allclose

import kldiv_xp
from kldiv_xp.checks.names_of_operands import NAMES_OF_OPERANDS
from kldiv_xp.checks.peer_options import MEANT, OFF

POSITIVE = "a positive finite real number (no bool)"
SHARE = "a real number from 0 to 1 (no bool)"
REAL = "a finite real number (no bool)"
LOGITS, TEACHER = np.random.default_rng(5).normal(size=(2, 3, 4))


def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)


def kl_at(temperature):
    """Mean divergence of the samples at a temperature, times its square."""
    q, p = softmax(LOGITS / temperature), softmax(TEACHER / temperature)
    return temperature**2 * np.sum(p * np.log(p / q)) / 3


def parameters_of(name):
    return inspect.signature(getattr(kldiv_xp, name)).parameters


def having(option):
    return [one for one in [*FUNCTIONS, *CLASSES] if option in parameters_of(one)]


def told_for(name, option, value):
    function = getattr(kldiv_xp, name)
    with pytest.raises((TypeError, ValueError)) as caught:
        function(*(() if name in CLASSES else operands_of(name)), **{option: value})
    return re.fullmatch(r"`.*?; got .*?: ((?:pass|leave|call).*)\.", str(caught.value), re.DOTALL)[
        1
    ]


NONE = f"..., {POSITIVE}"
TWO = ["2", b"2", [2.0], (2,), {2}, "4/2", [["2"]], np.str_("2"), Decimal(2)]
NO_HEAT = [0, -1, -2.5, "x", "0", True, [1.0, 2.0], float("nan"), float("inf"), np.ones(3)]


@pytest.mark.parametrize("name", having("temperature"))
def test_a_temperature_by_another_name_is_one(name):
    for option in ("T", "tau", "temp"):
        for value in TWO:
            assert told_for(name, option, value) == "pass temperature=2.0"
        for value in NO_HEAT:
            assert told_for(name, option, value) == f"pass temperature=..., {POSITIVE}"
        assert told_for(name, option, 2) == "pass temperature=2"
    if name == "kl_div_with_logits":
        found = kldiv_xp.kl_div_with_logits(LOGITS, TEACHER, temperature=2.0)
        assert_allclose(found, kl_at(2.0), rtol=1e-12)


@pytest.mark.parametrize("name", having("log_target"))
def test_a_temperature_of_tables_is_one_of_logits(name):
    if name == "diagnose":
        return
    for value, code in ((2.0, "2.0"), ("2", "2.0"), (0, NONE), ([1.0] * 2, NONE)):
        assert f", with temperature={code}, where both" in told_for(name, "T", value)


@pytest.mark.parametrize("name", having("temperature"))
def test_a_temperature_in_a_container_or_text_is_told_by_its_number(name):
    for value in TWO:
        assert told_for(name, "temperature", value) == "pass temperature=2.0"
    assert told_for(name, "temperature", "1/2") == "pass temperature=0.5"
    for value in ([0.0], "-1", [True], "x", {}):
        assert told_for(name, "temperature", value) == (
            "pass temperature=1.0, which leaves the logits as they are"
        )
    assert told_for(name, "temperature", [1.0, 2.0]) == (
        "pass one number, or call the loss once for each of several; if they are the student's "
        "and the teacher's, divide the logits of each instead"
    )
    assert told_for(name, "temperature", 2 + 0j) == "pass temperature=2.0"


@pytest.mark.parametrize("name", having("beta"))
def test_a_weight_of_a_mixture_is_told_by_its_number(name):
    for value in ("0.25", [0.25], (Fraction(1, 4),), b"0.25", "1/4"):
        assert told_for(name, "beta", value) == "pass beta=0.25"
        assert told_for(name, "jsd_beta", value).startswith("pass beta=0.25, the weight of the ")
    for value in (1.5, -1, "x", True, [0.1, 0.2]):
        assert told_for(name, "jsd_beta", value).startswith(f"pass beta=..., {SHARE}, the weight ")


@pytest.mark.parametrize("name", [one for one in FUNCTIONS if one.startswith("kl_div")])
def test_a_mixture_of_another_loss_takes_a_share(name):
    js = name.replace("kl", "js")
    for option in ("beta", "jsd_beta"):
        for value in (1.5, "x", True):
            assert told_for(name, option, value) == f"call {js}, with beta=..., {SHARE}"
        assert told_for(name, option, "0.5") == f"call {js}, with beta=0.5"


@pytest.mark.parametrize("name", [one for one in [*FUNCTIONS, *CLASSES] if one != "diagnose"])
def test_an_alpha_that_is_no_share_of_a_mixture_is_a_factor(name):
    told = "pass upstream=1.5" if name.endswith("gradient") else "multiply the loss by 1.5"
    for value in (1.5, "1.5", [1.5]):
        assert told_for(name, "alpha", value) == f"leave it out, and {told}"
    for value in (True, "x"):
        told = told_for(name, "alpha", value)
        assert repr(value) not in told
        assert f"..., {REAL}" in told
    assert re.search("(by|upstream=) ?0.3", told_for(name, "alpha", "0.3"))


@pytest.mark.parametrize("name", [one for one in [*FUNCTIONS, *CLASSES] if one != "diagnose"])
def test_a_number_to_divide_by_is_positive(name):
    start = "reduction='sum' and upstream=1 /" if "gradient" in name else None
    start = f"pass {start or 'reduction=' + repr('sum') + ', and divide the loss by'}"
    assert told_for(name, "num_items_in_batch", 7) == f"{start} 7"
    assert told_for(name, "num_items_in_batch", "7") == f"{start} 7.0"
    for value in (0, -1, "x", True):
        assert told_for(name, "num_items_in_batch", value) == f"{start} ..., {POSITIVE}"


@pytest.mark.parametrize("name", having("axis"))
@pytest.mark.parametrize("option", ["dim", "dims", "axes", "softmax_dim"])
def test_an_axis_by_another_name_is_an_int(name, option):
    for value in (-1, -1.0, "-1", np.int64(-1)):
        assert told_for(name, option, value) == "pass axis=-1"
    is_of_logits = "temperature" in parameters_of(name)
    taken = "an int, the axis of one distribution" if is_of_logits else "an int or a tuple of ints"
    for value in ("x", 1.5, True, (0.5, 1), np.ones(2)):
        assert told_for(name, option, value) == f"pass axis=..., {taken}"
    for value in ((0, 1), [0, 1]):
        code = f"..., {taken}" if is_of_logits else "(0, 1)"
        assert told_for(name, option, value) == f"pass axis={code}"
    assert told_for(name, option, [-1]) == f"pass axis={'-1' if is_of_logits else '(-1,)'}"


def test_an_axis_by_place_is_an_int():
    for value, code in ((-2.0, "axis=-2"), (-1, "axis=-1"), (np.float64(-1.0), "axis=-1")):
        with pytest.raises(TypeError) as caught:
            kldiv_xp.kl_div_with_logits(LOGITS, TEACHER, value)
        assert str(caught.value).endswith(f"; got {value!r} without a name: pass {code}.")
    assert_allclose(kldiv_xp.kl_div_with_logits(LOGITS, TEACHER, axis=-1), kl_at(1.0), rtol=1e-12)
    kldiv_xp.kl_div_with_logits(LOGITS, TEACHER, axis=-2)
    for value in (-1.5, float("-inf"), float("inf"), float("nan")):
        with pytest.raises(TypeError, match=r"without a name: name it: there are axis, "):
            kldiv_xp.kl_div_with_logits(LOGITS, TEACHER, value)


def test_an_option_in_a_call_of_a_class_is_told_as_the_class_takes_it():
    loss, tables = kldiv_xp.KLDivWithLogitsLoss(), kldiv_xp.KLDivLoss()
    start = ": pass it to KLDivWithLogitsLoss"
    for call, option, value, told in (
        (loss, "temperature", "2", f"{start}(temperature=2.0)."),
        (loss, "temperature", 0, f"{start}(temperature=...) as {POSITIVE}."),
        (loss, "axis", -1.0, f"{start}(axis=-1)."),
        (loss, "reproducible", "no", f"{start}(reproducible=False)."),
        (tables, "log_target", "False", ": pass it to KLDivLoss(log_target=False)."),
    ):
        with pytest.raises(TypeError) as caught:
            call(LOGITS, TEACHER, **{option: value})
        assert str(caught.value).endswith(told)


def test_a_class_is_told_the_number_in_an_array_of_one(holding_backend):
    heat = holding_backend.array([2.0])
    with pytest.raises(TypeError) as caught:
        kldiv_xp.KLDivWithLogitsLoss(temperature=heat)
    code = re.search(r": pass (float\(.*\))\.$", str(caught.value))[1]
    modules = {one.partition(".")[0] for one in re.findall(r"\((\w[\w.]*)\.reshape\(t", code)}
    names = {one: __import__(one) for one in modules if one != "temperature"}
    number = eval(code, names | {"temperature": heat})
    loss = kldiv_xp.KLDivWithLogitsLoss(temperature=number)
    assert_allclose(loss(LOGITS, TEACHER), kl_at(2.0), rtol=1e-12)


def test_an_array_of_no_axes_is_a_number_to_a_class():
    heat = np.asarray(2.0)
    with pytest.raises(TypeError, match=r": pass temperature=float\(T\)\.$"):
        kldiv_xp.KLDivWithLogitsLoss(T=heat)
    loss = kldiv_xp.KLDivWithLogitsLoss(temperature=float(heat))
    assert_allclose(loss(LOGITS, TEACHER), kl_at(2.0), rtol=1e-12)


# What hands a value on to the place of another, wherever a number or an axis may stand.
UNTAKEN = [True, -1, "x", [1, 2], {}, np.ones(3)]


@pytest.mark.parametrize("function_name", [*FUNCTIONS, *CLASSES])
def test_every_name_of_another_library_is_refused_in_a_sentence(function_name):
    """A temperature of True for the student alone raised KeyError: 'value'."""
    function, known = getattr(kldiv_xp, function_name), parameters_of(function_name)
    operands = () if function_name in CLASSES else operands_of(function_name)
    for name in {**MEANT, **OFF, **NAMES_OF_OPERANDS}.keys() - known.keys():
        for value in UNTAKEN:
            with pytest.raises(TypeError) as caught:
                function(*operands, **{name: value})
            assert str(caught.value).startswith(f"`{name}` is no option of {function_name}; got ")
            assert "{value}" not in str(caught.value)
