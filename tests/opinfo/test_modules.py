"""torch's test_modules and test_nn: its ModuleInfo and its tables of KLDivLoss, with our module."""

import copy
import pickle
from functools import partial

import pytest
from opinfo.subjects import QUIETLY, THEIRS, internals, torch
from torch.autograd import gradcheck, gradgradcheck

from kldiv_xp import kl_div
from kldiv_xp.torch import KLDivLoss

pytestmark = QUIETLY

common_modules = internals("common_modules")
common_nn = internals("common_nn")
common_utils = internals("common_utils")

(INFO,) = (one for one in common_modules.module_db if one.module_cls is torch.nn.KLDivLoss)
CRITERIA = [one for one in common_nn.criterion_tests if "KLDivLoss" in one.get("fullname", "")]
FUNCTIONS = [
    one for one in common_nn.get_new_module_tests() if "KLDivLoss" in one.get("fullname", "")
]
NAMES = [one["fullname"] for one in FUNCTIONS]
EVERY_DTYPE = pytest.mark.parametrize("dtype", sorted(THEIRS.dtypes, key=str), ids=str)


def inputs(dtype=torch.float64, *, grad=False, positive=True):
    """torch's samples of the module, each with the module that it is for."""
    torch.manual_seed(13)
    for one in INFO.module_inputs_func(INFO, "cpu", dtype, requires_grad=grad, training=True):
        module = KLDivLoss(*one.constructor_input.args, **one.constructor_input.kwargs)
        yield module, one.forward_input.args, one


def close(found, expected, **options):
    torch.testing.assert_close(found, expected, equal_nan=True, **options)


# ModuleInfo


@EVERY_DTYPE
def test_values_are_those_of_the_reference(dtype):
    """test_forward; targets that torch drew below 0 give NaN on both sides."""
    for module, arrays, sample in inputs(dtype):
        expected = sample.reference_fn(module, *arrays)
        rtol = {torch.float16: 4e-3, torch.bfloat16: 3e-2}.get(dtype, 1e-5)
        close(module(*arrays), expected, rtol=rtol, atol=1e-5 if rtol < 1e-3 else 1e-2)


@EVERY_DTYPE
def test_parts_of_the_module_have_no_dtype_or_device(dtype):
    """test_factory_kwargs and test_to: nothing to move."""
    for module, _, _ in inputs(dtype):
        assert not [*module.parameters(), *module.buffers()]
        assert repr(module.to(dtype).to("meta")) == repr(module)


def test_it_is_shown_pickled_and_copied():
    """test_repr, test_pickle and test_deepcopy."""
    for module, arrays, _ in inputs():
        assert "KLDivLoss" in str(module)
        for other in (pickle.loads(pickle.dumps(module)), copy.deepcopy(module)):
            close(other(*arrays), module(*arrays))


def test_training_and_evaluation_are_the_same():
    """test_grad's two modes; INFO says that the module does not differ in them."""
    for module, arrays, _ in inputs():
        close(module.eval()(*arrays), module.train()(*arrays))


def test_operands_in_any_layout_have_the_same_derivatives():
    """test_non_contiguous_tensors."""
    for module, arrays, _ in inputs():
        plain = [one.detach().requires_grad_() for one in arrays]
        spread = [common_utils.noncontiguous_like(one.detach()).requires_grad_() for one in arrays]
        values = module(*plain), module(*spread)
        close(values[1], values[0])
        expected, found = (
            torch.autograd.grad(value.sum(), leaves)
            for value, leaves in zip(values, (plain, spread), strict=True)
        )
        close(found, expected)


def positive(arrays):
    """Operands of which the loss is a number."""
    return [one.nan_to_num(nan=0.5).abs().clamp(min=0.1) for one in arrays]


@pytest.mark.slow
def test_derivatives_are_those_of_the_value():
    """test_grad and test_gradgrad, and test_check_inplace's forward mode."""
    for module, arrays, _ in inputs():
        leaves = [one[:3, :3] if one.ndim else one for one in positive(arrays)]
        leaves = [one.detach().requires_grad_() for one in leaves]
        assert gradcheck(module, leaves, check_forward_ad=True)
        assert gradgradcheck(module, leaves)


# The tables of test_nn


class OfTorch(common_nn.NNTestCase):
    """The test case that torch's tables are written for: how it calls and differentiates."""

    def runTest(self):  # noqa: N802 - unittest calls it so
        pass

    def _forward(self, module, input):
        return module(*input) if isinstance(input, tuple) else module(input)

    def _backward(self, module, input, output, grad_output, create_graph=False):
        output.backward(grad_output, retain_graph=True, create_graph=create_graph)
        return input.grad

    def _forward_criterion(self, criterion, input, target, extra_args=()):
        return criterion(input, target, *extra_args)

    def _backward_criterion(
        self,
        criterion,
        input,
        output,
        target,
        gradOutput=None,  # noqa: N803 - torch calls it so
        extra_args=(),
    ):
        if input.grad is not None:
            input.grad.zero_()
        above = torch.ones(()) if gradOutput is None else gradOutput
        criterion(input, target, *extra_args).backward(above.to(output))
        return input.grad

    def _zero_grad_parameters(self, module):
        assert not [*module.parameters()]

    def _get_parameters(self, module):
        return [], []


@pytest.mark.parametrize("table", FUNCTIONS, ids=NAMES)
def test_functions_in_torchs_table_pass_its_test(monkeypatch, table):
    """test_nn of kldivloss_no_reduce_test and its variants."""
    monkeypatch.setattr(torch.nn.functional, "kl_div", kl_div)
    options = {key: value for key, value in table.items() if key != "default_dtype"}
    with common_utils.set_default_dtype(table["default_dtype"]):
        common_nn.NewModuleTest(**{"test_cuda": False, **options})(OfTorch())


@pytest.mark.few(20, 12)
@pytest.mark.parametrize("reduction", ["none", "mean", "sum", "batchmean"])
@pytest.mark.parametrize("log_target", [False, True])
@pytest.mark.parametrize("shape", [(), (3,), (10, 10), (2, 3, 5)], ids=str)
def test_the_module_passes_the_test_of_a_criterion(reduction, log_target, shape):
    """test_nn of KLDivLoss, KLDivLoss_no_batch_dim and their variants with log_target."""
    reference = common_nn.loss_reference_fns["KLDivLoss_log_target" if log_target else "KLDivLoss"]

    def drawn():
        return torch.rand(shape, dtype=torch.float64).clamp(min=0.05)

    test = common_nn.CriterionTest(
        constructor=partial(KLDivLoss, reduction=reduction, log_target=log_target),
        fullname="KLDivLoss",
        input_fn=lambda: drawn().log(),
        target_fn=lambda: drawn().log() if log_target else drawn(),
        reference_fn=lambda i, t, m: reference(i, t, reduction=reduction),
        check_sum_reduction=False,
        test_cuda=False,
        default_dtype=torch.double,
        check_forward_only=False,
    )
    with common_utils.set_default_dtype(torch.double):
        test(OfTorch())


@pytest.mark.parametrize("table", CRITERIA, ids=[one["fullname"] for one in CRITERIA])
def test_criteria_in_torchs_table_pass_its_test(monkeypatch, table):
    """test_nn of KLDivLoss_no_batch_dim."""
    monkeypatch.setattr(torch.nn, "KLDivLoss", KLDivLoss)
    with common_utils.set_default_dtype(table["default_dtype"]):
        common_nn.CriterionTest(**{"test_cuda": False, **table})(OfTorch())
