"""Class labels of one token more or less than the logits: the remedies give their cross-entropy."""

import re

import numpy as np
import pytest
from checks.following_remedies import RNG, log_softmax, made
from words import value

import kldiv_xp

HIDDEN, WEIGHT = RNG.normal(size=(2, 4, 3)), RNG.normal(size=(5, 3))
X = HIDDEN @ WEIGHT.T
LABELS = np.asarray([[1, 0, 4, 2], [3, 3, 0, 1]])
ENTROPY = -np.take_along_axis(log_softmax(X[:, :-1]), LABELS[:, 1:, None], -1).sum()
PLACES = np.zeros((2, 4, 1), int)
DENSE = ("kl_div", "js_div", "kl_div_with_logits", "js_div_with_logits")
PARTIAL = ("sparse_kl_div_with_logits", "linear_kl_div")
NAMES = [name + end for name in (*DENSE, *PARTIAL) for end in ("", "_gradient")]
START = r"`target` must have a real floating-point dtype; got \S+?: "
LONG = "cut class labels as the logits are, e.g. to {} beside logits without the last."
SHORT = "cut the logits as class labels are, e.g. to {} beside labels of the next tokens."


def operands(backend, name, is_long):
    """Operands of which the labels, or the logits, still have all tokens."""
    x = HIDDEN if name.startswith("linear") else X
    given = {"input": x[:, :-1] if is_long else x, "target": LABELS if is_long else LABELS[:, 1:]}
    if name.startswith("linear"):
        given |= {"weight": WEIGHT}
    if name.startswith("sparse"):
        given |= {"indices": PLACES[:, :-1] if is_long else PLACES}
    return {one: made(backend, values) for one, values in given.items()}


def told(name, given, **options):
    with pytest.raises(TypeError) as caught:
        getattr(kldiv_xp, name)(**given, **options)
    return re.sub(f"^{START}", "", str(caught.value))


# arange makes the classes of a one-hot target on the first device of array-api-strict.
@pytest.mark.only_where(lambda holding_backend: holding_backend != "array-api-strict-device1")
@pytest.mark.parametrize("is_long", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_labels_and_logits_are_cut_to_the_same_tokens(holding_backend, name, is_long):
    backend, given = holding_backend, operands(holding_backend, name, is_long)
    changed, code = ("target", "target[:, 1:]") if is_long else ("input", "input[:, :-1, :]")
    assert told(name, given) == (LONG if is_long else SHORT).format(code)
    given[changed] = value(code, **given)
    options = {"target_is": "probabilities", "reduction": "sum"}
    if name.startswith(PARTIAL):
        indices = value(re.search(r"indices=(.+?), and as", told(name, given))[1], **given)
        given |= {"indices": indices, "target": backend.array(np.ones((2, 3, 1)))}
        found = getattr(kldiv_xp, name.removesuffix("_gradient"))(**given, **options)
    else:
        code = re.search(r"probabilities by (.+?), which", told(name, given))[1]
        p = value(code, **given)
        found = kldiv_xp.kl_div_with_logits(given["input"], p, **options)
    assert backend.read(found) == pytest.approx(ENTROPY, rel=1e-5)


def test_classes_before_tokens_are_no_tokens():
    x, labels = np.moveaxis(X, -1, 1), LABELS[:, 1:]
    given = {"input": x, "target": labels}
    assert told("kl_div_with_logits", given, axis=1) == SHORT.format("input[:, :, :-1]")
    given["input"] = given["input"][:, :, :-1]
    code = re.search(r"by (.+?), which", told("kl_div_with_logits", given, axis=1))[1]
    options = {"axis": 1, "target_is": "probabilities", "reduction": "sum"}
    loss = kldiv_xp.kl_div_with_logits(given["input"], value(code, **given), **options)
    assert loss == pytest.approx(ENTROPY)


@pytest.mark.parametrize("shape", [(2, 6), (3, 3), (2, 4, 1), (3,)])
def test_labels_of_other_samples_are_not_cut(shape):
    given = {"input": X[:, :3], "target": np.zeros(shape, int)}
    assert "cut" not in told("kl_div_with_logits", given)
