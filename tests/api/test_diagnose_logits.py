"""diagnose of logits: the values of the loss, its report, and options that are refused."""

import pytest
from api.checked_logits import LOG_P, LOG_Q, ROWS, STUDENT, TEACHER, P, kl_div

from kldiv_xp import diagnose


@pytest.mark.few(32, 28)
@pytest.mark.parametrize("reduction", ["sum", "batchmean", "mean"])
@pytest.mark.parametrize("target_is", ["logits", "probabilities", "log_probabilities", None])
def test_values_are_those_of_the_loss_of_logits(holding_backend, reduction, target_is):
    target = {"probabilities": P, "log_probabilities": LOG_P}.get(target_is, TEACHER)
    operands = [holding_backend.array(one.reshape(2, 2, 5)) for one in (STUDENT, target)]
    where = holding_backend.array(ROWS.reshape(2, 2, 1)) != 0
    for options in ({}, {"where": where}):
        report = diagnose(*operands, input_is="logits", target_is=target_is, **options)
        assert not report
        loss = kl_div(*operands, target_is=target_is or "logits", reduction=reduction, **options)
        assert report.values[reduction] == pytest.approx(float(holding_backend.read(loss)))


def test_report_of_logits_says_so():
    report = diagnose(STUDENT.reshape(2, 2, 5), P.reshape(2, 2, 5), input_is="logits")
    total = kl_div(STUDENT, P, reduction="sum")
    assert str(report) == (
        "Found 1 mistake in operands of kl_div_with_logits, of shape (2, 2, 5), with "
        "distributions along axis 2, an input "
        "of logits and a target of logits.\n"
        f"1. `target` holds probabilities ({P[0, 0]:.6g} at (0, 0, 0)) where logits belong, whose "
        "softmax is taken: pass target_is='probabilities'.\n"
        f"The loss in nats: sum {total:.6g}, batchmean {total / 2:.6g}, mean {total / 4:.6g}; mean "
        "is batchmean divided by 2, and the divergence of a sample."
    )
    assert (report.input_is, report.target_is, report.log_target) == ("logits", "logits", False)
    plain = report.as_dict()
    assert (plain["input_is"], plain["target_is"]) == ("logits", "logits")


def test_report_of_log_probabilities_says_what_it_said():
    report = diagnose(LOG_Q, LOG_P, target_is="log_probabilities")
    assert not report
    assert (report.input_is, report.target_is) == ("log_probabilities", "log_probabilities")
    assert report.log_target
    assert report == diagnose(LOG_Q, LOG_P, log_target=True)


@pytest.mark.parametrize(
    ("options", "kind", "sentence"),
    [
        (
            {"input_is": "probability"}, ValueError,
            "`input_is` must be one of 'log_probabilities', 'probabilities', 'logits'; got "
            "'probability': did you mean 'probabilities'?",
        ),
        (
            {"target_is": 1}, ValueError,
            "`target_is` must be one of 'logits', 'probabilities', 'log_probabilities'; got 1.",
        ),
        (
            {"target_is": "logits"}, ValueError,
            "`target_is` must be 'probabilities' or 'log_probabilities' where `input` holds "
            "log-probabilities; got 'logits': pass input_is='logits', which log-probabilities are "
            "as well.",
        ),
        (
            {"log_target": True, "input_is": "logits"}, ValueError,
            "`log_target` must be left out where input_is='logits' and target_is=None; got True: "
            "pass target_is='log_probabilities' for log-probabilities.",
        ),
        (
            {"log_target": True, "target_is": "probabilities"}, ValueError,
            "`log_target` must be left out where input_is='log_probabilities' and "
            "target_is='probabilities'; got True: pass target_is='log_probabilities' for "
            "log-probabilities.",
        ),
        (
            {"input_is": "logits", "axis": (0, 1)}, TypeError,
            "`axis` must be an int, the axis of one distribution; got (0, 1): reshape the "
            "operands, so that a distribution lies along one axis.",
        ),
    ],
)  # fmt: skip
def test_options_that_do_not_go_together_are_refused(options, kind, sentence):
    with pytest.raises(kind) as caught:
        diagnose(LOG_Q, LOG_P, **options)
    assert str(caught.value) == sentence
