"""Masks, labels and switches of other libraries: what the refusal says gives the loss."""

import inspect
import re

import numpy as np
import pytest
from checks.every_function import CLASSES, FUNCTIONS
from checks.followed_options import told_for
from checks.following_remedies import kl, log_softmax, softmax
from numpy.testing import assert_allclose
from words import value as value_of

import kldiv_xp

RNG = np.random.default_rng(47)
HIDDEN, WEIGHT = RNG.normal(size=(4, 3)), RNG.normal(size=(5, 3))
LOGITS, TEACHER = HIDDEN @ WEIGHT.T, RNG.normal(size=(4, 5))
PLACES = np.argsort(-TEACHER)
LOG_Q, P = log_softmax(LOGITS), softmax(TEACHER)
MEANT = np.asarray([True, False, True, True])
LABELS = np.where(MEANT, [3, 0, 0, 1], -100)
HAS_PART, IS_PADDING = (
    ("attention_mask", "attn_mask", "mask", "masks", "completion_mask"),
    (*("padding_mask", "key_padding_mask", "pad_mask", "paddings", "is_padding"),),
)
NAMES = (
    *HAS_PART, *IS_PADDING, "response_mask", "label_mask", "loss_mask", "token_mask", "target_mask",
    "valid_mask", "non_pad_mask", "src_key_padding_mask",
)  # fmt: skip
LOSSES = [one for one in FUNCTIONS if one != "diagnose"]


def operands_of(name):
    if name.startswith("sparse"):
        return LOGITS, PLACES, np.take_along_axis(np.log(P), PLACES, 1)
    if name.startswith("linear"):
        return HIDDEN, WEIGHT, TEACHER
    return (LOGITS, TEACHER) if "logits" in name else (LOG_Q, P)


def loss_of(name, **options):
    """Loss of a function that may have a gradient, and a mixture that is the divergence."""
    function = getattr(kldiv_xp, name)
    known = inspect.signature(function).parameters
    if name.startswith("js"):
        options = {"beta": 0.0} | options
    if "axis" in known:
        options = {"axis": -1} | options
    if "return_value" in known:
        return function(*operands_of(name), return_value=True, **options)[0]
    return function(*operands_of(name), **options)


def whole(rows=slice(None)):
    return kl(LOG_Q[rows], P[rows])


OF_BOOLS = "if it is True at what has a part in the loss", "if it is True at padding"
OF_NUMBERS = "if it is 0 at what is left out", "if it is 0 at what has a part in the loss"
SENSES = {
    "bools": (np.asarray(MEANT), "where={}", "where=~{}", OF_BOOLS),
    "ints": (np.where(MEANT, 1, 0), "where={} != 0", "where={} == 0", OF_NUMBERS),
    "floats": (np.where(MEANT, 1.0, 0.0), "where={} != 0", "where={} == 0", OF_NUMBERS),
}


# What a loss of tables is told too: without an axis it takes masks of terms.
BY_ROWS = " where you give no axis: reduction='mean' then divides by the number of distributions"
OF_ROWS = {
    **dict.fromkeys(
        ("kl_div", "kl_div_gradient", "diagnose"),
        f"; a mask of distributions comes with axis=-1{BY_ROWS}",
    ),
    "KLDivLoss": f"; a mask of distributions comes with KLDivLoss(axis=-1){BY_ROWS}",
}


@pytest.mark.few(64, 584)
@pytest.mark.parametrize("kind", SENSES)
@pytest.mark.parametrize("option", NAMES)
@pytest.mark.parametrize("name", LOSSES)
def test_a_mask_by_any_name_is_told_in_both_senses(name, option, kind):
    mask, kept, padded, senses = SENSES[kind]
    kept, padded = kept.format(option), padded.format(option)
    both = [f"{code} {sense}" for code, sense in zip((kept, padded), senses, strict=True)]
    assert told_for(name, option, mask) == "pass " + ", or ".join(
        both[::-1] if "pad" in option else both
    ) + OF_ROWS.get(name, "")
    for code, given in ((kept, mask), (padded, ~MEANT if kind == "bools" else 1 - mask)):
        where = value_of(code.removeprefix("where="), **{option: given})
        assert_allclose(loss_of(name, where=where, reduction="sum"), whole(MEANT), rtol=1e-12)


@pytest.mark.parametrize("option", NAMES)
@pytest.mark.parametrize("class_name", CLASSES)
def test_a_class_takes_a_mask_with_the_operands(class_name, option):
    assert told_for(class_name, option, MEANT).startswith("leave it out, and pass where=")
    assert told_for(class_name, option, MEANT).endswith(
        f", with the operands{OF_ROWS.get(class_name, '')}"
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_called_a_mask_and_is_none(name):
    assert told_for(name, "padding_mask", None) == "leave it out"
    assert told_for(name, "pad_id", 0).startswith(
        "leave it out, and pass where=labels != 0 with the operands"
    )
    assert told_for(name, "padding", "longest") == (
        "pass where=, an array of bools that is True at what has a part in the loss"
        f"{OF_ROWS.get(name, '')}"
    )
    assert told_for(name, "attention_mask", 1).startswith("pass where=, an array of bools ")
    listed = MEANT.tolist()
    assert told_for(name, "mask", listed) == (
        "pass where=mask if it is True at what has a part in the loss, or its negation if it is "
        f"True at padding{OF_ROWS.get(name, '')}"
    )


@pytest.mark.parametrize("option", ["mask", "padding_mask", "label_mask"])
@pytest.mark.parametrize("name", [*FUNCTIONS, *CLASSES])
def test_a_mask_of_labels_is_told_as_labels(name, option):
    told = told_for(name, option, LABELS)
    code = f"where={option} != -100, if these are labels and those of -100 are left out"
    start = "leave it out, and pass" if name in CLASSES else "pass"
    end = ", with the operands" if name in CLASSES else ""
    assert told == f"{start} {code}{end}{OF_ROWS.get(name, '')}"
    if name in LOSSES:
        found = loss_of(name, where=LABELS != -100, reduction="sum")
        assert_allclose(found, whole(MEANT), rtol=1e-12)


def test_a_mask_of_numbers_that_are_not_at_hand_may_be_one_of_labels():
    labels = pytest.importorskip("jax.numpy").asarray(LABELS)
    assert told_for("kl_div_with_logits", "mask", labels) == (
        "pass where=mask != 0 if it is 0 at what is left out, or where=mask == 0 if it is 0 at "
        "what has a part in the loss, or where=mask != -100 if it holds labels and -100 is "
        "left out"
    )


@pytest.mark.parametrize("option", ["ignore_index", "pad_token_id"])
@pytest.mark.parametrize("name", [*FUNCTIONS, *CLASSES])
def test_an_ignored_label_is_told_with_the_axis_of_the_distributions(name, option):
    told = told_for(name, option, -100)
    code = "leave it out, and pass where=labels != -100 with the operands"
    axis = "KLDivLoss(axis=-1)" if name == "KLDivLoss" else "axis=-1"
    known = inspect.signature(getattr(kldiv_xp, name)).parameters
    end = f", and {axis}{BY_ROWS}" if "generalized" in known else ""
    assert told == code + end
    given = {"where": LABELS != -100, "reduction": "mean"}
    if name == "diagnose":
        assert not kldiv_xp.diagnose(LOG_Q, P, where=LABELS != -100, axis=-1).findings
        return
    if name in CLASSES:
        options = {"axis": -1, "reduction": "mean"} | ({"beta": 0.0} if "JS" in name else {})
        operands = (LOGITS, TEACHER) if "Logits" in name else (LOG_Q, P)
        found = getattr(kldiv_xp, name)(**options)(*operands, where=given["where"])
    else:
        found = loss_of(name, **given)
    assert_allclose(found, whole(MEANT) / MEANT.sum(), rtol=1e-12)


@pytest.mark.parametrize("option", ["labels", "shift_labels", "masked_lm_labels"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_labels_are_a_mask_or_have_a_loss_of_their_own(name, option):
    told = told_for(name, option, LABELS)
    code = f"pass where={option} != -100 with the operands"
    if name == "diagnose":
        assert told == f"{code} and axis=-1 where you give no axis"
        return
    axis = ", axis=-1" if "logits" not in name and "linear" not in name else ""
    assert told == (
        f"{code}{axis} and reduction='mean' where you give no others, if it tells what is "
        "left out; if its cross-entropy is wanted, add that to the loss"
    )
    found = loss_of(name, where=LABELS != -100, reduction="mean")
    assert_allclose(found, whole(MEANT) / MEANT.sum(), rtol=1e-12)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_labels_beside_another_axis_leave_it_as_it_is(reduction):
    """It was told to be the last one, of tables that have as many entries there."""
    log_q, p = LOG_Q.T[None], P.T[None]
    given = {"axis": 1, "reduction": reduction}
    with pytest.raises(TypeError) as caught:
        kldiv_xp.kl_div(log_q, p, labels=LABELS[None], **given)
    assert (
        "where=labels != -100 with the operands, axis=-1 and reduction='mean' where you give no "
        in (str(caught.value))
    )
    found = kldiv_xp.kl_div(log_q, p, where=LABELS[None] != -100, **given)
    assert_allclose(found, whole(MEANT) / (MEANT.sum() if reduction == "mean" else 1), rtol=1e-12)


@pytest.mark.parametrize("class_name", CLASSES)
def test_labels_of_a_class_are_told_with_its_options(class_name):
    axis = "" if "With" in class_name else "axis=-1, "
    made = f"{class_name}({axis}reduction='mean')"
    remedy = (
        f"pass where=labels != -100 with the operands, to what {made} makes where you give no "
        "others, if it tells what is left out; if its cross-entropy is wanted, add that to the loss"
    )
    kind = getattr(kldiv_xp, class_name)
    operands = (LOGITS, TEACHER) if "With" in class_name else (LOG_Q, P)
    assert told_for(class_name, "labels", LABELS) == remedy
    with pytest.raises(TypeError) as caught:
        kind()(*operands, labels=LABELS)
    assert str(caught.value).endswith(f": {remedy}.")
    if class_name.startswith("KL"):
        loss = eval(made, {class_name: kind})
        found = loss(*operands, where=LABELS != -100)
        assert_allclose(found, whole(MEANT) / MEANT.sum(), rtol=1e-12)


def mixed(beta):
    """Jensen-Shannon divergence of a share, summed; its other end is the reverse divergence."""
    q, m = np.exp(LOG_Q), beta * P + (1 - beta) * np.exp(LOG_Q)
    if beta == 1:
        return kl(np.log(P), q)
    return beta * kl(np.log(m), P) + (1 - beta) * kl(np.log(m), q)


@pytest.mark.parametrize(("option", "beta"), [("symmetric", 0.5), ("reverse", 1.0)])
@pytest.mark.parametrize("name", LOSSES)
def test_another_direction_is_told_by_the_weight_that_has_it(name, option, beta):
    told = told_for(name, option, True)  # noqa: FBT003
    assert told_for(name, option, False) == "leave it out"  # noqa: FBT003
    if name.startswith("sparse"):
        assert told.startswith("leave it out: ")
        return
    call = re.match(r"call (\w+), ", told)
    if name in ("kl_div", "kl_div_gradient"):
        assert "`target` as `input` and `input` as `target`, with log_input=False and " in told
        return
    assert call or told.startswith(f"pass beta={beta}, ")
    found = loss_of(call[1] if call else name, beta=beta, reduction="sum")
    assert_allclose(found, mixed(beta), rtol=1e-12)


SWAPPED = (
    "`target` as `input` and `input` as `target`, with log_input=False and log_target=True where "
    "you give neither"
)


@pytest.mark.parametrize("given", [{}, {"reproducible": True}, {"generalized": True}])
@pytest.mark.parametrize(("option", "value"), [("reverse", True), ("direction", "reverse")])
def test_the_other_direction_of_tables_has_their_options(option, value, given):
    """A mixture of a share of 1 has neither the same bits everywhere nor measures."""
    with pytest.raises(TypeError) as caught:
        kldiv_xp.kl_div(LOG_Q, P, **{option: value}, **given)
    assert str(caught.value).endswith(
        f": leave it out, and pass {SWAPPED}, the divergence in the other direction."
    )
    options = given | {"log_input": False, "log_target": True, "reduction": "sum"}
    q, p, dtype = np.exp(LOG_Q), P, "float32" if "reproducible" in given else "float64"
    found = kldiv_xp.kl_div(P.astype(dtype), LOG_Q.astype(dtype), **options)
    assert_allclose(found, np.sum(q * np.log(q / p)), rtol=1e-5)


def test_both_directions_are_added():
    told = told_for("kl_div", "symmetric", True)  # noqa: FBT003
    assert told == (
        "call js_div, which is symmetric, or add the loss with " + SWAPPED + ", which is the other "
        "direction"
    )
    told = told_for("kl_div_with_logits", "symmetric", True)  # noqa: FBT003
    assert told.endswith("or add its losses with beta=0.0 and beta=1.0, which are both directions")
    both = [
        kldiv_xp.js_div_with_logits(LOGITS, TEACHER, beta=beta, reduction="sum")
        for beta in (0.0, 1.0)
    ]
    assert_allclose(sum(both), mixed_ends(), rtol=1e-12)


def mixed_ends():
    q = np.exp(LOG_Q)
    return np.sum((P - q) * np.log(P / q))


@pytest.mark.parametrize("option", ["k", "top_k", "topk"])
@pytest.mark.parametrize("name", ["kl_div", "kl_div_with_logits", "sparse_kl_div_with_logits"])
def test_a_number_of_entries_is_told_as_a_sparse_teacher(name, option):
    largest = "the values and `indices` of the 3 largest entries of each distribution of `target`"
    call = (
        "call sparse_kl_div_with_logits(input, indices, values, target_is={}), with the `axis` "
        "that you give here, and {}"
    )
    of_logits = "'logits', tail='renormalize'"
    assert (
        told_for(name, option, 3)
        == {
            "kl_div": call.format("'probabilities'", largest),
            "kl_div_with_logits": call.format(of_logits, largest),
            "sparse_kl_div_with_logits": f"leave it out, and pass {largest}",
        }[name]
    )
    places = np.argsort(-TEACHER)[:, :3]
    values = np.take_along_axis(TEACHER, places, 1)
    found = kldiv_xp.sparse_kl_div_with_logits(
        LOGITS, places, values, target_is="logits", tail="renormalize", reduction="sum"
    )
    assert_allclose(found, kl(np.take_along_axis(LOG_Q, places, 1), softmax(values)), rtol=1e-12)


def test_options_of_heat_by_other_names_keep_their_value():
    told = told_for("kl_div_with_logits", "scale_by_temperature", False)  # noqa: FBT003
    assert told == "pass scale_by_temperature_squared=False"
    assert told_for("kl_div_with_logits", "direction", "forward") == "leave it out"
    assert told_for("kl_div_with_logits", "axis_name", "batch") == (
        "leave it out, and average the losses over 'batch' yourself"
    )


@pytest.mark.parametrize("name", LOSSES)
def test_logarithms_on_both_sides_are_told_by_the_names_here(name):
    told = told_for(name, "log_prob", True)  # noqa: FBT003
    options = {"log_target": True}
    if "logits" in name or "linear" in name:
        options = {"target_is": "log_probabilities"}
    ((option, given),) = options.items()
    assert told.startswith(f"pass {option}={given!r}, with the target as the ")
    *others, _ = operands_of(name)
    log_p = np.take_along_axis(np.log(P), PLACES, 1) if name.startswith("sparse") else np.log(P)
    options |= {"beta": 0.0} if name.startswith("js") else {}
    found = getattr(kldiv_xp, name.removesuffix("_gradient"))(
        *others, log_p, reduction="sum", **options
    )
    assert_allclose(found, whole(), rtol=1e-12)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_probabilities_on_both_sides_are_told_by_the_names_here(name):
    told = told_for(name, "log_prob", False)  # noqa: FBT003
    parameters = inspect.signature(getattr(kldiv_xp, name)).parameters
    if "log_input" in parameters:
        assert told == "pass log_input=False, with the target as the second operand"
    elif "target_bias" in parameters:
        assert told == "pass target_is='probabilities', with the target as the last operand"
    else:
        assert told.startswith("pass target_is='probabilities' and the logarithm of the ")


@pytest.mark.parametrize("option", ["normalize", "normalized"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_normalises_is_told(name, option):
    told = told_for(name, option, True)  # noqa: FBT003
    if "temperature" in inspect.signature(getattr(kldiv_xp, name)).parameters:
        assert told == "leave it out: the softmax of logits adds up to 1"
        return
    assert told == (
        "leave it out, and divide probabilities by their sum along the axis of a distribution, or "
        "take log_softmax of logits"
    )
    counts = 7 * P
    shares = counts / counts.sum(axis=-1, keepdims=True)
    loss = kldiv_xp.kl_div(np.exp(LOG_Q), shares, log_input=False, reduction="sum")
    assert_allclose(loss, whole(), rtol=1e-12)
