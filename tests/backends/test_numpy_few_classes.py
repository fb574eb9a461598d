"""NumPy and torch: logits of few classes, along the last axis or another one."""

import numpy as np
import pytest

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
)

LOSSES = {
    kl_div_with_logits: kl_div_with_logits_gradient,
    js_div_with_logits: js_div_with_logits_gradient,
}
EVERY_LOSS = pytest.mark.parametrize("loss", LOSSES)
ROWS = 300


@pytest.fixture(autouse=True, params=["0", "1"], ids=["NumPy", "compiled"])
def fused(request, monkeypatch):
    if request.param == "1":
        pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    monkeypatch.setenv("KLDIV_XP_FUSED", request.param)
    return request.param


def logits(classes, dtype="float64", rows=ROWS):
    """Students and teachers, near and far, some without their first class."""
    random = np.random.default_rng(classes)
    student, teacher = 3 * random.normal(size=(2, rows, classes)).astype(dtype)
    teacher[::3] = student[::3] + 1e-3 * teacher[::3]
    if classes > 1:
        student[5::7, 0] = -np.inf
    return student, teacher, random.random(rows) > 0.3


def in_planes(array):
    """The same, whose classes lie farther apart in memory than its rows."""
    return np.ascontiguousarray(array.T).T


@pytest.mark.few(1, 19)
@EVERY_LOSS
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("classes", [*range(1, 8), 21, 127])
@pytest.mark.parametrize("lie", [np.asarray, in_planes], ids=["rows", "planes"])
def test_a_row_in_a_batch_has_the_bits_of_the_row_alone(loss, dtype, classes, lie):
    student, teacher, mask = logits(classes, dtype)
    pair = lie(student), lie(teacher)
    alone = [loss(x, t, reduction="none") for x, t in zip(student, teacher, strict=True)]
    np.testing.assert_array_equal(loss(*pair, reduction="none"), alone)
    masked = loss(*pair, reduction="none", where=mask)
    np.testing.assert_array_equal(masked, np.where(mask, alone, 0))


@pytest.mark.few(0, 8)
@EVERY_LOSS
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("classes", [2, 9, 127])
def test_derivatives_of_a_row_in_a_batch_have_the_bits_of_those_alone(loss, dtype, classes):
    student, teacher, _ = logits(classes, dtype)
    of_batch = LOSSES[loss](student, teacher, reduction="sum")
    rows = zip(student, teacher, strict=True)
    alone = zip(*[LOSSES[loss](x, t, reduction="sum") for x, t in rows], strict=True)
    for found, expected in zip(of_batch, alone, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.few(1, 7)
@EVERY_LOSS
@pytest.mark.parametrize("where", [False, True])
@pytest.mark.parametrize("classes", [2, 3, 21])
def test_derivatives_along_another_axis_are_those_along_the_last(loss, classes, where):
    student, teacher, mask = logits(classes)
    images = [in_planes(one).T.reshape(1, classes, 15, 20) for one in (student, teacher)]
    options = {"where": mask.reshape(1, 15, 20)} if where else {}
    found = LOSSES[loss](*images, axis=1, reduction="sum", **options)
    expected = LOSSES[loss](student, teacher, reduction="sum", **({"where": mask} if where else {}))
    for one, other in zip(found, expected, strict=True):
        assert one.flags.c_contiguous
        np.testing.assert_allclose(one.reshape(classes, -1).T, other, rtol=1e-10, atol=1e-14)


@pytest.mark.few(0, 2)
@EVERY_LOSS
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_gradients_of_torch_lie_in_memory_as_their_images(loss, dtype):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    student, teacher, _ = logits(3)
    x, t = (torch.from_numpy(in_planes(one).T.reshape(1, 3, 15, 20)) for one in (student, teacher))
    for kind in (torch.contiguous_format, torch.channels_last):
        student = x.to(getattr(torch, dtype), memory_format=kind, copy=True).requires_grad_()
        loss(student, t.to(student.dtype), axis=1).backward()
        assert student.grad.stride() == student.stride()
        exact = student.detach().double().requires_grad_()
        loss(exact, t.to(student.dtype).double(), axis=1).backward()
        close = {"rtol": torch.finfo(student.dtype).eps * 4, "atol": 1e-6}
        torch.testing.assert_close(student.grad.double(), exact.grad, **close)


@EVERY_LOSS
@pytest.mark.parametrize("classes", [8, 19, 100])
@pytest.mark.parametrize("temperature", [1.0, 3.0, 4.0])
def test_float32_rows_near_and_far_are_those_of_float64_rounded_once(loss, classes, temperature):
    random = np.random.default_rng(classes)
    pair = random.normal(size=(2, 600, classes)) * np.repeat([1.0, 0.25, 1e-2], 200)[:, None]
    single = pair.astype("float32")
    options = {"reduction": "none", "temperature": temperature}
    found, exact = (loss(*one, **options) for one in (single, single.astype("float64")))
    np.testing.assert_allclose(found, exact, rtol=6.1e-8)
    options["reduction"] = "sum"
    found, exact = (LOSSES[loss](*one, **options) for one in (single, single.astype("float64")))
    for one, other in zip(found, exact, strict=True):
        length = np.linalg.norm(other, axis=-1)
        assert (np.linalg.norm(one - other, axis=-1) <= 6.1e-8 * length).all()
