"""Operands of other entries, and masks of entries: the remedy fits what the operands hold."""

import types

import numpy as np
import pytest
from checks.following_remedies import RNG, kl, log_softmax, refused, softmax

from kldiv_xp import (
    js_div,
    js_div_with_logits,
    kl_div,
    kl_div_with_logits,
    linear_kl_div,
    sparse_kl_div_with_logits,
)

START = "`input` and `target` must have the same shape; got {left} and {right}: "
LONG, SHORT = softmax(RNG.normal(size=(2, 5))), softmax(RNG.normal(size=(2, 3)))
X, T = RNG.normal(size=(2, 2, 5))
SUM = {"reduction": "sum"}
SPACES = {"probabilities": (lambda p: p, "0"), "log_probabilities": (np.log, "-inf")}
WHOLE = {
    "probabilities": "divide `{}` by its sum",
    "log_probabilities": "subtract its logsumexp from `{}`",
    "logits": "",
}
LOSSES = {
    "kl_div": (kl_div, {"axis": -1}),
    "js_div": (js_div, {}),
    "kl_div_with_logits": (kl_div_with_logits, {}),
    "js_div_with_logits": (js_div_with_logits, {}),
}


def options_of(name, input_space, target_space):
    if "logits" in name:
        return {"target_is": target_space}
    return {"log_input": input_space[0] == "l", "log_target": target_space[0] == "l"}


def whole(space, one):
    """Operand with a sum of 1 again."""
    if space == "probabilities":
        return one / one.sum(axis=-1, keepdims=True)
    return one - np.log(np.exp(one).sum(axis=-1, keepdims=True))


@pytest.mark.parametrize("short", ["input", "target"])
@pytest.mark.parametrize("target_space", SPACES)
@pytest.mark.parametrize("input_space", [*SPACES, "logits"])
@pytest.mark.parametrize("name", LOSSES)
def test_tables_of_two_lengths_are_padded_or_cut(name, input_space, target_space, short):
    if ("logits" in name) != (input_space == "logits"):
        return
    function, options = LOSSES[name]
    options = options | options_of(name, input_space, target_space) | SUM
    spaces = {"input": input_space, "target": target_space}
    pair = dict(zip(spaces, (SHORT, LONG) if short == "input" else (LONG, SHORT), strict=True))
    made = {one: SPACES.get(spaces[one], (np.log, "-inf"))[0](pair[one]) for one in spaces}
    nothing = SPACES.get(spaces[short], (None, "-inf"))[1]
    infinite = ", which makes the loss infinite if `target` is above 0 there"
    infinite = infinite if short == "input" and "kl" in name else ""
    wholes = [WHOLE[space].format(one) for one, space in spaces.items() if WHOLE[space]]
    shapes = START.format(left=pair["input"].shape, right=pair["target"].shape)
    assert refused(function, made, options) == (
        f"{shapes}pad the shorter, `{short}`, with {nothing}{infinite}, or keep the shared "
        f"entries of both with [..., :3] and {', and '.join(wholes)}."
    )
    padded = np.pad(made[short], ((0, 0), (0, 2)), constant_values=float(nothing))
    loss = function(**(made | {short: padded}), **options)
    assert loss == np.inf if infinite else np.isfinite(loss)
    cut = {one: made[one][..., :3] for one in spaces}
    cut = {
        one: whole(space, cut[one]) if WHOLE[space] else cut[one] for one, space in spaces.items()
    }
    assert np.isfinite(function(**cut, **options))


@pytest.mark.parametrize("target_space", [*SPACES, "logits"])
@pytest.mark.parametrize("function", [kl_div_with_logits, js_div_with_logits])
def test_entries_are_left_out_by_what_the_target_holds(function, target_space):
    where = np.asarray([[True, True, False, True, False], [True, False, True, True, True]])
    given = SPACES.get(target_space, (np.log,))[0](softmax(T))
    options = {"target_is": target_space, "reduction": "sum"}
    code = "numpy.where(where, input, -numpy.inf)"
    start = (
        "`where` must have the shape (2, 1) or (2,); got (2, 5): if it is the same along axis 1 "
        "pass where[:, :1]; "
    )
    nothing = SPACES.get(target_space, (None, "-inf"))[1]
    how = f"make their logits -inf in both operands, e.g. {code}."
    if target_space != "logits":
        how = f"make their logits -inf in `input`, e.g. {code}, and {nothing} what `target` has at "
        how += f"them, and {WHOLE[target_space].format('target')}."
    found = refused(function, {"input": X, "target": given}, options | {"where": where})
    assert found == f"{start}to leave out single entries, {how}"
    target = np.where(where, given, float(nothing))
    target = whole(target_space, target) if target_space != "logits" else target
    student = np.where(where, X, -np.inf)
    loss = function(student, target, **options)
    if function is kl_div_with_logits:
        teacher = np.where(where, softmax(T), 0)
        teacher = teacher / teacher.sum(axis=-1, keepdims=True)
        assert loss == pytest.approx(kl(log_softmax(student), teacher))
    assert np.isfinite(loss)


@pytest.mark.parametrize("space", [*SPACES, "logits"])
def test_entries_of_a_teacher_known_in_part_are_left_out(space):
    places = np.asarray([[0, 2, 3], [4, 1, 0]])
    where = np.asarray([[True, True, False, True, False], [True, False, True, True, True]])
    values = np.take_along_axis(softmax(T), places, -1)
    given = SPACES.get(space, (np.log,))[0](values)
    nothing = SPACES.get(space, (None, "-inf"))[1]
    options = {"target_is": space, "tail": "renormalize", "reduction": "sum"}
    with pytest.raises(ValueError, match="where") as caught:
        sparse_kl_div_with_logits(X, places, given, where=where, **options)
    assert str(caught.value).endswith(
        "make their logits -inf in `input`, e.g. numpy.where(where, input, -numpy.inf), and "
        f"{nothing} what `target` has at them, with tail='renormalize'."
    )
    kept = np.take_along_axis(where, places, -1)
    student = np.where(where, X, -np.inf)
    target = np.where(kept, given, float(nothing))
    teacher = np.zeros((2, 5))
    np.put_along_axis(teacher, places, np.where(kept, values, 0), -1)
    teacher = teacher / teacher.sum(axis=-1, keepdims=True)
    loss = sparse_kl_div_with_logits(student, places, target, **options)
    assert loss == pytest.approx(kl(log_softmax(student), teacher))


HIDDEN, WEIGHT, BIAS = RNG.normal(size=(2, 4)), RNG.normal(size=(5, 4)), RNG.normal(size=5)
PARTS = "pass the teacher's hidden states with target_weight=, or the places of top-k values with "
PARTS += "indices="
CUT = ", or cut another vocabulary to the shared entries, "


def test_a_target_of_other_entries_beside_hidden_states_is_told_all_that_it_may_be():
    def told(target):
        with pytest.raises(ValueError, match="target") as caught:
            linear_kl_div(HIDDEN, WEIGHT, target, bias=BIAS)
        return str(caught.value)

    few, many = T[:, :3], np.concatenate([T, T], axis=1)
    assert told(few).endswith(f": {PARTS}{CUT}`weight` with [:3], and `bias` if there is one.")
    assert told(many).endswith(f": {PARTS}{CUT}`target` with [..., :5] before any softmax.")
    assert "pass the same samples in both" in told(np.concatenate([T, T]))
    logits = HIDDEN @ WEIGHT.T + BIAS
    loss = linear_kl_div(HIDDEN, WEIGHT[:3], few, bias=BIAS[:3])
    assert loss == pytest.approx(kl_div_with_logits(logits[:, :3], few))
    loss = linear_kl_div(HIDDEN, WEIGHT, many[..., :5], bias=BIAS)
    assert loss == pytest.approx(kl_div_with_logits(logits, T))
    assert told(T[:, :2]).endswith(f": {PARTS}.")
    layer = WEIGHT[:, :2]
    loss = linear_kl_div(HIDDEN, WEIGHT, T[:, :2], bias=BIAS, target_weight=layer)
    assert loss == pytest.approx(kl_div_with_logits(logits, T[:, :2] @ layer.T))
    places = np.asarray([[0, 1, 2], [2, 3, 4]])
    values = np.take_along_axis(log_softmax(T), places, -1)
    options = {"target_is": "log_probabilities", "bias": BIAS}
    loss = linear_kl_div(HIDDEN, WEIGHT, values, indices=places, **options)
    sparse = sparse_kl_div_with_logits(logits, places, values, target_is="log_probabilities")
    assert loss == pytest.approx(sparse)


def test_one_array_in_a_tuple_and_the_output_of_a_model_are_taken_out():
    start = "`input` must be an array (NumPy, CuPy, PyTorch, JAX, Dask, ...); got "
    for given in ((X,), [X]):
        found = refused(kl_div_with_logits, {"input": given, "target": T}, {})
        assert found == f"{start}{type(given).__name__}: pass input[0]."
        assert kl_div_with_logits(given[0], T) == kl_div_with_logits(X, T)
    output = types.SimpleNamespace(logits=X)
    found = refused(kl_div_with_logits, {"input": output, "target": T}, {})
    assert (
        found
        == f"{start}types.SimpleNamespace: pass its logits, input.logits, to a loss of logits."
    )
    assert kl_div_with_logits(output.logits, T) == kl_div_with_logits(X, T)
