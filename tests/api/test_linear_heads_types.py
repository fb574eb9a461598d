"""Divergences from hidden states: the dtype of the loss, 16 bits, autocast."""

import numpy as np
import pytest
from api.linear_heads import (
    BIAS,
    HEADS,
    HIDDEN,
    SHAPE,
    TARGET,
    TARGET_BIAS,
    TARGET_WEIGHT,
    TEACHER,
    WEIGHT,
    of_heads,
    of_logits,
)
from api.logits import TOKENS
from array_libraries import HALF, library
from conftest import usable
from numpy.testing import assert_allclose

from kldiv_xp import kl_div_with_logits, linear_kl_div

pytestmark = pytest.mark.usefixtures("small_blocks")


def test_dtype_is_that_of_the_loss():
    usable("torch")
    torch = library("torch")
    narrow = [torch.tensor(one, dtype=torch.bfloat16) for one in (HIDDEN, WEIGHT, TARGET)]
    narrow[0].requires_grad_()
    for dtype in (torch.float32, torch.float64):
        loss = linear_kl_div(*narrow, dtype=dtype, reduction="sum")
        assert loss.dtype == dtype
        loss.backward()
    assert narrow[0].grad.dtype == torch.bfloat16
    assert linear_kl_div(HIDDEN, WEIGHT, TARGET, dtype=np.float32).dtype == np.float32


def test_autocast_makes_narrow_logits_and_a_float32_loss():
    usable("torch")
    torch = library("torch")
    operands = [torch.tensor(one, dtype=torch.float32) for one in HEADS]
    results = []
    for function in (of_heads, of_logits):
        leaves = [one.clone().requires_grad_() for one in operands[:2]]
        with torch.autocast("cpu", torch.bfloat16):
            loss = function(*leaves, *operands[2:])
        loss.backward()
        results.append((loss.detach(), *[one.grad for one in leaves]))
    assert [one.dtype for one in results[0]] == [torch.float32] * 3
    torch.testing.assert_close(results[0], results[1], rtol=2e-2, atol=2e-2)


def test_types_promote_and_half_precision_is_rounded_once(holding_backend):
    backend = holding_backend
    dtype = next((one for one in HALF if one in backend.dtypes), None)
    if dtype is not None:
        hidden, weight, target = (backend.array(one, dtype) for one in (HIDDEN, WEIGHT, TARGET))
        value = backend.call(linear_kl_div, hidden, weight, target)
        assert value.dtype == hidden.dtype
        expected = kl_div_with_logits(HIDDEN @ WEIGHT.T, TARGET)
        assert_allclose(backend.read(value), expected, rtol=0.05)
        wide = backend.array(WEIGHT, "float32")
        assert backend.call(linear_kl_div, hidden, wide, target).dtype == wide.dtype


HALVES = {
    "plain": (("target",), {}),
    "none": (("target",), {"reduction": "none"}),
    "bias": (("target", "bias"), {}),
    "two models": (("teacher", "target_weight", "target_bias"), {"reduction": "none"}),
    "part": (("part", "indices"), {"target_is": "probabilities", "reduction": "none"}),
    "mask": (("target", "where"), {"reduction": "mean"}),
    "mixture": (("target",), {"beta": 0.5, "temperature": 2.0}),
}


@pytest.mark.few(16)
@pytest.mark.parametrize("name", ["numpy", "torch", "jax", "dask"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("row", HALVES)
def test_loss_of_16_bits_has_them_in_every_library_unless_a_dtype_is_named(name, dtype, row):
    backend = usable(name)
    if dtype == "bfloat16" and name in {"numpy", "dask"}:
        dtype = pytest.importorskip("ml_dtypes").bfloat16
    values = {
        "teacher": TEACHER, "target": TARGET, "bias": BIAS, "target_weight": TARGET_WEIGHT,
        "target_bias": TARGET_BIAS, "part": np.full((*SHAPE, 2), 0.25),
    }  # fmt: skip
    others = {
        "indices": backend.make(np.tile([0, 2], (*SHAPE, 1)), "int64"),
        "where": backend.array(TOKENS) != 0,
    }
    names, options = HALVES[row]
    narrow = {one: backend.make(values[one], dtype) for one in names if one in values}
    given = narrow | {one: others[one] for one in names if one in others}
    hidden, weight = (backend.make(one, dtype) for one in (HIDDEN, WEIGHT))
    target, *_ = (given.pop(one) for one in ("target", "teacher", "part") if one in given)
    loss = linear_kl_div(hidden, weight, target, **given, **options)
    assert loss.dtype == hidden.dtype
    wide = backend.array(1.0, "float32").dtype
    assert linear_kl_div(hidden, weight, target, **given, **options, dtype=wide).dtype == wide
    for one in narrow:  # one operand that is wider makes the result wider
        if one not in {"target", "teacher", "part"}:
            wider = given | {one: backend.array(values[one], "float32")}
            assert linear_kl_div(hidden, weight, target, **wider, **options).dtype == wide
