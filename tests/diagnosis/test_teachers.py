"""Teachers known in part and hidden states are looked into, with the sentences of logits."""

import math

import numpy as np
import pytest
from array_libraries import library
from conftest import usable
from numpy.testing import assert_allclose

from kldiv_xp import (
    KLDivInputError,
    checking,
    diagnose,
    kl_div_with_logits,
    linear_kl_div,
    sparse_kl_div_with_logits,
)

RNG = np.random.default_rng(3)
STUDENT, TEACHER = 2 * RNG.normal(size=(2, 4, 5))
P = np.exp(TEACHER) / np.exp(TEACHER).sum(axis=-1, keepdims=True)
LOG_P, INF = np.log(P), math.inf
INDICES = np.argsort(-TEACHER, axis=-1)[:, :3].copy()
TOP = np.take_along_axis(LOG_P, INDICES, -1)
# The logits of a student whose weight is this are its hidden states.
SAME = np.eye(5)
ROWS = np.asarray([True, False, True, True])
OF_P, OF_LOG_P = {"target_is": "probabilities"}, {"target_is": "log_probabilities"}


def changed(array, *places):
    array = array.copy()
    for place, value in places:
        array[place] = value
    return array


def raised(function, *operands, **options):
    """Findings of the block for a call."""
    with pytest.raises(KLDivInputError) as caught, checking():
        function(*operands, **options)
    return caught.value


MISTAKES = {
    "probabilities-as-input": (P, TEACHER, {}),
    "probabilities-as-target": (STUDENT, P, {}),
    "log-probabilities-as-target": (STUDENT, LOG_P, OF_P),
    "probabilities-as-log-target": (STUDENT, P, OF_LOG_P),
    "logits-as-target": (STUDENT, changed(TEACHER, ((0, 0), 4.0)), OF_LOG_P),
    "not-normalised": (STUDENT, 9 * P, OF_P),
    "negative-target": (STUDENT, changed(P, ((2, 1), -0.25)), OF_P),
    "nan-target": (STUDENT, changed(TEACHER, ((1, 3), math.nan)), {}),
    "infinite-target": (STUDENT, changed(TEACHER, ((1, 3), INF)), {}),
    "empty-target": (STUDENT, changed(TEACHER, (2, -INF)), {}),
}


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_indices_of_either_size_are_looked_into(dtype):
    usable("torch")
    torch = library("torch")
    values = np.take_along_axis(TEACHER, INDICES, -1)
    operands = [torch.asarray(one) for one in (STUDENT, values, INDICES.astype(dtype))]
    report = diagnose(*operands[:2], indices=operands[2], input_is="logits", **OF_LOG_P)
    assert report.findings[0].code == "logits-as-target"


@pytest.mark.parametrize("code", MISTAKES)
def test_hidden_states_have_the_findings_of_their_logits(code):
    logits, target, options = MISTAKES[code]
    expected = raised(kl_div_with_logits, logits, target, **options).report.findings
    assert code in [one.code for one in expected]
    found = raised(linear_kl_div, logits, SAME, target, **options).report.findings
    assert repr(found) == repr(expected)
    every = diagnose(logits, target, weight=SAME, **options).findings
    assert set(map(repr, found)) <= set(map(repr, every))


def test_all_logits_of_a_token_are_missing_where_one_hidden_state_is():
    hidden = changed(STUDENT, ((1, 3), math.nan))
    (found,) = raised(linear_kl_div, hidden, SAME, TEACHER).report.findings
    assert (found.code, found.index, found.count) == ("nan-input", (1, 0), 5)


def test_words_that_a_bias_forbids_are_found_in_the_teacher():
    bias = changed(np.zeros(5), (2, -INF))
    error = raised(linear_kl_div, STUDENT, SAME, TEACHER, bias=bias)
    assert str(error) == (
        "`input` is -inf at (0, 2), where target has a probability, and at 4 entries in all, "
        "which makes the loss infinite: give these entries some probability, or make them -inf in "
        "`target` as well."
    )
    mended = changed(TEACHER, ((slice(None), 2), -INF))
    with checking():
        assert np.isfinite(linear_kl_div(STUDENT, SAME, mended, bias=bias))


def test_logits_of_a_teacher_with_a_layer_are_looked_into():
    hidden = changed(TEACHER, ((2, 1), INF))
    found = raised(linear_kl_div, STUDENT, SAME, hidden, target_weight=SAME + 1)
    assert [one.code for one in found.report.findings] == ["infinite-target"]
    with checking():
        where = np.asarray([True, True, False, True])
        value = linear_kl_div(STUDENT, SAME, hidden, target_weight=SAME + 1, where=where)
    assert np.isfinite(value)


# Operands and options, and what is said of them; then what mends it.
SPARSE = [
    (
        (STUDENT, np.exp(TOP), {}),
        f"`target` holds probabilities ({np.exp(TOP[0, 0]):.6g} at (0, 0)), but "
        "target_is='log_probabilities' says log-probabilities: pass target_is='probabilities'.",
        (STUDENT, np.exp(TOP), OF_P),
    ),
    (
        (STUDENT, TOP, OF_P),
        f"`target` holds log-probabilities ({TOP[0, 0]:.6g} at (0, 0)), but "
        "target_is='probabilities' says probabilities: pass target_is='log_probabilities'.",
        (STUDENT, TOP, OF_LOG_P),
    ),
    (
        (STUDENT, TOP + 4, {}),
        f"`target` is {TOP[0, 0] + 4:.6g} at (0, 0), and exp(target) adds up to "
        f"{np.exp(TOP[0] + 4).sum():.6g} along axis 1, but target_is='log_probabilities': these "
        "look like raw logits, so pass target_is='logits' and tail='renormalize'.",
        (STUDENT, TOP + 4, {"target_is": "logits", "tail": "renormalize"}),
    ),
    (
        (STUDENT, 9 * np.exp(TOP), OF_P),
        f"`target` adds up to {9 * np.exp(TOP[0]).sum():.6g}, not 1, at (0,) along axis 1, and is "
        "off in 4 of 4 samples: pass tail='renormalize', which divides by the sum.",
        (STUDENT, 9 * np.exp(TOP), OF_P | {"tail": "renormalize"}),
    ),
    (
        (changed(STUDENT, ((1, INDICES[1, 2]), -INF)), TOP, {}),
        f"`input` is -inf at (1, {INDICES[1, 2]}), where exp(target) is "
        f"{np.exp(TOP[1, 2]):.6g}, and at 1 entry in all, which makes the loss infinite: give "
        "these entries some probability, or make them -inf in `target` as well.",
        (
            changed(STUDENT, ((1, INDICES[1, 2]), -INF)),
            changed(TOP, ((1, 2), -INF)),
            {"tail": "renormalize"},
        ),
    ),
    (
        (changed(STUDENT, ((1, 4), math.nan)), TOP, {}),
        "`input` is nan at (1, 4) and at 1 entry in all, which makes the loss NaN: find out where "
        "it comes from, or leave the sample out with where=.",
        (changed(STUDENT, ((1, 4), math.nan)), TOP, {"where": ROWS}),
    ),
    (
        (STUDENT, changed(TOP, ((1, 2), math.nan)), {}),
        "`target` is nan at (1, 2) and at 1 entry in all, which makes the loss NaN: find out where "
        "it comes from, or leave the sample out with where=.",
        (STUDENT, changed(TOP, ((1, 2), math.nan)), {"where": ROWS}),
    ),
]


@pytest.mark.parametrize(("wrong", "sentence", "mended"), SPARSE)
def test_each_mistake_of_a_sparse_teacher_is_told_and_mended(wrong, sentence, mended):
    student, target, options = wrong
    assert str(raised(sparse_kl_div_with_logits, student, INDICES, target, **options)) == sentence
    assert [str(one) for one in diagnose(student, target, indices=INDICES, **options).findings] == [
        sentence
    ]
    if np.isfinite(student).all():
        options = {"target_is": "log_probabilities", "indices": INDICES} | options
        assert str(raised(linear_kl_div, student, SAME, target, **options)) == sentence
    student, target, options = mended
    with checking():
        assert np.isfinite(sparse_kl_div_with_logits(student, INDICES, target, **options))
    assert not diagnose(student, target, indices=INDICES, **options)


@pytest.mark.parametrize("name", ["numpy", "torch", "jax", "dask", "array-api-strict"])
def test_every_library_is_read_block_by_block(monkeypatch, name):
    monkeypatch.setattr("kldiv_xp.diagnosis.sample_blocks.SAMPLE_BLOCK_ELEMENTS", 7)
    backend = usable(name)
    wide = [backend.array(one) for one in (changed(STUDENT, ((3, 0), math.nan)), TEACHER)]
    weight, top = backend.array(SAME), backend.array(TOP)
    places = backend.make(INDICES, "int64")
    where = backend.array(np.asarray([[1.0], [1.0], [1.0], [0.0]])) != 0
    for options in ({}, {"weight": weight}):
        part = {"indices": places, "target_is": "log_probabilities", **options}
        found = diagnose(wide[0], top, input_is="logits", **part)
        assert [one.code for one in found.findings] == ["nan-input"]
        assert not diagnose(wide[0], top, where=where, **part)
        if options:
            assert [one.code for one in diagnose(*wide, **options).findings] == ["nan-input"]
            assert not diagnose(*wide, where=where, **options)


def test_values_are_those_of_the_losses():
    report = diagnose(STUDENT, TOP, indices=INDICES, where=ROWS)
    assert_allclose(
        [report.values[name] for name in ("sum", "batchmean", "mean")],
        [
            sparse_kl_div_with_logits(STUDENT, INDICES, TOP, where=ROWS, reduction=name)
            for name in ("sum", "batchmean", "mean")
        ],
    )
    report = diagnose(STUDENT, TEACHER, weight=SAME, bias=np.ones(5))
    expected = linear_kl_div(STUDENT, SAME, TEACHER, reduction="mean")
    assert_allclose(report.values["mean"], expected)
    assert report.input_is == report.target_is == "logits"


def test_axis_may_be_any_and_tensors_may_be_learned():
    usable("torch")
    torch = library("torch")
    student, target = (torch.tensor(one.T.copy()) for one in (STUDENT, TOP))
    indices = torch.tensor(INDICES.T.copy())
    student[2, 1] = math.nan
    found = raised(
        sparse_kl_div_with_logits, student.requires_grad_(), indices, target, axis=0
    ).report
    assert [(one.code, one.index) for one in found.findings] == [("nan-input", (2, 1))]
    with checking():
        where = torch.tensor([True, False, True, True])
        loss = sparse_kl_div_with_logits(student, indices, target, axis=0, where=where)
    assert torch.isfinite(loss.detach())


def test_no_logits_of_all_tokens_are_made(monkeypatch):
    from kldiv_xp.diagnosis import made_logits

    shapes = []

    def recorded(*arguments):
        found = logits_of(*arguments)
        shapes.append(found.shape)
        return found

    logits_of = made_logits.logits_of
    monkeypatch.setattr("kldiv_xp.diagnosis.sample_blocks.SAMPLE_BLOCK_ELEMENTS", 10)
    monkeypatch.setattr(made_logits, "logits_of", recorded)
    with checking():
        linear_kl_div(STUDENT, SAME, TEACHER)
    assert set(shapes) == {(2, 5)}


WRONG = [
    (
        {"weight": SAME, "input_is": "probabilities"},
        "`input_is` must be 'logits' where `indices` or `weight` name a loss of logits; got "
        "'probabilities': leave it out.",
    ),
    (
        {"bias": np.ones(5)},
        "`bias`, `target_weight` and `target_bias` must come with `weight`; got none: pass the "
        "weight of the student's last layer, and hidden states as `input`.",
    ),
    (
        {"weight": SAME, "axis": 0},
        "`axis` must be left out where `weight` makes logits, of whose last axis they are; got 0: "
        "move the axis of the hidden states to the end.",
    ),
]


@pytest.mark.parametrize(("options", "sentence"), WRONG)
def test_options_that_do_not_go_together_are_refused(options, sentence):
    with pytest.raises(ValueError, match="must") as caught:
        diagnose(STUDENT, TEACHER, **options)
    assert str(caught.value) == sentence
