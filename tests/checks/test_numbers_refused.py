"""Values that are no numbers, or out of range, are refused in one sentence."""

import math
from fractions import Fraction

import numpy as np
import pytest
from checks.refusals import of_switch
from checks.students import INF, LOG_Q, STUDENT, TEACHER, P, operands
from conftest import usable

from kldiv_xp import (
    JSDivLoss,
    JSDivWithLogitsLoss,
    KLDivLoss,
    js_div,
    js_div_with_logits,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
)

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")

ENDINGS = {
    "temperature": (
        "`temperature` must be a positive finite real number (no bool) or a 0-d array of one in "
        "the library of `input`; got {}: pass temperature=1.0, which leaves the logits as they are."
    ),
    "beta": (
        "`beta` must be a real number from 0 to 1 (no bool) or a 0-d array of one in the library "
        "of `input`; got {}: pass beta=0.5, the Jensen-Shannon divergence."
    ),
}
NO_NUMBERS = [
    (True, "True"),
    ("2", "'2'"),
    (1j, "1j"),
    (None, "None"),
    ([1.0], "[1.0]"),
    (np.ndarray, "<class 'numpy.ndarray'>"),
    (np.True_, "numpy.bool of shape () and dtype bool"),
    (np.complex64(1), "numpy.complex64 of shape () and dtype complex64"),
    (np.ones((), bool), "numpy.ndarray of shape () and dtype bool"),
    (np.asarray(1j), "numpy.ndarray of shape () and dtype complex128"),
    (np.asarray("2"), "numpy.ndarray of shape () and dtype <U1"),
]
NO_TEMPERATURES = [np.float32(-2), Fraction(-1, 2), math.nan, np.float32("nan"), INF, 0, 10**400]


@pytest.mark.parametrize("name", ENDINGS)
@pytest.mark.parametrize(("value", "got"), NO_NUMBERS, ids=[got for _, got in NO_NUMBERS])
def test_what_is_no_number_is_refused_in_one_sentence(name, value, got):
    with pytest.raises(TypeError) as caught:
        js_div_with_logits(np.asarray(STUDENT), np.asarray(TEACHER), **{name: value})
    expected = ENDINGS[name].format(got)
    number = 2.0 if "'2'" in got or "<U1" in got else 1.0
    said = ("[1.0]", "'2'", "numpy.complex64", "numpy.ndarray of shape () and dtype <U1")
    if got.startswith(said) and (number == 1.0 or name == "temperature"):
        expected = f"{expected.partition(': ')[0]}: pass {name}={number}."
    if value is None and name == "beta":
        expected = f"{expected.partition(': ')[0]}: leave it out."
    assert str(caught.value) == expected


@pytest.mark.parametrize(("name", "text"), [("temperature", "2"), ("beta", "0.25")])
def test_the_text_of_a_number_is_told_with_the_number(name, text):
    """By every function and class that takes it; it was told what 1.0 is."""
    pair = np.asarray(STUDENT), np.asarray(TEACHER)
    calls = [lambda **given: js_div_with_logits(*pair, **given), JSDivWithLogitsLoss]
    if name == "beta":
        calls += [lambda **given: js_div(LOG_Q, P, **given), JSDivLoss]
    for call in calls:
        with pytest.raises(TypeError, match=rf": pass {name}={float(text)}\.$"):
            call(**{name: text})
        assert call(**{name: float(text)}) is not None


ENTRIES = [
    np.array(0.25, dtype=object), np.array([0.25], dtype=object), np.array("0.25"),
    np.array(b"0.25"), np.array(Fraction(1, 4)), np.array(0.25 + 0j), np.complex64(0.25),
]  # fmt: skip


@pytest.mark.parametrize("value", ENTRIES, ids=repr)
@pytest.mark.parametrize("name", ENDINGS)
def test_a_number_in_an_array_of_another_type_is_told_itself(name, value):
    """It was told temperature=1.0, which is another loss."""
    pair = np.asarray(STUDENT), np.asarray(TEACHER)
    with pytest.raises(TypeError, match=rf": pass {name}=0\.25\.$"):
        js_div_with_logits(*pair, **{name: value})


def test_objects_of_several_temperatures_are_no_1():
    pair, value = (np.asarray(STUDENT), np.asarray(TEACHER)), np.asarray([1.0, 2.0], dtype=object)
    with pytest.raises(TypeError, match="divide the logits of each instead"):
        js_div_with_logits(*pair, temperature=value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("temperature", value) for value in NO_TEMPERATURES),
        *(("beta", value) for value in (np.float32(1.5), Fraction(3, 2), -0.1, math.nan, 10**400)),
    ],
)
def test_number_out_of_range_is_refused_in_one_sentence(name, value):
    with pytest.raises(ValueError, match="must be a") as caught:
        js_div_with_logits(np.asarray(STUDENT), np.asarray(TEACHER), **{name: value})
    assert str(caught.value) == ENDINGS[name].format(repr(value))


@pytest.mark.parametrize("name", ENDINGS)
def test_array_with_an_axis_is_refused_without_a_look_at_its_values(backend, name):
    value = backend.array([0.5, 0.5])
    with pytest.raises(TypeError) as caught:
        js_div_with_logits(*operands(backend), **{name: value})
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    got = f"{kind} of shape (2,) and dtype {value.dtype}"
    refused, _, remedy = ENDINGS[name].format(got).rpartition(": ")
    of_each = "pass one number, or call the loss once for each of several."
    remedy = of_each if name == "beta" else remedy
    assert str(caught.value) == f"{refused}: {remedy}"


@pytest.mark.parametrize("name", ENDINGS)
def test_array_of_another_library_is_refused_in_one_sentence(name):
    backend = usable("torch")
    with pytest.raises(TypeError) as caught:
        js_div_with_logits(*operands(backend), **{name: np.asarray(0.5)})
    assert str(caught.value) == (
        f"`input` and `{name}` must come from one array library; got torch.Tensor and "
        f"numpy.ndarray: convert one of them, torch.from_numpy({name}).to(input.device)."
    )


FLOAT_OF_IT = "pass float(...) or asarray(...) of it"


@pytest.mark.parametrize(
    ("upstream", "remedy", "followed"),
    [
        (True, FLOAT_OF_IT, float),
        ("1", FLOAT_OF_IT, float),
        (1 + 2j, "take its real part, upstream.real", lambda one: one.real),
    ],
)
def test_upstream_that_is_no_number_is_refused_in_one_sentence(backend, upstream, remedy, followed):
    with pytest.raises(TypeError) as caught:
        kl_div_gradient(backend.array(LOG_Q), backend.array(P), upstream=upstream)
    assert str(caught.value) == (
        "`upstream` must be a real number (no bool) or an array of the library of `input`; got "
        f"{type(upstream).__name__}: {remedy}."
    )
    pair = backend.array(LOG_Q), backend.array(P)
    for place in (0, 1):

        def derivative(*arrays, place=place, **options):
            return kl_div_gradient(*arrays, **options)[place]

        found = backend.values(derivative, *pair, upstream=followed(upstream))
        np.testing.assert_array_equal(found, backend.values(derivative, *pair))


@pytest.mark.parametrize("flag", [np.True_, np.False_])
def test_bool_of_numpy_is_refused_as_a_flag_everywhere(flag):
    pair = np.asarray(STUDENT), np.asarray(TEACHER)
    switches = {
        "log_target": [kl_div, kl_div_gradient, lambda *_, **options: KLDivLoss(**options)],
        "scale_by_temperature_squared": [kl_div_with_logits, js_div_with_logits],
        "check": [kl_div],
    }
    for name, functions in switches.items():
        for function in functions:
            with pytest.raises(TypeError) as caught:
                function(*pair, **{name: flag})
            sentence = of_switch(name, flag)
            assert str(caught.value) == sentence
