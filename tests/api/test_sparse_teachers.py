"""Teachers known by their top entries: tails, masks, axes, 16 bits, blocks of rows."""

import math

import numpy as np
import pytest
from api.logits import TOKENS, log_softmax, mask_on
from api.sparse_teachers import (
    GIVEN,
    INDICES,
    KINDS,
    LOG_P,
    RNG,
    SHAPE,
    STUDENT,
    TAILS,
    TEACHER,
    TOP,
    dense,
    expected_rows,
    places,
)
from array_libraries import HALF, library
from conftest import usable
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import (
    kl_div_with_logits,
    linear_kl_div,
    sparse_kl_div_with_logits,
    thread_limit,
)
from kldiv_xp.host import blocks


@pytest.mark.parametrize("tail", TAILS)
def test_each_tail_is_the_loss_of_whole_vocabularies(backend, tail):
    cases = list(zip(KINDS, (1.0, 2.5), strict=True))

    def losses(student, indices, p, log_p):
        given = {"probabilities": p, "log_probabilities": log_p}
        return [
            sparse_kl_div_with_logits(
                student,
                indices,
                given[kind],
                target_is=kind,
                tail=tail,
                temperature=temperature,
                reduction="none",
            )
            for kind, temperature in cases
        ]

    targets = [backend.array(GIVEN[kind]) for kind in KINDS]
    found = backend.call(losses, backend.array(STUDENT), places(backend), *targets)
    for rows, (_, temperature) in zip(found, cases, strict=True):
        expected = expected_rows(tail, temperature=temperature) * temperature**2
        assert_allclose(backend.read(rows), expected, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize(("kind", "tail"), list(zip(("logits", *KINDS[::-1]), TAILS, strict=True)))
def test_all_places_are_the_loss_of_whole_vocabularies(backend, kind, tail):
    order = np.argsort(STUDENT, axis=-1)
    logits = np.where(order == 2, -math.inf, TEACHER)
    targets = {"logits": logits, "log_probabilities": log_softmax(logits)}
    targets["probabilities"] = np.exp(targets["log_probabilities"])
    ordered = np.take_along_axis(targets[kind], order, -1)
    options = {"target_is": kind, "temperature": 2.0, "reduction": "none"}
    rows = backend.values(
        sparse_kl_div_with_logits,
        *(backend.array(STUDENT), places(backend, order), backend.array(ordered)),
        tail=tail,
        **options,
    )
    assert_allclose(rows, kl_div_with_logits(STUDENT, targets[kind], **options), rtol=1e-12)


@pytest.mark.parametrize("integers", ["int8", "uint8", "int16", "int32"])
@pytest.mark.parametrize("tail", TAILS)
def test_narrow_integers_name_places_of_any_vocabulary(backend, tail, integers):
    student = backend.array(np.linspace(-2, 2, 600).reshape(2, 300))
    named, p = np.asarray([[5, 7], [100, 0]]), backend.array([[0.5, 0.25], [0.75, 0.125]])
    options = {"target_is": "probabilities", "tail": tail, "reduction": "none"}
    narrow, wide = (
        backend.values(sparse_kl_div_with_logits, student, backend.make(named, dtype), p, **options)
        for dtype in (integers, "int64")
    )
    assert_array_equal(narrow, wide)
    narrow, wide = (
        backend.values(
            lambda rows, head, places, p: linear_kl_div(rows, head, p, indices=places, **options),
            *(backend.array(one) for one in (np.eye(2), np.linspace(-2, 2, 600).reshape(300, 2))),
            *(backend.make(named, dtype), p),
        )
        for dtype in (integers, "int64")
    )
    assert_array_equal(narrow, wide)


def equal_distributions():
    """Student, indices, target, its kind and tail, and what the loss is below."""
    hidden = dense(np.take_along_axis(TEACHER, INDICES, -1), -math.inf)
    top = np.take_along_axis(TEACHER, INDICES, -1)
    yield hidden, INDICES, top, "logits", "renormalize", 0
    every = np.argsort(TEACHER, axis=-1)
    yield TEACHER, every, np.take_along_axis(TEACHER, every, -1), "logits", "bucket", 0
    yield np.zeros(SHAPE), every, np.full(SHAPE, 1 / 7), "probabilities", "renormalize", 1e-13
    halves = np.where(np.arange(SHAPE[-1]) < 4, 1.0, np.arange(SHAPE[-1]) - 30.0) * np.ones(SHAPE)
    first = np.broadcast_to(np.arange(TOP), (*SHAPE[:-1], TOP))
    p = np.exp(log_softmax(halves))[..., :TOP]
    yield halves, first, p, "probabilities", "bucket", 1e-12


@pytest.mark.parametrize("number", range(4))
def test_equal_distributions_are_nowhere_apart(backend, dtype, number):
    student, indices, target, kind, tail, below = list(equal_distributions())[number]
    value = backend.values(
        sparse_kl_div_with_logits,
        *(backend.array(student, dtype), places(backend, indices)),
        backend.array(target, dtype),
        target_is=kind,
        tail=tail,
    )
    assert value == 0 or 0 <= value < below


def test_tail_of_a_certain_student_keeps_its_digits(backend, dtype):
    student, places_of_one = [[0.0, -60.0, -60.0]], [[0]]
    value = backend.values(
        sparse_kl_div_with_logits,
        *(backend.array(student, dtype), places(backend, places_of_one)),
        backend.array([[0.75]], dtype),
        target_is="probabilities",
    )
    expected = 0.75 * math.log(0.75) + 0.25 * (math.log(0.25) + 60 - math.log(2))
    assert_allclose(value, expected, rtol=1e-6 if dtype == "float32" else 1e-14)


def test_samples_that_are_not_selected_have_no_part_whatever_their_indices(backend):
    found = backend.call(
        lambda *arrays: [
            sparse_kl_div_with_logits(*arrays[:3], where=arrays[3], reduction=reduction)
            for reduction in ("none", "mean", "batchmean")
        ],
        backend.array(np.where(TOKENS, STUDENT, math.nan)),
        places(backend, np.where(TOKENS, INDICES, -100)),
        backend.array(np.where(TOKENS, LOG_P, math.nan)),
        mask_on(backend, TOKENS),
    )
    rows = np.where(TOKENS[..., 0], expected_rows("bucket"), 0)
    for value, expected in zip(found, (rows, rows.sum() / 3, rows.sum() / 2), strict=True):
        assert_allclose(backend.read(value), expected, rtol=1e-10)


def test_axis_of_a_distribution_may_be_any(backend):
    student, indices, log_p = (np.moveaxis(one, -1, 0) for one in (STUDENT, INDICES, LOG_P))
    operands = backend.array(student), places(backend, indices), backend.array(log_p)
    rows = backend.values(sparse_kl_div_with_logits, *operands, axis=0, reduction="none")
    assert_allclose(rows, expected_rows("bucket"), rtol=1e-10)


def test_temperature_may_be_an_array(backend):
    operands = backend.array(STUDENT), places(backend), backend.array(LOG_P)
    value = backend.call(
        lambda *arrays: sparse_kl_div_with_logits(*arrays[:3], temperature=arrays[3]),
        *(*operands, backend.array(2.5)),
    )
    expected = sparse_kl_div_with_logits(STUDENT, INDICES, LOG_P, temperature=2.5)
    assert_allclose(backend.read(value), expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", HALF)
def test_half_precision_is_computed_in_float32_and_rounded_once(backend, dtype):
    student, log_p = (backend.array(one, dtype) for one in (STUDENT, LOG_P))
    rounded = backend.read(student).astype("f8"), backend.read(log_p).astype("f8")
    wide = backend.array(LOG_P, "float32")
    value, mixed = backend.call(
        lambda x, i, *both: [sparse_kl_div_with_logits(x, i, t) for t in both],
        *(student, places(backend), log_p, wide),
    )
    assert value.dtype == student.dtype
    expected = expected_rows("bucket", *rounded).sum() / 2
    eps = {"float16": 2.0**-10, "bfloat16": 2.0**-7}[dtype]
    assert_allclose(backend.read(value), expected, rtol=eps)
    assert mixed.dtype == wide.dtype
    expected = expected_rows("bucket", rounded[0]).sum() / 2
    assert_allclose(backend.read(mixed), expected, rtol=1e-5)


def test_blocks_of_rows_change_nothing_and_no_temporary_is_of_full_size(monkeypatch):
    student, teacher = RNG.normal(size=(2, 40, 7))
    indices = np.argsort(-teacher, axis=-1)[:, :TOP]
    log_p = np.take_along_axis(log_softmax(teacher), indices, -1)
    whole = sparse_kl_div_with_logits(student, indices, log_p, reduction="none")
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 8 * 16)
    for threads in (1, 3):
        with thread_limit(threads):
            found = sparse_kl_div_with_logits(student, indices, log_p, reduction="none")
            assert_array_equal(found, whole)
            assert_array_equal(
                sparse_kl_div_with_logits(student[3], indices[3], log_p[3], reduction="none"),
                whole[3],
            )


def test_a_block_of_memory_is_enough():
    import tracemalloc

    student, indices = np.zeros((256, 32000), "f4"), np.tile(np.arange(8), (256, 1))
    log_p = np.full(indices.shape, math.log(0.1), "f4")
    with thread_limit(1):
        tracemalloc.start()
        sparse_kl_div_with_logits(student, indices, log_p)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert most < 5 << 20 < student.nbytes


def test_dask_stays_lazy_and_puts_a_row_together_from_its_chunks():
    usable("dask")
    da = library("dask.array")
    for chunks in [(1, 3, 3), (2, 2, 2)]:
        operands = [da.from_array(a, chunks=chunks) for a in (STUDENT, INDICES, LOG_P)]
        rows = sparse_kl_div_with_logits(*operands, reduction="none")
        assert isinstance(rows, da.Array)
        assert_allclose(rows.compute(), expected_rows("bucket"), rtol=1e-10)
