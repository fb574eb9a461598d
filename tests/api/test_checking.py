"""What a diagnosis finds is raised where it is asked for, and costs nothing where it is not."""

import importlib.util
import inspect
import pickle
import re
import threading
from pathlib import Path

import numpy as np
import pytest

import kldiv_xp
from kldiv_xp import (
    CODES,
    KLDivInputError,
    KLDivLoss,
    checking,
    diagnose,
    js_div_with_logits,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
)

Q, P = np.asarray([[0.25, 0.75]]), np.asarray([[0.5, 0.5]])
LOG_Q = np.log(Q)
VALUE = 0.14384103622589045


def test_check_of_right_operands_changes_nothing(holding_backend):
    make = holding_backend.array
    loss = kl_div(make(LOG_Q), make(P), reduction="batchmean", check=True)
    assert float(loss) == pytest.approx(VALUE)


def test_check_raises_the_words_of_the_diagnosis(holding_backend):
    make = holding_backend.array
    target = np.asarray([[-0.5, np.nan]])
    report = diagnose(make(Q), make(target))
    with pytest.raises(KLDivInputError) as caught:
        kl_div(make(Q), make(target), reduction="batchmean", check=True)
    assert str(caught.value) == "\n".join(map(str, report.findings))
    assert caught.value.report.findings[0] == report.findings[0]
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
    assert str(caught.value) == (
        f"`check` must be True or False; got {check!r}: pass bool(...) of it."
    )


def test_blocks_nest_and_end_with_an_error():
    with checking():
        with checking():
            pass
        with pytest.raises(KLDivInputError):
            kl_div(Q, P, reduction="sum")
    assert kl_div(Q, P, reduction="sum").shape == ()


# What may pass


BOTH = np.asarray([[0.5, 0.25], [np.nan, 1.0]])
LOG_BOTH = np.log([[0.5, 0.5], [0.25, 0.75]])


def codes(**options):
    """Codes of what is raised of two mistakes: a sum and NaN."""
    try:
        kl_div(LOG_BOTH, BOTH, reduction="sum", **options)
    except KLDivInputError as error:
        return [one.code for one in error.report.findings]
    return []


@pytest.mark.parametrize(
    ("allow", "raised"),
    [
        ((), ["not-normalised", "nan-target"]),
        (["not-normalised"], ["nan-target"]),
        ({"nan-target"}, ["not-normalised"]),
        (("nan-target", "not-normalised"), []),
        (iter(["underflow"]), ["not-normalised", "nan-target"]),
        (CODES, []),
    ],
)
def test_findings_that_are_allowed_pass(allow, raised):
    with checking(allow=allow):
        assert codes() == raised
        assert codes(check=True) == raised
    assert codes(check=True) == ["not-normalised", "nan-target"]
    assert codes() == []


def test_findings_that_are_allowed_pass_in_every_loss():
    with checking(allow=["probabilities-as-input"]):
        kl_div_with_logits(Q, np.log(P))
        js_div_with_logits(Q, np.log(P))
        kl_div_gradient(Q, P, reduction="sum")
        KLDivLoss(reduction="sum")(Q, P)


def test_of_nested_blocks_the_innermost_decides():
    with checking(allow=["not-normalised"]):
        assert codes() == ["nan-target"]
        with checking(allow=["nan-target"]):
            assert codes() == ["not-normalised"]
            with checking():
                assert codes() == ["not-normalised", "nan-target"]
            assert codes() == ["not-normalised"]
        assert codes() == ["nan-target"]


@pytest.mark.parametrize("code", ["negative target", "NEGATIVE-TARGET", "", 3, None])
def test_what_is_no_code_is_refused_at_once(code):
    with pytest.raises(ValueError, match="`allow` must hold codes") as caught:
        checking(allow=["underflow", code])
    assert str(caught.value) == (
        f"`allow` must hold codes of findings, {', '.join(CODES)}; got {code!r}."
    )


@pytest.mark.parametrize(
    ("allow", "remedy"),
    [
        ("underflow", "pass ['underflow']"),
        (None, "leave it out to allow none"),
        (3, "leave it out to allow none"),
    ],
)
def test_codes_come_in_a_list(allow, remedy):
    with pytest.raises(TypeError) as caught:
        checking(allow=allow)
    assert str(caught.value) == f"`allow` must be a list of codes; got {allow!r}: {remedy}."


def test_block_can_be_a_decorator():
    decorated = checking(allow=["nan-target"])(codes)
    assert decorated() == decorated() == ["not-normalised"]
    assert codes() == []


def test_codes_are_one_word_each_and_have_a_meaning():
    for code, meaning in CODES.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
        assert meaning.endswith(".")
    with pytest.raises(TypeError):
        CODES["new"] = "Codes cannot be changed."


def test_every_code_of_the_rules_is_listed():
    folder = Path(importlib.util.find_spec("kldiv_xp").origin).parent
    text = "".join(
        path.read_text() for path in (folder / "diagnosis").glob("*.py") if path.stem != "report"
    )
    written = set(re.findall(r'(?:finding|Finding)\(\s*f?"([^"]+)"', text))
    written |= {code.replace("{kind}", one) for code in written for one in ("nan", "infinite")}
    written |= {code.replace("{operand}", one) for code in written for one in ("input", "target")}
    written = {code for code in written if "{" not in code}
    written |= {"log-probabilities-as-target", "probabilities-as-log-target"}  # of one rule
    assert written == set(CODES)


# Remedies

BLURRED = np.asarray([[0.75, 0.75], [0.5, 0.25]])
DIVIDED = BLURRED / BLURRED.sum(axis=1, keepdims=True)
EVEN = np.log(np.full((2, 2), 0.5))
LOGITS = np.asarray([[3.0, 1.0], [-2.0, 0.5]])
LOG_SOFTMAX = LOGITS - np.log(np.exp(LOGITS).sum(axis=1, keepdims=True))
MAPS = np.arange(1.0, 25).reshape(2, 3, 4) / np.asarray([78.0, 222.0]).reshape(2, 1, 1)
EVEN_MAPS = np.full((2, 3, 4), -np.log(12))
PADDED = np.asarray([[0.25, 0.75], [0.0, 0.0]])
FIRST = np.asarray([[True, True], [False, False]])
NOTHING = np.log(np.asarray([[0.25, 0.75], [1e-300, 1e-300]]))
NOTHING[1] = -np.inf
BARE = np.asarray([[-np.inf, 0.0]])


def total(log_q, p):
    """Sum of the terms, of which those without a target are 0."""
    with np.errstate(all="ignore"):
        return np.sum(np.where(p > 0, p * (np.log(p) - log_q), 0.0))


# Code, operands and options that are wrong, the remedy, those that are right, and the sum.
REMEDIES = [
    ("swapped", (P, LOG_Q, {}), "pass the log-probabilities first.", (LOG_Q, P, {}), VALUE),
    ("probabilities-as-input", (Q, P, {}), "or numpy.log(input).", (LOG_Q, P, {}), VALUE),
    (
        "logits-as-input", (LOGITS, PADDED[[0, 0]], {}),
        "or take input - numpy.log(numpy.sum(numpy.exp(input), axis=1, keepdims=True)).",
        (LOG_SOFTMAX, PADDED[[0, 0]], {}), total(LOG_SOFTMAX, PADDED[[0, 0]]),
    ),
    (
        "logits-as-target", (EVEN, LOGITS, {"log_target": True}),
        "or take target - numpy.log(numpy.sum(numpy.exp(target), axis=1, keepdims=True)).",
        (EVEN, LOG_SOFTMAX, {"log_target": True}), total(EVEN, np.exp(LOG_SOFTMAX)),
    ),
    (
        "log-probabilities-as-target", (LOG_Q, np.log(P), {}), "pass log_target=True.",
        (LOG_Q, np.log(P), {"log_target": True}), VALUE,
    ),
    (
        "probabilities-as-log-target", (LOG_Q, P, {"log_target": True}), "leave log_target out.",
        (LOG_Q, P, {}), VALUE,
    ),
    (
        "not-normalised", (EVEN, BLURRED, {}),
        "divide it by its sum, target / target.sum(axis=1, keepdims=True).",
        (EVEN, DIVIDED, {}), total(EVEN, DIVIDED),
    ),
    (
        "not-normalised", (LOG_Q.T, P.T, {}),
        "pass axis=0, along which it does, or transpose the operands.",
        (LOG_Q.T, P.T, {"axis": 0}), VALUE,
    ),
    (
        "not-normalised", (EVEN_MAPS, MAPS, {}), "pass axis=(1, 2), along which it does.",
        (EVEN_MAPS, MAPS, {"axis": (1, 2)}), total(EVEN_MAPS, MAPS),
    ),
    (
        "empty-target", (EVEN, PADDED, {}), "leave padding out with where=.",
        (EVEN, PADDED, {"where": FIRST}), total(EVEN[:1], PADDED[:1]),
    ),
    (
        "empty-input", (NOTHING, PADDED, {}), "leave padding out with where=.",
        (NOTHING, PADDED, {"where": FIRST}), total(NOTHING[:1], PADDED[:1]),
    ),
    (
        "negative-target", (EVEN, np.asarray([[-0.5, 1.0], [0.5, 0.5]]), {}),
        "numpy.exp(target) / numpy.sum(numpy.exp(target), axis=1, keepdims=True).",
        (EVEN, np.exp([[-0.5, 1.0], [0.5, 0.5]]) / np.asarray([[np.exp(-0.5) + np.e],
         [2 * np.exp(0.5)]]), {}),
        total(EVEN[:1], np.exp([[-0.5, 1.0]]) / (np.exp(-0.5) + np.e)),
    ),
    (
        "zero-support", (BARE, P, {}), "or leave them out with where=.",
        (BARE, P, {"where": -np.inf < BARE}), 0.5 * np.log(0.5),
    ),
    (
        "nan-target", (LOG_BOTH, np.asarray([[0.5, 0.5], [np.nan, 1.0]]), {}),
        "or leave it out with where=.",
        (LOG_BOTH, np.asarray([[0.5, 0.5], [np.nan, 1.0]]), {"where": FIRST}), 0.0,
    ),
    (
        "infinite-target", (LOG_BOTH, np.asarray([[0.5, 0.5], [np.inf, 1.0]]), {}),
        "or leave it out with where=.",
        (LOG_BOTH, np.asarray([[0.5, 0.5], [np.inf, 1.0]]), {"where": FIRST}), 0.0,
    ),
    (
        "underflow", (np.log([[0.5, 0.5]]), np.asarray([[1.0, 1e-6]], "float16"), {}),
        "keep the target in float32, or pass its logarithm with log_target=True.",
        (np.log([[0.5, 0.5]]), np.log(np.asarray([[1.0, 1e-6]])), {"log_target": True}),
        np.log(2) + 1e-6 * np.log(2e-6),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "wrong", "remedy", "right", "value"), REMEDIES,
    ids=[f"{place}-{row[0]}" for place, row in enumerate(REMEDIES)],
)  # fmt: skip
def test_remedy_of_a_finding_gives_the_loss_without_one(code, wrong, remedy, right, value):
    *operands, options = wrong
    with checking(), pytest.raises(KLDivInputError) as caught:
        kl_div(*operands, reduction="sum", **options)
    finding = caught.value.report.findings[0]
    assert finding.code == code
    assert finding.message.endswith(remedy)
    *operands, options = right
    with checking():
        loss = kl_div(*operands, reduction="sum", **options)
    assert loss == pytest.approx(value, abs=1e-15)


def test_logits_are_taken_by_the_loss_of_logits_that_the_remedy_names():
    for options, target_is, target in (
        ({}, "probabilities", PADDED[[0, 0]]),
        ({"log_target": True}, "log_probabilities", np.log(PADDED[[0, 0]])),
    ):
        report = diagnose(LOGITS, target, **options)
        call = f"kl_div_with_logits(input, target, axis=1, target_is={target_is!r})"
        assert f"so call {call}, or take" in report.findings[0].message
        with checking():
            loss = kl_div_with_logits(LOGITS, target, axis=1, target_is=target_is)
        assert loss == pytest.approx(total(LOG_SOFTMAX, PADDED[[0, 0]]) / 2)


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


@pytest.mark.parametrize("around", [False, True])
def test_what_torch_compiles_cannot_be_checked(around):
    torch = pytest.importorskip("torch", reason="torch is not installed")

    def loss(x, p):
        return kl_div(x, p, reduction="sum", check=not around)

    torch.compiler.reset()
    compiled = torch.compile(loss, backend="eager")
    operands = [torch.tensor(one) for one in (LOG_Q, P)]
    if around:
        with checking(), pytest.raises(Exception, match="compile traces has none"):
            compiled(*operands)
    else:
        with pytest.raises(Exception, match="compile traces has none"):
            compiled(*operands)


@pytest.mark.filterwarnings("ignore:.*torch.jit.trace.:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Converting a tensor to a Python boolean")
@pytest.mark.parametrize("loss", [kl_div, kl_div_with_logits, js_div_with_logits])
def test_what_torch_records_cannot_be_checked(loss):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    operands = tuple(torch.tensor(one) for one in (LOG_Q, P))

    def traced():
        return torch.jit.trace(lambda x, p: loss(x, p, reduction="sum"), operands)

    with checking(), pytest.raises(TypeError) as caught:
        traced()
    assert str(caught.value) == (
        "A check reads values, and what torch.jit.trace traces has none: call the traced function "
        "without it, and diagnose(...) outside."
    )
    expected = loss(*operands, reduction="sum")
    torch.testing.assert_close(traced()(*operands), expected, rtol=1e-14, atol=0)


def test_what_jax_traces_cannot_be_checked():
    jax = pytest.importorskip("jax", reason="jax is not installed")
    loss = jax.jit(lambda x, p: kl_div(x, p, reduction="sum", check=True))
    with pytest.raises(TypeError, match="A diagnosis reads values"):
        loss(LOG_Q, P)


def test_compiled_loss_ignores_that_nothing_is_checked():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    torch.compiler.reset()
    compiled = torch.compile(kl_div, fullgraph=True, backend="eager")
    operands = [torch.tensor(one) for one in (LOG_Q, P)]
    assert float(compiled(*operands, reduction="batchmean")) == pytest.approx(VALUE)


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
    if name == "linear_kl_div":
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
