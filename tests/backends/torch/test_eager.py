"""torch: values are those of NumPy's loops, in every type and layout."""

import gc

import numpy as np
import pytest
import reference
from backends.torch.eager_operands import (
    BOTH_SPACES,
    IN_SMALL_BLOCKS,
    LAYOUTS,
    SHAPE,
    TYPES,
    bits,
    close,
    detached,
    plain,
    tensors,
    torch,
)
from numpy.testing import assert_allclose

from kldiv_xp import kl_div, kl_div_gradient, thread_limit

pytestmark = IN_SMALL_BLOCKS
WIDE = pytest.mark.parametrize("type_", ["float32", "float64"])
HALF = pytest.mark.parametrize("type_", ["float16", "bfloat16"])


@BOTH_SPACES
@WIDE
def test_value_and_gradients_are_those_of_numpy_bit_for_bit(type_, reduction, log_target):
    options = {"reduction": reduction, "log_target": log_target}
    operands = tensors(log_target, type_)
    there = [operand.numpy().copy() for operand in operands]
    for limit in (1, 3):
        with thread_limit(limit):
            found = kl_div(*operands, **options), *kl_div_gradient(*operands, **options)
            exact = kl_div(*there, **options), *kl_div_gradient(*there, **options)
        assert bits(*found) == [array.tobytes() for array in exact]
        assert all(type(value) is torch.Tensor for value in found)


@BOTH_SPACES
@HALF
def test_half_precision_is_computed_in_float32_and_rounded_once(type_, reduction, log_target):
    options = {"reduction": reduction, "log_target": log_target}
    operands = tensors(log_target, type_)
    found = kl_div(*operands, **options), *kl_div_gradient(*operands, **options)
    singles = [operand.float() for operand in operands]
    exact = kl_div(*singles, **options), *kl_div_gradient(*singles, **options)
    for value, single in zip(found, exact, strict=True):
        assert value.dtype == getattr(torch, type_)
        assert torch.equal(value, single.to(value.dtype))


@BOTH_SPACES
@TYPES
def test_terms_and_gradients_are_those_of_the_plain_expression(type_, log_target):
    operands = tensors(log_target, type_)
    for function in (kl_div, kl_div_gradient):
        options = {"reduction": "none", "log_target": log_target}
        result = function(*operands, **options)
        result = result if isinstance(result, tuple) else (result,)
        for value, whole in zip(result, plain(function, *operands, **options), strict=True):
            assert value.dtype == whole.dtype
            close(value, whole, type_)


@BOTH_SPACES
def test_special_pairs_are_as_the_contract_says(dtype, log_target):
    pairs = np.tile(np.asarray(reference.every_pair(log_target)).T, 5)
    operands = [torch.tensor(operand, dtype=getattr(torch, dtype)) for operand in pairs]
    terms = kl_div(*operands, reduction="none", log_target=log_target)
    exact = [reference.term(x, t, log_target) for x, t in zip(*operands, strict=True)]
    assert_allclose(terms, exact, rtol=4 * np.finfo(dtype).eps)
    for derivative, whole in zip(
        kl_div_gradient(*operands, reduction="sum", log_target=log_target),
        plain(kl_div_gradient, *operands, reduction="sum", log_target=log_target),
        strict=True,
    ):
        close(derivative, whole, dtype)


@pytest.mark.few(14, 26)
@BOTH_SPACES
@TYPES
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_layout_changes_nothing(type_, layout, log_target):
    operands = tensors(log_target, type_)
    moved = [layout(operand) for operand in operands]
    for reduction in ("none", "sum"):
        options = {"reduction": reduction, "log_target": log_target}
        close(kl_div(*moved, **options), kl_div(*operands, **options), type_)
        for derivative, exact in zip(
            kl_div_gradient(*moved, **options), kl_div_gradient(*operands, **options), strict=True
        ):
            close(derivative, exact, type_)


@TYPES
def test_expanded_operand_is_read_where_it_is(type_, reduction):
    log_q, p = tensors(type_=type_)
    row = p[:1].expand(SHAPE)
    found = kl_div(log_q, row, reduction=reduction)
    close(found, kl_div(log_q, row.contiguous(), reduction=reduction), type_)
    number = p[0, 0].requires_grad_()
    kl_div(log_q, number.expand(SHAPE), reduction="sum").backward()
    assert number.grad.shape == ()


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1,), (1, 1, 5)])
def test_small_and_empty_tensors_keep_their_shape(shape, reduction):
    log_q, p = torch.full(shape, -2.0, requires_grad=True), torch.full(shape, 0.5)
    value = kl_div(log_q, p, reduction=reduction)
    assert value.shape == (shape if reduction == "none" else ())
    value.sum().backward()
    assert log_q.grad.shape == shape


def test_sparse_and_other_tensors_that_lend_no_memory_get_the_plain_expression():
    log_q, p = tensors()
    meta = kl_div(log_q.to("meta"), p.to("meta"), reduction="sum")
    assert (meta.device.type, meta.shape) == ("meta", ())


def test_result_owns_its_memory():
    log_q, p = tensors()
    terms = kl_div(log_q, p, reduction="none")
    copy = terms.clone()
    del log_q, p
    gc.collect()
    assert torch.equal(terms, copy)
    terms.add_(1)
    assert terms.is_contiguous()


def test_operands_are_left_as_they_are(reduction):
    operands = tensors(differentiated=(True, True))
    copies, versions = detached(operands), [operand._version for operand in operands]
    kl_div(*operands, reduction=reduction).sum().backward()
    kl_div_gradient(*detached(operands), reduction=reduction)
    assert [operand._version for operand in operands] == versions
    assert all(torch.equal(a.detach(), b) for a, b in zip(operands, copies, strict=True))


def test_parameter_is_a_tensor_like_any_other(reduction):
    log_q, p = tensors()
    parameter = torch.nn.Parameter(log_q)
    loss = kl_div(parameter, p, reduction=reduction)
    loss.sum().backward()
    assert bits(loss) == bits(kl_div(log_q, p, reduction=reduction))
    close(parameter.grad, kl_div_gradient(log_q, p, reduction=reduction)[0])
