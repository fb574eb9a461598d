"""Each usual mistake is found in every library, with its place, its value and its remedy."""

import json
import math
import tracemalloc

import numpy as np
import pytest
from conftest import EVERY
from words import words

from kldiv_xp import KLDivInputError, Report, checking, diagnose, kl_div, kl_div_gradient
from kldiv_xp.diagnosis.findings import allowance, smallest_normal

RNG = np.random.default_rng(0)


def softmax(logits, axis=-1):
    exponentials = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


LOGITS = 2 * RNG.standard_normal((6, 5))
Q, P = softmax(LOGITS), softmax(RNG.standard_normal((6, 5)))
LOG_Q, LOG_P = np.log(Q), np.log(P)


def changed(array, *places):
    """The array with some entries replaced."""
    array = array.copy()
    for place, value in places:
        array[place] = value
    return array


def only(report):
    (finding,) = report.findings
    return finding


# What is found: code, operands, options, where, value, count, and the sentence.
MISTAKES = [
    (
        "swapped",
        (P, LOG_Q),
        {},
        ((0, 0), P[0, 0], 30),
        f"`input` holds probabilities ({P[0, 0]:.6g} at (0, 0)) and `target` their logarithms, so "
        "the arguments seem to be swapped: pass the log-probabilities first.",
    ),
    (
        "probabilities-as-input",
        (Q, P),
        {},
        ((0, 0), Q[0, 0], 30),
        f"`input` holds probabilities ({Q[0, 0]:.6g} at (0, 0)) where their logarithms belong: "
        "pass log_softmax of the logits, or {log}.",
    ),
    (
        "probabilities-as-input",
        (Q, LOG_P),
        {"log_target": True},
        ((0, 0), Q[0, 0], 30),
        f"`input` holds probabilities ({Q[0, 0]:.6g} at (0, 0)) where their logarithms belong: "
        "pass log_softmax of the logits, or {log}.",
    ),
    (
        "logits-as-input",
        (changed(-np.ones((6, 5)), ((2, 3), 4.0)), P),
        {},
        ((2, 3), 4.0, 1),
        "`input` is 4 at (2, 3), which is no logarithm of a probability, and exp(input) adds up "
        "to 1.8394 along axis 1: these look like raw logits, so call "
        "kl_div_with_logits(input, target, axis=1, target_is='probabilities'), or take "
        "{log_softmax}.",
    ),
    (
        "logits-as-target",
        (LOG_Q, changed(LOG_P, ((5, 0), 3.0))),
        {"log_target": True},
        ((5, 0), 3.0, 1),
        "`target` is 3 at (5, 0), which is no logarithm of a probability, and exp(target) adds "
        f"up to {math.exp(3) + 1 - P[5, 0]:.6g} along axis 1: these look like raw logits, so "
        "call kl_div_with_logits(input, target, axis=1, target_is='logits'), or take "
        "{log_softmax}.",
    ),
    (
        "log-probabilities-as-target",
        (LOG_Q, LOG_P),
        {},
        ((0, 0), LOG_P[0, 0], 30),
        f"`target` holds log-probabilities ({LOG_P[0, 0]:.6g} at (0, 0)), but log_target=False "
        "says probabilities: pass log_target=True.",
    ),
    (
        "log-probabilities-as-input",
        (LOG_Q, P),
        {"log_input": False},
        ((0, 0), LOG_Q[0, 0], 30),
        f"`input` holds log-probabilities ({LOG_Q[0, 0]:.6g} at (0, 0)), but log_input=False says "
        "probabilities: leave log_input out.",
    ),
    (
        "swapped",
        (LOG_P, Q),
        {"log_input": False, "log_target": True},
        ((0, 0), LOG_P[0, 0], 30),
        f"`input` holds log-probabilities ({LOG_P[0, 0]:.6g} at (0, 0)) and `target` "
        "probabilities, so the arguments seem to be swapped: pass the probabilities first.",
    ),
    (
        "logits-as-input",
        (changed(Q, ((2, 3), -4.0), ((2, 0), 0.5), ((2, 1), 0.5), ((2, 2), 0.5), ((2, 4), 0.5)), P),
        {"log_input": False},
        ((2, 3), -4.0, 1),
        "`input` is -4 at (2, 3), which is no probability, and `input` adds up to -2 along axis 1: "
        "these look like raw logits, so call "
        "kl_div_with_logits(input, target, axis=1, target_is='probabilities'), or take {softmax}.",
    ),
    (
        "not-normalised",
        (changed(Q, ((1, 1), Q[1, 1] + 1)), P),
        {"log_input": False},
        ((1,), 2.0, 1),
        "`input` adds up to 2, not 1, at (1,) along axis 1, and is off in 1 of 6 samples: divide "
        "it by its sum, {normalised}.",
    ),
    (
        "zero-support",
        (
            changed(Q, ((3, 2), 0.0), ((3, 0), Q[3, 0] + Q[3, 2])),
            P,
        ),
        {"log_input": False},
        ((3, 2), P[3, 2], 1),
        f"`input` is 0 at (3, 2), where the probability of target is {P[3, 2]:.6g}, and at 1 entry "
        "in all, which makes the loss infinite: give these entries some probability, or leave "
        "them out with where=.",
    ),
    (
        "probabilities-as-log-target",
        (LOG_Q, P),
        {"log_target": True},
        ((0, 0), P[0, 0], 30),
        f"`target` holds probabilities ({P[0, 0]:.6g} at (0, 0)), but log_target=True says "
        "log-probabilities: leave log_target out.",
    ),
    (
        "not-normalised",
        (changed(LOG_Q, (4, LOG_Q[4] - 1)), P),
        {},
        ((4,), math.exp(-1), 1),
        "exp(input) adds up to 0.367879, not 1, at (4,) along axis 1, and is off in 1 of 6 "
        "samples: take log_softmax of it, {log_softmax}.",
    ),
    (
        "not-normalised",
        (LOG_Q, 3 * P),
        {},
        ((0,), 3.0, 6),
        "`target` adds up to 3, not 1, at (0,) along axis 1, and is off in 6 of 6 samples: divide "
        "it by its sum, {normalised}.",
    ),
    (
        "not-normalised",
        (LOG_Q, LOG_P - 2),
        {"log_target": True},
        ((0,), math.exp(-2), 6),
        "exp(target) adds up to 0.135335, not 1, at (0,) along axis 1, and is off in 6 of 6 "
        "samples: take log_softmax of it, {log_softmax}.",
    ),
    (
        "negative-target",
        (LOG_Q, changed(P, ((1, 2), -0.25), ((3, 0), -0.5))),
        {},
        ((1, 2), -0.25, 2),
        "`target` is -0.25 at (1, 2) and negative in 2 entries, which makes the loss NaN: pass "
        "probabilities, e.g. softmax of the logits, {softmax}.",
    ),
    (
        "nan-input",
        (changed(LOG_Q, ((2, 1), np.nan)), P),
        {},
        ((2, 1), math.nan, 1),
        "`input` is nan at (2, 1) and at 1 entry in all, which makes the loss NaN: find out where "
        "it comes from, or leave it out with where=.",
    ),
    (
        "nan-target",
        (LOG_Q, changed(P, ((2, 1), np.nan), ((5, 4), np.nan))),
        {},
        ((2, 1), math.nan, 2),
        "`target` is nan at (2, 1) and at 2 entries in all, which makes the loss NaN: find out "
        "where it comes from, or leave it out with where=.",
    ),
]


@pytest.mark.parametrize(("code", "operands", "options", "expected", "sentence"), MISTAKES)
def test_mistake_is_found(holding_backend, code, operands, options, expected, sentence):
    report = diagnose(*map(holding_backend.array, operands), **options)
    finding = only(report)
    where, value, count = expected
    assert (finding.code, finding.where, finding.count) == (code, where, count)
    assert finding.value == pytest.approx(value, rel=1e-6, nan_ok=True)
    named = {
        word: words(holding_backend, word, finding.operand, axis=1)
        for word in ("log", "softmax", "log_softmax", "normalised")
    }
    assert str(finding) == finding.message == sentence.format(**named)
    assert report


def test_two_tables_are_left_in_peace_and_the_report_says_what_they_are():
    report = diagnose(Q, P, log_input=False)
    assert not report
    assert report.input_is == report.as_dict()["input_is"] == "probabilities"
    assert str(report).startswith(
        "Found nothing in operands of shape (6, 5), with distributions along 1, an input of "
        "probabilities and a target of probabilities."
    )
    assert report.values["sum"] == pytest.approx(float(diagnose(LOG_Q, P).values["sum"]))
    assert diagnose(Q, P, input_is="probabilities") == report
    more = diagnose(Q, 2 * P, log_input=False, generalized=True)
    assert not more
    assert more.values["sum"] > 0
    with checking():
        kl_div(Q, P, reduction="sum", log_input=False)
        kl_div_gradient(2 * Q, P, reduction="sum", log_input=False, generalized=True)
        with pytest.raises(KLDivInputError, match="leave log_input out"):
            kl_div(LOG_Q, P, reduction="sum", log_input=False)
    with pytest.raises(KLDivInputError, match="leave log_input out"):
        kl_div(LOG_Q, P, reduction="sum", log_input=False, check=True)
    kl_div(LOG_Q, P, reduction="sum", check=True)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"log_input": False, "input_is": "logits"},
            "`log_input` must be left out where input_is='logits'; got False: pass "
            "input_is='probabilities' for probabilities.",
        ),
        (
            {"log_input": False, "target_is": "logits"},
            "`target_is` must be 'probabilities' or 'log_probabilities' where `input` holds "
            "probabilities; got 'logits': pass input_is='logits' and log(input), which is logits "
            "as well.",
        ),
        (
            {"generalized": True, "input_is": "logits"},
            "`generalized` must be left out where input_is='logits'; got True: the softmax of "
            "logits adds up to 1, so that it changes nothing.",
        ),
    ],
)
def test_options_that_contradict_each_other_are_refused(options, sentence):
    with pytest.raises(ValueError, match="must be") as caught:
        diagnose(Q, P, **options)
    assert str(caught.value) == sentence


def test_right_operands_are_left_in_peace(holding_backend):
    make = holding_backend.array
    for report in (
        diagnose(make(LOG_Q), make(P)),
        diagnose(make(LOG_Q), make(LOG_P), log_target=True),
        diagnose(make(LOG_Q.T), make(P.T), axis=0),
        diagnose(make(LOG_Q.T), make(P.T), axis=-2),
    ):
        assert not report
        assert report.findings == ()


@pytest.mark.cases(8)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("size", [2, 300, 20_000])
def test_rounding_of_small_types_is_no_mistake(holding_backend, dtype, size):
    logits = np.random.default_rng(size).standard_normal((3, size))
    log_q = holding_backend.array(np.log(softmax(logits)), dtype)
    log_p = holding_backend.array(np.log(softmax(-logits)), dtype)
    assert not diagnose(log_q, log_p, log_target=True)
    p = holding_backend.array(softmax(-logits), dtype)
    assert {one.code for one in diagnose(log_q, p).findings} <= {"underflow"}


def test_logits_without_a_positive_entry_are_not_normalised(holding_backend):
    make = holding_backend.array
    finding = only(diagnose(make(-np.abs(LOGITS) - 2), make(P)))
    assert finding.code == "not-normalised"
    remedy = words(holding_backend, "log_softmax", "input", axis=1)
    assert finding.message.endswith(f"take log_softmax of it, {remedy}.")


def test_the_axis_along_which_it_adds_up_is_named(holding_backend):
    make = holding_backend.array
    finding, other = diagnose(make(LOG_Q.T), make(P.T)).findings
    assert (finding.code, finding.operand, finding.where) == ("not-normalised", "input", (0,))
    assert finding.message.endswith("pass axis=0, along which it does, or transpose the operands.")
    assert (other.code, other.operand) == ("not-normalised", "target")
    assert other.message.endswith("pass axis=0, along which it does, or transpose the operands.")


def test_infinities_are_found_where_they_do_harm(holding_backend):
    make = holding_backend.array
    log_q = changed(np.log(softmax(LOGITS)), (0, [-np.inf, 0, -np.inf, -np.inf, -np.inf]))
    p = changed(P, (0, [0.25, 0.75, 0, 0, 0]))
    finding = only(diagnose(make(log_q), make(p)))
    assert (finding.code, finding.where, finding.value, finding.count) == (
        "zero-support", (0, 0), 0.25, 1,
    )  # fmt: skip
    assert finding.message == (
        "`input` is -inf at (0, 0), where the probability of target is 0.25, and at 1 entry in "
        "all, which makes the loss infinite: give these entries some probability, or leave them "
        "out with where=."
    )


def test_log_target_without_probability_needs_no_support(holding_backend):
    make = holding_backend.array
    log_q = changed(LOG_Q, (0, [-np.inf, 0, -np.inf, -np.inf, -np.inf]))
    log_p = changed(LOG_P, (0, [np.log(0.25), np.log(0.75), -np.inf, -np.inf, -np.inf]))
    finding = only(diagnose(make(log_q), make(log_p), log_target=True))
    assert (finding.code, finding.count) == ("zero-support", 1)


@pytest.mark.parametrize("log_target", [False, True])
def test_positive_infinity_is_found_in_both(holding_backend, log_target):
    make = holding_backend.array
    log_q, target = changed(LOG_Q, ((1, 1), np.inf)), LOG_P if log_target else P
    found = diagnose(make(log_q), make(target), log_target=log_target).findings
    assert [one.code for one in found] == ["logits-as-input", "infinite-input"]
    assert found[1].where == (1, 1)
    target = changed(target, ((2, 4), np.inf))
    found = diagnose(make(LOG_Q), make(target), log_target=log_target).findings
    assert found[-1].code == "infinite-target"
    assert found[-1].message == (
        "`target` is inf at (2, 4) and at 1 entry in all, which neither a probability nor its "
        "logarithm is: find out where it comes from, or leave it out with where=."
    )


@pytest.mark.only_where(lambda holding_backend: "float16" in EVERY[holding_backend].dtypes)
def test_target_that_underflows_in_its_type_is_found(holding_backend):
    p = np.asarray([[0.5, 0.5 - 1e-6, 1e-6]])
    operands = [holding_backend.array(one, "float16") for one in (np.log(p), p)]
    finding = only(diagnose(*operands))
    assert (finding.code, finding.where, finding.count) == ("underflow", (0, 2), 1)
    assert finding.message == (
        "`target` is 1.01e-06 at (0, 2) and in 1 entry in all too small for its type to hold all "
        "digits: keep the target in float32, or pass its logarithm with log_target=True."
    )
    assert not diagnose(*(holding_backend.array(one, "float32") for one in (np.log(p), p)))


def test_several_mistakes_come_in_the_order_of_their_gravity(holding_backend):
    make = holding_backend.array
    log_q = changed(LOG_Q, ((0, 0), np.nan), ((3, 1), -np.inf))
    target = changed(2 * P, ((5, 4), np.nan))
    found = [one.code for one in diagnose(make(log_q), make(target)).findings]
    assert found == ["not-normalised", "not-normalised", "zero-support", "nan-input", "nan-target"]


# Shapes


@pytest.mark.parametrize("axis", [0, 1, 2, -1, (0, 2), (1, 2), (0, 1, 2)])
def test_places_are_those_of_the_operands_for_any_axis(holding_backend, axis):
    make = holding_backend.array
    axes = axis if isinstance(axis, tuple) else (axis,)
    q = RNG.random((3, 4, 5)) + 0.1
    q = q / q.sum(axis=axes, keepdims=True)
    assert not diagnose(make(np.log(q)), make(q), axis=axis)
    target = changed(q, ((2, 1, 3), -0.125), ((2, 2, 0), -0.5))
    finding = only(diagnose(make(np.log(q)), make(target), axis=axis))
    assert (finding.code, finding.count) == ("negative-target", 2)
    assert finding.where in {(2, 1, 3), (2, 2, 0)}
    assert finding.value == target[finding.where]
    off = np.log(q)
    index = tuple(slice(None) if place in {one % 3 for one in axes} else 2 for place in range(3))
    off[index] -= 1
    finding = only(diagnose(make(off), make(q), axis=axis))
    assert finding.where == (2,) * (3 - len(axes))
    assert finding.count == 1


@pytest.mark.parametrize("shape", [(), (0,), (0, 4), (4, 0), (1,), (7,)])
def test_small_shapes_are_fine(holding_backend, shape):
    q = np.full(shape, 1 / (shape[-1] if shape and shape[-1] else 1))
    report = diagnose(*(holding_backend.array(one) for one in (np.log(q), q)))
    assert not report
    assert report.shape == shape


def test_zero_dimensional_operands_have_no_samples(holding_backend):
    report = diagnose(holding_backend.array(-1.0), holding_backend.array(np.nan))
    assert only(report).code == "nan-target"
    assert only(report).where == ()


@pytest.mark.parametrize("elements", [1, 2, 3, 5, 8, 30, 59])
def test_blocks_change_nothing(holding_backend, monkeypatch, elements):
    q = RNG.random((3, 4, 5)) + 0.1
    q = q / q.sum(axis=(1, 2), keepdims=True)
    log_q = changed(np.log(q), ((0, 0, 2), np.nan), ((2, 3, 4), -np.inf))
    target = changed(q, ((1, 2, 3), 0.7), ((2, 0, 0), np.nan))
    make = holding_backend.array
    expected = diagnose(make(log_q), make(target), axis=(1, 2))
    monkeypatch.setattr("kldiv_xp.diagnosis.sample_blocks.ELEMENTS", elements)
    found = diagnose(make(log_q), make(target), axis=(1, 2))
    assert [one.code for one in found.findings] == [one.code for one in expected.findings]
    assert [one.where for one in found.findings] == [one.where for one in expected.findings]
    assert [one.count for one in found.findings] == [one.count for one in expected.findings]
    assert [one.code for one in found.findings] == [
        "not-normalised", "not-normalised", "zero-support", "nan-input", "nan-target",
    ]  # fmt: skip


# Masks


def mask(backend, values):
    array = backend.array(np.asarray(values, dtype="float64"))
    return array != 0


def test_what_is_not_selected_is_not_looked_at(holding_backend):
    make = holding_backend.array
    log_q = changed(LOG_Q, ((1, 1), np.nan), ((2, 0), np.inf))
    target = changed(P, ((1, 0), -3.0), ((2, 4), np.nan))
    rows = np.arange(6)[:, None] // 1 % 6
    selected = mask(holding_backend, (rows != 1) & (rows != 2) & np.ones((6, 5), dtype=bool))
    assert diagnose(make(log_q), make(target))
    assert not diagnose(make(log_q), make(target), where=selected)


def test_samples_with_a_gap_are_not_added_up(holding_backend):
    make = holding_backend.array
    gap = np.ones((6, 5))
    gap[3, 2] = 0
    target = changed(P, (3, 2 * P[3]))
    assert diagnose(make(LOG_Q), make(target)).findings[0].where == (3,)
    assert not diagnose(make(LOG_Q), make(target), where=mask(holding_backend, gap))
    # The next sample is whole, and is added up.
    target[4] *= 2
    finding = only(diagnose(make(LOG_Q), make(target), where=mask(holding_backend, gap)))
    assert finding.where == (4,)


def test_mask_of_samples_is_spread_over_them(holding_backend):
    make = holding_backend.array
    rows = mask(holding_backend, [[1], [0], [1], [1], [1], [1]])
    target = changed(P, (1, np.nan))
    assert not diagnose(make(LOG_Q), make(target), where=rows)


# What has no values


def test_integers_are_found_with_the_words_of_the_loss(holding_backend):
    xp_array = holding_backend.array(P)
    labels = xp_array > 0.5
    report = diagnose(holding_backend.array(LOG_Q), labels)
    finding = only(report)
    assert (finding.code, finding.operand, finding.where) == ("dtype", "target", None)
    assert finding.message.startswith("`target` must have a real floating-point dtype; got ")
    remedy = words(holding_backend, "as_float", "target")
    assert finding.message.endswith(f"bool: convert it with {remedy}.")
    assert report.values == {}


def test_labels_are_recognised():
    report = diagnose(LOG_Q, np.asarray([0, 1, 2, 3, 4, 0]))
    dtype, shape = report.findings
    remedy = (
        "class labels become probabilities by numpy.eye(5)[target.astype(int)], which "
        "kl_div_with_logits takes with target_is='probabilities'."
    )
    assert dtype.message == (f"`target` must have a real floating-point dtype; got int64: {remedy}")
    assert shape.code == "shape"
    assert shape.message == (
        f"`input` and `target` must have the same shape; got (6, 5) and (6,): {remedy}"
    )
    assert str(report).startswith("Found 2 mistakes in operands of shape (6, 5)")


@pytest.mark.parametrize(("input", "target"), [([1.0], P), (LOG_Q, None)])
def test_what_is_no_array_raises(input, target):
    with pytest.raises(TypeError, match="must be an array"):
        diagnose(input, target)


def test_bad_options_raise():
    with pytest.raises(TypeError, match="`log_target` must be True or False; got 1"):
        diagnose(LOG_Q, P, log_target=1)
    with pytest.raises(ValueError, match="`axis` must name axes of the operands"):
        diagnose(LOG_Q, P, axis=2)


def test_traced_arrays_have_no_values_to_read():
    jax = pytest.importorskip("jax", reason="jax is not installed")
    with pytest.raises(TypeError, match="A diagnosis reads values") as caught:
        jax.jit(lambda x, p: diagnose(x, p).values["sum"])(LOG_Q, P)
    assert str(caught.value).endswith(
        "Tracer has none to read: call it on arrays that hold values, outside of what is traced "
        "or transformed."
    )


def test_meta_tensors_have_no_values_to_read():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    empty = torch.empty((2, 3), device="meta")
    with pytest.raises(TypeError, match="Tensor has none to read"):
        diagnose(empty, empty)


def test_unknown_shape_is_told_in_a_sentence():
    da = pytest.importorskip("dask.array", reason="dask is not installed")
    array = da.from_array(LOG_Q, chunks=(3, 5))
    array = array[array[:, 0] < 0]
    with pytest.raises(ValueError, match="needs to know the shape") as caught:
        diagnose(array, array)
    assert str(caught.value) == (
        "A diagnosis needs to know the shape of `input`; got (None, 5): compute it first (Dask: "
        "compute_chunk_sizes())."
    )


def test_tensors_that_want_a_gradient_are_diagnosed_without_one():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    log_q = torch.tensor(LOG_Q, requires_grad=True)
    report = diagnose(log_q, torch.tensor(LOG_P), log_target=False)
    assert only(report).code == "log-probabilities-as-target"
    assert log_q.grad is None


# The report


def test_values_are_those_of_the_loss():
    values = diagnose(LOG_Q, P).values
    total = float(np.sum(P * (LOG_P - LOG_Q)))
    assert values == pytest.approx({"sum": total, "batchmean": total / 6, "mean": total / 30})


def test_values_of_a_masked_loss_count_what_is_selected():
    mask = np.zeros(P.shape, dtype=bool)
    mask[0, :3] = True
    values = diagnose(LOG_Q, P, where=mask).values
    total = float(np.sum((P * (LOG_P - LOG_Q))[mask]))
    assert values == pytest.approx({"sum": total, "batchmean": total / 6, "mean": total / 3})


@pytest.mark.parametrize(
    ("dtype", "size", "tolerance"),
    [
        ("float64", 10**6, 1e-4),
        ("float32", 10**12, 1e-4),
        ("float16", 1, 8 * 2**-10),
        ("float16", 2, 8 * 2**-10 * (1 + math.log(2))),
        ("float16", 0, 8 * 2**-10),
        ("float16", 10**6, 0.1),
    ],
)
def test_sums_are_allowed_what_their_dtype_explains(dtype, size, tolerance):
    operand = np.broadcast_to(np.zeros((), dtype), (1, size))
    assert allowance(np, operand, operand, (1,)) == pytest.approx(tolerance, rel=1e-12)
    wide = operand.astype("float64") if size < 10 else operand
    assert allowance(np, wide, operand, (1,)) == allowance(np, operand, wide, (1,))


@pytest.mark.parametrize(
    ("dtype", "expected"), [("float16", 2.0**-14), ("float32", 0.0), ("float64", 0.0)]
)
def test_underflow_is_a_matter_of_16_bits(dtype, expected):
    assert smallest_normal(np, np.zeros(1, dtype)) == expected


def test_types_and_shapes_are_found_once_each():
    report = diagnose(np.zeros((2, 3), dtype="int64"), np.zeros((2, 4)))
    assert [(one.code, one.count) for one in report.findings] == [("dtype", 1), ("shape", 1)]


def test_report_is_printed_in_lines():
    report = diagnose(np.log([[0.25, 0.75]]), np.asarray([[-0.5, 1.5]]))
    assert str(report) == (
        "Found 1 mistake in operands of shape (1, 2), with distributions along 1 and a target of "
        "probabilities.\n"
        "1. `target` is -0.5 at (0, 0) and negative in 1 entry, which makes the loss NaN: pass "
        "probabilities, e.g. softmax of the logits, numpy.exp(target) / "
        "numpy.sum(numpy.exp(target), axis=1, keepdims=True).\n"
        "The loss in nats: sum nan, batchmean nan, mean nan; mean is batchmean divided by 2, and "
        "not the divergence."
    )


def test_report_without_findings_is_false_and_says_so():
    report = diagnose(np.log([0.25, 0.75]), np.log([0.5, 0.5]), log_target=True)
    assert isinstance(report, Report)
    assert not report
    assert str(report) == (
        "Found nothing in operands of shape (2,), with distributions along 0 and a target of "
        "log-probabilities.\n"
        "The loss in nats: sum 0.143841, batchmean 0.0719205, mean 0.0719205."
    )


def test_report_is_plain_for_json():
    report = diagnose(np.log([[0.25, 0.75]]), np.asarray([[0.5, np.nan]]))
    plain = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert plain["values"] == {"sum": "nan", "batchmean": "nan", "mean": "nan"}
    assert plain["shape"] == [1, 2]
    assert plain["axis"] == [1]
    assert plain["log_target"] is False
    (finding,) = plain["findings"]
    assert finding == {
        "code": "nan-target",
        "operand": "target",
        "where": [0, 1],
        "value": "nan",
        "count": 1,
        "message": report.findings[0].message,
    }


def test_memory_is_bounded():
    log_q = np.broadcast_to(np.float32(-math.log(2000)), (10_000, 2000))
    tracemalloc.start()
    try:
        assert not diagnose(log_q, log_q, log_target=True)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20


def test_nothing_is_changed(holding_backend):
    log_q, p = map(holding_backend.array, (Q, P))
    diagnose(log_q, p)
    np.testing.assert_array_equal(holding_backend.read(log_q), Q)
    np.testing.assert_array_equal(holding_backend.read(p), P)
