"""kl_div: signature, dtypes, shapes, devices, and what it leaves alone."""

import inspect
import warnings

import numpy as np
import pytest
import reference
from api.two_distributions import LOG_Q, P
from array_libraries import HALF, library
from conftest import usable
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import kl_div

SHAPE = (3, 4)
DIVISORS = {"none": 1, "sum": 1, "batchmean": 3, "mean": 12}

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")


def expected_value(reduction, log_target=False):
    target = np.log(P) if log_target else P
    terms = reference.loss(LOG_Q.ravel(), target.ravel(), "none", log_target)
    if reduction == "none":
        return np.reshape(terms, SHAPE)
    return np.sum(terms) / DIVISORS[reduction]


def test_arguments_have_the_positions_of_torch():
    names = ["input", "target", "size_average", "reduce", "reduction", "log_target"]
    parameters = inspect.signature(kl_div).parameters
    others = ["log_input", "generalized", "axis", "where", "dtype", "check", "reproducible"]
    assert list(parameters) == [*names, *others]
    by_keyword = {parameters[name].kind for name in others}
    assert by_keyword == {inspect.Parameter.KEYWORD_ONLY}
    assert [parameters[name].default for name in names[2:]] == [None, None, "mean", False]


@pytest.mark.parametrize("log_target", [False, True])
def test_every_reduction_in_both_spaces(backend, dtype, reduction, log_target):
    target = np.log(P) if log_target else P
    value = backend.values(
        kl_div,
        backend.array(LOG_Q, dtype),
        backend.array(target, dtype),
        reduction=reduction,
        log_target=log_target,
    )
    expected = expected_value(reduction, log_target)
    # The terms cancel in a sum, so the error is relative to the largest of them.
    assert_allclose(value, expected, rtol=1e-6 if dtype == "float32" else 1e-14)


def test_result_stays_in_the_library_and_on_the_device(backend, reduction):
    operands = backend.array(LOG_Q), backend.array(P)
    value = backend.call(kl_div, *operands, reduction=reduction)
    assert type(value) is type(operands[0])
    assert tuple(value.shape) == (SHAPE if reduction == "none" else ())
    if hasattr(value, "device"):
        assert value.device == operands[0].device


def test_result_has_the_dtype_of_the_operands(backend, reduction):
    for dtype in backend.dtypes:
        operands = backend.array(LOG_Q, dtype), backend.array(P, dtype)
        assert backend.call(kl_div, *operands, reduction=reduction).dtype == operands[0].dtype


def test_mixed_floats_promote(backend, reduction):
    single, double = backend.array(LOG_Q, "float32"), backend.array(P, "float64")
    assert backend.call(kl_div, single, double, reduction=reduction).dtype == double.dtype
    assert backend.call(kl_div, double, single, reduction=reduction).dtype == double.dtype


def test_half_precision_is_computed_in_float32_and_rounded_once(backend, reduction):
    for dtype in set(backend.dtypes).intersection(HALF):
        halves = backend.array(LOG_Q, dtype), backend.array(P, dtype)
        singles = [backend.array(backend.read(half), "float32") for half in halves]
        exact = backend.values(kl_div, *singles, reduction=reduction)
        rounded = backend.read(backend.array(exact, dtype))
        assert_array_equal(backend.values(kl_div, *halves, reduction=reduction), rounded)


@pytest.mark.parametrize("dtype", HALF)
def test_half_precision_batchmean_does_not_overflow(backend, dtype):
    log_q, p = np.full((4, 4096), -20.0), np.full((4, 4096), 0.25)
    operands = backend.array(log_q, dtype), backend.array(p, dtype)
    value = backend.values(kl_div, *operands, reduction="batchmean")
    exact = 4096 * 0.25 * (np.log(0.25) + 20)
    assert_allclose(value, exact, rtol=1e-2)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 3)])
def test_empty_operands_sum_to_zero_and_have_no_mean(backend, shape):
    operands = backend.array(np.zeros(shape)), backend.array(np.zeros(shape))
    values = backend.call(lambda x, t: [kl_div(x, t, reduction=r) for r in DIVISORS], *operands)
    value = dict(zip(DIVISORS, map(backend.read, values), strict=True))
    assert value["none"].shape == shape
    assert value["sum"] == 0
    assert np.isnan(value["mean"])
    assert np.isnan(value["batchmean"]) if shape[0] == 0 else value["batchmean"] == 0


def test_sum_of_negative_zeros_is_positive(backend):
    operands = backend.array([-1.0, -2.0]), backend.array([-0.0, -0.0])
    value = backend.values(kl_div, *operands, reduction="sum")
    assert value == 0
    assert not np.signbit(value)


@pytest.mark.few(6, 21)
def test_zero_dimensional_operands_are_divided_by_one(backend, reduction):
    operands = backend.array(-1.0), backend.array(0.5)
    value = backend.call(kl_div, *operands, reduction=reduction)
    assert tuple(value.shape) == ()
    assert_allclose(backend.read(value), 0.5 * (np.log(0.5) + 1), rtol=1e-15)


@pytest.mark.parametrize("shape", [(24,), (2, 12), (2, 3, 4), (1, 2, 3, 4)])
def test_batchmean_divides_by_the_first_axis_at_any_rank(backend, shape):
    rng = np.random.default_rng(3)
    log_q, p = -rng.exponential(size=shape), rng.uniform(size=shape)
    operands = backend.array(log_q), backend.array(p)
    value = backend.values(kl_div, *operands, reduction="batchmean")
    total = reference.loss(log_q.ravel(), p.ravel(), "sum")
    assert_allclose(value, total / shape[0], rtol=1e-13)


def test_operands_are_not_changed(backend, reduction):
    operands = backend.array(LOG_Q), backend.array(P)
    backend.call(kl_div, *operands, reduction=reduction)
    assert_array_equal(backend.read(operands[0]), LOG_Q)
    assert_array_equal(backend.read(operands[1]), P)


def test_result_does_not_share_memory_with_an_operand():
    zeros, ones = np.zeros(3), np.ones(3)
    terms = kl_div(zeros, ones, reduction="none")
    assert not np.shares_memory(terms, zeros)
    assert not np.shares_memory(terms, ones)


LAYOUTS = {
    "transposed": np.asfortranarray,
    "strided": lambda a: np.repeat(np.repeat(a, 2, 0), 3, 1)[::2, ::3],
    "reversed": lambda a: np.ascontiguousarray(a[::-1, ::-1])[::-1, ::-1],
    "big-endian": lambda a: a.astype(">f8"),
    "misaligned": lambda a: np.frombuffer(b"0" + a.tobytes(), dtype="f8", offset=1).reshape(SHAPE),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layout_does_not_matter(layout, reduction):
    arrange = LAYOUTS[layout]
    value = kl_div(arrange(LOG_Q), arrange(P), reduction=reduction)
    assert_allclose(value, expected_value(reduction), rtol=1e-14)
    assert value.dtype == np.dtype("=f8")


@pytest.mark.parametrize("name", ["numpy", "array-api-strict", "dask"])
def test_numpy_warnings_never_leak(name, reduction):
    backend = usable(name)
    inputs, targets = np.asarray(reference.every_pair(log_target=True)).T
    for dtype in backend.dtypes:
        for log_target in (False, True):
            operands = backend.array(inputs, dtype), backend.array(targets, dtype)
            backend.values(kl_div, *operands, reduction=reduction, log_target=log_target)


def test_numpy_warnings_never_leak_where_a_result_overflows_half_precision():
    for name in ("numpy", "dask"):
        backend = usable(name)
        operands = backend.array([-6e4, -6e4], "float16"), backend.array([6e4, 6e4], "float16")
        for reduction in DIVISORS:
            assert np.isposinf(backend.values(kl_div, *operands, reduction=reduction)).all()


def test_numpy_error_state_of_the_user_is_neither_obeyed_nor_changed():
    with np.errstate(all="raise"):
        before = np.geterr()
        value = kl_div(np.asarray([-1.0]), np.asarray([-1.0]), reduction="sum")
        assert np.isnan(value)
        assert np.geterr() == before


def test_numpy_scalars_are_zero_dimensional_arrays():
    value = kl_div(np.float64(-1.0), np.float64(0.5), reduction="sum")
    assert isinstance(value, np.ndarray)
    assert value.shape == ()


@pytest.mark.long
def test_torch_compile_agrees_with_eager_through_inductor():
    backend = usable("torch")
    torch = library("torch")
    torch.compiler.reset()
    compiled = torch.compile(kl_div, fullgraph=True)
    x, t = backend.array(LOG_Q), backend.array(P)
    x.requires_grad_()
    value = compiled(x, t, reduction="batchmean")
    value.backward()
    assert_allclose(backend.read(value), expected_value("batchmean"), rtol=1e-14)
    assert_allclose(backend.read(x.grad), -P / 3, rtol=1e-15)


@pytest.mark.long
def test_torch_compile_takes_dynamic_shapes():
    backend = usable("torch")
    torch = library("torch")
    torch.compiler.reset()
    compiled = torch.compile(kl_div, fullgraph=True, dynamic=True, backend="aot_eager")
    for rows in (2, 3):
        x, t = backend.array(LOG_Q[:rows]), backend.array(P[:rows])
        expected = reference.loss(LOG_Q[:rows].ravel(), P[:rows].ravel(), "sum") / rows
        value = backend.read(compiled(x, t, reduction="batchmean"))
        assert_allclose(value, expected, rtol=1e-14)


def test_torch_compile_traces_without_dynamo_warning_of_cached_look_ups():
    backend = usable("torch-compile")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        backend.call(kl_div, backend.array(LOG_Q), backend.array(P), reduction="sum")


def test_torch_parameters_and_tensors_go_together():
    backend = usable("torch")
    parameter = library("torch").nn.Parameter(backend.array(LOG_Q))
    kl_div(parameter, backend.array(P), reduction="sum").backward()
    assert_array_equal(backend.read(parameter.grad), -P)


def test_meta_tensors_have_a_loss_without_values():
    usable("torch")
    meta = library("torch").empty((2, 3), device="meta")
    assert kl_div(meta, meta, reduction="batchmean").device.type == "meta"
