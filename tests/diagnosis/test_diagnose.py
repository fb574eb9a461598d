"""Right operands have no findings, and wrong ones are found where they do harm."""

import math
import tracemalloc

import numpy as np
import pytest
from conftest import EVERY
from diagnosis.distributions import LOG_P, LOG_Q, LOGITS, P, Q, changed, only, softmax
from words import words

from kldiv_xp import KLDivInputError, checking, diagnose, kl_div, kl_div_gradient


def test_two_tables_are_left_in_peace_and_the_report_says_what_they_are():
    report = diagnose(Q, P, log_input=False)
    assert not report
    assert report.input_is == report.as_dict()["input_is"] == "probabilities"
    assert str(report).startswith(
        "Found nothing in operands of kl_div, of shape (6, 5), with distributions along axis 1, "
        "an input of "
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


@pytest.mark.cases(1, 7)
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
    assert (finding.code, finding.operand, finding.index) == ("not-normalised", "input", (0,))
    assert finding.message.endswith("pass axis=0, along which it does, or transpose the operands.")
    assert (other.code, other.operand) == ("not-normalised", "target")
    assert other.message.endswith("pass axis=0, along which it does, or transpose the operands.")


def test_infinities_are_found_where_they_do_harm(holding_backend):
    make = holding_backend.array
    log_q = changed(np.log(softmax(LOGITS)), (0, [-np.inf, 0, -np.inf, -np.inf, -np.inf]))
    p = changed(P, (0, [0.25, 0.75, 0, 0, 0]))
    finding = only(diagnose(make(log_q), make(p)))
    assert (finding.code, finding.index, finding.value, finding.count) == (
        "zero-support", (0, 0), 0.25, 1,
    )  # fmt: skip
    assert finding.message == (
        "`input` is -inf at (0, 0), where `target` is 0.25, and at 1 entry in "
        "all, which makes the loss infinite: give these entries some probability, or call js_div, "
        "which is finite there."
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
    assert found[1].index == (1, 1)
    target = changed(target, ((2, 4), np.inf))
    found = diagnose(make(LOG_Q), make(target), log_target=log_target).findings
    assert found[-1].code == "infinite-target"
    assert found[-1].message == (
        "`target` is inf at (2, 4) and at 1 entry in all, which neither a probability nor its "
        "logarithm is: find out where it comes from, or leave the sample out with where=."
    )


@pytest.mark.only_where(lambda holding_backend: "float16" in EVERY[holding_backend].dtypes)
def test_target_that_underflows_in_its_type_is_found(holding_backend):
    p = np.asarray([[0.5, 0.5 - 1e-6, 1e-6]])
    operands = [holding_backend.array(one, "float16") for one in (np.log(p), p)]
    finding = only(diagnose(*operands))
    assert (finding.code, finding.index, finding.count) == ("underflow", (0, 2), 1)
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
    assert found == ["nan-input", "nan-target", "not-normalised", "not-normalised", "zero-support"]


@pytest.mark.parametrize("name", ["input", "target"])
def test_an_infinite_logit_is_told_before_those_that_have_no_probability_beside_it(name):
    logits = {"input": LOG_Q, "target": LOG_Q}
    logits[name] = changed(LOG_Q, ((2, 1), np.inf))
    found = [one.code for one in diagnose(**logits, input_is="logits").findings]
    assert found[0] == f"infinite-{name}"


@pytest.mark.slow
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
