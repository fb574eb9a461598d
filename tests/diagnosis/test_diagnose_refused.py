"""Diagnosis of operands whose values it cannot or need not read."""

import numpy as np
import pytest
from diagnosis.distributions import LOG_P, LOG_Q, P, only
from words import words

from kldiv_xp import diagnose


def test_integers_are_found_with_the_words_of_the_loss(holding_backend):
    xp_array = holding_backend.array(P)
    labels = xp_array > 0.5
    report = diagnose(holding_backend.array(LOG_Q), labels)
    finding = only(report)
    assert (finding.code, finding.operand, finding.index) == ("dtype", "target", None)
    assert finding.message.startswith("`target` must have a real floating-point dtype; got ")
    remedy = words(holding_backend, "as_float", "target")
    assert finding.message.endswith(f"bool: convert it with {remedy}.")
    assert report.values == {}


def test_labels_are_recognised():
    report = diagnose(LOG_Q, np.asarray([0, 1, 2, 3, 4, 0]))
    dtype, shape = report.findings
    remedy = (
        "class labels become probabilities by numpy.eye(5)[target.astype(int)], which "
        "kl_div_with_logits takes with target_is='probabilities'; where labels are -100, pass "
        "where=target != -100 too, and encode target.clip(0)."
    )
    assert dtype.message == (f"`target` must have a real floating-point dtype; got int64: {remedy}")
    assert shape.code == "shape"
    remedy = remedy.replace("class labels", "if these are class labels, they")
    assert shape.message == (
        "`input` and `target` must have the same shape; got (6, 5) and (6,): "
        f"{remedy[:-1]}; if not, pass all 5 entries of each distribution."
    )
    assert str(report).startswith("Found 2 mistakes in operands of kl_div, of shape (6, 5)")


@pytest.mark.parametrize(("input", "target"), [([1.0], P), (LOG_Q, None)])
def test_what_is_no_array_raises(input, target):
    with pytest.raises(TypeError, match="must be an array"):
        diagnose(input, target)


def test_bad_options_raise():
    with pytest.raises(TypeError, match="`log_target` must be True or False; got 1"):
        diagnose(LOG_Q, P, log_target=1)
    with pytest.raises(ValueError, match="`axis` must name axes of the operands"):
        diagnose(LOG_Q, P, axis=2)


def test_traced_arrays_have_no_values_to_read():
    jax = pytest.importorskip("jax", reason="jax is not installed")
    with pytest.raises(TypeError, match="A diagnosis reads values") as caught:
        jax.jit(lambda x, p: diagnose(x, p).values["sum"])(LOG_Q, P)
    assert str(caught.value).endswith(
        "Tracer has none to read: call it on arrays that hold values, outside of what is traced "
        "or transformed."
    )


def test_meta_tensors_have_no_values_to_read():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    empty = torch.empty((2, 3), device="meta")
    with pytest.raises(TypeError, match="Tensor has none to read"):
        diagnose(empty, empty)


def test_unknown_shape_is_told_in_a_sentence():
    da = pytest.importorskip("dask.array", reason="dask is not installed")
    array = da.from_array(LOG_Q, chunks=(3, 5))
    array = array[array[:, 0] < 0]
    with pytest.raises(ValueError, match="needs to know the shape") as caught:
        diagnose(array, array)
    assert str(caught.value) == (
        "A diagnosis needs to know the shape of `input`; got (None, 5): compute it first (Dask: "
        "compute_chunk_sizes())."
    )


def test_tensors_that_want_a_gradient_are_diagnosed_without_one():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    log_q = torch.tensor(LOG_Q, requires_grad=True)
    report = diagnose(log_q, torch.tensor(LOG_P), log_target=False)
    assert only(report).code == "log-probabilities-as-target"
    assert log_q.grad is None


def test_types_and_shapes_are_found_once_each():
    report = diagnose(np.zeros((2, 3), dtype="int64"), np.zeros((2, 4)))
    assert [(one.code, one.count) for one in report.findings] == [("dtype", 1), ("shape", 1)]
