"""torch's test_ops, test_meta, test_fake, test_schema_check and test_fx: other kinds of tensors."""

import copy
import itertools

import pytest
from opinfo.subjects import (
    EVERY,
    EVERY_DTYPE,
    QUIETLY,
    THEIRS,
    few_of,
    internals,
    positional,
    samples_of,
    torch,
)
from torch._subclasses.fake_tensor import FakeTensorMode
from torch._subclasses.fake_utils import CrossRefFakeMode
from torch._subclasses.schema_check_mode import SchemaCheckMode
from torch.utils._pytree import tree_leaves, tree_map

pytestmark = QUIETLY

composite_compliance = internals("composite_compliance")
common_utils = internals("common_utils")
common_dtype = internals("common_dtype")


def equal(found, expected, **_):
    torch.testing.assert_close(found, expected)


def call(info, sample):
    return info.op(sample.input, *sample.args, **sample.kwargs)


def backward(value):
    """Cotangents of what is differentiated, through all of it."""
    total = sum(one.double().sum() for one in tree_leaves(value))
    total.backward()


# Values


@pytest.mark.long
@EVERY
def test_values_are_those_of_another_dtype(info):
    """test_compare_cpu, with float64 in the place of another device."""
    for dtype in (torch.float16, torch.bfloat16, torch.float32):
        for sample in samples_of(info, dtype):
            exact = sample.transform(
                lambda one: (
                    one.double()
                    if isinstance(one, torch.Tensor) and one.is_floating_point()
                    else one
                )
            )
            found, expected = call(info, sample), call(info, exact)
            assert {one.dtype for one in tree_leaves(found)} == {dtype}
            eps = torch.finfo(dtype).eps
            torch.testing.assert_close(
                tree_map(torch.Tensor.double, found), expected, rtol=2 * eps, atol=8e-8
            )


@pytest.mark.long
@EVERY
@EVERY_DTYPE
def test_every_dtype_of_the_operator_goes_forward_and_backward(info, dtype):
    """test_dtypes, of those that it takes."""
    for sample in samples_of(info, dtype, grad=True):
        backward(call(info, sample))
        assert {one.grad.dtype for one in (sample.input, *sample.args)} == {dtype}


@pytest.mark.long
@EVERY
def test_no_other_dtype_is_taken(info):
    """test_dtypes, of the others."""
    for dtype in common_dtype.all_types_and_complex_and(torch.bool):
        if dtype in THEIRS.dtypes:
            continue
        for sample in few_of(info):
            with pytest.raises(TypeError, match="must have a real floating-point dtype"):
                info.op(sample.input.to(dtype), *(one.to(dtype) for one in sample.args))


@pytest.mark.few(1, 3)
@EVERY
def test_samples_in_any_layout_have_the_same_derivatives(info):
    """test_noncontiguous_samples."""
    for sample, same in zip(*(samples_of(info, grad=True) for _ in range(2)), strict=True):
        other = same.noncontiguous()
        value, again = call(info, sample), call(info, other)
        equal(again, value)
        backward(value)
        backward(again)
        for one, two in zip((sample.input, *sample.args), (other.input, *other.args), strict=True):
            equal(two.grad, one.grad)


@pytest.mark.few(1, 3)
@EVERY
def test_values_behind_a_minus_sign_are_read_with_it(info):
    """test_neg_view: operands, and then cotangents, with the bit of a lazy negation."""
    for sample, same in zip(*(samples_of(info, grad=True) for _ in range(2)), strict=True):
        lazy = same.transform(
            lambda one: (
                torch._neg_view(-one.detach()).requires_grad_()
                if isinstance(one, torch.Tensor) and one.is_floating_point()
                else one
            )
        )
        value, again = call(info, sample), call(info, lazy)
        equal(tree_map(torch.Tensor.resolve_neg, again), value)
        above = tree_map(lambda one: torch.linspace(0, 1, one.numel()).to(one).view_as(one), value)
        leaves = (sample.input, *sample.args), (lazy.input, *lazy.args)
        expected, found = (
            torch.autograd.grad(tree_leaves(made), asked, tree_leaves(given))
            for made, asked, given in (
                (value, leaves[0], above),
                (again, leaves[1], tree_map(lambda one: torch._neg_view(-one), above)),
            )
        )
        equal(found, expected)


@pytest.mark.few(0, 2)
@EVERY
def test_operands_keep_their_values(info):
    """test_variant_consistency_eager, and SchemaCheckMode's watch over mutation and aliases."""
    for sample in samples_of(info):
        kept = copy.deepcopy(sample)
        expected = call(info, sample)
        with SchemaCheckMode():
            found = call(info, sample)
        equal(found, expected)
        equal((sample.input, *sample.args), (kept.input, *kept.args))
        leaves = tree_leaves(found)
        for one, operand in itertools.product(leaves, (sample.input, *sample.args)):
            assert one.data_ptr() != operand.data_ptr()


@pytest.mark.few(1, 3)
@pytest.mark.xfail(reason="NumPy asks for memory that may be written", strict=True)
@EVERY
def test_operands_that_are_copied_on_write_are_not_copied(info):
    """test_cow_input."""
    for sample in samples_of(info):
        lazy = [torch._lazy_clone(one) for one in (sample.input, *sample.args)]
        equal(info.op(*lazy, **sample.kwargs), call(info, sample))
        assert all(torch._C._is_cow_tensor(one) for one in lazy)


# Tensors without values


@pytest.mark.long
@EVERY
@EVERY_DTYPE
def test_meta_tensors_have_the_shape_and_dtype_of_the_value(info, dtype):
    """test_meta_outplace, forward and backward."""
    for sample in samples_of(info, dtype, grad=True):
        meta = sample.transform(
            lambda one: (
                one.detach().to("meta").requires_grad_(one.requires_grad)
                if isinstance(one, torch.Tensor)
                else one
            )
        )
        value, shape = call(info, sample), call(info, meta)
        backward(shape)
        for one, other in zip(tree_leaves(value), tree_leaves(shape), strict=True):
            assert other.is_meta
            assert (other.shape, other.dtype) == (one.shape, one.dtype)
        assert meta.input.grad.shape == meta.input.shape


@pytest.mark.few(1, 1)
@EVERY
def test_fake_tensors_have_the_properties_of_the_value(info):
    """test_fake: shape, strides, dtype and device."""
    for sample in samples_of(info):
        value = call(info, sample)
        with FakeTensorMode() as mode:
            fake = sample.transform(
                lambda one: mode.from_tensor(one) if isinstance(one, torch.Tensor) else one
            )
            found = call(info, fake)
        for one, other in zip(tree_leaves(value), tree_leaves(found), strict=True):
            assert (other.shape, other.dtype, other.device, other.stride()) == (
                one.shape,
                one.dtype,
                one.device,
                one.stride(),
            )


@pytest.mark.long
@EVERY
@pytest.mark.parametrize("autocast", [False, True], ids=["plain", "autocast"])
def test_each_step_and_its_derivative_is_what_fake_tensors_expect(info, autocast):
    """test_fake_crossref_backward_no_amp and test_fake_crossref_backward_amp."""
    for sample in few_of(info, grad=True):
        with CrossRefFakeMode(), torch.autocast("cpu", enabled=autocast):
            backward(call(info, sample))


# Tensors that wrap others


@pytest.mark.long
@EVERY
def test_any_choice_of_wrapped_operands_computes_the_same(info):
    """TestCompositeCompliance.test_operator."""
    for sample in few_of(info):
        arguments = (sample.input, *sample.args), sample.kwargs
        composite_compliance.check_with_mode(info.op, *arguments, equal)
        composite_compliance.check_all_permutations(info.op, *arguments, equal)


@pytest.mark.long
@EVERY
def test_derivatives_of_wrapped_operands_are_the_same(info):
    """TestCompositeCompliance.test_backward and test_forward_ad."""
    for sample in few_of(info, grad=True):
        function, tensors = positional(info, sample)
        composite_compliance.check_backward_formula(function, tensors, {}, assert_equal_fn=equal)
        composite_compliance.check_forward_ad_formula(function, tensors, {}, assert_equal_fn=equal)


# Graphs


@pytest.mark.few(1, 3)
@EVERY
def test_a_traced_graph_computes_the_same(info):
    """TestOperatorSignatures of test_fx, and its test of what is called by torch.nn.functional."""
    for sample in few_of(info):
        function, tensors = positional(info, sample, mask=True)
        places = ", ".join(f"x{i}" for i in range(len(tensors)))
        names = {"function": function}
        traced = torch.fx.symbolic_trace(eval(f"lambda {places}: function({places})", names))
        assert info.op in [node.target for node in traced.graph.nodes]
        equal(traced(*tensors), function(*tensors))


@pytest.mark.long
@pytest.mark.cases(2)
@EVERY
def test_what_is_compiled_has_the_same_derivatives(info):
    """test_torchinductor_opinfo, without its code generator, whose rounding others test."""
    samples = few_of(info, grad=True), few_of(info, grad=True)
    for one, other in zip(*samples, strict=True):
        torch.compiler.reset()
        compiled = torch.compile(info.op, fullgraph=True, backend="aot_eager")
        expected = call(info, one)
        found = compiled(other.input, *other.args, **other.kwargs)
        equal(found, expected)
        backward(expected)
        backward(found)
        for left, right in zip((one.input, *one.args), (other.input, *other.args), strict=True):
            equal(right.grad, left.grad)
