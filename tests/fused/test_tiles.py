"""Compiled loops on rows whose elements lie apart: the bits of the same rows that are dense."""

import numpy as np
import pytest

from kldiv_xp import (
    js_div,
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
)

pytest.importorskip("llvmlite", reason="llvmlite is not installed")
from kldiv_xp.fused import plans
from kldiv_xp.fused.tile_copies import SQUARE
from kldiv_xp.tracing.layouts import Layout

GRADIENTS = {
    kl_div_with_logits: kl_div_with_logits_gradient,
    js_div_with_logits: js_div_with_logits_gradient,
}
EVERY_LOSS = pytest.mark.parametrize("loss", GRADIENTS)
# Less than a square, one, and several with a rest; tiles of one square and of several.
SIZES = [(3, 5), (SQUARE, SQUARE), (2 * SQUARE + 1, 37), (150, 4 * SQUARE), (40, 5), (3, 40)]


@pytest.fixture(autouse=True)
def fused(monkeypatch):
    monkeypatch.setenv("KLDIV_XP_FUSED", "1")


def logits(rows, classes, dtype="float32"):
    """Students and teachers, some of which agree and some of which lack a class."""
    random = np.random.default_rng(classes)
    student, teacher = 3 * random.normal(size=(2, rows, classes))
    teacher[::3] = student[::3] + 1e-3 * teacher[::3]
    student[1::7, 0] = -np.inf
    return student.astype(dtype), teacher.astype(dtype)


def in_planes(array):
    """The same rows, whose elements lie farther apart than neighbouring rows."""
    return np.ascontiguousarray(array.T).T


def agrees(found, expected):
    """Whether all bits are the same."""
    return all(
        np.array_equal(one, other, equal_nan=True)
        for one, other in zip(found, expected, strict=True)
    )


@pytest.mark.few(2, 16)
@EVERY_LOSS
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize(("rows", "classes"), SIZES)
def test_rows_in_planes_have_the_bits_of_dense_rows(loss, dtype, rows, classes):
    pair = logits(rows, classes, dtype)
    planes = [in_planes(one) for one in pair]
    assert agrees([loss(*planes, reduction="none")], [loss(*pair, reduction="none")])
    found = GRADIENTS[loss](*planes, reduction="sum")
    assert agrees(found, GRADIENTS[loss](*pair, reduction="sum"))
    mixed = loss(planes[0], pair[1], reduction="none")
    assert agrees([mixed], [loss(*pair, reduction="none")])


@EVERY_LOSS
def test_rows_of_images_whose_tiles_cross_from_one_image_to_the_next(loss):
    pair = logits(60, 37)
    images = [np.ascontiguousarray(one.reshape(5, 3, 4, 37).transpose(0, 3, 1, 2)) for one in pair]
    found = loss(*images, axis=1, reduction="none")
    assert agrees([found.ravel()], [loss(*pair, reduction="none")])
    found = GRADIENTS[loss](*images, axis=1, reduction="sum")
    dense = [one.transpose(0, 2, 3, 1).reshape(60, 37) for one in found]
    assert agrees(dense, GRADIENTS[loss](*pair, reduction="sum"))


@EVERY_LOSS
def test_rows_that_overlap_or_run_backwards(loss):
    whole = np.random.default_rng(0).normal(size=400).astype("float32")
    step = whole.itemsize
    for strides in ((5 * step, step, 9 * step), (2 * step, step, 7 * step)):
        windows = np.lib.stride_tricks.as_strided(whole, (4, 5, 21), strides)
        for student in (windows, windows[:, ::-1], windows[..., ::-1]):
            teacher = student[::-1]
            expected = loss(student.copy(), teacher.copy(), reduction="none")
            assert agrees([loss(student, teacher, reduction="none")], [expected])


@EVERY_LOSS
def test_rows_too_long_for_tiles_have_the_same_bits(loss, monkeypatch):
    pair = logits(40, 37)
    planes = [in_planes(one) for one in pair]
    expected = GRADIENTS[loss](*planes, reduction="sum")
    plans.rows_plan.cache_clear()
    monkeypatch.setattr(plans, "MOST_IN_TILES", 0)
    found = GRADIENTS[loss](*planes, reduction="sum")
    plans.rows_plan.cache_clear()
    assert agrees(found, expected)


@pytest.mark.parametrize("loss", [kl_div, js_div])
@pytest.mark.parametrize("where", [False, True])
@pytest.mark.parametrize(("rows", "classes"), SIZES)
def test_sums_along_another_axis_have_the_bits_of_those_along_the_last(loss, where, rows, classes):
    random = np.random.default_rng(rows)
    target = random.dirichlet(np.ones(classes), rows).astype("float32")
    student = np.log(random.dirichlet(np.ones(classes), rows)).astype("float32")
    mask = random.random((rows, classes)) > 0.3
    options = {"where": mask} if where else {}
    expected = loss(student, target, axis=1, reduction="none", **options)
    options = {"where": in_planes(mask).T} if where else {}
    found = loss(in_planes(student).T, in_planes(target).T, axis=0, reduction="none", **options)
    assert agrees([found], [expected])


def test_an_operand_has_tiles_where_neighbouring_rows_are_nearer_than_its_elements():
    strides = {((4,), 400): True, ((400,), 4): False, ((0,), 400): False, ((-4,), -400): True}
    rows, steps = zip(*strides, strict=True)
    layout = Layout((50,), [*rows], (), [()] * len(steps), 100, steps)
    assert layout.rows_are_nearer == [*strides.values()]
