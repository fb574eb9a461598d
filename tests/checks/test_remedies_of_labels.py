"""Class labels in the place of a target: the remedy of every function gives the cross-entropy."""

import re

import numpy as np
import pytest
from checks.following_remedies import RNG, log_softmax, made
from numpy.testing import assert_allclose
from words import value, words

import kldiv_xp

SIZE = 5
HIDDEN, WEIGHT = RNG.normal(size=(4, 3)), RNG.normal(size=(SIZE, 3))
LOGITS, LABELS = HIDDEN @ WEIGHT.T, np.asarray([1, 0, 4, 2])
PLACES = np.argsort(-LOGITS)[:, :2]
ENTROPY = -np.mean(log_softmax(LOGITS)[np.arange(4), LABELS])
DENSE = (
    *("kl_div", "kl_div_gradient", "js_div", "js_div_gradient"),
    *("kl_div_with_logits", "kl_div_with_logits_gradient"),
    *("js_div_with_logits", "js_div_with_logits_gradient"),
)
PARTIAL = (
    *("sparse_kl_div_with_logits", "sparse_kl_div_with_logits_gradient"),
    *("linear_kl_div", "linear_kl_div_gradient"),
)
CLASSES = ("KLDivLoss", "JSDivLoss", "KLDivWithLogitsLoss", "JSDivWithLogitsLoss")
# Labels as they are given, with the code that makes labels of theirs of them.
SHAPES = {
    "of the samples": LABELS,
    "in a column": LABELS[:, None],
    "in narrow integers": LABELS.astype("int32"),
    "in floats": LABELS.astype(float),
}
WALKED = [
    (name, shape)
    for name in (*DENSE, *CLASSES, *PARTIAL)
    for shape in SHAPES
    if not (name.startswith("sparse") and shape == "in floats")  # values of a teacher
]
DENSELY = r"(?:if these are class labels, they|class labels) become probabilities by (.+), which "
DENSELY += r"{kind}_div_with_logits takes with target_is='probabilities'; where labels are -100, "
DENSELY += r"pass where=target != -100 too, and encode (.+?)"
DENSELY += r"(?:; if not, pass all 5 entries of each distribution)?\."
DENSELY_KL, DENSELY_JS = DENSELY.format(kind="kl"), DENSELY.format(kind="js")
IN_PART = r"class labels are places of a probability of 1: pass them as indices=(.+), and as "
IN_PART += (
    r"`target` ones in that shape, with target_is='probabilities'; where they are -100, pass "
)
IN_PART += r"where=target != -100 too(?:; of anything else pass all logits of each sample)?\."


def pattern_of(name):
    if name in PARTIAL:
        return IN_PART
    return DENSELY_JS if name.lower().startswith("js") else DENSELY_KL


def operands(backend, name, labels):
    """Arrays of a call, by their names."""
    given = {"input": LOGITS, "target": labels}
    if name.startswith("linear"):
        given |= {"input": HIDDEN, "weight": WEIGHT}
    if name.startswith("sparse"):
        given |= {"indices": PLACES}
    return {one: made(backend, values) for one, values in given.items()}


def told(function, given, pattern):
    """Code that the refusal of the labels names."""
    with pytest.raises((TypeError, ValueError)) as caught:
        function(**given)
    assert str(caught.value).startswith("`target` must") or "`input` and" in str(caught.value)
    return re.search(rf"[:;] {pattern}$", str(caught.value))[1]


# arange makes the classes of a one-hot target on the first device of array-api-strict.
@pytest.mark.few(93, 169)
@pytest.mark.only_where(
    lambda holding_backend, name: holding_backend != "array-api-strict-device1" or name in PARTIAL
)
@pytest.mark.parametrize(("name", "shape"), WALKED)
def test_labels_lead_to_the_cross_entropy(holding_backend, name, shape):
    backend, labels = holding_backend, SHAPES[shape]
    call = getattr(kldiv_xp, name)() if name in CLASSES else getattr(kldiv_xp, name)
    given = operands(backend, name, labels)
    code = told(call, given, pattern_of(name))
    mended = value(code, target=given["target"])
    options = {"target_is": "probabilities"}
    if name not in PARTIAL:
        found = kldiv_xp.kl_div_with_logits(given["input"], mended, **options)
    else:
        ones = backend.array(np.ones((4, 1)))
        found = call(**given | {"indices": mended, "target": ones}, **options)
        if "gradient" in name:
            (found, *_) = call(
                **given | {"indices": mended, "target": ones}, **options, return_value=True
            )
    assert_allclose(backend.read(found), ENTROPY, rtol=1e-5)


@pytest.mark.few(2, 5)
def test_labels_along_the_first_axis_are_encoded_there(holding_backend):
    """Of as many samples as classes, labels of the axis that is named are meant."""
    backend = holding_backend
    if backend.name == "array-api-strict-device1":
        pytest.skip("arange makes classes on its first device")
    for x, labels in ((LOGITS.T, LABELS), (LOGITS[:, :4].T, LABELS % 4)):
        given = {"input": backend.array(x), "target": made(backend, labels)}
        with pytest.raises(TypeError) as caught:
            kldiv_xp.kl_div_with_logits(**given, axis=0)
        code = re.search(DENSELY_KL, str(caught.value))[1]
        options = {"axis": 0, "target_is": "probabilities", "reduction": "mean"}
        p = value(code, target=given["target"])
        loss = kldiv_xp.kl_div_with_logits(given["input"], p, **options)
        expected = -np.mean(log_softmax(x.T)[np.arange(4), labels])
        assert_allclose(backend.read(loss), expected, rtol=1e-5)


@pytest.mark.parametrize("label", [np.asarray(3), np.asarray([3])])
@pytest.mark.parametrize("name", ["kl_div_with_logits", "sparse_kl_div_with_logits"])
def test_the_label_of_a_single_sample_is_one(name, label):
    given = {"input": LOGITS[0], "target": label}
    function = getattr(kldiv_xp, name)
    if name == "kl_div_with_logits":
        p = value(told(function, given, DENSELY_KL), target=label)
        loss = function(LOGITS[0], p, target_is="probabilities", reduction="sum")
    else:
        given["indices"] = np.asarray([0])
        indices = value(told(function, given, IN_PART), target=label)
        loss = function(LOGITS[0], indices, np.ones(1), target_is="probabilities", reduction="sum")
    assert loss == pytest.approx(-log_softmax(LOGITS)[0, 3])


def test_labels_in_the_place_of_the_hidden_states_of_a_teacher_are_told():
    layer = {"target_weight": RNG.normal(size=(SIZE, 2))}
    given = operands_of_numpy() | layer
    without_layer = f"{IN_PART[:-2]}; leave `target_weight` and `target_bias` out\\."
    indices = value(told(kldiv_xp.linear_kl_div, given, without_layer), target=LABELS)
    given |= {"indices": indices, "target": np.ones(indices.shape), "target_is": "probabilities"}
    with pytest.raises(ValueError, match="leave out either `indices`, or `target_weight`"):
        kldiv_xp.linear_kl_div(**given)
    given.pop("target_weight")
    assert kldiv_xp.linear_kl_div(**given) == pytest.approx(ENTROPY)


def operands_of_numpy():
    return {"input": HIDDEN, "weight": WEIGHT, "target": LABELS}


@pytest.mark.parametrize(
    "others", [{}, {"input_is": "logits"}, {"indices": PLACES}, {"weight": WEIGHT}]
)
def test_a_diagnosis_tells_labels_as_the_losses_do(others):
    given = {"input": HIDDEN if "weight" in others else LOGITS, "target": LABELS}
    if others.keys() & {"indices", "weight"}:
        assert told(kldiv_xp.diagnose, given | others, IN_PART) == "target[..., None]"
        return
    for finding in kldiv_xp.diagnose(**given, **others).findings:
        assert re.search(DENSELY_KL, finding.message)[1] == "numpy.eye(5)[target.astype(int)]"


def test_code_of_labels_is_that_of_the_library(holding_backend):
    """Of floats it makes integers first."""
    given = operands(holding_backend, "linear_kl_div", LABELS.astype(float))
    code = told(kldiv_xp.linear_kl_div, given, IN_PART)
    assert code == words(holding_backend, "as_int", "target") + "[..., None]"
