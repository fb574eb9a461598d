"""Types of numbers that NumPy's own three are not: bfloat16, foreign byte orders, longdouble."""

import itertools

import numpy as np
import pytest
from conftest import usable

from kldiv_xp import (
    KLDivInputError,
    KLDivLoss,
    checking,
    diagnose,
    js_div_with_logits,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
)

RNG = np.random.default_rng(0)
LOG_Q, P = np.log(RNG.dirichlet(np.ones(5), 7)), RNG.dirichlet(np.ones(5), 7)
MASK = np.arange(35).reshape(7, 5) % 3 != 0
REDUCTIONS = ("none", "mean", "sum", "batchmean")


def type_of(name):
    if name == "longdouble":
        return np.dtype(np.longdouble)
    if name.startswith(("bfloat", "float8", "int4")):
        return np.dtype(getattr(pytest.importorskip("ml_dtypes", reason="no ml_dtypes"), name))
    return np.dtype(name)


@pytest.fixture(params=["numpy", "dask"])
def library(request):
    return usable(request.param)


def made(library, array):
    if library.library == "numpy":
        return array
    import dask.array as da

    return da.from_array(array, chunks=(3, 2))


def finished(library, result):
    """Result in memory, of the type that it said."""
    found = library.read(result)
    assert found.dtype == result.dtype
    return found


def calls():
    """Losses of every kind by what they are called with."""
    for reduction, axis, where in itertools.product(REDUCTIONS, (None, -1, (0, 1)), (None, MASK)):
        options = {"reduction": reduction, "axis": axis}
        yield kl_div, options, where
        yield kl_div_gradient, options, where
        yield of_module, options, where
    for reduction, where in itertools.product(REDUCTIONS, (None, MASK[:, :1])):
        for temperature in (1.0, 3.0):
            options = {"reduction": reduction, "temperature": temperature}
            yield kl_div_with_logits, options, where
            yield js_div_with_logits, options, where


def of_module(input, target, where=None, **options):
    return KLDivLoss(**options)(input, target, where=where)


# Operands' types, what is computed in, and the result's.
KINDS = [
    ("bfloat16", "bfloat16", "float32", "bfloat16"),
    ("bfloat16", "float32", "float32", "float32"),
    ("bfloat16", "float64", "float64", "float64"),
    ("float16", "bfloat16", "float32", "float32"),
    (">f2", ">f2", "float32", "float16"),
    (">f4", ">f4", "float32", "float32"),
    (">f8", ">f8", "float64", "float64"),
    (">f8", "<f4", "float64", "float64"),
    (">f2", "bfloat16", "float32", "float32"),
    ("longdouble", "longdouble", "longdouble", "longdouble"),
    (">g", ">g", "longdouble", "longdouble"),
    (">g", "bfloat16", "longdouble", "longdouble"),
]


@pytest.mark.few(5, 7)
@pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")
@pytest.mark.parametrize(("left", "right", "working", "result"), KINDS)
def test_losses_are_those_of_the_type_that_is_computed_in_rounded(
    library, left, right, working, result
):
    operands = LOG_Q.astype(type_of(left)), P.astype(type_of(right))
    wide = [one.astype(type_of(working)) for one in operands]
    own = [type_of(one).newbyteorder("=") for one in (left, right)]
    given = [made(library, one) for one in operands]
    # Dask takes its time: some of the calls, and others for each pair of types.
    step = 13 if library.name == "dask" else 1
    start = KINDS.index((left, right, working, result))
    for call, options, where in itertools.islice(calls(), start, None, step):
        mask = {} if where is None else {"where": made(library, where)}
        found = call(*given, **options, **mask)
        expected = call(*wide, **options, where=where)
        single = not isinstance(found, tuple)
        pairs = zip(*[(one,) if single else one for one in (found, expected)], strict=True)
        for dtype, (one, other) in zip([type_of(result)] if single else own, pairs, strict=True):
            values = finished(library, one)
            assert values.dtype == dtype
            assert values.dtype.isnative
            assert_close(values, other.astype(dtype), dtype)


def assert_close(found, expected, dtype):
    """Equal up to the order of a sum, which is that of the chunks."""
    wide = np.longdouble
    narrow = dtype.itemsize == 2
    eps = 2.0**-7 if dtype.name == "bfloat16" else max(float(np.finfo(dtype).eps), 1e-16)
    tolerance = {"rtol": eps, "atol": 1e-5} if narrow else {"rtol": 20 * eps, "atol": 20 * eps}
    np.testing.assert_allclose(found.astype(wide), expected.astype(wide), **tolerance)


def test_sum_of_many_terms_of_bfloat16_is_added_up_wide(library):
    """In bfloat16 itself the sum would stay at 256."""
    dtype = type_of("bfloat16")
    log_q, p = (np.full((300, 40), value).astype(dtype) for value in (0.0, 1.0))
    value = kl_div(made(library, log_q - dtype.type(1)), made(library, p), reduction="sum")
    assert float(finished(library, value)) == 12032  # of 12000, the nearest


def test_terms_of_bfloat16_are_rounded_once_to_the_nearest():
    dtype = type_of("bfloat16")
    log_q, p = LOG_Q.astype(dtype), P.astype(dtype)
    exact = kl_div(log_q.astype("float64"), p.astype("float64"), reduction="none")
    found = kl_div(log_q, p, reduction="none").astype("float64")
    assert (abs(found - exact) <= abs(exact) * 2.0**-8).all()


def test_special_values_of_bfloat16_are_those_of_other_types(library):
    dtype = type_of("bfloat16")
    log_q = np.asarray([[-np.inf, -np.inf, np.inf, np.nan, -1.0]]).astype(dtype)
    p = np.asarray([[0.0, 0.5, 0.5, 0.0, -0.5]]).astype(dtype)
    terms = finished(library, kl_div(made(library, log_q), made(library, p), reduction="none"))
    np.testing.assert_array_equal(terms.astype("float64"), [[0.0, np.inf, -np.inf, np.nan, np.nan]])


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", ">f4", "longdouble", "int8"])
@pytest.mark.parametrize("operand", ["bfloat16", "float32", "float64"])
def test_numbers_of_every_type_are_taken_as_options(library, dtype, operand):
    dtype = type_of(dtype)
    scalar = library.library == "numpy" and [np.asarray(2).astype(dtype)[()]]
    arrays = [made(library, one.astype(type_of(operand))) for one in (LOG_Q, P)]

    def several(number):
        yield from kl_div_gradient(*arrays, reduction="sum", upstream=number)
        yield kl_div_with_logits(*arrays, temperature=number)
        yield js_div_with_logits(*arrays, beta=number / dtype.type(2), temperature=number)

    expected = [finished(library, one) for one in several(2.0)]
    for number in [made(library, np.asarray(2).astype(dtype)), *(scalar or [])]:
        for one, other in zip(several(number), expected, strict=True):
            assert_close(finished(library, one), other, other.dtype)
    terms = {"reduction": "none", "upstream": made(library, np.full((7, 5), 2).astype(dtype))}
    if dtype.kind != "i":
        for one, other in zip(kl_div_gradient(*arrays, **terms), expected[:2], strict=True):
            assert_close(finished(library, one), other, other.dtype)


@pytest.mark.parametrize("dtype", [">f4", "<f4", ">f8"])
@pytest.mark.parametrize("reduction", ["none", "sum"])
def test_result_has_the_order_of_bytes_of_this_machine(library, dtype, reduction):
    operands = (made(library, one) for one in (LOG_Q, P))
    found = kl_div(*operands, reduction=reduction, dtype=np.dtype(dtype))
    assert found.dtype == finished(library, found).dtype == np.dtype(dtype).newbyteorder("=")


def test_bfloat16_is_diagnosed(library):
    dtype = type_of("bfloat16")
    log_q, p = (made(library, one.astype(dtype)) for one in (LOG_Q, P))
    assert not diagnose(log_q, p)
    assert diagnose(p, p).findings[0].operand == "input"
    with checking(), pytest.raises(KLDivInputError):
        kl_div(p, p, reduction="sum")
    small = made(library, np.full((1, 4), 1e-39).astype(dtype))
    tiny = [one.count for one in diagnose(small, small).findings if "small" in str(one)]
    assert tiny == [4]


@pytest.mark.parametrize("name", ["float8_e4m3fn", "float8_e5m2", "float8_e4m3b11fnuz", "int4"])
def test_other_types_that_are_added_to_numpy_are_refused_in_a_sentence(library, name):
    narrow = made(library, P.astype(type_of(name)))
    with pytest.raises(TypeError, match="must have a real floating-point dtype") as caught:
        kl_div(narrow, narrow, reduction="sum")
    assert f"got {name}: " in str(caught.value)
    wide = narrow.astype(np.float32)
    assert kl_div(wide, wide, reduction="sum").shape == ()


def test_subnormal_numbers_of_float16_keep_their_digits(library):
    least = 2.0**-24
    log_q = np.asarray([[-1.0, -2.0, 0.0]], "float16")
    p = np.asarray([[least, 3 * least, 1000 * least]], "float16")
    terms = finished(library, kl_div(made(library, log_q), made(library, p), reduction="none"))
    exact = p.astype("float64") * (np.log(p.astype("float64")) - log_q.astype("float64"))
    assert (abs(terms - exact) <= np.maximum(least / 2, abs(exact) * 2.0**-11)).all()
    by_input, _ = kl_div_gradient(made(library, log_q), made(library, p), reduction="sum")
    np.testing.assert_array_equal(finished(library, by_input), -p)
