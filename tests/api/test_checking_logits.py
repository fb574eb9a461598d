"""The losses of logits are checked like the others; each remedy is followed, and is no mistake."""

import math
from functools import partial

import numpy as np
import pytest
from words import words

from kldiv_xp import (
    KLDivInputError,
    checking,
    diagnose,
    js_div_with_logits,
    kl_div_with_logits,
)

RNG = np.random.default_rng(7)
STUDENT, TEACHER = 2 * RNG.normal(size=(2, 4, 5))
INF = math.inf


def softmax(logits):
    with np.errstate(invalid="ignore"):
        exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return exponentials / exponentials.sum(axis=-1, keepdims=True)


P, Q = softmax(TEACHER), softmax(STUDENT)
LOG_P, LOG_Q = np.log(P), np.log(Q)
TO_P = {"target_is": "probabilities"}
TO_LOG_P = {"target_is": "log_probabilities"}
ROWS = np.asarray([[True], [False], [True], [True]])
VOCABULARY = (slice(None), 1)


def changed(array, *places):
    array = array.copy()
    for place, value in places:
        array[place] = value
    return array


def kl(log_q, p):
    with np.errstate(all="ignore"):
        return np.sum(np.where(p > 0, p * (np.log(p) - log_q), 0.0)) / len(p)


WITHOUT = softmax(changed(TEACHER, (VOCABULARY, -INF)))
CUT = changed(P, (VOCABULARY, 0))
CUT = CUT / CUT.sum(axis=1, keepdims=True)
LOG_CUT_Q = np.log(np.maximum(softmax(changed(STUDENT, (VOCABULARY, -INF))), 1e-300))
kl_div, js_div = kl_div_with_logits, js_div_with_logits
AGAIN = (STUDENT, P, TO_P)

# Code, loss, operands and options, the sentence, the operands and options that mend it, the value.
MISTAKES = [
    (
        "probabilities-as-input", kl_div, (Q, TEACHER, {}),
        f"`input` holds probabilities ({Q[0, 0]:.6g} at (0, 0)) where logits belong, whose softmax "
        "is taken: pass {log}.",
        (LOG_Q, TEACHER, {}), kl(LOG_Q, P),
    ),
    (
        "probabilities-as-target", kl_div, (STUDENT, P, {}),
        f"`target` holds probabilities ({P[0, 0]:.6g} at (0, 0)) where logits belong, whose "
        "softmax is taken: pass target_is='probabilities'.",
        AGAIN, kl(LOG_Q, P),
    ),
    (
        "probabilities-as-target", partial(js_div, beta=0.0), (STUDENT, P, {}),
        f"`target` holds probabilities ({P[0, 0]:.6g} at (0, 0)) where logits belong, whose "
        "softmax is taken: pass {log}.",
        (STUDENT, LOG_P, {}), kl(LOG_Q, P),
    ),
    (
        "not-normalised", kl_div, (STUDENT, 9 * P, TO_P),
        "`target` adds up to 9, not 1, at (0,) along axis 1, and is off in 4 of 4 samples: divide "
        "it by its sum, {normalised}.",
        AGAIN, kl(LOG_Q, P),
    ),
    (
        "not-normalised", kl_div, (STUDENT.T, P.T, TO_P),
        f"`target` adds up to {P[:, 0].sum():.6g}, not 1, at (0,) along axis 1, and is off in 5 of "
        "5 samples: pass axis=0, along which it does, or transpose the operands.",
        (STUDENT.T, P.T, TO_P | {"axis": 0}), kl(LOG_Q, P),
    ),
    (
        "not-normalised", kl_div, (STUDENT, LOG_P - 2, TO_LOG_P),
        "exp(target) adds up to 0.135335, not 1, at (0,) along axis 1, and is off in 4 of 4 "
        "samples: take log_softmax of it, {log_softmax}.",
        (STUDENT, LOG_P, TO_LOG_P), kl(LOG_Q, P),
    ),
    (
        "log-probabilities-as-target", kl_div, (STUDENT, LOG_P, TO_P),
        f"`target` holds log-probabilities ({LOG_P[0, 0]:.6g} at (0, 0)), but "
        "target_is='probabilities' says probabilities: pass target_is='log_probabilities'.",
        (STUDENT, LOG_P, TO_LOG_P), kl(LOG_Q, P),
    ),
    (
        "probabilities-as-log-target", kl_div, (STUDENT, P, TO_LOG_P),
        f"`target` holds probabilities ({P[0, 0]:.6g} at (0, 0)), but "
        "target_is='log_probabilities' says log-probabilities: pass target_is='probabilities'.",
        AGAIN, kl(LOG_Q, P),
    ),
    (
        "logits-as-target", kl_div, (STUDENT, changed(TEACHER, ((0, 0), 4.0)), TO_LOG_P),
        "`target` is 4 at (0, 0), and exp(target) adds up to "
        f"{math.exp(4) + np.exp(TEACHER[0, 1:]).sum():.6g} along axis 1, but "
        "target_is='log_probabilities': these look like raw logits, so pass target_is='logits'.",
        (STUDENT, changed(TEACHER, ((0, 0), 4.0)), {}),
        kl(LOG_Q, softmax(changed(TEACHER, ((0, 0), 4.0)))),
    ),
    (
        "logits-as-target", kl_div, (STUDENT, changed(TEACHER, ((0, 0), -4.0)), TO_P),
        f"`target` is -4 at (0, 0), and `target` adds up to {TEACHER[0, 1:].sum() - 4:.6g} along "
        "axis 1, but target_is='probabilities': these look like raw logits, so pass "
        "target_is='logits'.",
        (STUDENT, changed(TEACHER, ((0, 0), -4.0)), {}),
        kl(LOG_Q, softmax(changed(TEACHER, ((0, 0), -4.0)))),
    ),
    (
        "negative-target", kl_div, (STUDENT, changed(P, ((2, 1), -0.25)), TO_P),
        "`target` is -0.25 at (2, 1) and negative in 1 entry, which makes the loss NaN: pass "
        "probabilities, e.g. softmax of the logits, {softmax}.",
        (STUDENT, softmax(changed(P, ((2, 1), -0.25))), TO_P),
        kl(LOG_Q, softmax(changed(P, ((2, 1), -0.25)))),
    ),
    (
        "zero-support", kl_div, (changed(STUDENT, (VOCABULARY, -INF)), TEACHER, {}),
        "`input` is -inf at (0, 1), where target has a probability, and at 4 entries in all, which "
        "makes the loss infinite: give these entries some probability, or make them -inf in "
        "`target` as well.",
        (changed(STUDENT, (VOCABULARY, -INF)), changed(TEACHER, (VOCABULARY, -INF)), {}),
        kl(LOG_CUT_Q, WITHOUT),
    ),
    (
        "zero-support", kl_div, (changed(STUDENT, (VOCABULARY, -INF)), P, TO_P),
        f"`input` is -inf at (0, 1), where the probability of target is {P[0, 1]:.6g}, and at 4 "
        "entries in all, which makes the loss infinite: give these entries some probability, or "
        "make them 0 in `target` as well and divide it by its sum.",
        (changed(STUDENT, (VOCABULARY, -INF)), CUT, TO_P), kl(LOG_CUT_Q, CUT),
    ),
    (
        "zero-support", partial(js_div, beta=1.0),
        (STUDENT, changed(TEACHER, (VOCABULARY, -INF)), {}),
        "`target` is -inf at (0, 1), where input has a probability, and at 4 entries in all, which "
        "makes the loss infinite: give these entries some probability, or make them -inf in "
        "`input` as well.",
        (changed(STUDENT, (VOCABULARY, -INF)), changed(TEACHER, (VOCABULARY, -INF)), {}),
        kl(np.log(np.maximum(WITHOUT, 1e-300)), np.exp(LOG_CUT_Q)),
    ),
]  # fmt: skip
# What a mask of samples leaves out: code, the place in the operands, what is there, the sentence.
SPECIAL = "`{operand}` is {value} at (1, 2) and at 1 entry in all, which makes the loss NaN: find "
SPECIAL += "out where it comes from, or leave the sample out with where=."
EMPTY = "`{operand}` holds nothing but {value} at (1,) along axis 1, and in 1 sample in all, so "
EMPTY += "there is no distribution: leave padding out with where=."
PADDING = [
    ("nan-input", "input", (1, 2), math.nan, {}, SPECIAL),
    ("nan-target", "target", (1, 2), math.nan, {}, SPECIAL),
    ("infinite-input", "input", (1, 2), INF, {}, SPECIAL),
    ("infinite-target", "target", (1, 2), INF, {}, SPECIAL),
    ("empty-input", "input", 1, -INF, {}, EMPTY),
    ("empty-target", "target", 1, -INF, {}, EMPTY),
    ("empty-target", "target", 1, -INF, TO_LOG_P, EMPTY),
    ("empty-target", "target", 1, 0, TO_P, EMPTY),
]


def found(loss, backend, operands, options):
    with checking(), pytest.raises(KLDivInputError) as caught:
        loss(*map(backend.array, operands), **options)
    return caught.value.report.findings


@pytest.mark.parametrize(
    ("code", "loss", "wrong", "sentence", "right", "value"), MISTAKES,
    ids=[f"{place}-{row[0]}" for place, row in enumerate(MISTAKES)],
)  # fmt: skip
def test_mistake_is_raised_and_its_remedy_gives_the_loss(
    holding_backend, code, loss, wrong, sentence, right, value
):
    (finding,) = found(loss, holding_backend, wrong[:2], wrong[2])
    said = {
        word: words(holding_backend, word, finding.operand, axis=1)
        for word in ("log", "softmax", "log_softmax", "normalised")
    }
    assert finding.code == code
    assert finding.message == sentence.format(**said)
    with checking():
        mended = loss(*map(holding_backend.array, right[:2]), **right[2])
    assert holding_backend.read(mended) == pytest.approx(value)


@pytest.mark.parametrize("loss", [kl_div, js_div], ids=["kl", "js"])
@pytest.mark.parametrize(("code", "operand", "place", "value", "options", "sentence"), PADDING)
def test_padding_is_found_and_a_mask_of_samples_leaves_it_out(
    holding_backend, loss, code, operand, place, value, options, sentence
):
    if loss is js_div and options:
        pytest.skip("the target of js_div_with_logits is always logits")
    target = {"probabilities": P, "log_probabilities": LOG_P}.get(options.get("target_is"), TEACHER)
    operands = {"input": STUDENT, "target": target}
    operands[operand] = changed(operands[operand], (place, value))
    first = found(loss, holding_backend, operands.values(), options)[0]
    assert first.code == code
    assert first.message == sentence.format(operand=operand, value=f"{value:g}")
    made = [holding_backend.array(one) for one in operands.values()]
    where = holding_backend.array(ROWS) != 0
    with checking():
        masked = loss(*made, where=where, reduction="sum", **options)
    rows = [holding_backend.array(one[ROWS[:, 0]]) for one in operands.values()]
    expected = holding_backend.read(loss(*rows, reduction="sum", **options))
    assert holding_backend.read(masked) == pytest.approx(float(expected))


@pytest.mark.parametrize(
    ("loss", "operands", "options"),
    [
        (kl_div, (STUDENT, TEACHER), {}),
        (kl_div, (STUDENT, TEACHER), {"temperature": 3.0}),
        (js_div, (STUDENT, TEACHER), {}),
        (kl_div, (LOG_Q, LOG_P), {}),
        (js_div, (LOG_Q, LOG_P), {}),
        (kl_div, (LOG_Q, P), TO_P),
        (kl_div, (STUDENT, LOG_P), TO_LOG_P),
        (kl_div, (STUDENT.T, P.T), TO_P | {"axis": 0}),
        (kl_div, (STUDENT, changed(TEACHER, (VOCABULARY, -INF))), {}),
        (js_div, (changed(STUDENT, (VOCABULARY, -INF)), TEACHER), {}),
        (js_div, (changed(STUDENT, (VOCABULARY, -INF)), TEACHER), {"beta": 1.0}),
        (js_div, (STUDENT, changed(TEACHER, (VOCABULARY, -INF))), {"beta": 0.0}),
        # A probability that underflows needs no support.
        (
            kl_div,
            (changed(STUDENT, (VOCABULARY, -INF)), changed(TEACHER, (VOCABULARY, -1e30))),
            {},
        ),
        (kl_div, (np.ones((3, 1)), np.ones((3, 1))), {}),
        (kl_div, (STUDENT[0], TEACHER[0]), {}),
        (kl_div, (np.zeros((0, 3)), np.zeros((0, 3))), {"reduction": "sum"}),
    ],
)
def test_what_is_legitimate_is_left_in_peace(holding_backend, loss, operands, options):
    with checking():
        loss(*map(holding_backend.array, operands), **options)


def test_report_has_the_values_of_the_loss_that_was_called():
    wrong = changed(STUDENT, (VOCABULARY, -INF)), TEACHER
    options = {"temperature": 2.0, "where": ROWS}
    with checking(), pytest.raises(KLDivInputError) as caught:
        kl_div(*wrong, **options)
    assert caught.value.report.values == {"sum": INF, "batchmean": INF, "mean": INF}
    with checking(), pytest.raises(KLDivInputError) as caught:
        js_div(Q, TEACHER, beta=0.3, scale_by_temperature_squared=True, **options)
    options |= {"beta": 0.3, "scale_by_temperature_squared": True}
    expected = {
        name: float(js_div(Q, TEACHER, reduction=name, **options))
        for name in ("sum", "batchmean", "mean")
    }
    assert caught.value.report.values == pytest.approx(expected)


@pytest.mark.parametrize("loss", [kl_div, js_div])
def test_types_shapes_and_options_raise_what_they_raise_without_a_check(loss):
    mask = np.ones((4, 5), dtype=bool)
    for operands, options in (
        ((STUDENT, TEACHER > 0), {}),
        ((STUDENT, TEACHER[0]), {}),
        ((STUDENT, TEACHER.tolist()), {}),
        ((STUDENT, TEACHER), {"axis": 2}),
        ((STUDENT, TEACHER), {"where": mask}),
        ((STUDENT, TEACHER), {"reduction": "avg"}),
        ((STUDENT[:, :0], TEACHER[:, :0]), {}),
    ):
        with pytest.raises((TypeError, ValueError)) as plain:
            loss(*operands, **options)
        with checking(), pytest.raises(plain.type) as checked:
            loss(*operands, **options)
        assert str(checked.value) == str(plain.value)


@pytest.mark.slow
@pytest.mark.parametrize("loss", [kl_div, js_div])
def test_what_torch_compiles_cannot_be_checked(loss):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    torch.compiler.reset()
    compiled = torch.compile(loss, backend="eager")
    operands = [torch.tensor(one) for one in (STUDENT, TEACHER)]
    with checking(), pytest.raises(Exception, match="compile traces has none"):
        compiled(*operands)
    torch.compiler.reset()
    whole = torch.compile(loss, fullgraph=True, backend="eager")
    assert float(whole(*operands)) == pytest.approx(float(loss(*operands)))


@pytest.mark.parametrize("loss", [kl_div, js_div])
def test_what_jax_traces_cannot_be_checked(loss):
    jax = pytest.importorskip("jax", reason="jax is not installed")
    with checking(), pytest.raises(TypeError, match="A diagnosis reads values"):
        jax.jit(loss)(STUDENT, TEACHER)


def test_tensors_that_want_a_gradient_are_checked_and_keep_it():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    student = torch.tensor(STUDENT, requires_grad=True)
    with checking():
        kl_div(student, torch.tensor(TEACHER)).backward()
    assert torch.isfinite(student.grad).all()


def test_module_of_torch_is_checked():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from kldiv_xp.torch import KLDivLoss

    loss = KLDivLoss(reduction="batchmean")
    with checking(), pytest.raises(KLDivInputError, match="pass log_softmax of the logits, or inp"):
        loss(torch.tensor(Q), torch.tensor(P))
    with checking():
        assert float(loss(torch.tensor(Q).log(), torch.tensor(P))) == pytest.approx(kl(LOG_Q, P))


# The same by diagnose


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
        "Found 1 mistake in operands of shape (2, 2, 5), with distributions along 2, an input of "
        "logits and a target of logits.\n"
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
            "'probability'.",
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
