"""The type of the result, as in the standard's sum: wider ones are computed in."""

import numpy as np
import pytest
from conftest import EVERY
from numpy.testing import assert_allclose

from kldiv_xp import KLDivLoss, js_div, js_div_with_logits, kl_div, kl_div_with_logits

RNG = np.random.default_rng(0)
Q, P = RNG.dirichlet(np.ones(40), (2, 30))
LOSSES = {
    "sum": lambda x, t, **options: kl_div(x, t, reduction="sum", **options),
    "terms": lambda x, t, **options: kl_div(x, t, reduction="none", **options),
    "rows": lambda x, t, **options: KLDivLoss(reduction="none", axis=-1, **options)(x, t),
    "mean": lambda x, t, **options: kl_div(
        x, t, reduction="mean", axis=-1, where=x[:, :1] < 0, **options
    ),
    "logits": kl_div_with_logits,
    "js": js_div_with_logits,
    "tables": js_div,
}


def named(array, name):
    """Dtype of the library of an array."""
    if type(array).__module__.startswith("array_api_strict"):
        return getattr(pytest.importorskip("array_api_strict"), name)
    is_torchs = type(array).__module__.startswith("torch")
    return getattr(pytest.importorskip("torch") if is_torchs else np, name)


def all_losses(x, t, dtype):
    return [loss(x, t, dtype=dtype) for loss in LOSSES.values()]


def is_compiled_once(backend, dtype, result):
    """Whether a compiler is asked for one pair of types alone, and the result is one of them."""
    of_compiler = backend in ("torch-compile", "jax-jit")
    chosen = not of_compiler or (dtype, result) == ("float16", "float64")
    return chosen and result in EVERY[backend].dtypes


@pytest.mark.only_where.with_args(is_compiled_once)  # a function alone would be marked
@pytest.mark.parametrize("result", ["float16", "float32", "float64"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_result_has_the_type_that_is_asked_for_and_its_precision(backend, dtype, result):
    widest = max(dtype, result, key=lambda one: int(one[5:]))
    operands = [backend.array(one, dtype) for one in (np.log(Q), P)]
    asked = named(operands[0], result)
    losses = backend.call(lambda x, t: all_losses(x, t, asked), *operands)
    exact = [np.asarray(backend.read(one), "float64") for one in operands]
    working = widest if widest != "float16" else "float32"
    rounding = max(np.finfo(result).eps, 64 * np.finfo(working).eps)
    for loss, expected in zip(losses, all_losses(*exact, np.float64), strict=True):
        assert loss.dtype == asked
        found = np.asarray(backend.read(loss), "float64")
        assert_allclose(found, expected, rtol=rounding, atol=rounding * 0.1)


def test_gradient_of_a_wide_loss_has_the_type_of_the_operands(autodiff_backend):
    backend = autodiff_backend
    x, t = (backend.array(one, "float16") for one in (np.log(Q), P))

    wide = named(x, "float64")

    def total(x, t):
        return kl_div(x, t, reduction="sum", dtype=wide) + kl_div_with_logits(x, t, dtype=wide)

    if backend.library == "torch":
        x.requires_grad_()
        backend.call(total, x, t).backward()
        gradient = x.grad
    else:
        gradient = pytest.importorskip("jax").grad(lambda x: backend.call(total, x, t))(x)
    assert gradient.dtype == x.dtype
    x, t = (np.asarray(backend.read(one), "float64") for one in (x, t))
    q, p = (np.exp(one) / np.exp(one).sum(axis=1, keepdims=True) for one in (x, t))
    assert_allclose(backend.read(gradient), (q - p) / len(t) - t, rtol=2e-3, atol=1e-6)


def test_sum_of_sixteen_bits_does_not_overflow_in_a_wider_type():
    x, t = np.full((64, 64), -60000.0, "float16"), np.full((64, 64), 1.0, "float16")
    assert np.isposinf(kl_div(x, t, reduction="sum"))
    assert kl_div(x, t, reduction="sum", dtype=np.float32) == 60000 * 64 * 64


def test_longdouble_is_computed_in():
    x, t = np.log(Q), P
    wide = x.astype("longdouble"), t.astype("longdouble")
    asked = kl_div(x, t, reduction="sum", dtype=np.longdouble)
    assert asked.dtype == np.longdouble
    assert asked == kl_div(*wide, reduction="sum")


WRONG = dict.fromkeys((np.int64, 3, np.complex64, bool, b"f4"), "float32") | {
    **dict.fromkeys(("float32", "single", "int8", "bfloat16"), "float32"),
    **dict.fromkeys(("float16", "half", "torch.float16"), "float16"),
    **dict.fromkeys(("float64", "Float64", "double", "<f8", "float"), "float64"),
}


@pytest.mark.parametrize(("dtype", "meant"), WRONG.items(), ids=repr)
@pytest.mark.parametrize("loss", [LOSSES["sum"], LOSSES["rows"], LOSSES["js"]])
def test_wrong_dtype_is_named_with_the_one_that_it_means(loss, dtype, meant):
    with pytest.raises(TypeError, match="must be a real floating-point dtype") as caught:
        loss(np.log(Q), P, dtype=dtype)
    assert str(caught.value) == (
        "`dtype` must be a real floating-point dtype of at least 16 bits, of the library of "
        f"`input`; got {dtype!r}: pass numpy.{meant}."
    )
    assert loss(np.log(Q), P, dtype=getattr(np, meant)).dtype == meant


def test_a_class_of_numbers_is_a_dtype():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    for dtype in (float, np.float16, ml_dtypes.bfloat16):
        assert kl_div(np.log(Q), P, reduction="sum", dtype=dtype).dtype == np.dtype(dtype)


def test_a_list_is_no_dtype():
    with pytest.raises(TypeError, match=r"got \[.*\]: pass numpy.float32."):
        kl_div(np.log(Q), P, reduction="sum", dtype=[np.float32])


def test_dtype_of_another_library_is_named_with_the_remedy():
    torch = pytest.importorskip("torch")
    x, t = torch.tensor(np.log(Q)), torch.tensor(P)
    for operands, dtype, remedy in (
        ((x, t), np.float32, "torch.float32"),
        ((x, t), np.dtype("float64"), "torch.float64"),
        ((x, t), "bfloat16", "torch.bfloat16"),
        ((x, t), "float", "torch.float32"),
        ((np.log(Q), P), torch.float32, "numpy.float32"),
        ((np.log(Q), P), torch.float64, "numpy.float64"),
    ):
        with pytest.raises(TypeError, match="must be a real floating-point dtype") as caught:
            kl_div(*operands, reduction="sum", dtype=dtype)
        assert str(caught.value).endswith(f"got {dtype!r}: pass {remedy}.")


def test_losses_remember_and_show_their_options():
    torch = pytest.importorskip("torch")
    from kldiv_xp.torch import KLDivLoss as Module

    options = {"reduction": "sum", "log_input": False, "generalized": True}
    shown = "reduction='sum', log_target=False, axis=None, log_input=False, generalized=True"
    loss = KLDivLoss(**options)
    assert repr(loss) == f"KLDivLoss({shown})"
    assert loss == KLDivLoss(**options) != KLDivLoss(reduction="sum")
    assert loss(Q, P) == kl_div(Q, P, **options)
    module = Module(**options, dtype=torch.float32)
    assert repr(module) == f"KLDivLoss({shown}, dtype=torch.float32)"
    value = module(torch.tensor(Q), torch.tensor(P))
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(float(loss(Q, P)))
    for name, wrong in (("log_input", 0), ("generalized", None), ("dtype", "float32")):
        with pytest.raises(TypeError, match=f"`{name}` must be"):
            setattr(module, name, wrong)
