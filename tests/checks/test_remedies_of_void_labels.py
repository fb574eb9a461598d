"""Class labels of which 255 is no class, as in images of bytes: what a call is told is right."""

import re

import numpy as np
import pytest
from checks.following_remedies import kl, log_softmax
from checks.test_remedies_of_ignored_labels import CALLS, OF_JS, expected_of, way_of
from conftest import usable
from numpy.testing import assert_allclose
from words import value

import kldiv_xp

RNG = np.random.default_rng(53)
HIDDEN, WEIGHT = RNG.normal(size=(4, 3)), RNG.normal(size=(5, 3))
LOGITS = HIDDEN @ WEIGHT.T
LABELS, KEPT = np.asarray([1, 255, 4, 2]), np.asarray([True, False, True, True])
ONE_HOT = np.eye(5)[LABELS[KEPT]]
SENTENCE = (
    r"class labels become probabilities by (.+), (?:which .+|); where labels are 255, pass where="
    r"(target != 255) too, and encode (.+?)(?:; if not, .*)?\.$"
)
LIBRARIES = ["numpy", "torch", "jax", "dask", "array-api-strict"]


def labels_of(backend, kind="uint8"):
    from kldiv_xp.core.namespaces import namespace_of

    like = namespace_of(backend.array(LOGITS))
    return like.asarray(LABELS.tolist(), dtype=getattr(like, kind))


@pytest.mark.few(24, 66)
@pytest.mark.parametrize("way", ["", "_gradient", "class"])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("library", LIBRARIES)
def test_labels_of_255_are_left_out_of_the_loss_that_is_told(library, call, way):
    backend = usable(library)
    name, x, options, taken = CALLS[call]
    function, options = way_of(name, way), options | {"axis": -1, "reduction": "sum"}
    log_q, target = backend.array(x), labels_of(backend)
    with pytest.raises(TypeError) as caught:
        function(log_q, target, **options)
    code, mask, encoded = re.search(SENTENCE, str(caught.value)).groups()
    where, p = value(mask, target=target), value(code, target=value(encoded, target=target))
    if "log_target=False" in taken:
        options["log_target"] = False
    elif "takes" in taken:
        kind = "js" if taken == OF_JS else "kl"
        function = getattr(kldiv_xp, f"{kind}_div_with_logits")
        options = {"target_is": "probabilities", "reduction": "sum"}
    found = function(log_q, p, where=where, **options)
    assert_allclose(backend.read(found), expected_of(name), rtol=1e-5)


@pytest.mark.parametrize("kind", ["uint8", "int64"])
@pytest.mark.parametrize("name", ["sparse_kl_div_with_logits", "linear_kl_div"])
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_labels_of_255_are_left_out_of_the_losses_of_a_part(library, name, kind):
    backend, function = usable(library), getattr(kldiv_xp, name)
    given = {"input": backend.array(LOGITS)}
    if name.startswith("linear"):
        given = {"input": backend.array(HIDDEN), "weight": backend.array(WEIGHT)}
    else:
        given["indices"] = labels_of(backend, "int64")[..., None] * 0
    target = labels_of(backend, kind)
    with pytest.raises(TypeError) as caught:
        function(**given, target=target)
    told = re.search(r"indices=(.+), and as .*; where they are 255, pass where=(.+) too\.$",
                     str(caught.value))  # fmt: skip
    indices, where = (value(one, target=target) for one in told.groups())
    given |= {"indices": indices, "target": backend.array(np.ones((4, 1)))}
    options = {"target_is": "probabilities", "reduction": "sum", "where": where}
    expected = kl(log_softmax(LOGITS)[KEPT], ONE_HOT)
    assert_allclose(backend.read(function(**given, **options)), expected, rtol=1e-12)


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_indices_of_255_are_left_out(library):
    backend = usable(library)
    logits, indices = backend.array(LOGITS), labels_of(backend)
    with pytest.raises(ValueError, match="as many axes") as caught:
        kldiv_xp.sparse_kl_div_with_logits(logits, indices, backend.array(np.zeros((4, 1))))
    told = re.search(r"class labels indices=(.+), as `target` zeros .*, and where=(.+)\.$",
                     str(caught.value))  # fmt: skip
    places, where = (value(one, indices=indices) for one in told.groups())
    zeros = backend.array(np.zeros((4, 1)))
    options = {"target_is": "log_probabilities", "reduction": "sum", "where": where}
    found = kldiv_xp.sparse_kl_div_with_logits(logits, places, zeros, **options)
    assert_allclose(backend.read(found), kl(log_softmax(LOGITS)[KEPT], ONE_HOT), rtol=1e-12)


@pytest.mark.parametrize("option", ["labels", "true_labels"])
def test_labels_as_an_option_are_told_with_the_label_that_they_hold(option):
    with pytest.raises(TypeError, match=rf"pass where={option} != 255 with the operands"):
        kldiv_xp.kl_div_with_logits(LOGITS, LOGITS, **{option: LABELS.astype("uint8")})


def test_255_is_a_class_among_more_than_255():
    logits, labels = np.zeros((3, 300)), np.asarray([255, 1, 2], "uint8")
    with pytest.raises(TypeError, match="where labels are -100"):
        kldiv_xp.kl_div_with_logits(logits, labels)


def test_a_mask_of_bytes_whose_values_are_not_at_hand_is_told_255():
    jax = pytest.importorskip("jax.numpy")
    logits, labels = jax.asarray(LOGITS), jax.asarray(LABELS.astype("uint8"))
    with pytest.raises(TypeError, match="or where != 255 if it holds labels and 255 is left out"):
        kldiv_xp.kl_div_with_logits(logits, logits, where=labels)
