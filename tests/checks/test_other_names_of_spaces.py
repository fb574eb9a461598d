"""Spaces by other libraries' options: what is told gives the right number."""

import numpy as np
import pytest
from checks.every_function import CLASSES
from checks.followed_options import (
    LOG_P,
    LOG_Q,
    LOGITS,
    OF_LOGITS,
    OF_TABLES,
    OF_TARGETS,
    SMOOTHED,
    TEACHER,
    P,
    Q,
    divergence,
    log_softmax,
    of_logits,
    parameters_of,
    sum_of,
    told_for,
)
from numpy.testing import assert_allclose

import kldiv_xp


@pytest.mark.parametrize("log_target", [False, True])
@pytest.mark.parametrize("name", OF_TABLES)
def test_smoothed_probabilities_are_no_logarithms(name, log_target):
    told = told_for(name, "label_smoothing", 0.1, log_target=log_target)
    assert told == (
        "leave it out, and pass the smoothed probabilities as `target`, with log_target=False"
    )
    found = sum_of(name, LOG_Q, SMOOTHED, log_target=False)
    assert_allclose(found, divergence(name, LOG_Q, SMOOTHED))


@pytest.mark.parametrize("name", OF_LOGITS)
def test_smoothed_probabilities_are_told_as_such_to_losses_of_logits(name):
    assert told_for(name, "smoothing", 0.1) == (
        "leave it out, and pass the smoothed probabilities as `target`, with "
        "target_is='probabilities'"
    )
    found = sum_of(name, LOGITS, SMOOTHED, target_is="probabilities")
    assert_allclose(found, divergence(name, LOG_Q, SMOOTHED))


@pytest.mark.parametrize("end", ["", "_gradient"])
def test_smoothed_probabilities_belong_to_all_classes(end):
    assert told_for(f"sparse_kl_div_with_logits{end}", "label_smoothing", 0.1) == (
        f"call kl_div_with_logits{end}, which takes the smoothed probabilities of all classes as "
        "`target`, with target_is='probabilities'"
    )
    name = f"linear_kl_div{end}"
    assert told_for(name, "label_smoothing", 0.1) == (
        "leave it out, and pass the smoothed probabilities as `target`, with "
        "target_is='probabilities', and neither `indices` nor `target_weight`"
    )
    found = sum_of(name, LOGITS, np.eye(5), SMOOTHED, target_is="probabilities")
    assert_allclose(found, divergence(name, LOG_Q, SMOOTHED))


@pytest.mark.parametrize("option", ["from_logits", "is_logits"])
@pytest.mark.parametrize("name", OF_TABLES)
def test_logits_are_told_with_what_the_target_is(name, option):
    told = told_for(name, option, True)  # noqa: FBT003
    assert told == f"pass logits to {of_logits(name)}, with {OF_TARGETS}"
    for target, space in ((P, "probabilities"), (LOG_P, "log_probabilities")):
        found = sum_of(of_logits(name), LOGITS, target, target_is=space)
        assert_allclose(found, divergence(name, LOG_Q, P))


@pytest.mark.parametrize("option", ["T", "temperature", "tau"])
@pytest.mark.parametrize("name", OF_TABLES)
def test_a_temperature_is_told_with_what_the_operands_are(name, option):
    assert told_for(name, option, 2.0) == (
        f"pass logits to {of_logits(name)}, with temperature=2.0, where both operands are logits "
        "unless target_is says 'probabilities' or 'log_probabilities'"
    )
    found = sum_of(of_logits(name), LOGITS, TEACHER, temperature=2.0)
    tempered = log_softmax(LOGITS / 2), np.exp(log_softmax(TEACHER / 2))
    assert_allclose(found, 4 * divergence(name, *tempered))


@pytest.mark.parametrize("target_is", ["logits", "probabilities", "log_probabilities"])
@pytest.mark.parametrize("name", [*OF_LOGITS, "sparse_kl_div_with_logits"])
def test_probabilities_of_losses_of_logits_keep_what_the_target_is(name, target_is):
    told = told_for(name, "from_logits", False, target_is=target_is)  # noqa: FBT003
    assert told == (
        f"pass the logarithm of the probabilities as `input`, which is logits, and {OF_TARGETS}"
    )
    if name.startswith("sparse"):
        return
    for target, space in ((P, "probabilities"), (LOG_P, "log_probabilities")):
        found = sum_of(name, np.log(Q), target, target_is=space)
        assert_allclose(found, divergence(name, LOG_Q, P))


@pytest.mark.parametrize("name", [one for one in OF_TABLES if "Loss" not in one])
def test_probabilities_of_losses_of_tables_are_told(name):
    told = told_for(name, "from_logits", False)  # noqa: FBT003
    assert told == "pass log_input=False, with probabilities as `input`"
    assert_allclose(sum_of(name, Q, P, log_input=False), divergence(name, LOG_Q, P))


@pytest.mark.parametrize("name", [one for one in OF_TABLES if "Loss" not in one])
def test_student_logits_are_told_with_what_the_target_is(name):
    told = told_for(name, "student_logits", LOGITS)
    assert told == (
        f"pass logits to {of_logits(name)}, where `target` is logits too unless target_is says "
        "'probabilities' or 'log_probabilities'"
    )


@pytest.mark.parametrize("class_name", [one for one in CLASSES if "With" not in one])
def test_a_call_of_a_class_makes_the_class_with_its_own_options_alone(class_name):
    loss, logits = getattr(kldiv_xp, class_name)(), of_logits(class_name)
    for option, value, remedy in (
        ("T", 2.0, f"pass logits to {logits}, with temperature=2.0, where both"),
        ("from_logits", True, f"pass logits to {logits}, with target_is='probabilities', or"),
        ("smoothing", 0.1, f"as `target`, and make {class_name} with log_target=False."),
    ):
        with pytest.raises(TypeError) as caught:
            loss(LOG_Q, P, **{option: value})
        assert remedy in str(caught.value)


@pytest.mark.parametrize("name", OF_TABLES)
def test_spaces_by_other_words_are_told_by_the_switch(name):
    for value, told in (
        ("softmax", "pass log_target=False"),
        ("log_softmax", "pass log_target=True"),
        ("scores", f"pass logits to {of_logits(name)}"),
    ):
        assert told_for(name, "target_is", value) == told
    assert told_for(name, "input_is", "softmax") == "pass log_input=False"
    assert told_for(name, "input_is", "log_softmax") == "leave it out"
    assert_allclose(sum_of(name, LOG_Q, LOG_P, log_target=True), divergence(name, LOG_Q, P))


@pytest.mark.parametrize("class_name", CLASSES)
def test_nothing_in_a_call_of_a_class_is_left_out(class_name):
    for option in parameters_of(class_name):
        with pytest.raises(TypeError, match=rf"takes no `{option}`; got None: leave it out\.$"):
            getattr(kldiv_xp, class_name)()(LOG_Q, P, **{option: None})
