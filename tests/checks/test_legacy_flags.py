"""Values that torch's deprecated flags do not take: the reduction that they mean is told."""

import re
import warnings

import numpy as np
import pytest

import kldiv_xp
from kldiv_xp import KLDivLoss, KLDivWarning, kl_div

LOG_Q, P = np.log([[0.2, 0.8], [0.5, 0.5]]), np.asarray([[0.7, 0.3], [0.4, 0.6]])
TERMS = P * (np.log(P) - LOG_Q)
EXPECTED = {
    "none": TERMS, "sum": TERMS.sum(), "mean": TERMS.mean(), "batchmean": TERMS.sum() / 2
}  # fmt: skip
OFF = {"size_average": "sum", "reduce": "none"}
WAYS = {
    "function": lambda **options: kl_div(LOG_Q, P, **options),
    "class": lambda **options: KLDivLoss(**options)(LOG_Q, P),
}


@pytest.fixture(params=[*WAYS, "module"])
def call(request):
    if request.param != "module":
        return WAYS[request.param]
    module = pytest.importorskip("kldiv_xp.torch")
    operands = [__import__("torch").from_numpy(one) for one in (LOG_Q, P)]
    return lambda **options: module.KLDivLoss(**options)(*operands).numpy()


def told(call, **flags):
    with pytest.raises(TypeError) as caught:
        call(**flags)
    return str(caught.value)


def follow(call, reduction):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KLDivWarning)
        np.testing.assert_allclose(call(reduction=reduction), EXPECTED[reduction], rtol=1e-12)


@pytest.mark.parametrize("name", OFF)
def test_text_and_numbers_are_told_by_what_they_say(call, name):
    for value, is_on in (
        *((one, False) for one in ("False", "false", "no", "0", b"False", 0, 0.0, [False])),
        *((one, True) for one in ("True", "yes", "1", 1, 1.0, [True], np.True_)),
    ):
        meant = "mean" if is_on else OFF[name]
        assert told(call, **{name: value}) == (
            f"`{name}` must be True, False or None; got {value!r}: leave it out, and pass "
            f"reduction={meant!r}."
        )
        follow(call, meant)


@pytest.mark.parametrize(
    ("flags", "meant"),
    [
        ({"size_average": False, "reduce": "True"}, "sum"),
        ({"size_average": False, "reduce": "False"}, "none"),
        ({"size_average": "False", "reduce": True}, "sum"),
        ({"size_average": "True", "reduce": "True"}, "mean"),
    ],
)
def test_both_flags_are_told_together(call, flags, meant):
    assert told(call, **flags).endswith(f": leave both flags out, and pass reduction={meant!r}.")
    follow(call, meant)


@pytest.mark.parametrize("name", OFF)
@pytest.mark.parametrize(
    ("value", "meant"),
    [("sum", "sum"), ("batchmean", "batchmean"), ("none", "none"), ("Sum", "sum"), ("avg", "mean")],
)
def test_a_reduction_is_told_by_keyword(call, name, value, meant):
    assert told(call, **{name: value}) == (
        f"`{name}` must be True, False or None; got {value!r}: pass a reduction by keyword, "
        f"reduction={meant!r}."
    )
    follow(call, meant)


@pytest.mark.parametrize("name", OFF)
def test_what_says_nothing_is_left_out(call, name):
    for value in ("None", "maybe", "", 1j):
        assert told(call, **{name: value}).endswith(f"got {value!r}: leave it out.")
    follow(call, "mean")


@pytest.mark.parametrize("name", OFF)
def test_an_array_of_one_element_is_told_in_both_senses(holding_backend, name):
    value = holding_backend.array([1.0]) > 0
    sentence = told(WAYS["function"], **{name: value})
    assert re.fullmatch(
        rf"`{name}` must be True, False or None; got [\w.]+: leave it out, and pass reduction="
        rf"'mean' if it is True, or reduction='{OFF[name]}' if it is False\.",
        sentence,
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = kldiv_xp.kl_div(LOG_Q, P, **{name: False})
    assert DeprecationWarning in [one.category for one in caught]
    np.testing.assert_allclose(found, EXPECTED[OFF[name]], rtol=1e-12)
