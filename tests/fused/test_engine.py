"""Compiled loops: the results of the plain expression, in every form, type and layout."""

import numpy as np
import pytest
import reference
from numpy.testing import assert_allclose, assert_array_equal

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
    thread_limit,
)
from kldiv_xp.fused import choice, engine, jobs, rows_of_logits
from kldiv_xp.fused.compiler import compiled_function

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")

SHAPE = (5, 4, 37)
TYPES = ("float16", "float32", "float64")
FORMS = {
    "p": {},
    "log p": {"log_target": True},
    "q": {"log_input": False},
    "generalized": {"generalized": True},
    "generalized q and log p": {"generalized": True, "log_input": False, "log_target": True},
}
LAYOUTS = {
    "contiguous": np.ascontiguousarray,
    "by columns": np.asfortranarray,
    "every second": lambda array: np.repeat(array, 2, -1)[..., ::2],
    "backwards": lambda array: array[::-1, :, ::-1].copy()[::-1, :, ::-1],
    "axes exchanged": lambda array: array.swapaxes(0, 1).copy().swapaxes(0, 1),
    "unaligned": lambda array: unaligned(array),  # noqa: PLW0108 - defined below,
}


def unaligned(array):
    memory = np.empty(array.nbytes + 1, dtype="uint8")[1:]
    result = memory.view(array.dtype).reshape(array.shape)
    result[...] = array
    return result


def operands(dtype="float64", *, log_input=True, log_target=False, shape=SHAPE, **_):
    rng = np.random.default_rng(3)
    log_q, p = rng.uniform(-9, -0.1, shape), rng.uniform(0.01, 1, shape)
    p[0, ..., ::3] = 0
    with np.errstate(all="ignore"):
        q = log_q if log_input else np.exp(log_q)
        return q.astype(dtype), (np.log(p) if log_target else p).astype(dtype)


@pytest.fixture
def used(monkeypatch):
    """Every call is counted for which the loops were used."""
    count = []
    for module, name in ((engine, "run_plan"), (rows_of_logits, "run_in_attempts")):
        do = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *given, do=do: (count.append(1), do(*given)))
    return count


@pytest.fixture
def with_and_without(monkeypatch, used):
    """Results of a function with the loops, which it must use, and without."""

    def results(function, *arrays, **options):
        found = []
        for setting in "10":
            monkeypatch.setenv(choice.FUSED_VARIABLE, setting)
            before = len(used)
            result = function(*arrays, **options)
            assert (len(used) > before) == (setting == "1")
            found.append(result if isinstance(result, tuple) else (result,))
        return zip(*found, strict=True)

    return results


def assert_close(pairs, dtype, terms=1):
    for found, expected in pairs:
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
        eps = np.finfo(dtype).eps
        largest = np.max(np.abs(expected), where=np.isfinite(expected), initial=1)
        assert_allclose(found, expected, rtol=8 * eps, atol=8 * eps * float(largest) * terms)


@pytest.mark.few(1, 2)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("dtype", TYPES)
def test_sums_terms_and_gradients_are_those_of_the_formula(with_and_without, form, dtype):
    arrays = operands(dtype, **form)
    every, rows = np.random.default_rng(4).random((2, *SHAPE)) < 0.5
    masks = ({}, {"where": every}, {"where": np.broadcast_to(rows[..., :1], SHAPE)})
    for mask in masks:
        for reduction in ("none", "sum", "mean"):
            options = {"reduction": reduction, **form, **mask}
            assert_close(with_and_without(kl_div, *arrays, **options), dtype)
        options = {"reduction": "sum", "upstream": 1.5, **form, **mask}
        assert_close(with_and_without(kl_div_gradient, *arrays, **options), dtype)
    for axis in (-1, (1, 2), (0, 2)):
        options = {"reduction": "none", "axis": axis, **form}
        assert_close(with_and_without(kl_div, *arrays, **options), dtype)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_layout_changes_no_bit(monkeypatch, layout):
    monkeypatch.setenv(choice.FUSED_VARIABLE, "1")
    arrays = operands("float32")
    there = [layout(array) for array in arrays]
    for reduction in ("none", "sum"):
        expected = kl_div(*arrays, reduction=reduction)
        exact = dict.fromkeys(("rtol",), 0 if reduction == "none" else 1e-6)
        assert_allclose(kl_div(*there, reduction=reduction), expected, **exact)
    for found, expected in zip(kl_div_gradient(*there), kl_div_gradient(*arrays), strict=True):
        assert_array_equal(found, expected)


@pytest.mark.parametrize("log_target", [False, True], ids=["p", "log p"])
def test_special_values_are_those_of_the_formula(with_and_without, log_target):
    pairs = np.tile(np.asarray(reference.every_pair(log_target)).T, 9)
    for dtype in ("float32", "float64"):
        arrays = pairs.astype(dtype)
        options = {"reduction": "none", "log_target": log_target}
        (pair,) = with_and_without(kl_div, *arrays, **options)
        assert_close([pair], dtype)
        found, expected = pair
        assert_array_equal(np.signbit(found)[found == 0], np.signbit(expected)[found == 0])
        options["reduction"] = "sum"
        assert_close(with_and_without(kl_div_gradient, *arrays, **options), dtype)


LOGITS = {
    "KL": (kl_div_with_logits, kl_div_with_logits_gradient, {}),
    "KL at 2": (kl_div_with_logits, kl_div_with_logits_gradient, {"temperature": 2.0}),
    "KL at 1e-32": (kl_div_with_logits, kl_div_with_logits_gradient, {"temperature": 1e-32}),
    "KL of p": (
        kl_div_with_logits,
        kl_div_with_logits_gradient,
        {"target_is": "probabilities", "temperature": 0.5},
    ),
    "JS": (js_div_with_logits, js_div_with_logits_gradient, {}),
    "JS at 0.2": (js_div_with_logits, js_div_with_logits_gradient, {"beta": 0.2}),
}


@pytest.mark.parametrize("name", LOGITS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.cases(0, 4)
def test_rows_of_logits_are_those_of_the_formula(with_and_without, name, dtype):
    function, gradient, options = LOGITS[name]
    rng = np.random.default_rng(6)
    p = rng.standard_normal((6, 2500)).astype(dtype)
    distance = np.asarray([1e-6, 1e-3, 0.1, 1, 3, 0])[:, None]
    q = (p + distance * rng.standard_normal(p.shape)).astype(dtype)
    q[1, 4] = p[2, 7] = p[3, 3] = q[3, 3] = -np.inf
    if "target_is" in options:
        p = np.exp(p - p.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
    (pair,) = with_and_without(function, q, p, **(options | {"reduction": "none"}))
    found, expected = pair
    eps = np.finfo(dtype).eps
    assert_allclose(found, expected, rtol=200 * eps, atol=0)
    assert np.all(found >= 0)
    where = np.asarray([True, False, True, True, True, False])
    options = options | {"reduction": "mean", "where": where}
    assert_close(with_and_without(function, q, p, **options), dtype, 64)
    for found, expected in with_and_without(gradient, q, p, **options):
        finite = np.abs(expected) < np.inf
        size = np.max(np.abs(expected), axis=-1, keepdims=True, where=finite, initial=0)
        size += size == 0
        assert_allclose(found / size, expected / size, atol=300 * eps)


def test_equal_rows_have_a_divergence_of_positive_zero(monkeypatch):
    monkeypatch.setenv(choice.FUSED_VARIABLE, "1")
    rows = np.random.default_rng(1).standard_normal((3, 1100)).astype("float32") * 9
    for function in (kl_div_with_logits, js_div_with_logits):
        found = function(rows, rows.copy(), reduction="none")
        assert_array_equal(found, 0)
        assert not np.signbit(found).any()


@pytest.mark.parametrize("dtype", TYPES)
def test_any_number_of_threads_gives_the_same_bits(monkeypatch, dtype):
    monkeypatch.setenv(choice.FUSED_VARIABLE, "1")
    monkeypatch.setattr(jobs, "JOB_ELEMENTS", 1 << 10)
    arrays = operands(dtype, shape=(7, 3, 1500))
    calls = [
        lambda: kl_div(*arrays, reduction="sum"),
        lambda: kl_div(*arrays, reduction="none", axis=-1),
        lambda: kl_div(*arrays, reduction="none", axis=(0, 2)),
        lambda: kl_div_gradient(*arrays, reduction="sum"),
        lambda: kl_div_with_logits(*arrays, reduction="none"),
    ]
    for call in calls:
        seen = set()
        for threads in (1, 2, 5):
            with thread_limit(threads):
                seen.add(np.asarray(call()).tobytes())
        assert len(seen) == 1


def test_row_has_the_same_bits_alone_and_among_others():
    log_q, p = operands("float32", shape=(40, 1, 2 * choice.ROW_ELEMENTS_WORTH_IT))
    together = kl_div(log_q, p, reduction="none", axis=-1)
    of_logits = kl_div_with_logits(log_q, p, reduction="none")
    for row in (0, 7, 39):
        one = slice(row, row + 1)
        assert kl_div(log_q[one], p[one], reduction="none", axis=-1)[0] == together[row]
        assert kl_div_with_logits(log_q[one], p[one], reduction="none")[0] == of_logits[row]


def test_read_only_operands_use_what_was_compiled_for_others(monkeypatch):
    monkeypatch.setenv(choice.FUSED_VARIABLE, "1")
    arrays = operands("float32")
    value = kl_div(*arrays, reduction="sum")
    engine.sums_plan.cache_clear()
    before = compiled_function.cache_info().misses
    for array in arrays:
        array.flags.writeable = False
    assert kl_div(*arrays, reduction="sum") == value
    assert compiled_function.cache_info().misses == before


def test_setting_that_is_none_is_refused_and_the_remedy_works(monkeypatch):
    arrays = operands()
    monkeypatch.setenv(choice.FUSED_VARIABLE, "yes")
    with pytest.raises(ValueError, match="KLDIV_XP_FUSED") as caught:
        kl_div(*arrays, reduction="sum")
    assert str(caught.value) == (
        "The environment variable KLDIV_XP_FUSED must be 0 or 1; got 'yes': set it to 0 for no "
        "compiled loops, to 1 for arrays of any size, or unset it."
    )
    for setting in ("0", "1"):
        monkeypatch.setenv(choice.FUSED_VARIABLE, setting)
        kl_div(*arrays, reduction="sum")
    monkeypatch.delenv(choice.FUSED_VARIABLE)
    kl_div(*arrays, reduction="sum")
