"""Contexts remembered by types, which changes no error and no result."""

import dataclasses
import gc
import weakref

import array_api_compat
import numpy as np
import pytest
from array_libraries import library
from conftest import usable

from kldiv_xp import kl_div, kl_div_gradient
from kldiv_xp.calls import operands, select_backend
from kldiv_xp.calls.operands import examine
from kldiv_xp.calls.select_backend import load_backend
from kldiv_xp.core.facts import Facts, full_name

FLOATS = ("float16", "float32", "float64")


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    monkeypatch.setattr(operands, "_cached", {})


class Subclass(np.ndarray):
    """An array that might do anything."""


def ones(dtype="float64", shape=(2, 3)):
    return np.ones(shape, dtype=dtype)


@pytest.mark.parametrize("left", FLOATS)
@pytest.mark.parametrize("right", FLOATS)
def test_types_are_promoted_and_half_is_computed_in_single(left, right):
    for _ in range(2):  # told, and remembered
        found = examine(ones(left), ones(right))
        assert found.dtype == np.promote_types(left, right)
        assert found.working == np.promote_types(found.dtype, "float32")
        assert found.xp is examine(ones(left), ones(right)).xp


def test_same_types_are_described_once(monkeypatch):
    described = []
    describe = operands.describe

    def counted(*arguments, **options):
        described.append(arguments)
        return describe(*arguments, **options)

    monkeypatch.setattr(operands, "describe", counted)
    for shape in ((2,), (3, 4), ()):
        examine(ones(shape=shape), ones(shape=shape))
    assert len(described) == 1
    examine(ones("float32"), ones())
    examine(ones(), ones("float32"))
    assert len(described) == 3


def test_types_of_the_other_byte_order_are_others():
    swapped = ones().astype(np.dtype("float64").newbyteorder())
    examine(ones(), ones())
    assert examine(swapped, swapped).dtype.isnative
    assert examine(swapped, swapped).working.isnative


@pytest.mark.parametrize("kind", [np.ndarray, np.memmap])
def test_plain_arrays_get_the_backend(kind):
    array = ones().view(kind)
    assert examine(array, array).backend.__name__ == "kldiv_xp.backends.numpy.backend"


@pytest.mark.parametrize("kind", [Subclass, np.recarray])
def test_subclass_gets_no_backend_on_either_side(kind):
    other = ones().view(kind)
    assert examine(other, other).backend is None
    assert examine(ones(), other).backend is None
    assert examine(other, ones()).backend is None
    assert examine(ones(), ones()).backend is not None


@pytest.mark.parametrize("function", [kl_div, kl_div_gradient])
@pytest.mark.parametrize(
    ("target", "error"),
    [
        (ones(shape=(2, 4)), ValueError),
        (ones(shape=(2,)), ValueError),
        (ones("int64"), TypeError),
        (ones("bool"), TypeError),
        (ones("complex128"), TypeError),
        ([[1.0] * 3] * 2, TypeError),
        (1.0, TypeError),
        (None, TypeError),
    ],
)
def test_error_is_the_same_before_and_after_types_are_remembered(function, target, error):
    def message():
        with pytest.raises(error) as caught:
            function(ones(), target, reduction="sum")
        return str(caught.value)

    first = message()
    assert function(ones(), ones(), reduction="sum") is not None
    assert message() == first


class Note:
    """Object that a caller puts into the metadata of a dtype."""


def test_metadata_of_a_dtype_are_neither_kept_nor_handed_to_others():
    note = Note()
    gone = weakref.ref(note)
    noted = np.ones(3, np.dtype("float32", metadata={"note": note}))
    for pair in ((noted, noted), (noted, np.ones(3, "float32"))):
        kl_div(*pair, reduction="sum")
    assert not kl_div(*np.ones((2, 3), "float32"), reduction="sum").dtype.metadata
    del noted, pair, note
    gc.collect()
    assert gone() is None


@pytest.mark.long
@pytest.mark.parametrize("function", [kl_div, kl_div_gradient])
def test_subclass_is_kept_alive_by_the_bounded_caches_of_array_api_compat_alone(function):
    kind = type("Mine", (np.ndarray,), {})
    gone = weakref.ref(kind)
    array = np.ones(3).view(kind)
    function(array, array, reduction="sum")
    del array, kind
    for cached in vars(array_api_compat.common._helpers).values():
        if hasattr(cached, "cache_clear"):
            assert cached.cache_info().maxsize <= 128
            cached.cache_clear()
    gc.collect()
    assert gone() is None


def test_wrong_types_are_not_remembered():
    for _ in range(2):
        with pytest.raises(TypeError, match="int64"):
            kl_div(ones(), ones("int64"), reduction="sum")
    assert operands._cached == {}


def test_plain_array_beside_one_of_another_library_is_refused_each_time():
    backend = usable("array-api-strict")
    for _ in range(2):
        with pytest.raises(TypeError, match="array_api_strict"):
            kl_div(ones(), backend.array(ones()), reduction="sum")
        kl_div(ones(), ones(), reduction="sum")


def test_tensor_beside_an_array_of_numpy_is_refused_each_time():
    backend = usable("torch")
    for _ in range(2):
        with pytest.raises(TypeError, match="torch"):
            kl_div(backend.array(ones()), ones(), reduction="sum")
        kl_div(backend.array(ones()), backend.array(ones()), reduction="sum")


def test_tensors_on_two_devices_are_refused_each_time():
    backend = usable("torch")
    here, there = backend.array(ones()), backend.array(ones()).to("meta")
    for _ in range(2):
        with pytest.raises(ValueError, match="meta"):
            kl_div(here, there, reduction="sum")
        kl_div(here, here, reduction="sum")


def test_parameter_and_tensor_are_both_plain():
    backend = usable("torch")
    tensor = backend.array(ones())
    parameter = library("torch").nn.Parameter(tensor)
    for pair in ((tensor, tensor), (parameter, tensor), (tensor, parameter)):
        assert examine(*pair).backend.__name__ == "kldiv_xp.backends.torch.eager"


@pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")
def test_scalars_of_numpy_are_computed_too(reduction):
    value = kl_div(np.float64(-1.5), np.float64(0.3), reduction=reduction)
    assert value == pytest.approx(0.3 * (np.log(0.3) + 1.5), rel=1e-15)


def test_what_float64_does_not_hold_is_left_to_the_plain_expression():
    wide = np.asarray([[0.1, 0.9], [0.5, 0.5]], dtype=np.longdouble)
    if np.finfo(np.longdouble).bits <= 64:
        pytest.skip("longdouble is float64 here")
    assert examine(wide, wide).backend is None
    assert examine(wide.astype("float64"), wide.astype("float64")).backend is not None
    value = kl_div(np.log(wide[::-1]), wide, reduction="sum")
    assert value.dtype == np.longdouble
    assert value == np.sum(wide * (np.log(wide) - np.log(wide[::-1])))


# What is remembered is checked again


class Standin:
    """An array as far as its shape and its device go."""

    dtype = None

    def __init__(self, shape, device="first"):
        self.shape, self.device = shape, device


@pytest.fixture
def checks(monkeypatch):
    """Context that is remembered for anything, and what was checked beyond."""
    made = []
    monkeypatch.setattr(operands, "check_shapes", lambda *_: made.append("shapes"))
    monkeypatch.setattr(operands, "check_devices", lambda *_, **__: made.append("devices"))

    def examined(left, right, *, forbids_mixed_devices=False):
        known = examine(np.ones(2), np.ones(2))
        facts = Facts(forbids_mixed_devices=forbids_mixed_devices)
        known = dataclasses.replace(known, facts=facts)
        monkeypatch.setitem(operands._cached, (Standin, Standin), {(None, None): known})
        assert examine(left, right) is known
        return made

    return examined


@pytest.mark.parametrize(("left", "right"), [((2,), (3,)), ((3,), (2,)), ((1, 2), (2,))])
def test_remembered_operands_of_two_shapes_are_checked(checks, left, right):
    assert checks(Standin(left), Standin(right)) == ["shapes"]


@pytest.mark.parametrize(("left", "right"), [("first", "second"), ("second", "first")])
def test_remembered_operands_of_two_devices_are_checked_where_it_matters(checks, left, right):
    operands = Standin((2,), left), Standin((2,), right)
    assert checks(*operands) == []
    assert checks(*operands, forbids_mixed_devices=True) == ["devices"]


def test_remembered_operands_of_one_shape_and_device_are_not_checked_again(checks):
    operands = Standin((300, 2)), Standin((int("300"), 2), "".join(["fir", "st"]))
    assert checks(*operands, forbids_mixed_devices=True) == []


# Bridges


class Known(np.ndarray):
    """A subclass of which it is known what it does."""


def test_subclass_that_is_known_gets_its_backend_and_others_none(monkeypatch):
    facts = Facts(
        backend="of the plain type",
        backend_takes_plain_types_only=True,
        backends_of_subclasses={full_name(Known): "of the subclass"},
    )
    monkeypatch.setattr(select_backend, "facts_about", lambda _: facts)
    monkeypatch.setattr(select_backend, "load_backend", lambda name: name)
    dtype = np.dtype("float64")
    xp = examine(np.ones(1), np.ones(1)).xp

    def backend(left, right):
        return select_backend.select_backend(xp, left, right, dtype, dtype)

    assert backend(np.ndarray, np.ndarray) == "of the plain type"
    assert backend(Known, Known) == "of the subclass"
    assert backend(Known, np.ndarray) is None
    assert backend(np.ndarray, Known) is None
    assert backend(np.matrix, np.matrix) is None


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_every_type_up_to_64_bits_has_a_backend(dtype):
    assert examine(np.ones(1, dtype), np.ones(1, dtype)).backend is not None


def test_backend_is_the_module_of_its_name():
    assert load_backend("backends.numpy.backend").__name__ == "kldiv_xp.backends.numpy.backend"
    with pytest.raises(ModuleNotFoundError, match="nothing"):
        load_backend("backends.nothing")


@pytest.mark.parametrize("name", ["eager", "compiled", "dtensor"])
def test_backends_of_torch_are_loaded_by_name_or_by_statement(name):
    usable("torch")
    name = f"backends.torch.{name}"
    assert load_backend(name).__name__ == f"kldiv_xp.{name}"
