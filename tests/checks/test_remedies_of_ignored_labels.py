"""Class labels with tables and mixtures, some of them -100: what a call is told gives its loss."""

import re

import numpy as np
import pytest
from checks.following_remedies import kl, log_softmax, made
from conftest import usable
from numpy.testing import assert_allclose
from words import value

import kldiv_xp

RNG = np.random.default_rng(53)
HIDDEN, WEIGHT = RNG.normal(size=(4, 3)), RNG.normal(size=(5, 3))
LOGITS = HIDDEN @ WEIGHT.T
LOG_Q = log_softmax(LOGITS)
Q, PLACES = np.exp(LOG_Q), np.argsort(-LOGITS)[:, :2]
LABELS, KEPT = np.asarray([1, -100, 4, 2]), np.asarray([True, False, True, True])
ONE_HOT = np.eye(5)[LABELS[KEPT]]
SAME = "which is the `target` to pass"
UNLOGGED = f"{SAME} with log_target=False"
OF_KL, OF_JS = (
    f"which {kind}_div_with_logits takes with target_is='probabilities'" for kind in ("kl", "js")
)
# Function, input, options, which call takes the code, and the options with which it does.
CALLS = {
    "kl_div of probabilities": ("kl_div", Q, {"log_input": False}, SAME),
    "kl_div of logarithms": ("kl_div", LOG_Q, {}, OF_KL),
    "kl_div of probabilities and a logarithm": (
        "kl_div", Q, {"log_input": False, "log_target": True}, UNLOGGED
    ),
    "generalized kl_div": ("kl_div", LOG_Q, {"generalized": True}, SAME),
    "js_div of probabilities": ("js_div", Q, {"log_input": False}, SAME),
    "js_div of logarithms": ("js_div", LOG_Q, {}, OF_JS),
    "js_div of probabilities and a logarithm": (
        "js_div", Q, {"log_input": False, "log_target": True}, UNLOGGED
    ),
    "kl_div_with_logits": ("kl_div_with_logits", LOGITS, {}, OF_KL),
    "js_div_with_logits": ("js_div_with_logits", LOGITS, {}, OF_JS),
}  # fmt: skip
CLASSES = {
    "kl_div": "KLDivLoss", "kl_div_with_logits": "KLDivWithLogitsLoss",
    "js_div": "JSDivLoss", "js_div_with_logits": "JSDivWithLogitsLoss",
}  # fmt: skip
SENTENCE = (
    r"(?:if these are class labels, they|class labels) become probabilities by (?P<code>.+), "
)
SENTENCE += (
    r"(?P<taken>which .+); where labels are -100, pass where=(?P<where>target != -100) too, "
)
SENTENCE += r"and encode (?P<clipped>.+?)(?:; if not, pass all 5 entries of each distribution)?\.$"


def expected_of(function_name):
    log_q = LOG_Q[KEPT]
    if function_name.startswith("kl"):
        return kl(log_q, ONE_HOT)
    q = np.exp(log_q)
    m = np.log(0.5 * (q + ONE_HOT))
    return 0.5 * (kl(m, ONE_HOT) + kl(m, q))


def way_of(function_name, way):
    """A function, its gradient with the value, or the class, each called with all options."""
    if way == "class":

        def of_class(input, target, where=None, **options):
            module = getattr(kldiv_xp, CLASSES[function_name])(**options)
            return module(input, target) if where is None else module(input, target, where=where)

        return of_class
    function = getattr(kldiv_xp, function_name + way)
    if way:
        return lambda *pair, **options: function(*pair, **options, return_value=True)[0]
    return function


@pytest.mark.few(46, 116)
@pytest.mark.parametrize("kind", ["int64", "float64"])
@pytest.mark.parametrize("way", ["", "_gradient", "class"])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("library", ["numpy", "torch", "jax", "dask", "array-api-strict"])
def test_labels_of_minus_100_are_left_out_of_the_loss_that_is_told(library, call, way, kind):
    backend = usable(library)
    name, x, options, taken = CALLS[call]
    function, options = way_of(name, way), options | {"axis": -1, "reduction": "sum"}
    log_q, target = backend.array(x), made(backend, LABELS.astype(kind))
    with pytest.raises((TypeError, ValueError)) as caught:
        function(log_q, target, **options)
    told = re.search(SENTENCE, str(caught.value))
    assert told["taken"] == taken
    where = value(told["where"], target=target)
    p = value(told["code"], target=value(told["clipped"], target=target))
    if taken == UNLOGGED:
        options["log_target"] = False
    elif taken != SAME:
        function = getattr(kldiv_xp, re.match(r"which (\w+) takes", taken)[1])
        options = {"target_is": "probabilities", "reduction": "sum"}
    found = function(log_q, p, where=where, **options)
    assert_allclose(backend.read(found), expected_of(name), rtol=1e-5)


@pytest.mark.parametrize("name", ["sparse_kl_div_with_logits", "linear_kl_div"])
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_labels_of_minus_100_are_left_out_of_the_losses_of_a_part(library, name):
    backend, function = usable(library), getattr(kldiv_xp, name)
    given = {"input": LOGITS, "indices": PLACES, "target": LABELS}
    if name.startswith("linear"):
        given = {"input": HIDDEN, "weight": WEIGHT, "target": LABELS}
    given = {one: made(backend, values) for one, values in given.items()}
    with pytest.raises(TypeError) as caught:
        function(**given)
    told = re.search(r"indices=(.+), and as .*; where they are -100, pass where=(.+) too\.$",
                     str(caught.value))  # fmt: skip
    indices, where = (value(one, target=given["target"]) for one in told.groups())
    ones = backend.array(np.ones((4, 1)))
    options = {"target_is": "probabilities", "reduction": "sum", "where": where}
    found = function(**given | {"indices": indices, "target": ones}, **options)
    assert_allclose(backend.read(found), kl(LOG_Q[KEPT], ONE_HOT), rtol=1e-12)


@pytest.mark.parametrize(
    "options", [{"log_input": False}, {"log_input": False, "generalized": True}]
)
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_a_mask_of_samples_comes_with_their_axis(library, options):
    backend = usable(library)
    q, target = backend.array(Q), made(backend, LABELS)
    with pytest.raises(TypeError) as caught:
        kldiv_xp.kl_div(q, target, **options)
    told = re.search(r"pass where=(target != -100) and axis=-1 too, by which reduction='mean' "
                     r"divides by the number of samples, and encode (.+)\.$",
                     str(caught.value))  # fmt: skip
    where, clipped = (value(one, target=target) for one in told.groups())
    code = re.search(r"become probabilities by (.+), which is the `target` to pass;",
                     str(caught.value))[1]  # fmt: skip
    p = value(code, target=clipped)
    found = kldiv_xp.kl_div(q, p, where=where, axis=-1, reduction="mean", **options)
    assert_allclose(backend.read(found), kl(LOG_Q[KEPT], ONE_HOT) / KEPT.sum(), rtol=1e-12)


def test_labels_in_the_place_of_hidden_states_are_told_without_the_teachers_layer():
    heads = {"input": HIDDEN, "weight": WEIGHT, "target_weight": np.eye(5, 3)}
    with pytest.raises(TypeError) as caught:
        kldiv_xp.linear_kl_div(**heads, target=LABELS)
    told = re.search(r"indices=(.+), and as .*, pass where=(.+) too; leave `target_weight` and "
                     r"`target_bias` out\.$", str(caught.value))  # fmt: skip
    indices, where = (value(one, target=LABELS) for one in told.groups())
    options = {"target_is": "probabilities", "reduction": "sum", "where": where}
    del heads["target_weight"]
    found = kldiv_xp.linear_kl_div(**heads, indices=indices, target=np.ones((4, 1)), **options)
    assert_allclose(found, kl(LOG_Q[KEPT], ONE_HOT), rtol=1e-12)
