"""Places of one entry, and class labels, in place of indices: the remedy gives their loss."""

import re

import numpy as np
import pytest
from checks.following_remedies import RNG, kl, log_softmax, made
from words import value

from kldiv_xp import linear_kl_div, sparse_kl_div_with_logits

HIDDEN, WEIGHT = RNG.normal(size=(2, 3, 4)), RNG.normal(size=(5, 4))
LOGITS = HIDDEN @ WEIGHT.T
LOG_Q = log_softmax(LOGITS)
LABELS = np.asarray([[1, -100, 4], [2, 0, -100]])
KEPT, PLACES = LABELS != -100, np.maximum(LABELS, 0)
LOG_P = np.log(RNG.uniform(0.1, 0.9, size=(2, 3)))
SENTENCE = r"`indices` must have as many axes as `input`; got \(2, 3\) where `input` has {shape}: "
SENTENCE += r"pass (?P<given>.+), or of class labels indices=(?P<labels>.+), as `target` zeros in "
SENTENCE += (
    r"that shape, with target_is='log_probabilities', and where=(?P<where>indices != -100)\."
)


def of_logits(backend, indices, target, axis=-1, **options):
    logits = made(backend, np.moveaxis(LOGITS, -1, axis))
    return sparse_kl_div_with_logits(logits, indices, target, axis=axis, reduction="sum", **options)


def of_hidden_states(backend, indices, target, **options):
    states, weight = made(backend, HIDDEN), made(backend, WEIGHT)
    return linear_kl_div(states, weight, target, indices=indices, reduction="sum", **options)


CALLS = {
    "logits": (of_logits, {}, (2, 3, 5)),
    "logits of classes first": (of_logits, {"axis": 1}, (2, 5, 3)),
    "hidden states": (of_hidden_states, {}, (2, 3, 4)),
}


def told(call, shape, *operands, **options):
    with pytest.raises(ValueError, match="indices") as caught:
        call(*operands, **options)
    return re.fullmatch(SENTENCE.format(shape=re.escape(str(shape))), str(caught.value))


@pytest.mark.few(4, 18)
@pytest.mark.parametrize("name", CALLS)
def test_class_labels_as_indices_give_their_cross_entropy(backend, name):
    call, options, shape = CALLS[name]
    labels, values = made(backend, LABELS), made(backend, LOG_P)
    axis = options.get("axis", -1)
    for target in (values, made(backend, np.expand_dims(LOG_P, axis))):
        found = told(call, shape, backend, labels, target, target_is="log_probabilities", **options)
        assert ("target=" in found["given"]) == (target is values)
        indices, where = (value(found[one], indices=labels) for one in ("labels", "where"))
        zeros = made(backend, np.zeros(np.expand_dims(LABELS, axis).shape))
        options_of_labels = {"target_is": "log_probabilities", "where": where}
        loss = call(backend, indices, zeros, **options_of_labels, **options)
        expected = -np.take_along_axis(LOG_Q, PLACES[..., None], -1)[KEPT].sum()
        assert backend.read(loss) == pytest.approx(expected, rel=1e-5)


@pytest.mark.few(11, 11)
@pytest.mark.parametrize("name", CALLS)
def test_one_entry_of_each_sample_gets_its_axis(backend, name):
    call, options, shape = CALLS[name]
    operands = {"indices": made(backend, PLACES), "target": made(backend, LOG_P)}
    kind = {"target_is": "log_probabilities"}
    found = told(call, shape, backend, *operands.values(), **kind, **options)["given"]
    codes = re.fullmatch(r"indices=(.+) and target=(.+)", found).groups()
    loss = call(backend, *(value(code, **operands) for code in codes), **kind, **options)
    q = np.exp(np.take_along_axis(LOG_Q, PLACES[..., None], -1)[..., 0])
    p = np.exp(LOG_P)
    expected = kl(np.log(np.stack([q, 1 - q])), np.stack([p, 1 - p]))
    assert backend.read(loss) == pytest.approx(expected, rel=1e-5)
