"""Options that are given without a name: every function and class says the name, and takes it."""

import inspect
import re
import warnings

import numpy as np
import pytest
from checks.every_function import CLASSES, FUNCTIONS, operands_of

import kldiv_xp

MASK, WEIGHT, BIAS = np.ones((2, 3), bool), np.ones((3, 3)), np.ones(3)
# What is given, and how its name is told.
GIVEN = {
    "a number": (2.0, {"pass temperature=2.0"}),
    "a share": (0.5, {"pass beta=0.5", "pass temperature=0.5", "pass temperature=0.5 or beta=0.5"}),
    "a place": (-1, {"pass axis=-1"}),
    "a reduction": ("sum", {"pass reduction='sum'"}),
    "a space": ("probabilities", {"pass target_is='probabilities'"}),
    "a mask": (MASK, {"pass it as where="}),
    "a weight": (WEIGHT, {"pass it as target_weight="}),
    "a bias": (BIAS, {"pass it as bias="}),
    "places": (np.zeros((2, 1), int), {"pass it as indices="}),
    "a type": (np.float32, {"pass it as dtype="}),
    "a place of NumPy": (np.int64(-1), {"pass it as axis="}),
}
# What `linear_kl_div` takes for a target with an option.
TARGETS = {"target_weight": np.ones((2, 3)), "indices": np.zeros((2, 1))}
BESIDE = {"indices": {"target_is": "log_probabilities"}}
LOSSES = [one for one in FUNCTIONS if one != "kl_div"]


def beyond(function, operands, value):
    """Sentence that refuses a value after all that is taken by place."""
    with pytest.raises(TypeError) as caught:
        function(*operands, value)
    return str(caught.value)


@pytest.mark.parametrize("given", GIVEN)
@pytest.mark.parametrize("function_name", LOSSES)
def test_an_option_without_a_name_is_told_by_its_name(function_name, given):
    function, operands = getattr(kldiv_xp, function_name), operands_of(function_name)
    value, remedies = GIVEN[given]
    parameters = inspect.signature(function).parameters
    names = [f"`{one}`" for one in parameters][: len(operands)]
    found = re.fullmatch(
        rf"{function_name} takes {', '.join(names[:-1])} and {names[-1]} by place, and all else by "
        r"name; got [^:]* without a name: (.*)\.",
        beyond(function, operands, value),
    )[1]
    if found.startswith("name it: there are "):
        named = found.removeprefix("name it: there are ").split(", ")
        assert named == list(parameters)[len(operands) :]
        assert all(not set(re.findall(r"(\w+)=", one)) & set(named) for one in remedies)
        return
    assert found in remedies
    for name in re.findall(r"(\w+)=", found):
        assert name in parameters
        if function_name != "diagnose" or name in {"axis", "where"}:
            follow(function, operands, name, value)


def follow(function, operands, name, value):
    """Call with the option by the name that is told."""
    options = {name: value}
    if name == "where" and "temperature" in inspect.signature(function).parameters:
        options[name] = value[:, :1]  # of samples
    if name in TARGETS:
        operands, options = (*operands[:2], TARGETS[name]), options | BESIDE.get(name, {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", kldiv_xp.KLDivWarning)
        function(*operands, **options)


def test_what_is_long_is_cut_short():
    for value in ("word" * 2000, 2**2000, (MASK, MASK) * 20):
        assert len(beyond(kldiv_xp.kl_div_with_logits, (WEIGHT, WEIGHT), value)) < 450


def test_weight_of_the_teacher_is_told_by_its_name():
    hidden, weight, teacher = np.ones((2, 3)), np.ones((4, 3)), np.ones((2, 5))
    for value in (np.ones((4, 5)), pytest.importorskip("torch").nn.Linear(5, 4)):
        kind = type(value)
        assert beyond(kldiv_xp.linear_kl_div, (hidden, weight, teacher), value) == (
            "linear_kl_div takes `input`, `weight` and `target` by place, and all else by name; "
            f"got {kind.__module__}.{kind.__qualname__} without a name: pass it as target_weight=."
        )
    assert kldiv_xp.linear_kl_div(hidden, weight, teacher, target_weight=np.ones((4, 5))) == 0


@pytest.mark.parametrize("class_name", CLASSES)
@pytest.mark.parametrize("library", ["kldiv_xp", "kldiv_xp.torch"])
def test_a_class_tells_the_name_of_an_option_without_one(library, class_name):
    kind = getattr(pytest.importorskip(library), class_name)
    known = inspect.signature(kind).parameters.values()
    places = [one for one in known if one.kind is one.POSITIONAL_OR_KEYWORD]
    sentence = beyond(kind, [one.default for one in places], 0.5)
    assert sentence.startswith(f"{class_name} takes ")
    for name in re.findall(r"(\w+)=0.5", sentence):
        assert getattr(kind(**{name: 0.5}), name) == 0.5
    told = "=0.5" in sentence
    assert told == any(one.name in {"temperature", "beta"} for one in known)


@pytest.mark.parametrize("name", ["size_average", "reduce"])
def test_a_mask_in_the_place_of_a_flag_is_told_by_its_name(name):
    operands = operands_of("kl_div")
    with pytest.raises(TypeError) as caught:
        kldiv_xp.kl_div(*operands, **{name: MASK})
    assert str(caught.value) == (
        f"`{name}` must be True, False or None; got numpy.ndarray: pass a mask of bools by "
        "keyword, where=."
    )
    assert kldiv_xp.kl_div(*operands, where=MASK, reduction="sum") == pytest.approx(0)


@pytest.mark.parametrize("axes", [-1, -2, (0, 1)])
def test_axes_in_the_place_of_a_flag_are_told_by_their_name(axes):
    operands = operands_of("kl_div")
    with pytest.raises(TypeError) as caught:
        kldiv_xp.kl_div(*operands, axes)
    assert str(caught.value) == (
        f"`size_average` must be True, False or None; got {axes}: leave it out, or pass axes by "
        f"keyword, axis={axes}."
    )
    assert kldiv_xp.kl_div(*operands, axis=axes) == pytest.approx(0)


def test_what_kl_div_takes_by_place_is_that_of_torch():
    off = False
    given = (*operands_of("kl_div"), None, None, "sum", off)
    assert kldiv_xp.kl_div(*given) == pytest.approx(0)
    assert beyond(kldiv_xp.kl_div, given, -1) == (
        "kl_div takes `input`, `target`, `size_average`, `reduce`, `reduction` and `log_target` by "
        "place, and all else by name; got -1 without a name: pass axis=-1."
    )
