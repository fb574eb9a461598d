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


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("loss", [*DENSE, "sparse_kl_div_with_logits"])
@pytest.mark.parametrize(("whose", "operand"), OPERANDS.items())
def test_temperature_of_one_operand_divides_that_one_or_is_that_of_both(loss, whose, operand, name):
    (other,) = OPERANDS.keys() - {whose}
    assert told_for(loss, f"{whose}_{name}", 0.5) == (
        f"pass temperature=0.5 if the {other} has the same temperature; if not, leave "
        f"`temperature` out, and pass {operand} / 0.5 as `{operand}`"
    )


def test_both_followed_give_the_loss_of_two_temperatures():
    log_q, log_p = log_softmax(STUDENT / 0.5), log_softmax(TEACHER / 0.25)
    expected = (np.exp(log_p) * (log_p - log_q)).sum() / 4
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
        "temperature; if not, leave `temperature` out, and pass target / 0.5 as `target`"
    )


def test_two_temperatures_in_one_are_told_apart():
    with pytest.raises(TypeError, match="temperature") as caught:
        kldiv_xp.kl_div_with_logits(STUDENT, TEACHER, temperature=(0.5, 0.25))
    assert str(caught.value).endswith(
        "pass one number, or call the loss once for each of several; if they are the student's "
        "and the teacher's, divide the logits of each instead."
    )
