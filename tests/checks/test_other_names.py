"""Options under the names of other libraries: every class says what to pass instead."""

import inspect
import re

import numpy as np
import pytest

import kldiv_xp

CLASSES = ["KLDivLoss", "JSDivLoss", "KLDivWithLogitsLoss", "JSDivWithLogitsLoss"]
NAMES = ["dim", "T", "tau", "log_target", "size_average", "reduce", "keepdims", "keepdim", "weight"]
LEFT_OUT = ["base", "check", "ignore_index"]
WALKED = [
    (one, name)
    for one in CLASSES
    for name in [*NAMES, *LEFT_OUT]
    if name not in inspect.signature(getattr(kldiv_xp, one)).parameters
]


@pytest.fixture(params=["kldiv_xp", "kldiv_xp.torch"])
def module(request):
    if request.param == "kldiv_xp":
        return kldiv_xp
    return pytest.importorskip(request.param, reason="torch is not installed")


@pytest.mark.parametrize(("class_name", "name"), WALKED)
def test_option_of_another_library_is_told_with_its_name_here(module, class_name, name):
    kind = getattr(module, class_name)
    known = inspect.signature(kind).parameters
    with pytest.raises(TypeError) as caught:
        kind(**{name: 2})
    found = re.fullmatch(
        rf"`{name}` is no option of {class_name}; got 2: (?:pass (\w+)=('\w+'|2))?.*\.",
        str(caught.value),
    )
    if found is None:  # of a class without a temperature, Python says it
        assert "temperature" not in known
        assert "unexpected keyword argument" in str(caught.value)
        return
    option, value = found.groups()
    if name in LEFT_OUT:
        assert option is None
        return
    kind(**{option: 2 if value == "2" else value.strip("'")})


def test_option_that_nobody_knows_is_told_by_python(module):
    with pytest.raises(TypeError, match="unexpected keyword argument 'nonsense'"):
        module.KLDivLoss(nonsense=1)


def test_construction_shows_its_own_signature(module):
    for name in CLASSES:
        kind = getattr(module, name)
        assert "reduction" in inspect.signature(kind).parameters
        assert "options" not in inspect.signature(kind).parameters


def test_logarithm_of_another_base_is_a_division():
    q, p = np.log([[0.25, 0.75]]), np.asarray([[0.5, 0.5]])
    bits = kldiv_xp.KLDivLoss(reduction="batchmean")(q, p) / np.log(2)
    assert bits == pytest.approx(np.sum(p * (np.log2(p) - q / np.log(2))))
