"""Calls that cannot have the same bits everywhere are refused, and the remedy works."""

import numpy as np
import pytest
from array_libraries import library
from conftest import usable

from kldiv_xp import (
    KLDivLoss,
    KLDivWithLogitsLoss,
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
    reproducible,
)
from kldiv_xp.api.reproducible import is_reproducible

INPUT, TARGET = [[-1.0, -2.0], [-3.0, -0.5]], [[0.4, 0.6], [0.1, 0.9]]
SUM = np.float32(1.3519053)
OPTIONS = {"reduction": "sum", "reproducible": True}


def pair(dtype="float32"):
    return np.asarray(INPUT, dtype), np.asarray(TARGET, dtype)


def test_float64_is_refused_and_its_remedy_works():
    log_q, p = pair("float64")
    sentence = (
        r"^`input` must have at most 32 bits where `reproducible` is true; got float64: convert "
        r'it with input\.astype\("float32"\)\.$'
    )
    with pytest.raises(ValueError, match=sentence):
        kl_div(log_q, p, **OPTIONS)
    with pytest.raises(ValueError, match=r"^`target` must have at most 32 bits where"):
        kl_div_gradient(log_q.astype("float32"), p, **OPTIONS)
    value = kl_div(log_q.astype("float32"), p.astype("float32"), **OPTIONS)
    assert value == SUM


def test_a_result_in_float64_is_refused_and_its_remedy_works():
    sentence = (
        r"^`dtype` must have at most 32 bits where `reproducible` is true; got float64: pass "
        r"numpy\.float32\.$"
    )
    with pytest.raises(ValueError, match=sentence):
        kl_div(*pair(), dtype=np.float64, **OPTIONS)
    assert kl_div(*pair(), dtype=np.float32, **OPTIONS) == SUM
    assert kl_div(*pair(), dtype=np.float16, **OPTIONS) == SUM.astype("float16")


def test_the_generalized_divergence_is_refused():
    sentence = (
        r"^`generalized` must be False where `reproducible` is true, because its terms have no "
        r"form with the same bits in every library: leave one of them out\.$"
    )
    with pytest.raises(ValueError, match=sentence):
        kl_div(*pair(), generalized=True, **OPTIONS)


def test_anything_but_a_bool_is_refused():
    sentence = r"^`reproducible` must be True or False; got 'yes': pass reproducible=True\.$"
    for call in (kl_div, kl_div_gradient):
        with pytest.raises(TypeError, match=sentence):
            call(*pair(), reproducible="yes")
    with pytest.raises(TypeError, match=sentence):
        KLDivLoss(reproducible="yes")


def test_jax_without_float64_is_refused_and_its_remedy_works():
    usable("jax")
    jax = library("jax")
    arrays = [jax.numpy.asarray(one) for one in pair()]
    sentence = (
        r"^`reproducible` computes in float64, which the library of `input` is not set to have: "
        r'call jax\.config\.update\("jax_enable_x64", True\) at the start of the program\.$'
    )
    with jax.enable_x64(new_val=False), pytest.raises(ValueError, match=sentence):
        kl_div(*arrays, **OPTIONS)
    assert kl_div(*arrays, **OPTIONS) == SUM


def test_a_subclass_of_tensors_is_refused():
    usable("torch")
    torch = library("torch")
    parts = type(
        "Parts", (torch.Tensor,), {"__torch_function__": torch._C._disabled_torch_function_impl}
    )
    tensors = [torch.from_numpy(one).as_subclass(parts) for one in pair()]
    with pytest.raises(TypeError, match=r"must be a plain tensor where `reproducible` is true"):
        kl_div(*tensors, **OPTIONS)


def test_torch_has_no_second_derivative_and_no_transformation():
    usable("torch")
    torch = library("torch")
    log_q, p = (torch.from_numpy(one).requires_grad_() for one in pair())
    value = kl_div(log_q, p, **OPTIONS)
    _, derivative = torch.autograd.grad(value, (log_q, p), create_graph=True)
    with pytest.raises(RuntimeError, match=r"^A loss with reproducible=True has no second deriv"):
        derivative.sum().backward()
    with pytest.raises(RuntimeError, match=r"goes through no transformation of torch\.func"):
        torch.func.grad(lambda x: kl_div(x, p, **OPTIONS))(log_q)


def test_jax_has_no_second_derivative():
    usable("jax")
    jax = library("jax")
    log_q, p = map(jax.numpy.asarray, pair())
    with pytest.raises(NotImplementedError, match=r"^A loss with reproducible=True has no second"):
        jax.jacrev(jax.grad(lambda p: kl_div(log_q, p, **OPTIONS)))(p)


def test_a_block_is_reproducible_and_ends():
    assert not is_reproducible(asked=False)
    with reproducible():
        assert is_reproducible(asked=False)
        with pytest.raises(ValueError, match="at most 32 bits"):
            kl_div(*pair("float64"), reduction="sum")
        assert kl_div(*pair(), reduction="sum") == SUM
    assert not is_reproducible(asked=False)


def test_a_loss_remembers_that_it_is_reproducible():
    loss = KLDivLoss(reduction="sum", reproducible=True)
    assert repr(loss).endswith("axis=None, reproducible=True)")
    with pytest.raises(ValueError, match="at most 32 bits"):
        loss(*pair("float64"))
    assert loss(*pair()) == SUM


def test_the_module_of_torch_is_reproducible():
    usable("torch")
    torch, module = library("torch"), pytest.importorskip("kldiv_xp.torch")
    loss = module.KLDivLoss(reduction="sum", reproducible=True)
    assert loss(*map(torch.from_numpy, pair())).item() == SUM
    with pytest.raises(TypeError, match="`reproducible` must be True or False"):
        loss.reproducible = 1


def test_nothing_and_nothing_but_zeros():
    for shape, value in (((0, 3), 0.0), ((3, 0), 0.0)):
        nothing = np.zeros(shape, "float32")
        assert kl_div(nothing, nothing, **OPTIONS) == value
    zeros = np.zeros((3, 4), "float32")
    assert kl_div(zeros - np.inf, zeros, **OPTIONS) == 0


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("reduction", ["none", "sum", "mean", "batchmean"])
@pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")
def test_tensors_of_one_axis_are_as_those_of_two(dtype, reduction):
    torch = usable("torch") and library("torch")
    row = torch.tensor(INPUT[0], dtype=getattr(torch, dtype))
    value, two = (
        kl_div(one, one.exp() / 2, reduction=reduction, reproducible=True)
        for one in (row, row[:, None])
    )
    assert torch.equal(value.reshape(two.shape), two)


def test_the_oldest_edition_of_the_standard_has_the_same_bits():
    xp = usable("array-api-strict") and library("array_api_strict")
    with xp.ArrayAPIStrictFlags(api_version="2022.12"):
        operands = [xp.asarray(one, dtype=xp.float32) for one in (INPUT, TARGET)]
        assert float(kl_div(*operands, **OPTIONS)) == SUM


@pytest.mark.long
def test_a_compiled_gradient_has_no_derivative_either():
    torch = usable("torch-compile") and library("torch")
    log_q, p = torch.tensor(INPUT), torch.tensor(TARGET, requires_grad=True)
    gradient = torch.compile(lambda *both: kl_div_gradient(*both, **OPTIONS)[1], fullgraph=True)
    with pytest.raises(RuntimeError, match="does not require grad"):
        gradient(log_q, p).sum().backward()


LOGITS = np.asarray([[1.0, 2.0, 3.0]], "float32"), np.asarray([[3.0, 2.0, 1.0]], "float32")
KL_OF_LOGITS = np.float32(1.1504208)


@pytest.mark.parametrize("call", [kl_div_with_logits, kl_div_with_logits_gradient])
def test_logits_in_float64_are_refused_and_the_remedy_works(call):
    wide = [one.astype("float64") for one in LOGITS]
    with pytest.raises(ValueError, match=r"^`input` must have at most 32 bits where `reproducib"):
        call(*wide, reproducible=True)
    with pytest.raises(ValueError, match=r"^`dtype` must have at most 32 bits where `reproducib"):
        call(*LOGITS, dtype=np.float64, reproducible=True)
    value = kl_div_with_logits(*(one.astype("float32") for one in wide), reproducible=True)
    assert value == KL_OF_LOGITS


@pytest.mark.parametrize("call", [kl_div_with_logits, kl_div_with_logits_gradient])
def test_a_temperature_in_an_array_is_refused_and_the_remedy_works(call):
    usable("torch")
    torch = library("torch")
    tensors, temperature = [torch.from_numpy(one) for one in LOGITS], torch.tensor(1.0)
    sentence = (
        r"^`temperature` must be a number where `reproducible` is true; got an array: pass "
        r"float\(temperature\)\.$"
    )
    with pytest.raises(TypeError, match=sentence):
        call(*tensors, temperature=temperature, reproducible=True)
    options = {"temperature": float(temperature), "reproducible": True}
    assert kl_div_with_logits(*tensors, **options) == KL_OF_LOGITS


@pytest.mark.parametrize("call", [js_div_with_logits, js_div_with_logits_gradient])
def test_a_mixture_that_has_no_such_form_is_refused_and_the_remedy_works(call):
    sentence = (
        r"^`target_is` must be 'logits' for a Jensen-Shannon divergence where `reproducible` is "
        r"true; got 'probabilities': pass logarithms of the probabilities times `temperature`, "
        r"which are such logits\.$"
    )
    with pytest.raises(ValueError, match=sentence):
        call(*LOGITS, target_is="probabilities", reproducible=True)
    p = np.exp(LOGITS[1]) / np.exp(LOGITS[1]).sum()
    options = {"temperature": 2.0, "reproducible": True}
    found = js_div_with_logits(LOGITS[0], np.log(p) * 2, **options)
    expected = js_div_with_logits(LOGITS[0], p, temperature=2.0, target_is="probabilities")
    assert found == pytest.approx(expected, rel=1e-5)
    sentence = (
        r"^`beta` must be 0 or at least 1\.1754944e-38, the least normal float32, where "
        r"`reproducible` is true; got 1e-40: pass 1\.2e-38\.$"
    )
    with pytest.raises(ValueError, match=sentence):
        call(*LOGITS, beta=1e-40, reproducible=True)
    assert js_div_with_logits(*LOGITS, beta=1.2e-38, reproducible=True) >= 0


def test_a_beta_in_an_array_is_refused_and_the_remedy_works():
    usable("torch")
    torch = library("torch")
    tensors, beta = [torch.from_numpy(one) for one in LOGITS], torch.tensor(0.25)
    sentence = (
        r"^`beta` must be a number where `reproducible` is true; got an array: pass "
        r"float\(beta\)\.$"
    )
    with pytest.raises(TypeError, match=sentence):
        js_div_with_logits(*tensors, beta=beta, reproducible=True)
    js_div_with_logits(*tensors, beta=float(beta), reproducible=True)


def test_a_loss_of_logits_remembers_that_it_is_reproducible():
    loss = KLDivWithLogitsLoss(reproducible=True)
    assert repr(loss).endswith("target_is='logits', reproducible=True)")
    assert "reproducible" not in repr(KLDivWithLogitsLoss())
    with pytest.raises(ValueError, match="`input` must have at most 32 bits"):
        loss(*(one.astype("float64") for one in LOGITS))
    with pytest.raises(TypeError, match="`reproducible` must be True or False"):
        KLDivWithLogitsLoss(reproducible=1)
    with reproducible(), pytest.raises(ValueError, match="`input` must have at most 32 bits"):
        KLDivWithLogitsLoss()(*(one.astype("float64") for one in LOGITS))


def test_logits_in_torch_are_differentiated_once_and_not_transformed():
    usable("torch")
    torch, module = library("torch"), pytest.importorskip("kldiv_xp.torch")
    x, t = (torch.from_numpy(one).requires_grad_() for one in LOGITS)
    loss = module.KLDivWithLogitsLoss(reproducible=True)
    (derivative,) = torch.autograd.grad(loss(x, t), x, create_graph=True)
    with pytest.raises(RuntimeError, match=r"^A loss with reproducible=True has no second deriv"):
        derivative.sum().backward()
    with pytest.raises(RuntimeError, match=r"^A loss with reproducible=True goes through no"):
        torch.func.grad(loss)(x, t)


@pytest.mark.parametrize("shape", [(0, 3), (2, 0, 3)])
def test_no_rows_of_logits_add_up_to_nothing(shape):
    one = np.zeros(shape, "float32")
    assert kl_div_with_logits(one, one, reduction="sum", reproducible=True) == 0
    assert np.isnan(kl_div_with_logits(one, one, reduction="mean", reproducible=True))
    rows = kl_div_with_logits(one, one, reduction="none", reproducible=True)
    assert rows.shape == shape[:-1]
    derivatives = kl_div_with_logits_gradient(one, one, reduction="sum", reproducible=True)
    assert [derivative.shape for derivative in derivatives] == [shape, shape]


def test_a_single_row_of_logits_is_as_a_batch_of_one():
    for reduction in ("none", "sum", "mean"):
        options = {"reduction": reduction, "reproducible": True}
        value = kl_div_with_logits(*(one[0] for one in LOGITS), **options)
        assert value == KL_OF_LOGITS
        assert value.ndim == 0
