"""Operands that are no arrays, or hold a mask: the remedy makes an array of them."""

import re

import numpy as np
import pytest
from array_libraries import BACKENDS
from checks.following_remedies import LOG_Q, ONE_HOT, P, Table, kl, refused
from conftest import imported, usable
from words import value, words

from kldiv_xp import kl_div


class Labelled:
    """Like an array of xarray, which holds an array of any library."""

    def __init__(self, values):
        self.data, self.shape = values, values.shape

    def to_numpy(self):
        raise AssertionError("the data need no conversion")


def things(backend):
    """Operands, and the remedies of them beside an array of the backend."""
    convert = "convert it with " + words(backend, "from_list", "{}", dtype=", dtype=input.dtype")
    module = {"jax": "jax.numpy"}.get(backend.library, backend.library)
    return {
        "a list of lists": (P.tolist(), convert.format("target")),
        "a list of ints": (ONE_HOT.astype(int).tolist(), convert.format("target")),
        "a list of arrays": ([backend.array(row) for row in P], f"pass {module}.stack(target)"),
        "a table": (Table(P), convert.format("target.to_numpy()")),
        "a labelled array": (Labelled(backend.array(P)), "pass its data, target.data"),
    }


class WithAnyAttribute(dict):
    """Like a dictionary of configurations, which has None for what it lacks."""

    __getattr__ = dict.get


@pytest.mark.parametrize("name", ["input", "target"])
def test_a_dictionary_with_any_attribute_is_no_array(holding_backend, name):
    """It has `__torch_function__` and a mask of its own, both None."""
    given = {"input": holding_backend.array(LOG_Q), "target": holding_backend.array(P)}
    expected = holding_backend.read(kl_div(**given, reduction="sum"))
    given[name] = WithAnyAttribute(logits=given[name])
    with pytest.raises(TypeError) as caught:
        kl_div(**given)
    remedy = re.search(r": pass its logits, (.*), to a loss of logits\.", str(caught.value))[1]
    given[name] = value(remedy, **given)
    assert holding_backend.read(kl_div(**given, reduction="sum")) == expected


def test_places_of_a_mask_are_no_mask(holding_backend):
    """Stacked or compared with 0 they select nothing that was meant."""
    log_q, p = (holding_backend.array(one) for one in (LOG_Q, P))
    places = holding_backend.array([0.0, 1.0])
    integers = places.astype("int64") if hasattr(places, "astype") else None
    kinds = (integers,) * 2 if integers is not None else (places, places)
    with pytest.raises(TypeError) as caught:
        kl_div(log_q, p, where=kinds)
    assert str(caught.value).endswith(": pass the mask of bools itself, not its places.")


# asarray of array-api-strict makes arrays on its first device.
@pytest.mark.only_where(
    lambda holding_backend, name: holding_backend != "array-api-strict-device1" or "array" in name
)
@pytest.mark.parametrize("name", things(BACKENDS["numpy"]))
def test_remedy_of_what_is_no_array_makes_one(holding_backend, name):
    thing, remedy = things(holding_backend)[name]
    log_q = holding_backend.array(LOG_Q)
    found = refused(kl_div, {"input": log_q, "target": thing}, {})
    start = "`target` must be an array (NumPy, CuPy, PyTorch, JAX, Dask, ...); got "
    assert found.startswith(start)
    assert found.removeprefix(start).split(": ", 1)[1] == f"{remedy}."
    target = value(re.split(r" with |pass its data, |pass ", remedy)[-1], input=log_q, target=thing)
    meant = kl(LOG_Q, ONE_HOT if "ints" in name else P)
    loss = holding_backend.read(kl_div(log_q, target, reduction="sum"))
    assert loss == pytest.approx(meant)


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_table_of_pandas_is_converted(library):
    pandas = imported("pandas")
    backend, thing = usable(library), pandas.DataFrame(P)
    log_q = backend.array(LOG_Q)
    code = words(backend, "from_list", "target.to_numpy()", dtype=", dtype=input.dtype")
    assert refused(kl_div, {"input": log_q, "target": thing}, {}).endswith(f" {code}.")
    loss = kl_div(log_q, value(code, input=log_q, target=thing), reduction="sum")
    assert backend.read(loss) == pytest.approx(kl(LOG_Q, P))


def test_array_of_xarray_is_taken_out():
    xarray = imported("xarray")
    thing = xarray.DataArray(P)
    found = refused(kl_div, {"input": LOG_Q, "target": thing}, {})
    assert found.endswith("pass its data, target.data.")
    assert kl_div(LOG_Q, thing.data, reduction="sum") == pytest.approx(kl(LOG_Q, P))


def test_remedy_of_a_masked_array_keeps_its_mask():
    target = np.ma.array(P, mask=[[True, False, False], [False, True, True]])
    assert refused(kl_div, {"input": LOG_Q, "target": target}, {}) == (
        "`target` must be an array without a mask of its own; got numpy.ma.MaskedArray: pass "
        "target.data, and say what has a part in the loss by "
        "where=~numpy.ma.getmaskarray(target), joined by & to a mask that you pass."
    )
    where = value("~numpy.ma.getmaskarray(target)", target=target)
    loss = kl_div(LOG_Q, target.data, reduction="sum", where=where)
    assert loss == pytest.approx(kl(LOG_Q[where], P[where]))
    both = where & (np.arange(3) > 0)
    loss = kl_div(LOG_Q, target.data, reduction="sum", where=both)
    assert loss == pytest.approx(kl(LOG_Q[both], P[both]))


def test_remedy_of_two_masked_arrays_keeps_both_masks():
    masks = [[True, False, False], [False, True, True]], [[False, True, False], [False, True, True]]
    pair = [np.ma.array(one, mask=mask) for one, mask in zip((LOG_Q, P), masks, strict=True)]
    operands = dict(zip(("input", "target"), pair, strict=True))
    code = "~numpy.ma.getmaskarray(input) & ~numpy.ma.getmaskarray(target)"
    assert refused(kl_div, operands, {}) == (
        "`input` must be an array without a mask of its own; got numpy.ma.MaskedArray: pass "
        f"input.data and target.data, and say what has a part in the loss by where={code}, "
        "joined by & to a mask that you pass."
    )
    where = value(code, **operands)
    loss = kl_div(LOG_Q, P, reduction="sum", where=where)
    assert np.array_equal(where, ~np.logical_or(*masks))
    assert loss == pytest.approx(kl(LOG_Q[where], P[where]))
