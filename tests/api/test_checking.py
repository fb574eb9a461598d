"""Findings of a diagnosis are raised where asked for, and cost nothing where they are not."""

import inspect
import pickle
import threading

import numpy as np
import pytest
from api.checked_tables import LOG_Q, VALUE, P, Q
from checks.refusals import of_switch

import kldiv_xp
from kldiv_xp import KLDivInputError, KLDivLoss, checking, diagnose, kl_div, kl_div_gradient


def test_check_of_right_operands_changes_nothing(holding_backend):
    make = holding_backend.array
    loss = kl_div(make(LOG_Q), make(P), reduction="batchmean", check=True)
    assert float(loss) == pytest.approx(VALUE)


@pytest.mark.few(2, 5)
def test_check_raises_the_words_of_the_diagnosis(holding_backend):
    make = holding_backend.array
    target = np.asarray([[-0.5, np.nan]])
    report = diagnose(make(Q), make(target))
    with pytest.raises(KLDivInputError) as caught:
        kl_div(make(Q), make(target), reduction="batchmean", check=True)
    assert str(caught.value) == "\n".join(map(str, report.findings))
    assert caught.value.report.findings[-1] == report.findings[-1]
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    "loss",
    [
        lambda x, p: kl_div(x, p, reduction="batchmean"),
        KLDivLoss(reduction="batchmean"),
        lambda x, p: kl_div_gradient(x, p, reduction="batchmean"),
    ],
    ids=["kl_div", "KLDivLoss", "kl_div_gradient"],
)
def test_block_that_checks_checks_every_loss(loss):
    loss(Q, P)
    with checking(), pytest.raises(KLDivInputError, match="holds probabilities"):
        loss(Q, P)
    loss(Q, P)


def test_axis_and_mask_of_the_loss_are_those_of_its_check():
    options = {"reduction": "batchmean", "check": True}
    assert kl_div(LOG_Q.T, P.T, axis=0, **options).shape == ()
    with pytest.raises(KLDivInputError, match="pass axis=0"):
        kl_div(LOG_Q.T, P.T, **options)
    missing = np.asarray([[0.5, 0.5], [np.nan, 0.5]])
    both = np.concatenate([LOG_Q, LOG_Q])
    mask = np.asarray([[True], [False]])
    kl_div(both, missing, axis=1, where=mask, **options)
    with pytest.raises(KLDivInputError, match="`target` is nan"):
        kl_div(both, missing, axis=1, **options)


def test_types_and_shapes_raise_what_they_raise_without_a_check():
    with pytest.raises(TypeError, match="`target` must have a real floating-point dtype"):
        kl_div(LOG_Q, P > 0, check=True)
    with pytest.raises(ValueError, match="must have the same shape") as caught:
        kl_div(LOG_Q, P[0], check=True)
    assert not isinstance(caught.value, KLDivInputError)


@pytest.mark.parametrize("check", [1, None, "yes"])
def test_check_that_is_no_bool_is_refused_in_one_sentence(check):
    with pytest.raises(TypeError) as caught:
        kl_div(LOG_Q, P, check=check)
    assert str(caught.value) == of_switch("check", check)


def test_blocks_nest_and_end_with_an_error():
    with checking():
        with checking():
            pass
        with pytest.raises(KLDivInputError):
            kl_div(Q, P, reduction="sum")
    assert kl_div(Q, P, reduction="sum").shape == ()


def test_block_is_of_this_thread_alone():
    found = []

    def other():
        found.append(float(kl_div(Q, P, reduction="sum")))

    with checking():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert len(found) == 1


def test_error_survives_pickling():
    with pytest.raises(KLDivInputError) as caught:
        kl_div(Q, P, reduction="sum", check=True)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value)
    assert copy.report == caught.value.report


def test_nothing_is_read_where_nothing_is_asked_for(monkeypatch):
    def never(*_, **__):
        raise AssertionError("the operands were diagnosed")

    monkeypatch.setattr("kldiv_xp.api.checked_values.diagnosis_of", never)
    assert kl_div(LOG_Q, P, reduction="batchmean").shape == ()
    with checking(), pytest.raises(AssertionError, match="were diagnosed"):
        kl_div(LOG_Q, P, reduction="batchmean")


def test_check_without_an_axis_is_along_the_last():
    weights = np.arange(1.0, 25).reshape(2, 3, 4)
    p = weights / weights.sum(axis=-1, keepdims=True)
    kl_div(np.log(p), p, reduction="batchmean", check=True)
    p = weights / weights.sum(axis=1, keepdims=True)
    with pytest.raises(KLDivInputError, match="along axis 2"):
        kl_div(np.log(p), p, reduction="batchmean", check=True)


LOSSES = {
    name: function
    for name, function in vars(kldiv_xp).items()
    if name in kldiv_xp.__all__ and inspect.isfunction(function) and "div" in name
}


def operands_of(name):
    """Operands of a loss, with a NaN in the first one."""
    spoiled = np.asarray([[-1.0, np.nan]])
    if name.startswith("linear"):
        return spoiled, np.eye(2), Q
    return (spoiled, np.asarray([[0, 1]]), P) if name.startswith("sparse") else (spoiled, P)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_is_checked_within_a_block_and_says_so(name):
    options = {"target_is": "probabilities"} if name.startswith("sparse") else {}
    with checking(), pytest.raises(KLDivInputError, match="nan"):
        LOSSES[name](*operands_of(name), **options)
    assert "KLDivInputError" in LOSSES[name].__doc__


def test_kl_div_alone_has_a_switch_to_check():
    found = [one for one in LOSSES if "check" in inspect.signature(LOSSES[one]).parameters]
    assert found == ["kl_div"]
