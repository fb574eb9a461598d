"""Compilations of a backend: one for a function, its options, shapes and dtypes."""

from dataclasses import replace

import pytest
from conformance_commands import python
from conftest import usable

from kldiv_conformance import ADAPTERS, Implementation, find, judge, vectors
from kldiv_conformance._vector import Operand
from kldiv_conformance._wrapped import wrapped
from kldiv_xp import kl_div

VECTOR = find("ordinary_001")


def counting():
    """Adapter that counts what it wraps, and the list of that."""
    seen = []
    return replace(ADAPTERS["numpy"], wrap=lambda function: seen.append(function) or function), seen


def loss(input, target, **options):
    return options


def test_vectors_of_one_shape_and_dtype_share_what_is_compiled():
    adapter, seen = counting()
    for _ in range(3):
        assert wrapped(loss, VECTOR, adapter, {"axis": 1})(None, None) == {"axis": 1}
    assert len(seen) == 1


def test_options_that_look_different_are_compiled_apart():
    adapter, seen = counting()
    options = (1, 1.0, True, "1", (1,), 2)
    for option in options * 2:
        found = wrapped(loss, VECTOR, adapter, {"axis": option})(None, None)["axis"]
        assert (found, type(found)) == (option, type(option))
    assert len(seen) == len(options)


def test_other_functions_shapes_dtypes_and_kinds_are_compiled_apart():
    adapter, seen = counting()
    others = [
        VECTOR,
        replace(VECTOR, input=replace(VECTOR.input, shape=(7, 7))),
        replace(VECTOR, target=replace(VECTOR.target, dtype="float16")),
        replace(VECTOR, upstream=1.0),
        replace(VECTOR, where=Operand((1,), "bool", [1.0])),
    ]
    for vector in others * 2:
        wrapped(loss, vector, adapter, {})
    wrapped(lambda *_: None, VECTOR, adapter, {})
    assert len(seen) == len(others) + 1


class Unhashable:
    """A function that says it is equal to all others, and has no hash."""

    __hash__ = None

    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return True

    def __call__(self, input, target):
        return self.value


def test_function_is_known_by_its_identity():
    adapter, _ = counting()
    for value in (1, 2):
        assert wrapped(Unhashable(value), VECTOR, adapter, {})(None, None) == value


def test_mask_is_an_argument_of_what_is_compiled():
    adapter, seen = counting()
    vector = replace(VECTOR, where=Operand((1,), "bool", [1.0]))
    for mask in ("one", "other"):
        found = wrapped(loss, vector, adapter, {"where": mask, "axis": 0})(None, None)
        assert found == {"where": mask, "axis": 0}
    assert len(seen) == 1


BREAKING = """
import torch
from kldiv_conformance import ADAPTERS, Implementation, find, judge

def breaking(input, target, **options):
    torch._dynamo.graph_break()
    return input

vector = find("ordinary_001")
outcome = judge(vector, ADAPTERS["torch-compile"], Implementation("breaking", breaking))
print(outcome.verdict, outcome.detail)
"""


@pytest.mark.long
def test_function_that_torch_cannot_compile_whole_fails_instead_of_running_as_it_is():
    """In a process of its own: torch watches all frames of this one from then on."""
    usable("torch-compile")
    done = python("-c", BREAKING)
    assert done.stdout.startswith("failure must return a value, but raised"), done.stderr


@pytest.mark.slow
def test_torch_compiles_for_more_shapes_than_it_recompiles_a_function():
    usable("torch-compile")
    import torch

    def is_compiled(input, target):
        return input * torch.compiler.is_compiling()

    for size in range(1, torch._dynamo.config.recompile_limit + 4):
        vector = replace(VECTOR, input=replace(VECTOR.input, shape=(size,)))
        ones = torch.ones(size)
        found = wrapped(is_compiled, vector, ADAPTERS["torch-compile"], {})(ones, ones)
        assert found.tolist() == [1] * size


def test_compiled_vectors_of_one_kind_get_their_own_values():
    """Vectors share compiled code: each has other numbers, and they are right."""
    usable("jax-jit")
    implementation = Implementation("kl_div", kl_div)
    alike = [vector for vector in vectors("ordinary") if vector.input.shape == VECTOR.input.shape]
    assert len(alike) > 1
    outcomes = [judge(vector, ADAPTERS["jax-jit"], implementation) for vector in alike[:8]]
    assert {outcome.verdict for outcome in outcomes} == {"pass"}
