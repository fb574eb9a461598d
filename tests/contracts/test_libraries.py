"""Arrays of other libraries: with units, with names, with masks of their own, compressed."""

import numpy as np
import pytest
from conftest import imported
from numpy.testing import assert_allclose

from kldiv_xp import diagnose, js_div_with_logits, kl_div, kl_div_gradient, kl_div_with_logits

RNG = np.random.default_rng(11)
Q, P = RNG.dirichlet(np.ones(4), (2, 3))
P[0, 1] = 0.0
LOG_Q = np.log(Q)
MASK = RNG.uniform(size=P.shape) > 0.4


def losses(**options):
    """Each of the functions, and its operands."""
    return [
        (lambda x, t: kl_div(x, t, reduction="sum", **options), (LOG_Q, P)),
        (lambda x, t: kl_div(x, t, reduction="none", axis=-1, **options), (LOG_Q, P)),
        (lambda x, t: kl_div_gradient(x, t, reduction="sum", **options)[0], (LOG_Q, P)),
        (kl_div_with_logits, (LOG_Q, P)),
        (js_div_with_logits, (LOG_Q, P)),
    ]


def test_compressed_arrays_are_refused_and_are_right_as_arrays_of_numpy():
    blosc2 = imported("blosc2")
    for function, operands in losses():
        packed = [blosc2.asarray(one) for one in operands]
        with pytest.raises(TypeError) as caught:
            function(*packed)
        assert str(caught.value) == (
            "`input` must be an array that its library computes rightly with; got "
            "blosc2.ndarray.NDArray, and its lazy expressions are wrong beside masks: pass "
            "input[:], an array of NumPy."
        )
        assert_allclose(function(packed[0][:], packed[1][:]), function(*operands), rtol=1e-15)


def test_lazy_expressions_and_masks_that_are_compressed_are_refused():
    blosc2 = imported("blosc2")
    lazy = blosc2.log(blosc2.asarray(Q))
    with pytest.raises(TypeError, match=r"got blosc2.lazyexpr.LazyExpr, and .*: pass input"):
        kl_div(lazy, P, reduction="sum")
    assert_allclose(kl_div(lazy[:], P, reduction="sum"), kl_div(LOG_Q, P, reduction="sum"))
    mask = blosc2.asarray(MASK)
    with pytest.raises(TypeError, match=r"`where` must be .* pass where"):
        kl_div(LOG_Q, P, reduction="sum", where=mask)
    with pytest.raises(TypeError, match=r"pass input\[:\]"):
        diagnose(lazy, P)
    expected = kl_div(LOG_Q, P, reduction="sum", where=MASK)
    assert kl_div(LOG_Q, P, reduction="sum", where=mask[:]) == expected


def test_numbers_with_the_unit_1_are_numbers_and_the_result_is_an_array_of_numpy():
    unyt = imported("unyt")
    for function, operands in losses(where=MASK):
        result = function(*(unyt.unyt_array(one, "dimensionless") for one in operands))
        assert type(result) is np.ndarray
        assert_allclose(result, function(*operands), rtol=1e-12)


def test_lengths_are_no_logarithms_which_their_library_says():
    unyt = imported("unyt")
    with pytest.raises(Exception, match="units"):
        kl_div(unyt.unyt_array(LOG_Q, "m"), unyt.unyt_array(P, "m"), reduction="sum")


def test_quantities_with_the_unit_1_are_numbers_and_their_values_are_for_jensen_shannon():
    units = imported("astropy.units")
    *others, (jensen_shannon, operands) = losses(where=MASK)
    one = units.dimensionless_unscaled
    for function, arrays in others:
        result = function(*(array * one for array in arrays))
        assert type(result) is np.ndarray
        assert_allclose(result, function(*arrays), rtol=1e-12)
    quantities = [array * one for array in operands]
    with pytest.raises(units.UnitTypeError, match="angle units"):  # of tanh
        jensen_shannon(*quantities)
    values = [quantity.value for quantity in quantities]
    assert_allclose(jensen_shannon(*values), jensen_shannon(*operands))
    with pytest.raises(units.UnitsError):
        kl_div(LOG_Q * units.m, P * units.m, reduction="sum")


def test_masked_quantities_are_told_of_where():
    masked = imported("astropy.utils.masked")
    array = masked.Masked(LOG_Q, mask=~MASK)
    with pytest.raises(TypeError) as caught:
        kl_div(array, P, reduction="sum")
    assert str(caught.value) == (
        "`input` must be an array without a mask of its own; got "
        f"{type(array).__module__}.{type(array).__qualname__}: pass input.unmasked, and say what "
        "has a part in the loss by where=~input.mask, joined by & to a mask that you pass."
    )
    expected = kl_div(LOG_Q, P, reduction="sum", where=MASK)
    assert kl_div(array.unmasked, P, reduction="sum", where=~array.mask) == expected


def test_records_of_numpy_are_told_of_their_fields():
    records = np.zeros((3, 4), dtype=[("log_q", "f8"), ("p", "f8")]).view(np.recarray)
    records["log_q"], records["p"] = LOG_Q, P
    with pytest.raises(TypeError, match=r'pass one of its fields, e.g. input\["log_q"\]'):
        kl_div(records, records, reduction="sum")
    fields = records["log_q"], records["p"]
    assert_allclose(kl_div(*fields, reduction="sum"), kl_div(LOG_Q, P, reduction="sum"))


def test_subclass_of_numpy_gives_an_array_of_numpy():
    class Named(np.ndarray):
        pass

    for function, operands in losses():
        result = function(*(array.view(Named) for array in operands))
        assert type(result) is np.ndarray
        assert_allclose(result, function(*operands), rtol=1e-12)


def test_named_arrays_are_told_of_their_data_which_serves():
    xarray = imported("xarray")
    named = [xarray.DataArray(one, dims=("sample", "category")) for one in (LOG_Q, P)]
    with pytest.raises(TypeError) as caught:
        kl_div(*named, reduction="sum")
    assert str(caught.value) == (
        "`input` must be an array (NumPy, CuPy, PyTorch, JAX, Dask, ...); got "
        "xarray.core.dataarray.DataArray: pass its data, input.data."
    )
    expected = kl_div(LOG_Q, P, reduction="sum")
    assert kl_div(*(one.data for one in named), reduction="sum") == expected
    with pytest.raises(TypeError, match=r"pass its data, target\.data\."):
        kl_div(LOG_Q, named[1], reduction="sum")
    mask = xarray.DataArray(MASK)
    with pytest.raises(TypeError, match=r"pass its data, where\.data\."):
        kl_div(LOG_Q, P, reduction="sum", where=mask)


@pytest.mark.parametrize("chunks", [None, {"sample": 2}], ids=["in memory", "lazy"])
def test_named_arrays_keep_their_other_names_by_apply_ufunc(chunks):
    xarray = imported("xarray")
    if chunks:
        imported("dask.array")
    # In an order of axes that differs, which apply_ufunc puts right.
    log_q = xarray.DataArray(LOG_Q, dims=("sample", "category"), coords={"sample": [7, 8, 9]})
    p = xarray.DataArray(P.T, dims=("category", "sample"), coords={"sample": [7, 8, 9]})
    if chunks:
        log_q, p = log_q.chunk(chunks), p.chunk(chunks)
    divergences = xarray.apply_ufunc(
        kl_div,
        log_q,
        p,
        input_core_dims=[["category"], ["category"]],
        kwargs={"reduction": "none", "axis": -1},
        dask="allowed",
    )
    assert divergences.dims == ("sample",)
    assert divergences.sample.values.tolist() == [7, 8, 9]
    assert (divergences.chunks is None) == (chunks is None)
    assert_allclose(divergences.values, kl_div(LOG_Q, P, reduction="none", axis=-1))
