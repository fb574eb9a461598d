"""torch's test_ops_gradients and test_ops_fwd_gradients: derivatives of any order, either mode."""

import pytest
from opinfo.subjects import EVERY, QUIETLY, positional, samples_of
from torch.autograd import gradcheck, gradgradcheck

pytestmark = QUIETLY


@pytest.mark.long
@EVERY
def test_first_derivatives_are_those_of_the_value(info):
    """test_fn_grad and test_forward_mode_AD."""
    for sample in samples_of(info, grad=True):
        assert gradcheck(
            *positional(info, sample),
            check_batched_grad=True,
            check_grad_dtypes=True,
            check_undefined_grad=True,
            check_forward_ad=True,
            check_batched_forward_grad=True,
        )


@pytest.mark.long
@EVERY
def test_second_derivatives_are_those_of_the_first(info):
    """test_fn_gradgrad."""
    for sample in samples_of(info, grad=True):
        assert gradgradcheck(*positional(info, sample), check_batched_grad=True)


@pytest.mark.long
@EVERY
def test_forward_derivatives_of_the_gradient_are_the_second_derivatives(info):
    """test_fn_fwgrad_bwgrad."""
    for sample in samples_of(info, grad=True):
        assert gradgradcheck(
            *positional(info, sample),
            check_fwd_over_rev=True,
            check_rev_over_rev=False,
            check_undefined_grad=False,
        )
