"""One-hot labels that are no floats: the remedy of every function gives the loss that is meant."""

import re

import numpy as np
import pytest
from checks.following_remedies import RNG, log_softmax, made, softmax
from numpy.testing import assert_allclose
from words import counted, value, words

import kldiv_xp

HIDDEN, WEIGHT = RNG.normal(size=(4, 3)), RNG.normal(size=(5, 3))
LOGITS, LABELS = HIDDEN @ WEIGHT.T, np.asarray([1, 0, 4, 2])
ONE_HOT = np.eye(5)[LABELS]
ENTROPY = -np.mean(log_softmax(LOGITS)[np.arange(4), LABELS])
KINDS = ("int64", "uint8", "bool")
TABLES = {"reduction": "batchmean"}
OF_JS = {"log_input": False}
# Name of the function, its options, and the space of its input.
CALLS = {
    "kl_div": ("kl_div", TABLES, "log"),
    "kl_div of log-targets": ("kl_div", TABLES | {"log_target": True}, "log"),
    "kl_div_gradient": ("kl_div_gradient", TABLES, "log"),
    "js_div": ("js_div", OF_JS, "table"),
    "js_div of log-targets": ("js_div", OF_JS | {"log_target": True}, "table"),
    "js_div_gradient": ("js_div_gradient", OF_JS, "table"),
    "kl_div_with_logits": ("kl_div_with_logits", {}, "logits"),
    "kl_div_with_logits of probabilities": (
        "kl_div_with_logits", {"target_is": "probabilities"}, "logits"),
    "kl_div_with_logits of log-probabilities": (
        "kl_div_with_logits", {"target_is": "log_probabilities"}, "logits"),
    "kl_div_with_logits_gradient": ("kl_div_with_logits_gradient", {}, "logits"),
    "js_div_with_logits": ("js_div_with_logits", {}, "logits"),
    "js_div_with_logits_gradient": ("js_div_with_logits_gradient", {}, "logits"),
    "linear_kl_div": ("linear_kl_div", {}, "hidden"),
    "linear_kl_div of mixtures": ("linear_kl_div", {"beta": 0.5}, "hidden"),
    "linear_kl_div_gradient": ("linear_kl_div_gradient", {}, "hidden"),
    "diagnose": ("diagnose", {"input_is": "logits"}, "logits"),
    "KLDivLoss": ("KLDivLoss", TABLES, "log"),
    "JSDivLoss": ("JSDivLoss", OF_JS, "table"),
    "KLDivWithLogitsLoss": ("KLDivWithLogitsLoss", {}, "logits"),
    "JSDivWithLogitsLoss": ("JSDivWithLogitsLoss", {}, "logits"),
}  # fmt: skip
MEANT = {
    "log": log_softmax(LOGITS), "table": softmax(LOGITS), "logits": LOGITS, "hidden": HIDDEN,
}  # fmt: skip
REMEDY = (
    r"(?:convert it with|if these are one-hot labels(?: or counts)?, (?:[a-z ]+:|pass(?: their "
    r"shares,)?)) (.+?)(?:, with target_is='([a-z]+)')?(?:; if they are logits, .+)?\.$"
)


def jensen_shannon(q, p):
    m = (p + q) / 2
    with np.errstate(all="ignore"):
        terms = np.where(p > 0, p * np.log(p / m), 0.0) + q * np.log(q / m)
    return np.sum(terms) / 2 / len(p)


def called(name, options, given):
    """Loss of a function or a class."""
    function = getattr(kldiv_xp, name)
    if isinstance(function, type):
        return function(**options)(**given)
    weight = {"weight": given["weight"]} if "weight" in given else {}
    operands = {one: given[one] for one in ("input", "target")}
    if name.endswith("gradient"):
        return function(**operands, **weight, **options, return_value=True)[0]
    found = function(**operands, **weight, **options)
    return found.values["batchmean"] if name == "diagnose" and not found else found


def arrays(backend, space, target):
    given = {"input": backend.array(MEANT[space]), "target": target}
    return given | ({"weight": backend.array(WEIGHT)} if space == "hidden" else {})


def told(name, options, given):
    """Sentence on the dtype of the target."""
    if name == "diagnose":
        return called(name, options, given).findings[0].message
    with pytest.raises(TypeError, match="`target` must have a real floating") as caught:
        called(name, options, given)
    return str(caught.value)


# Dask's threads know nothing of `np.errstate`.
@pytest.mark.filterwarnings("ignore:divide by zero encountered in log")
@pytest.mark.few(71, 229)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("call", CALLS)
def test_one_hot_labels_lead_to_the_loss_of_their_classes(holding_backend, call, kind):
    backend = holding_backend
    name, options, space = CALLS[call]
    given = arrays(backend, space, made(backend, ONE_HOT.astype(kind)))
    code, target_is = re.search(REMEDY, told(name, options, given)).groups()
    options = options | ({"target_is": target_is} if target_is else {})
    given["target"] = value(code, target=given["target"])
    found = called(name, options, given)
    is_js = "js" in name.lower() or "beta" in options
    right = jensen_shannon(softmax(LOGITS), ONE_HOT) if is_js else ENTROPY
    found = found if isinstance(found, float) else backend.read(found)
    assert_allclose(found, right, rtol=1e-5)


def test_every_meaning_of_integers_and_bools_is_told_by_its_own(holding_backend):
    backend = holding_backend
    whole = made(backend, ONE_HOT.astype("int64"))
    given = arrays(backend, "logits", whole)
    as_float = words(backend, "as_float", "target")
    assert told("kl_div_with_logits", {}, given) == (
        f"`target` must have a real floating-point dtype; got {whole.dtype}: if these are one-hot "
        f"labels or counts, pass their shares, {counted(backend, 'target')}, with "
        f"target_is='probabilities'; if they are logits, convert it with {as_float}."
    )
    given["target"] = made(backend, ONE_HOT > 0)
    assert told("js_div_with_logits", {}, given) == (
        f"`target` must have a real floating-point dtype; got {given['target'].dtype}: if these "
        f"are one-hot labels, pass {as_float}, with target_is='probabilities'."
    )
    assert told("kl_div_with_logits", {"target_is": "log_probabilities"}, given) == (
        f"`target` must have a real floating-point dtype; got {given['target'].dtype}: if these "
        f"are one-hot labels, take their logarithms: {words(backend, 'log', as_float)}."
    )


# Arrays without axes of other libraries are numbers, or are read.
@pytest.mark.only_where(lambda backend: backend.startswith(("torch", "jax")))
def test_a_mixture_by_an_array_takes_the_logarithms(backend):
    """With a `beta` whose value nobody reads the target is logits in any case."""
    given = arrays(backend, "logits", made(backend, ONE_HOT.astype("int64")))
    options = {"beta": backend.array(0.5)}
    code = re.search(REMEDY, told("js_div_with_logits", options, given))[1]
    given["target"] = value(code, target=given["target"])
    found = backend.read(called("js_div_with_logits", options, given))
    assert_allclose(found, jensen_shannon(softmax(LOGITS), ONE_HOT), rtol=1e-5)


def test_labels_in_several_classes_of_integers_share_them():
    several = np.asarray([[1, 1, 0, 0, 0]] * 4)
    given = {"input": LOGITS, "target": several}
    code = re.search(REMEDY, told("kl_div_with_logits", {}, given))[1]
    loss = kldiv_xp.kl_div_with_logits(
        LOGITS, value(code, target=several), target_is="probabilities"
    )
    right = np.mean(np.sum(several / 2 * (np.log(0.5) - log_softmax(LOGITS)), axis=-1))
    assert loss == pytest.approx(right)


# What stands at the place of a label, and the code of a whole probability there.
@pytest.mark.parametrize(
    ("number", "target_is", "meant"),
    [
        (0, "log_probabilities", "0, the logarithms of 1"),
        (1, "probabilities", "1, of one class each"),
    ],
)
@pytest.mark.parametrize("linear", [False, True])
@pytest.mark.parametrize("gradient", ["", "_gradient"])
def test_integers_at_the_places_of_labels_become_floats(
    holding_backend, number, target_is, meant, linear, gradient
):
    """As `torch.zeros_like(indices)` makes them; they were taken for the labels themselves."""
    backend = holding_backend
    name = ("linear_kl_div" if linear else "sparse_kl_div_with_logits") + gradient
    given = arrays(backend, "hidden" if linear else "logits", None)
    given |= {"indices": made(backend, LABELS[:, None])}
    given["target"] = made(backend, np.full((4, 1), number))
    options = {"target_is": target_is, "reduction": "mean"}
    if gradient:
        options["return_value"] = True
    function = getattr(kldiv_xp, name)
    with pytest.raises(TypeError) as caught:
        function(**given, **options)
    code = words(backend, "as_float", "target")
    sentence = f": if these are {meant}, convert it with {code}; class labels are places of a "
    assert sentence in str(caught.value)
    given["target"] = value(code, target=given["target"])
    found = function(**given, **options)
    assert_allclose(backend.read(found[0] if gradient else found), ENTROPY, rtol=1e-5)
