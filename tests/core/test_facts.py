"""The table of facts."""

import types

import pytest
from conftest import ASKED, usable

from kldiv_xp.core.facts import FACTS, UNKNOWN, Facts, facts_about, library_name
from kldiv_xp.core.namespaces import namespace_of


@pytest.mark.parametrize("name", ASKED)
def test_backend_runs_here(name):
    backend = usable(name)
    assert backend.read(backend.array([1.0, -2.0])).tolist() == [1, -2]


def test_every_backend_has_its_row(backend):
    xp = namespace_of(backend.array([1.0]))
    name = library_name(xp)
    assert name == backend.library.partition(".")[0]
    assert name in FACTS, f"{name!r} has no row of FACTS, in core/facts.py: add one"
    assert facts_about(xp) is FACTS[name]


@pytest.mark.parametrize("name", ["somebodys_arrays", "somebodys.arrays", "numpy_like", ""])
def test_library_that_is_not_listed_is_unknown(name):
    assert facts_about(types.ModuleType(name)) is UNKNOWN


def test_library_that_is_not_listed_gets_the_plain_formula():
    np = pytest.importorskip("numpy")
    from array_api_compat import numpy as compat

    from kldiv_xp import kl_div

    class Namespace(types.ModuleType):
        def __getattr__(self, name):
            return getattr(compat, name)

    class Stranger(np.ndarray):
        def __array_namespace__(self, api_version=None):
            return Namespace("strange")

    assert facts_about(Namespace("strange")) is UNKNOWN
    operand = np.ones(3).view(Stranger)
    assert float(kl_div(operand, operand, reduction="sum")) == -3


def test_facts_cannot_be_changed():
    with pytest.raises(AttributeError):
        UNKNOWN.backend = "backends.numpy.backend"


def test_library_that_is_not_listed_is_handled_with_care():
    assert UNKNOWN.computes_with_numpy
    assert not UNKNOWN.zero_dimensional_is_scalar
    assert not UNKNOWN.forbids_mixed_devices
    assert not UNKNOWN.needs_device_context
    assert not UNKNOWN.backend_takes_plain_types_only
    assert UNKNOWN.backend is UNKNOWN.backend_of_compiler is None
    assert not UNKNOWN.backends_of_subclasses


@pytest.mark.parametrize("name", ["cupy", "torch"])
def test_library_with_arithmetic_of_its_own_gives_no_warning_of_numpy(name):
    assert not FACTS[name].computes_with_numpy


def test_arrays_of_cupy_are_computed_on_their_device_and_on_no_other():
    assert FACTS["cupy"].needs_device_context
    assert FACTS["cupy"].forbids_mixed_devices


def test_facts_are_given_by_name():
    with pytest.raises(TypeError, match="positional"):
        Facts("backends.numpy.backend")


def test_loss_of_a_subclass_of_numpy_is_an_array_too():
    np = pytest.importorskip("numpy")

    class Subclass(np.ndarray):
        """An array that might do anything."""

    from kldiv_xp import kl_div

    operand = np.ones(3).view(Subclass)
    assert isinstance(kl_div(operand, operand, reduction="sum"), np.ndarray)
