"""Arguments that a wrapper hands on to a loss that does not take them are not supported."""

from unittest import SkipTest

import pytest

import kldiv_xp
from kldiv_conformance import assert_conforms, find

torch = pytest.importorskip("torch", reason="torch is not installed")


def around_torch(input, target, **options):
    """A wrapper that hands on whatever it is given."""
    return torch.nn.functional.kl_div(input, target, **options)


def with_reduction(input: torch.Tensor, target: torch.Tensor, reduction: str, log_target: bool):
    return torch.nn.functional.kl_div(input, target, reduction=reduction, log_target=log_target)


HANDED_ON = (("samples_001", "axis"), ("forms_001", "log_input"), ("invalid_071", "axis"))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", ["wrapper", "script"])
def test_what_is_handed_on_to_torch_in_vain_is_not_supported(kind):
    loss = around_torch if kind == "wrapper" else torch.jit.script(with_reduction)
    assert_conforms(loss, find("ordinary_001"), backend="torch")
    for identifier, name in HANDED_ON:
        told = rf"^the implementation has no argument '{name}'.*\.$"
        with pytest.raises(SkipTest, match=told):
            assert_conforms(loss, find(identifier), backend="torch")


def test_option_that_a_gradient_hands_on_to_kldiv_xp_in_vain_is_not_supported():
    def gradient(input, target, **options):
        return kldiv_xp.kl_div_gradient(input, target, **options)

    told = r"^the implementation has no argument 'size_average'\.$"
    for one in (gradient, kldiv_xp.kl_div_gradient):
        with pytest.raises(SkipTest, match=told):
            assert_conforms(kldiv_xp.kl_div, find("rare_086"), backend="numpy", gradient=one)


def test_a_default_that_is_handed_on_in_vain_is_left_out():
    def plain(input, target, *, reduction):
        return torch.nn.functional.kl_div(input, target, reduction=reduction)

    def around(input, target, **options):
        return plain(input, target, **options)

    assert_conforms(around, find("ordinary_001"), backend="torch")
    with pytest.raises(SkipTest, match="no argument 'log_target'"):
        assert_conforms(around, find("log_target_001"), backend="torch")


def test_a_name_that_is_handed_on_in_vain_is_a_failure_where_the_signature_has_it():
    def broken(input, target, *, reduction, log_target, axis=None):
        return torch.nn.functional.kl_div(input, target, axis=axis)

    with pytest.raises(AssertionError, match="unexpected keyword argument 'axis'"):
        assert_conforms(broken, find("samples_001"), backend="torch")
