"""NumPy and torch: rows of many classes that lie apart in memory have the numbers of dense rows."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import kldiv_xp

LOSSES = ("kl_div_with_logits", "js_div_with_logits", "sparse_kl_div_with_logits")
CALLS = [*LOSSES, *(f"{name}_gradient" for name in LOSSES)]
SHAPES = {"planes": (3, 200, 7, 5), "a column each": (1, 1300, 30), "many blocks": (1, 500, 1700)}


@pytest.fixture(autouse=True, params=["0", "1"], ids=["NumPy", "compiled"])
def fused(request, monkeypatch):
    if request.param == "1":
        pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    monkeypatch.setenv("KLDIV_XP_FUSED", request.param)


def images(shape, dtype):
    """Students and teachers, near and far; some students lack a class."""
    random = np.random.default_rng(shape[1])
    student, teacher = random.normal(size=(2, *shape)).astype(dtype)
    teacher[..., ::3] = student[..., ::3] + 1e-3 * teacher[..., ::3]
    student[:, 3, ..., 1] = -np.inf
    return student, teacher


def operands_of(name, student, teacher):
    """Operands of a call; of sparse teachers the first classes."""
    if not name.startswith("sparse"):
        return student, teacher
    kept = teacher[:, :5] - 6
    indices = np.broadcast_to(np.arange(5).reshape(1, 5, *(1,) * (kept.ndim - 2)), kept.shape)
    return student, np.ascontiguousarray(indices), kept


def results(name, operands, axis, **options):
    """Whatever the call returns, with classes along the last axis."""
    found = getattr(kldiv_xp, name)(*operands, axis=axis, **options)
    if not isinstance(found, tuple):
        return [found]
    return [np.moveaxis(np.asarray(one), axis, -1) for one in found]


@pytest.mark.few(1, 5)
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("options", [{}, {"temperature": 3.0}, {"target_is": "log_probabilities"}])
def test_rows_of_classes_apart_have_the_bits_of_dense_rows(name, shape, dtype, options):
    operands = operands_of(name, *images(SHAPES[shape], dtype))
    dense = [np.ascontiguousarray(np.moveaxis(one, 1, -1)) for one in operands]
    reduction = "sum" if name.endswith("gradient") else "none"
    expected = results(name, dense, -1, reduction=reduction, **options)
    found = results(name, operands, 1, reduction=reduction, **options)
    for one, other in zip(found, expected, strict=True):
        assert_array_equal(one, other)


@pytest.mark.few(0, 3)
@pytest.mark.parametrize("name", LOSSES[:2])
@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_losses_of_a_thousand_classes_in_planes_are_right(name, temperature):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    loss = getattr(kldiv_xp, name)
    given = [torch.from_numpy(one) for one in images((2, 1000, 14, 14), "float32")]
    student, exact = (one.clone().requires_grad_() for one in (given[0], given[0].double()))
    options = {"axis": 1, "reduction": "none", "temperature": temperature}
    found = loss(student, given[1], **options)
    right = loss(exact, given[1].double(), **options)
    torch.testing.assert_close(found.double(), right, rtol=3e-6, atol=0)
    found.sum().backward()
    right.sum().backward()
    gap = torch.linalg.vector_norm(student.grad - exact.grad, dim=1)
    assert (gap <= 1e-6 * torch.linalg.vector_norm(exact.grad, dim=1)).all()


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("rows", [0, 1])
def test_no_row_and_one_row_of_classes_apart(name, rows):
    operands = [one[:rows] for one in operands_of(name, *images((4, 130, 3), "float32"))]
    dense = [np.ascontiguousarray(np.moveaxis(one, 1, -1)) for one in operands]
    found, expected = (
        results(name, given, axis, reduction="sum") for given, axis in ((operands, 1), (dense, -1))
    )
    for one, other in zip(found, expected, strict=True):
        assert_array_equal(one, other)
