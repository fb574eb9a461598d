"""Temperatures of the student and of the teacher: what is told, followed, is right."""

import numpy as np
import pytest
from checks.followed_options import told_for
from numpy.testing import assert_allclose

import kldiv_xp

RANDOM = np.random.default_rng(4)
STUDENT, TEACHER = RANDOM.normal(size=(2, 4, 7))
OPERANDS = {"student": "input", "teacher": "target"}
DENSE = ("kl_div_with_logits", "js_div_with_logits")
NAMES = ("temperature", "temp", "tau", "T")


def log_softmax(logits):
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


OWN = "leave `temperature` out, and divide each operand by its own: pass"
WHOLE = {
    "student": f"{OWN} input / 0.5 as `input`",
    "teacher": f"{OWN} target / 0.5 as `target`, or the logarithm of probabilities / 0.5, with "
    "target_is='logits'",
}
IN_PART = {
    **WHOLE,
    "teacher": f"{OWN} the log_softmax of all the teacher's logits / 0.5, at `indices`, as "
    "`target`",
}
TOLD = {**dict.fromkeys(DENSE, WHOLE), "sparse_kl_div_with_logits": IN_PART}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("loss", TOLD)
@pytest.mark.parametrize(("whose", "operand"), OPERANDS.items())
def test_temperature_of_one_operand_divides_that_one_or_is_that_of_both(loss, whose, operand, name):
    (other,) = OPERANDS.keys() - {whose}
    for given in (f"{whose}_{name}", f"{name}_{operand}", f"{name}_{whose[0]}"):
        assert told_for(loss, given, 0.5) == (
            f"pass temperature=0.5 if the {other} has the same temperature; if not, "
            f"{TOLD[loss][whose]}"
        )


def loss_of_two_temperatures(student, teacher):
    log_q, log_p = log_softmax(STUDENT / student), log_softmax(TEACHER / teacher)
    return (np.exp(log_p) * (log_p - log_q)).sum() / 4


def test_what_is_told_of_a_teacher_in_any_space_is_its_softmax_at_the_temperature():
    expected, whole = loss_of_two_temperatures(1.0, 0.5), log_softmax(TEACHER)
    for target in (TEACHER / 0.5, whole / 0.5, np.log(np.exp(whole)) / 0.5):
        found = kldiv_xp.kl_div_with_logits(STUDENT, target, target_is="logits")
        assert_allclose(found, expected, rtol=1e-12)
    indices = np.argsort(-TEACHER, -1)
    target = np.take_along_axis(log_softmax(TEACHER / 0.5), indices, -1)
    found = kldiv_xp.sparse_kl_div_with_logits(STUDENT, indices, target)
    assert_allclose(found, expected, rtol=1e-12)


def test_both_followed_give_the_loss_of_two_temperatures():
    expected = loss_of_two_temperatures(0.5, 0.25)
    found = kldiv_xp.kl_div_with_logits(STUDENT / 0.5, TEACHER / 0.25)
    assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("loss", DENSE)
def test_derivatives_are_divided_too(loss):
    told = told_for(f"{loss}_gradient", "student_temperature", 0.5)
    assert told.endswith("pass input / 0.5 as `input`, and divide their derivatives by 0.5")
    gradient = getattr(kldiv_xp, f"{loss}_gradient")
    found = gradient(STUDENT / 0.5, TEACHER)[0] / 0.5
    step = 1e-6 * RANDOM.normal(size=STUDENT.shape)
    moved = (getattr(kldiv_xp, loss)((STUDENT + sign * step) / 0.5, TEACHER) for sign in (1, -1))
    assert_allclose((found * step).sum(), np.subtract(*moved) / 2, rtol=1e-6)


def test_hidden_states_are_divided_with_their_bias():
    told = told_for("linear_kl_div", "student_temperature", 0.5)
    assert told.endswith("pass input / 0.5 as `input`, and bias / 0.5 as `bias`")
    weight, bias, states = RANDOM.normal(size=(7, 3)), RANDOM.normal(size=7), STUDENT[:, :3]
    found = kldiv_xp.linear_kl_div(states / 0.5, weight, TEACHER, bias=bias / 0.5)
    logits = (states @ weight.T + bias) / 0.5
    assert_allclose(found, kldiv_xp.kl_div_with_logits(logits, TEACHER), rtol=1e-12)


@pytest.mark.parametrize("loss", ["kl_div", "js_div"])
def test_losses_of_tables_are_told_the_loss_of_logits(loss):
    assert told_for(loss, "teacher_temperature", 0.5) == (
        f"pass logits to {loss}_with_logits, with temperature=0.5 if the student has the same "
        f"temperature; if not, {OWN} target / 0.5 as `target`"
    )


@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_a_beta_of_each_sample_is_no_other_loss(shape):
    with pytest.raises(TypeError, match="beta") as caught:
        kldiv_xp.js_div_with_logits(STUDENT, TEACHER, beta=np.full(shape, 0.3))
    told = str(caught.value).split(": ", 1)[1]
    assert told == "pass one number, or call the loss once for each of several."


def test_two_temperatures_in_one_are_told_apart():
    with pytest.raises(TypeError, match="temperature") as caught:
        kldiv_xp.kl_div_with_logits(STUDENT, TEACHER, temperature=(0.5, 0.25))
    assert str(caught.value).endswith(
        "pass one number, or call the loss once for each of several; if they are the student's "
        "and the teacher's, divide the logits of each instead."
    )
