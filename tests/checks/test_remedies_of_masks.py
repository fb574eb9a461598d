"""Masks of another shape or dtype: the remedy selects what was meant."""

import numpy as np
import pytest
from array_libraries import BACKENDS
from checks.following_remedies import (
    LOG_Q,
    LOGITS,
    RNG,
    TEACHER,
    P,
    kl,
    log_softmax,
    made,
    refused,
    softmax,
)
from words import follow, value, words

from kldiv_xp import kl_div, kl_div_with_logits, linear_kl_div, sparse_kl_div_with_logits
from kldiv_xp.checks.shape_remedies import is_regrouped

MASK = np.asarray([True, False])
ALLOWED = "`where` must have the shape {allowed}; got {got}: pass {code}."


def masks(backend):
    """Function, options, mask, allowed shapes, code, and which samples have a part."""
    insert = words(backend, "inserted", "where", index=":, None", unsqueezed=".unsqueeze(1)")
    spread = words(backend, "broadcast", insert, shape=(2, 3))
    column = words(backend, "reshaped", "where", shape=(2, 1))
    return {
        "a mask of rows": (kl_div, {}, MASK, "(2, 3)", spread),
        "a mask of samples": (
            kl_div, {"axis": -1}, MASK[None], "(2, 3) or (2, 1) or (2,)", column,
        ),
        "a mask of samples of logits": (
            kl_div_with_logits, {}, MASK[None], "(2, 1) or (2,)", column,
        ),
        "a column": (
            kl_div, {}, MASK[:, None], "(2, 3)",
            words(backend, "broadcast", "where", shape=(2, 3)),
        ),
        "an axis too many": (
            kl_div_with_logits, {}, MASK[:, None, None], "(2, 1) or (2,)", column,
        ),
    }  # fmt: skip


@pytest.mark.parametrize("row", masks(BACKENDS["numpy"]))
def test_remedy_of_a_mask_selects_what_was_meant(holding_backend, row):
    function, options, mask, allowed, code = masks(holding_backend)[row]
    pair = (LOG_Q, P) if function is kl_div else (LOGITS, TEACHER)
    operands = [holding_backend.array(one) for one in pair]
    where = made(holding_backend, mask)
    options = options | {"reduction": "sum"}
    named = dict(zip(("input", "target"), operands, strict=True))
    found = refused(function, named, options | {"where": where})
    assert found == ALLOWED.format(allowed=allowed, got=mask.shape, code=code)
    where = follow(code, where=where)["where"]
    loss = holding_backend.read(function(*operands, where=where, **options))
    assert loss == pytest.approx(kl(LOG_Q[MASK], P[MASK]))


def check_turned(backend, pair, selected, extra=()):
    """The mask of selected samples, its axes reversed, is told to be transposed, and then right."""
    operands = dict(zip(("input", "target"), map(backend.array, pair), strict=True))
    where = made(backend, np.ascontiguousarray(selected.T).reshape(*selected.T.shape, *extra))
    order = *reversed(range(selected.ndim)), *range(selected.ndim, where.ndim)
    code, shape = words(backend, "permuted", "where", axes=order), selected.shape
    assert refused(kl_div_with_logits, operands, {"where": where}) == (
        f"`where` must have the shape {(*shape, 1)} or {shape}; got {tuple(where.shape)}: "
        f"pass {code}."
    )
    where = follow(code, where=where)["where"]
    loss = kl_div_with_logits(**operands, where=where, reduction="sum")
    expected = kl_div_with_logits(*(one[selected] for one in pair), reduction="sum")
    assert backend.read(loss) == pytest.approx(expected)


@pytest.mark.parametrize("extra", [(), (1,)], ids=["natural", "with the axis"])
def test_mask_of_other_axes_is_turned_and_not_read_in_its_own_order(holding_backend, extra):
    selected = np.arange(3) < np.asarray([[3], [1]])
    pair = np.random.default_rng(1).normal(size=(2, 2, 3, 5)).astype(np.float32)
    check_turned(holding_backend, pair, selected, extra)


def test_axes_in_another_order_are_turned_where_a_reshape_would_give_the_shape_too(holding_backend):
    rng = np.random.default_rng(2)
    pair, selected = rng.normal(size=(2, 2, 4, 8, 5)), rng.random((2, 4, 8)) > 0.4
    check_turned(holding_backend, pair, selected)


def test_two_orders_of_axes_that_give_a_shape_are_both_told(holding_backend):
    rng = np.random.default_rng(3)
    student, teacher = rng.normal(size=(2, 4, 3, 3))
    operands = {"input": student, "target": np.ascontiguousarray(teacher.T)}
    operands = {name: holding_backend.array(one) for name, one in operands.items()}
    codes = [
        words(holding_backend, "permuted", "target", axes=axes) for axes in ((2, 0, 1), (2, 1, 0))
    ]
    assert refused(kl_div_with_logits, operands, {}) == (
        "`input` and `target` must have the same shape; got (4, 3, 3) and (3, 3, 4): pass "
        f"{codes[0]}, or {codes[1]}, whichever leaves each element its place."
    )
    target = follow(codes[1], target=operands["target"])["target"]
    found = kl_div_with_logits(operands["input"], target, reduction="sum")
    assert holding_backend.read(found) == pytest.approx(
        kl_div_with_logits(student, teacher, reduction="sum")
    )


@pytest.mark.parametrize(("shape", "other", "keeps"), [
    ((2, 3, 4), (6, 4), True), ((2, 3, 4), (24,), True), ((2, 3, 1), (1, 2, 3), True),
    ((6,), (2, 3), True), ((2, 3), (3, 2), False), ((2, 3, 4), (4, 6), False),
    ((2, 3), (2, 4), False), ((2, 3), (6, 1), True), ((2, 3, 4), (2, 4, 3), False),
    ((2, 4, 8), (8, 4, 2), False), ((2, 4, 8, 1), (8, 4, 2), False), ((2, 4, 8), (8, 8), True),
])  # fmt: skip
def test_reshape_is_a_remedy_where_elements_keep_their_places(shape, other, keeps):
    assert is_regrouped(shape, other) is keeps


def test_entries_of_logits_are_left_out_by_infinity(holding_backend):
    selected = np.asarray([[True, True, False], [True, False, True]])
    where = made(holding_backend, selected)
    operands = {
        "input": holding_backend.array(LOGITS), "target": holding_backend.array(TEACHER),
    }  # fmt: skip
    code = words(holding_backend, "selected", "where", y="input")
    assert refused(kl_div_with_logits, operands, {"where": where}) == (
        "`where` must have the shape (2, 1) or (2,); got (2, 3): if it is the same along axis 1 "
        f"pass where[:, :1]; to leave out single entries, make their logits -inf in both operands, "
        f"e.g. {code}."
    )
    padding = value("where[:, :1]", where=where)
    kept = kl_div_with_logits(**operands, where=padding, reduction="sum")
    whole = kl_div_with_logits(**operands, reduction="sum")
    assert holding_backend.read(kept) == pytest.approx(holding_backend.read(whole))
    left = [value(code.replace("input", name), where=where, **operands) for name in operands]
    loss = holding_backend.read(kl_div_with_logits(*left, reduction="sum"))
    x, t = (np.where(selected, one, -np.inf) for one in (LOGITS, TEACHER))
    assert loss == pytest.approx(kl(log_softmax(x), softmax(t)))


HIDDEN, WEIGHT = RNG.normal(size=(2, 3, 4)), RNG.normal(size=(5, 4))
OF_STUDENT, OF_TEACHER = HIDDEN @ WEIGHT.T, RNG.normal(size=(2, 3, 5))
PLACES = np.argsort(-OF_TEACHER)[..., :2]
LOG_P = np.take_along_axis(log_softmax(OF_TEACHER), PLACES, -1)
SELECTED = np.asarray([[True, True, False], [True, False, False]])
# Function, operands, sizes of masks of the entries of samples, and what else is told of those.
OF_ENTRIES = {
    "kl_div_with_logits": (kl_div_with_logits, (OF_STUDENT, OF_TEACHER), (5,),
                           "to leave out single entries, make their logits -inf in both operands"),
    "sparse_kl_div_with_logits": (sparse_kl_div_with_logits, (OF_STUDENT, PLACES, LOG_P), (5, 2),
                                  "to leave out single entries, make their logits -inf in `input`"),
    "linear_kl_div": (linear_kl_div, (HIDDEN, WEIGHT, OF_TEACHER), (5, 4),
                      "to leave out single entries, make the logits, set these to -inf in both, "
                      "and call kl_div_with_logits"),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_ENTRIES)
def test_mask_of_entries_of_padding_is_cut_to_samples(holding_backend, name):
    function, arrays, sizes, entries = OF_ENTRIES[name]
    operands = [made(holding_backend, one) for one in arrays]
    for size in sizes:
        where = made(holding_backend, np.repeat(SELECTED[..., None], size, -1))
        with pytest.raises(ValueError, match="where") as caught:
            function(*operands, where=where)
        start = f"`where` must have the shape (2, 3, 1) or (2, 3); got (2, 3, {size}): if it is "
        assert str(caught.value).startswith(start + "the same along axis 2 pass where[:, :, :1]")
        assert (entries in str(caught.value)) == (size == 5)
        padding = value("where[:, :, :1]", where=where)
        loss = holding_backend.read(function(*operands, where=padding, reduction="sum"))
        if name.startswith("sparse"):
            p, q = np.exp(LOG_P), np.take_along_axis(softmax(OF_STUDENT), PLACES, -1)
            p, q = (np.concatenate([one, 1 - one.sum(-1, keepdims=True)], -1) for one in (p, q))
            assert loss == pytest.approx(kl(np.log(q[SELECTED]), p[SELECTED]))
        else:
            log_q, p = log_softmax(OF_STUDENT), softmax(OF_TEACHER)
            assert loss == pytest.approx(kl(log_q[SELECTED], p[SELECTED]))


def test_mask_of_one_token_more_is_cut_as_the_logits_are():
    where = np.asarray([[True, True, True, False], [True, True, False, False]])
    with pytest.raises(ValueError, match="where") as caught:
        kl_div_with_logits(OF_STUDENT, OF_TEACHER, where=where)
    assert str(caught.value) == (
        "`where` must have the shape (2, 3, 1) or (2, 3); got (2, 4): cut it as the operands are, "
        "e.g. to where[:, 1:] beside logits without the last."
    )
    loss = kl_div_with_logits(OF_STUDENT, OF_TEACHER, where=where[:, 1:], reduction="sum")
    kept = where[:, 1:]
    assert loss == pytest.approx(kl(log_softmax(OF_STUDENT)[kept], softmax(OF_TEACHER)[kept]))


NEXT = np.asarray([[True, True], [True, False]])
CUT = "cut the operands as it is, e.g. to {} beside a mask of the next tokens."
TABLES = log_softmax(OF_STUDENT), softmax(OF_TEACHER)
SUMMED = {"reduction": "sum"}
# Function, operands, options, allowed shapes, and the operands' names with the axis of tokens.
OF_TOKENS = {
    "kl_div": (kl_div, TABLES, {"axis": -1}, "(2, 3, 5) or (2, 3, 1) or (2, 3)",
               ("input", "target"), 1),
    "kl_div of classes first": (
        kl_div, tuple(np.moveaxis(one, -1, 1) for one in TABLES), {"axis": 1},
        "(2, 5, 3) or (2, 1, 3) or (2, 3)", ("input", "target"), 2),
    "kl_div_with_logits": (kl_div_with_logits, (OF_STUDENT, OF_TEACHER), {},
                           "(2, 3, 1) or (2, 3)", ("input", "target"), 1),
    "sparse_kl_div_with_logits": (
        sparse_kl_div_with_logits, (OF_STUDENT, PLACES, LOG_P), {}, "(2, 3, 1) or (2, 3)",
        ("input", "indices", "target"), 1),
    "linear_kl_div": (lambda states, target, **more: linear_kl_div(states, WEIGHT, target, **more),
                      (HIDDEN, OF_TEACHER), {}, "(2, 3, 1) or (2, 3)", ("input", "target"), 1),
    "linear_kl_div of a part": (
        lambda states, indices, target, **more: linear_kl_div(
            states, WEIGHT, target, indices=indices, target_is="log_probabilities", **more),
        (HIDDEN, PLACES, LOG_P), {}, "(2, 3, 1) or (2, 3)", ("input", "indices", "target"), 1),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_TOKENS)
def test_mask_of_the_next_tokens_has_the_operands_cut(name):
    function, arrays, options, allowed, names, axis = OF_TOKENS[name]
    codes = [f"{one}[{':, ' * axis}:-1]" for one in names]
    with pytest.raises(ValueError, match="where") as caught:
        function(*arrays, where=NEXT, **options, **SUMMED)
    assert str(caught.value) == (
        f"`where` must have the shape {allowed}; got (2, 2): "
        + CUT.format(f"{', '.join(codes[:-1])} and {codes[-1]}")
    )
    operands = dict(zip(names, arrays, strict=True))
    cut = [value(code, **operands) for code in codes]
    found = function(*cut, where=NEXT, **options, **SUMMED)
    assert found == pytest.approx(sum_of_next(of_part="indices" in names))


def sum_of_next(*, of_part):
    log_q, p = (one[:, :-1][NEXT] for one in TABLES)
    if not of_part:
        return kl(log_q, p)
    at = PLACES[:, :-1][NEXT]
    p, q = (np.take_along_axis(one, at, -1) for one in (p, np.exp(log_q)))
    p, q = (np.concatenate([one, 1 - one.sum(-1, keepdims=True)], -1) for one in (p, q))
    return kl(np.log(q), p)


def test_mask_of_fewer_samples_or_entries_cuts_no_operand():
    one_sample, few_entries = np.ones((1, 2), bool), np.ones((2, 3, 4), bool)
    student, teacher = log_softmax(OF_STUDENT[:, :2]), softmax(OF_TEACHER[:, :2])
    for where, pair in ((one_sample, (student, teacher)), (few_entries, TABLES)):
        with pytest.raises(ValueError, match="where") as caught:
            kl_div(*pair, axis=-1, where=where, **SUMMED)
        assert "beside a mask of the next tokens" not in str(caught.value)


def test_mask_of_other_samples_is_made_anew():
    with pytest.raises(ValueError, match="where") as caught:
        kl_div_with_logits(OF_STUDENT, OF_TEACHER, where=np.ones((7, 8), bool))
    assert str(caught.value).endswith(
        "leave it out if it has selected the operands, or tells what tokens attend to; else start "
        "from numpy.ones((2, 3), dtype=bool), and set what is left out to False."
    )


@pytest.mark.parametrize("target_is", ["log_probabilities", "probabilities"])
def test_a_mask_of_the_entries_that_a_teacher_knows_is_told_of_those(target_is):
    kept = np.asarray([[[True, False], [True, True], [True, False]]] * 2)
    target = LOG_P if target_is == "log_probabilities" else np.exp(LOG_P)
    with pytest.raises(ValueError, match="where") as caught:
        sparse_kl_div_with_logits(OF_STUDENT, PLACES, target, where=kept, target_is=target_is)
    told = {
        "log_probabilities": "-inf at them in `target`, numpy.where(where, target, -numpy.inf)",
        "probabilities": "0 at them in `target`",
    }[target_is]
    assert str(caught.value) == (
        "`where` must have the shape (2, 3, 1) or (2, 3); got (2, 3, 2): if it is the same along "
        f"axis 2 pass where[:, :, :1]; to leave out single entries, pass {told}."
    )
    left = np.where(kept, target, -np.inf if target_is == "log_probabilities" else 0.0)
    options = {"target_is": target_is, "reduction": "sum"}
    found = sparse_kl_div_with_logits(OF_STUDENT, PLACES, left, **options)
    p, q = np.exp(LOG_P) * kept, np.take_along_axis(softmax(OF_STUDENT), PLACES, -1)
    p, q = (np.concatenate([one, 1 - one.sum(-1, keepdims=True)], -1) for one in (p, q))
    assert found == pytest.approx(kl(np.log(q), p))
