"""Operators of torch, custom ones too, lack what their schema does not name."""

from unittest import SkipTest

import pytest

from kldiv_conformance import assert_conforms, find
from kldiv_conformance._arguments import told_names

torch = pytest.importorskip("torch", reason="torch is not installed")
TAKEN = {"input", "target", "reduction", "log_target"}


def plain(
    input: torch.Tensor, target: torch.Tensor, reduction: str = "mean", log_target: bool = False
) -> torch.Tensor:
    return torch.nn.functional.kl_div(input, target, reduction=reduction, log_target=log_target)


def of_indices(
    input: torch.Tensor, indices: torch.Tensor, target: torch.Tensor, reduction: str = "mean"
) -> torch.Tensor:
    return input.sum()


CUSTOM = torch.library.custom_op("suite_tests::kl", plain, mutates_args=())
SPARSE = torch.library.custom_op("suite_tests::sparse", of_indices, mutates_args=())


def handed_on(*args, **options):
    return torch.ops.suite_tests.kl(*args, **options)


OPERATORS = {
    "custom": CUSTOM,
    "packet": torch.ops.suite_tests.kl,
    "overload": torch.ops.suite_tests.kl.default,
    "handed on": handed_on,
}


@pytest.mark.parametrize("name", OPERATORS)
def test_options_that_an_operator_lacks_are_not_supported(name):
    loss = OPERATORS[name]
    assert_conforms(loss, find("ordinary_001"), backend="torch")
    for identifier, lacks in (("samples_001", "axis"), ("forms_001", "log_input")):
        with pytest.raises(SkipTest, match=rf"^the implementation has no argument '{lacks}'"):
            assert_conforms(loss, find(identifier), backend="torch")


def test_names_are_those_of_the_schema():
    named = [told_names(one) for name, one in OPERATORS.items() if name != "handed on"]
    assert named == [TAKEN] * 3
    assert told_names(torch.ops.aten.add) >= {"self", "other", "alpha"}


def test_an_operator_of_three_arrays_lacks_options_too():
    beside = {"sparse_kl_div_with_logits": SPARSE}
    with pytest.raises(SkipTest, match="has no argument 'target_is'"):
        assert_conforms(plain, find("sparse_011"), backend="torch", functions=beside)
