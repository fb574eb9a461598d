"""Targets of another dtype or shape: the remedy gives the value that was meant."""

import numpy as np
import pytest
from checks.following_remedies import (
    COUNTS,
    LABELS,
    LOG_Q,
    ONE_HOT,
    RNG,
    P,
    cast,
    kl,
    log_softmax,
    made,
    refused,
    softmax,
)
from words import counted, follow, words

from kldiv_xp import kl_div, kl_div_with_logits

IMAGE = np.log(np.moveaxis(softmax(RNG.normal(size=(2, 4, 3))), -1, 1))
PIXELS = np.asarray([[0, 1, 2, 1], [2, 2, 0, 1]])
FLOATS = "`target` must have a real floating-point dtype; got {dtype}: "
SHAPES = "`input` and `target` must have the same shape; got {left} and {right}: "
LABELLED = "class labels become probabilities by {code}, which kl_div_with_logits takes with "
LABELLED += (
    "target_is='probabilities'{axis}; where labels are -100, pass where=target != -100 too, and "
)
LABELLED += "encode {clipped}."
LABELLED_BY_FLOATS = LABELLED.replace("class labels", "if these are class labels, they")
LABELLED_BY_FLOATS = LABELLED_BY_FLOATS[:-1] + "; if not, pass all 3 entries of each distribution."
# Input, target, sentence, code as (word, its fields), and the sum that following it must give.
ROWS = {
    "one target for all samples": (
        LOG_Q, P[0], SHAPES + "nothing is broadcast silently, so pass target = {code}.",
        ("broadcast", {"shape": (2, 3)}), kl(LOG_Q, np.broadcast_to(P[0], (2, 3))),
    ),
    "axes in another order": (
        LOG_Q, P.T, SHAPES + "pass {code}.", ("permuted", {"axes": (1, 0)}), kl(LOG_Q, P),
    ),
    "flat": (
        LOG_Q, P.reshape(-1), SHAPES + "pass {code}.", ("reshaped", {"shape": (2, 3)}),
        kl(LOG_Q, P),
    ),
    "an axis too many": (
        LOG_Q, P[:, None], SHAPES + "pass {code}.", ("reshaped", {"shape": (2, 3)}), kl(LOG_Q, P),
    ),
    "labels": (
        LOG_Q, LABELS, FLOATS + LABELLED, ("one_hot", {"n": 3}), kl(LOG_Q, ONE_HOT),
    ),
    "labels in a column": (
        LOG_Q, LABELS[:, None], FLOATS + LABELLED, ("one_hot_of_column", {"n": 3}),
        kl(LOG_Q, ONE_HOT),
    ),
    "labels of pixels in a channel": (
        IMAGE, PIXELS[:, None], FLOATS + LABELLED, ("one_hot_of_channel", {"n": 3}),
        kl(IMAGE, np.moveaxis(np.eye(3)[PIXELS], -1, 1)),
    ),
    "labels in floats": (
        LOG_Q, LABELS.astype(float), SHAPES + LABELLED_BY_FLOATS, ("one_hot", {"n": 3}),
        kl(LOG_Q, ONE_HOT),
    ),
    "labels of pixels": (
        IMAGE, PIXELS, FLOATS + LABELLED, ("one_hot_in_front", {"n": 3}),
        kl(IMAGE, np.moveaxis(np.eye(3)[PIXELS], -1, 1)),
    ),
    "counts": (
        LOG_Q, COUNTS,
        FLOATS + "if these are one-hot labels or counts, divide them by their sum: {code}.",
        ("counted", {}), kl(LOG_Q, COUNTS / COUNTS.sum(axis=1, keepdims=True)),
    ),
    "bools": (
        LOG_Q, ONE_HOT > 0, FLOATS + "convert it with {code}.", ("as_float", {}),
        kl(LOG_Q, ONE_HOT),
    ),
    "complex numbers": (
        LOG_Q, P + 0j, FLOATS + "take its real part, {code}.", ("real", {}), kl(LOG_Q, P),
    ),
}  # fmt: skip


def code_of(backend, word, fields):
    if word == "counted":
        return counted(backend, "target")
    if not word.startswith("one_hot_"):
        return words(backend, word, "target", **fields)
    shape = {"one_hot_of_column": (2,), "one_hot_of_channel": (2, 4)}.get(word)
    labels = "target" if shape is None else words(backend, "reshaped", "target", shape=shape)
    code = words(backend, "one_hot", labels, **fields)
    if word == "one_hot_of_column":
        return code
    moved = {"torch": "{}.movedim(-1, 1)"}
    module = {"jax": "jax.numpy"}.get(backend.library, backend.library)
    return moved.get(backend.library, f"{module}.moveaxis({{}}, -1, 1)").format(code)


# arange makes the classes of a one-hot target on the first device of array-api-strict.
@pytest.mark.only_where(
    lambda holding_backend, row: (
        holding_backend != "array-api-strict-device1" or "one_hot" not in ROWS[row][3][0]
    )
)
@pytest.mark.parametrize("row", ROWS)
def test_remedy_of_a_target_gives_the_loss_that_was_meant(holding_backend, row):
    backend = holding_backend
    log_q, p, expected, (word, fields), meant = ROWS[row]
    target = backend.array(p.real) if np.iscomplexobj(p) else made(backend, p)
    target = cast(backend, target, "complex128") if np.iscomplexobj(p) else target
    operands = {"input": backend.array(log_q), "target": target}
    code = code_of(backend, word, fields)
    found = refused(kl_div, operands, {"reduction": "sum"})
    assert found == expected.format(
        dtype=target.dtype,
        left=log_q.shape,
        right=p.shape,
        code=code,
        clipped=words(backend, "clipped", "target"),
        axis=" and axis=1" * (log_q is IMAGE),
    )
    mended = follow(code, **operands)
    loss = backend.read(kl_div(mended["input"], mended["target"], reduction="sum"))
    assert loss == pytest.approx(meant, rel=1e-6)
    if "axis=1" in found:
        options = {"target_is": "probabilities", "axis": 1, "reduction": "sum"}
        loss = kl_div_with_logits(mended["input"], mended["target"], **options)
        assert backend.read(loss) == pytest.approx(meant, rel=1e-6)


@pytest.mark.parametrize(("student", "teacher"), [(3, 5), (5, 3)])
def test_vocabularies_of_two_sizes_are_cut_or_padded(holding_backend, student, teacher):
    x, t = RNG.normal(size=(2, student)), RNG.normal(size=(2, teacher))
    operands = {"input": holding_backend.array(x), "target": holding_backend.array(t)}
    padding = "pad those of `target` with -inf"
    if student < teacher:
        padding = "pad those of `input` with -inf and set the same entries of `target` to -inf"
    assert refused(kl_div_with_logits, operands, {}) == (
        f"`input` and `target` must have the same shape; got {x.shape} and {t.shape}: cut the "
        f"logits of both to the shared entries with [..., :3] before any softmax, or {padding}."
    )
    cut = [operands[name][..., :3] for name in ("input", "target")]
    loss = holding_backend.read(kl_div_with_logits(*cut, reduction="sum"))
    assert loss == pytest.approx(kl(np.log(softmax(x[:, :3])), softmax(t[:, :3])))
    padded = np.full((2, 5), -np.inf)
    padded[:, :3] = t[:, :3]
    wide = np.concatenate([x, np.full((2, 5 - student), -np.inf)], axis=1)
    both = holding_backend.array(wide), holding_backend.array(padded)
    loss = holding_backend.read(kl_div_with_logits(*both, reduction="sum"))
    assert loss == pytest.approx(kl(log_softmax(wide), softmax(padded)))


def test_batches_of_two_sizes_are_cut(holding_backend):
    more = holding_backend.array(np.concatenate([LOG_Q, LOG_Q]))
    operands = {"input": more, "target": holding_backend.array(P)}
    assert refused(kl_div, operands, {}).endswith(
        "keep the same 2 entries of both along axis 0, e.g. with [:2]."
    )
    loss = kl_div(more[:2, :], operands["target"], reduction="sum")
    assert holding_backend.read(loss) == pytest.approx(kl(LOG_Q, P))
