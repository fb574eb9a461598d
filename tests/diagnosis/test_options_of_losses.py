"""A diagnosis takes the options of the loss that it judges, names it and tells its value."""

import inspect

import numpy as np
import pytest
from numpy.testing import assert_allclose

import kldiv_xp
from kldiv_xp import KLDivInputError, checking, diagnose

RNG = np.random.default_rng(11)
STUDENT, TEACHER = RNG.normal(size=(2, 4, 3, 5))
LOG_Q, LOG_P = (
    one - np.log(np.exp(one).sum(-1, keepdims=True)) for one in (STUDENT, TEACHER / 2.0)
)
P = np.exp(LOG_P)
PLACES = np.argsort(-TEACHER, axis=-1)[..., :2].copy()
TOP = np.take_along_axis(LOG_P, PLACES, -1)
HIDDEN, WEIGHT = RNG.normal(size=(4, 3, 6)), RNG.normal(size=(5, 6))
ROWS = RNG.uniform(size=(4, 3)) > 0.3
SOFT = {"temperature": 2.0}
GIVEN = {"target_is": "log_probabilities"}
# The loss, its operands, those of the diagnosis with what names the loss, and common options.
CALLS = {
    "kl_div": ((LOG_Q, P), (LOG_Q, P), {}, [{}, {"axis": -1}, {"axis": 2}]),
    "js_div": ((LOG_Q, P), (LOG_Q, P), {}, [{"beta": 0.5}, {"beta": 0.25, "axis": -1}]),
    "kl_div_with_logits": (
        (STUDENT, TEACHER),
        (STUDENT, TEACHER),
        {"input_is": "logits"},
        [
            {},
            SOFT,
            SOFT | GIVEN,
            {"axis": 1},
            SOFT | {"scale_by_temperature_squared": False},
            SOFT | {"where": ROWS},
        ],
    ),
    "js_div_with_logits": (
        (STUDENT, TEACHER),
        (STUDENT, TEACHER),
        {"input_is": "logits"},
        [{"beta": 0.5}, SOFT | {"beta": 0.1}, SOFT | GIVEN | {"beta": 0.1}],
    ),
    "sparse_kl_div_with_logits": (
        (STUDENT, PLACES, TOP),
        (STUDENT, TOP),
        {"indices": PLACES},
        [{}, SOFT, SOFT | {"tail": "zero"}, SOFT | {"scale_by_temperature_squared": False}],
    ),
    "linear_kl_div": (
        (HIDDEN, WEIGHT, TEACHER),
        (HIDDEN, TEACHER),
        {"weight": WEIGHT},
        [{}, SOFT, SOFT | {"beta": 0.5}, SOFT | {"where": ROWS}],
    ),
}
EVERY = [(name, options) for name, call in CALLS.items() for options in call[-1]]
# They change the type of the result or its bits alone, or are switches of old calls.
UNASKED = {"dtype", "check", "reproducible", "size_average", "reduce"}


@pytest.mark.parametrize("name", CALLS)
def test_every_option_of_a_loss_is_one_of_a_diagnosis(name):
    taken = inspect.signature(diagnose).parameters
    named = inspect.signature(getattr(kldiv_xp, name)).parameters
    assert set(named) - set(taken) == UNASKED & set(named)


@pytest.mark.filterwarnings("ignore:reduction='mean' divides")
@pytest.mark.parametrize("reduction", ["sum", "batchmean", "mean"])
@pytest.mark.parametrize(("name", "options"), EVERY)
def test_the_value_is_that_of_the_loss_with_its_options(name, options, reduction):
    operands, asked, kind, _ = CALLS[name]
    if "target_is" in options:
        operands = asked = STUDENT, LOG_P
    loss = getattr(kldiv_xp, name)(*operands, **options, reduction=reduction)
    report = diagnose(*asked, **kind, **options, reduction=reduction)
    assert report.loss == report.as_dict()["loss"] == name
    assert not report.findings
    assert_allclose(report.values[reduction], loss, rtol=1e-9)
    numbers = ("beta", "temperature", "scale_by_temperature_squared")
    given = {name: options[name] for name in numbers if name in options} | {"reduction": reduction}
    call = ", ".join(f"{option}={value!r}" for option, value in given.items())
    assert f"operands of {name}, of shape" in str(report)
    assert f"The loss in nats, {name}({call}): {reduction} {float(loss):.6g}" in str(report)
    others = {"sum", "batchmean"} - {reduction}
    assert not any(f"{other} {report.values[other]:.6g}" in report.scale[0] for other in others)


@pytest.mark.parametrize("name", CALLS)
def test_what_is_raised_within_a_block_names_the_loss(name):
    operands, _, _, (*_, options) = CALLS[name]
    wrong = [one.copy() for one in operands]
    wrong[0][0, 0, 0] = np.nan
    where = {"where": np.ones((4, 3), bool)} if "where" in options else {}
    with pytest.raises(KLDivInputError) as caught, checking():
        getattr(kldiv_xp, name)(*wrong, **options | where, reduction="sum")
    assert caught.value.report.loss == name


def test_a_temperature_is_a_question_about_logits():
    assert diagnose(STUDENT, TEACHER, temperature=2.0).input_is == "logits"
    report = diagnose(STUDENT, TEACHER, temperature=np.asarray(2.0), reduction="none")
    assert report.options == {"temperature": 2.0, "reduction": "none"}
    expected = kldiv_xp.kl_div_with_logits(STUDENT, TEACHER, temperature=2.0)
    assert_allclose(report.values["batchmean"], expected, rtol=1e-9)


WRONG = [
    (
        {"temperature": 2.0, "input_is": "log_probabilities"},
        "`temperature` must be left out where `input` holds log-probabilities; got 2.0: pass "
        "input_is='logits' and logits, which log-probabilities are.",
        {"temperature": 2.0, "input_is": "logits", "target_is": "probabilities"},
    ),
    (
        {"scale_by_temperature_squared": False, "log_input": False},
        "`scale_by_temperature_squared` must be left out where `input` holds probabilities; got "
        "False: pass input_is='logits' and logits, which log-probabilities are.",
        {"scale_by_temperature_squared": False, "target_is": "probabilities"},
    ),
    (
        {"beta": 0.25, "generalized": True},
        "`generalized` must be left out where `beta` is given; got True: js_div needs samples that "
        "add up to 1, so leave out beta for masses.",
        {"generalized": True},
    ),
    (
        {"indices": PLACES, "beta": 0.25},
        "`beta` must be left out where `indices` name a sparse teacher; got 0.25: pass a target "
        "for the whole vocabulary instead.",
        {"beta": 0.25},
    ),
    (
        {"reduction": "total"},
        "`reduction` must be one of 'none', 'mean', 'sum', 'batchmean'; got 'total'",
        {"reduction": "sum"},
    ),
]


@pytest.mark.parametrize(("options", "sentence", "mended"), WRONG)
def test_options_that_do_not_go_together_are_refused_and_mended(options, sentence, mended):
    with pytest.raises(ValueError, match="must") as caught:
        diagnose(LOG_Q, P, **options)
    assert str(caught.value).startswith(sentence)
    assert not diagnose(LOG_Q, P, **mended)
