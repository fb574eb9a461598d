"""Options of several words: other libraries' words are told by the one that gives their loss."""

import inspect
import re
import warnings

import numpy as np
import pytest
from checks.every_function import CLASSES, FUNCTIONS, operands_of
from numpy.testing import assert_allclose

import kldiv_xp

LOGITS, TEACHER = np.random.default_rng(7).normal(size=(2, 3, 4))
LOG_Q, LOG_P = (one - np.log(np.exp(one).sum(axis=-1, keepdims=True)) for one in (LOGITS, TEACHER))
P = np.exp(LOG_P)
TERMS = P * (LOG_P - LOG_Q)
WORDS = {
    "reduction": {
        "sum_over_batch_size": "mean", "mean_batch": "batchmean", "batch_average": "batchmean",
        "add": "sum", "total": "sum", "avg": "mean", "elementwise": "none", None: "none",
    },
    "target_is": {
        "softmax": "probabilities", "labels": "probabilities", "one_hot": "probabilities",
        "log_softmax": "log_probabilities", "LogSoftmax": "log_probabilities", "scores": "logits",
        "probs": "probabilities", "logprobs": "log_probabilities",
    },
    "input_is": {"softmax": "probabilities", "log_softmax": "log_probabilities"},
    "tail": {
        "none": "zero", "ignore": "zero", "drop": "zero", "others": "bucket",
        "normalize": "renormalize", "renorm": "renormalize",
    },
}  # fmt: skip
WALKED = [
    (one, option)
    for one in [*FUNCTIONS, *CLASSES]
    for option in WORDS
    if option in inspect.signature(getattr(kldiv_xp, one)).parameters
]


def told(name, option, value):
    """The word that a refusal says is meant."""
    function, given = getattr(kldiv_xp, name), {option: value}
    if option == "tail" and name.startswith("linear"):
        given |= {"indices": np.zeros((2, 1), int), "target_is": "log_probabilities"}
    with pytest.raises(ValueError, match=f"`{option}` must be one of ") as caught:
        function(*(() if name in CLASSES else operands_of(name)), **given)
    return re.search(r"; got (.*): did you mean '(\w+)'[^?]*\?$", str(caught.value)).groups()


@pytest.mark.parametrize(("name", "option"), WALKED)
def test_words_of_others_are_told_by_the_one_here(name, option):
    if name == "diagnose" and option == "tail":
        return
    for word, meant in WORDS[option].items():
        if word is not None or (option == "reduction" and name != "diagnose"):
            assert told(name, option, word) == (repr(word), meant)


def test_reductions_that_are_told_give_what_is_meant():
    expected = {
        "batchmean": TERMS.sum() / 3, "sum": TERMS.sum(), "mean": TERMS.mean(), "none": TERMS
    }  # fmt: skip
    for word, meant in WORDS["reduction"].items():
        assert told("kl_div", "reduction", word)[1] == meant
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", kldiv_xp.KLDivWarning)
            found = kldiv_xp.kl_div(LOG_Q, P, reduction=meant)
        assert_allclose(found, expected[meant], rtol=1e-12)


def test_spaces_that_are_told_give_the_divergence():
    targets = {"softmax": P, "log_softmax": LOG_P, "scores": TEACHER}
    for word, target in targets.items():
        _, meant = told("kl_div_with_logits", "target_is", word)
        found = kldiv_xp.kl_div_with_logits(LOGITS, target, target_is=meant, reduction="sum")
        assert_allclose(found, TERMS.sum(), rtol=1e-12)
    one_hot = np.eye(4)[[1, 3, 0]]
    _, meant = told("kl_div_with_logits", "target_is", "labels")
    found = kldiv_xp.kl_div_with_logits(LOGITS, one_hot, target_is=meant, reduction="sum")
    assert_allclose(found, -np.sum(one_hot * LOG_Q), rtol=1e-12)


@pytest.mark.parametrize("word", ["none", "ignore"])
def test_a_rest_that_is_ignored_leaves_the_terms_of_the_others(word):
    places = np.argsort(-P, axis=-1)[:, :2]
    operands = LOGITS, places, np.take_along_axis(LOG_P, places, -1)
    with pytest.raises(ValueError, match="did you mean 'zero'"):
        kldiv_xp.sparse_kl_div_with_logits(*operands, tail=word)
    found = kldiv_xp.sparse_kl_div_with_logits(*operands, tail="zero", reduction="sum")
    assert_allclose(found, np.take_along_axis(TERMS, places, -1).sum(), rtol=1e-12)
