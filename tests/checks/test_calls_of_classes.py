"""Calls of a class: what they do not take is told by where it is passed, and is taken there."""

import inspect
import pickle
import re
import warnings

import numpy as np
import pytest
from checks.every_function import CLASSES, operands_of

import kldiv_xp

TABLES = [one.astype(np.float32) for one in operands_of("kl_div")]
MASK = np.asarray([[True] * 3, [False] * 3])
OPTIONS = {
    "reduction": "sum", "axis": -1, "temperature": 2.0, "beta": 0.25, "log_target": True,
    "log_input": True, "generalized": True, "target_is": "probabilities", "reproducible": True,
    "scale_by_temperature_squared": False,
}  # fmt: skip


@pytest.fixture(params=["kldiv_xp", "kldiv_xp.torch"])
def library(request):
    """Module of the classes, and what makes its arrays."""
    if request.param == "kldiv_xp":
        return kldiv_xp, np.asarray
    module = pytest.importorskip(request.param, reason="torch is not installed")
    return module, __import__("torch").from_numpy


def told(call, *operands, **given):
    with pytest.raises(TypeError) as caught:
        call(*operands, **given)
    return str(caught.value)


def follow(code, kind, operands):
    """The loss that is made by the code of a remedy."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", kldiv_xp.KLDivWarning)
        return eval(code, {kind.__name__: kind})(*operands)


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("class_name", CLASSES)
def test_an_option_of_the_class_in_a_call_is_passed_to_the_class(library, class_name, name):
    module, array = library
    kind, operands, value = getattr(module, class_name), [*map(array, TABLES)], OPTIONS[name]
    if name not in inspect.signature(kind).parameters:
        return
    code = f"{class_name}({name}={value!r})"
    assert told(kind(), *operands, **{name: value}) == (
        f"a call of {class_name} takes no `{name}`; got {value!r}: pass it to {code}."
    )
    follow(code, kind, operands)
    if isinstance(value, bool):
        return
    by_place = told(kind(), *operands, value)
    start = f"a call of {class_name} takes `input`, `target` and `where`, a mask, and nothing else;"
    assert by_place.startswith(f"{start} got {value!r}: pass ")
    for found in re.findall(rf"{class_name}\(.*?\)", by_place):
        follow(found, kind, operands)
    assert code in by_place


@pytest.mark.parametrize("class_name", CLASSES)
def test_names_of_other_libraries_are_told_in_a_call(library, class_name):
    module, array = library
    kind, operands = getattr(module, class_name), [*map(array, TABLES)]
    options, mask = inspect.signature(kind).parameters, array(MASK)
    start = f"a call of {class_name} takes no "
    assert "pass where=mask if it is True at what has a part" in told(kind(), *operands, mask=mask)
    assert told(kind(), *operands, dim=-1) == (
        f"{start}`dim`; got -1: when you make {class_name}, pass axis=-1."
    )
    heat = f"when you make {class_name}, pass temperature=2.0."
    near = f"got 2.0: leave it out, or pass temperature when you make {class_name}."
    if "temperature" in options:
        assert told(kind(), *operands, T=2.0) == f"{start}`T`; got 2.0: {heat}"
        assert told(kind(), *operands, tempature=2.0).endswith(near)
    else:
        logits = class_name.replace("Div", "DivWithLogits")
        assert f"pass logits to {logits}" in told(kind(), *operands, temperature=2.0)
    every = f"leave it out: there are {', '.join(options)}."
    assert told(kind(), *operands, nonsense=1) == f"{start}`nonsense`; got 1: {every}"
    assert told(kind, nonsense=1) == f"`nonsense` is no option of {class_name}; got 1: {every}"


@pytest.mark.parametrize("class_name", CLASSES)
def test_operands_in_the_place_of_options_are_told_the_call(library, class_name):
    module, array = library
    kind, operands = getattr(module, class_name), [*map(array, TABLES)]
    call = f"{class_name}()(input, target"
    assert told(kind, *operands).endswith(f"pass operands to what it makes, {call}).")
    for name in ("input", "target", "where"):
        assert told(kind, **{name: operands[0]}).endswith(
            f"pass it with the operands, {call}, where=where)."
        )
    assert told(kind, student=operands[0]).endswith(f"pass it as `input`, by its place in {call}).")


@pytest.mark.parametrize("class_name", CLASSES)
def test_a_mask_by_place_is_the_one_by_name_and_no_other_array_follows(library, class_name):
    module, array = library
    loss = getattr(module, class_name)(reduction="sum")
    operands = [array(one) for one in (TABLES[0] * 2, TABLES[1], MASK[:, :1])]
    operands[2] = array(MASK) if class_name == "KLDivLoss" else operands[2]
    assert loss(*operands) == loss(*operands[:2], where=operands[2])
    assert told(loss, *operands, operands[2]).endswith(": pass it as where=.")
    assert told(loss, *operands[:2], None, "sum").endswith(f"{class_name}(reduction='sum').")


@pytest.mark.parametrize("class_name", CLASSES[2:])
def test_a_temperature_that_is_an_array_is_passed_to_the_function(library, class_name):
    module, array = library
    loss, operands = getattr(module, class_name)(), [*map(array, TABLES)]
    name = class_name.removesuffix("Loss").replace("Div", "_div").replace("With", "_with_")
    name = name.replace("Logits", "logits").lower()
    code = f"{name}(input, target, temperature=temperature)"
    heat = array(np.asarray(2.0))
    sentence = told(loss, *operands, temperature=heat)
    assert sentence.endswith(f": call {code}, which takes arrays.")
    names = dict(zip(("input", "target"), operands, strict=True), temperature=heat)
    eval(code, vars(kldiv_xp), names)


def test_an_array_for_a_switch_is_sent_to_no_function():
    switch = np.asarray([True])
    sentence = told(kldiv_xp.KLDivLoss(), *TABLES, generalized=switch)
    assert sentence.endswith(": pass it to KLDivLoss(generalized=generalized).")
    with pytest.raises(TypeError, match="pass bool"):
        kldiv_xp.KLDivLoss(generalized=switch)


@pytest.mark.parametrize("class_name", CLASSES)
def test_a_call_shows_what_it_takes(class_name):
    loss = getattr(kldiv_xp, class_name)()
    assert [*inspect.signature(loss).parameters] == ["input", "target", "where"]
    assert pickle.loads(pickle.dumps(loss)) == loss


def test_a_module_of_ones_own_may_take_other_names():
    torch = pytest.importorskip("torch")
    module = pytest.importorskip("kldiv_xp.torch")

    class Masked(module.KLDivLoss):
        def forward(self, input, target, mask):
            return super().forward(input, target, mask)

    operands = [torch.from_numpy(one) for one in TABLES]
    mask = torch.from_numpy(MASK)
    expected = module.KLDivLoss(reduction="sum")(*operands, where=mask)
    assert Masked(reduction="sum")(*operands, mask=mask) == expected
    loss = module.KLDivLoss(reduction="sum")
    loss.register_forward_pre_hook(
        lambda _, args, given: (args, {"where": given["mask"]}), with_kwargs=True
    )
    assert loss(*operands, mask=mask) == expected


@pytest.mark.long
@pytest.mark.parametrize("class_name", CLASSES)
def test_a_compiled_module_takes_a_mask_by_place_and_by_name(class_name):
    torch = pytest.importorskip("torch")
    module = pytest.importorskip("kldiv_xp.torch")
    loss = getattr(module, class_name)(reduction="sum")
    operands = [torch.from_numpy(one) for one in (TABLES[0] * 2, TABLES[1])]
    mask = torch.from_numpy(MASK if class_name == "KLDivLoss" else MASK[:, :1])
    compiled = torch.compile(loss, fullgraph=True, backend="eager")
    expected = loss(*operands, mask)
    torch.testing.assert_close(compiled(*operands, mask), expected)
    torch.testing.assert_close(compiled(*operands, where=mask), expected)
