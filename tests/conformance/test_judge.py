"""Kernels that overwrite operands, or return or raise what they should not, fail."""

import re
import sys

import numpy as np
import pytest
from array_libraries import library
from conftest import skip_for

from kldiv_conformance import ADAPTERS, Implementation, find, judge, vectors
from kldiv_conformance._suspects import suspects
from kldiv_xp import kl_div, kl_div_gradient

FEW = vectors("ordinary")[:6]
NO_TEXT = {
    "a number": lambda _: 7,
    "an exception": lambda _: 1 / 0,
    "the end of the process": lambda _: sys.exit(0),
}


@pytest.mark.parametrize("base", [Exception, NotImplementedError, BaseException])
@pytest.mark.parametrize("text", NO_TEXT.values(), ids=NO_TEXT)
def test_exception_whose_text_cannot_be_read_is_told_by_its_type(base, text):
    odd = type("Odd", (base,), {"__str__": text})

    def loss(*_, **__):
        raise odd

    outcome = judge(FEW[0], ADAPTERS["numpy"], Implementation("odd", loss))
    if base is NotImplementedError:
        assert (outcome.verdict, outcome.detail) == ("not supported", "(its text cannot be read)")
    else:
        assert outcome.verdict == "failure"
        assert outcome.detail == "must return a value, but raised Odd: (its text cannot be read)"


def overwriting(name, write):
    """Loss and gradient that are right, and write into an operand of a name."""

    def loss(input, target, **options):
        operands = {"input": input, "target": target, **options}
        result = kl_div(input, target, **options)
        write(operands[name])
        return result

    def gradient(input, target, **options):
        operands = {"input": input, "target": target, **options}
        result = kl_div_gradient(input, target, **options)
        write(operands[name])
        return result

    return Implementation("overwriting", loss, gradient)


def lending(loss):
    """The same function, whose results of one shape and type share their memory."""
    results = {}

    def lent(*operands, **options):
        found = loss(*operands, **options)
        place = results.setdefault((found.shape, found.dtype), found)
        place[...] = found
        return place

    return lent


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_result_that_the_next_call_overwrites_is_a_failure(backend):
    library(backend)
    adapter = ADAPTERS[backend]
    sums = [it for it in FEW if it.results["value"].shape == ()][:3]
    lender = Implementation("lending", lending(kl_div))
    first, *others = (judge(vector, adapter, lender) for vector in sums)
    assert first.verdict == "pass"
    for before, outcome in zip(sums, others, strict=False):
        assert (outcome.verdict, outcome.detail) == (
            "failure",
            f"the call changed the result of the call before, of {before.id}, which must stay as "
            "it was.",
        )
    honest = Implementation("honest", kl_div)
    assert all(judge(vector, adapter, honest).verdict == "pass" for vector in sums)


def test_result_that_is_always_the_same_array_may_be_kept():
    constant = np.asarray(7.0, dtype="float32")
    loss = Implementation("constant", lambda *_, **__: constant)
    assert not any("the call changed" in judge(it, ADAPTERS["numpy"], loss).detail for it in FEW)


def with_a_mask(kind):
    found = vectors("samples_and_masks")
    return next(
        vector
        for vector in found
        if vector.kind == kind
        and vector.where is not None
        and vector.input.values
        and vector.input.dtype == "float64"
    )


def overwrite(array):
    array[...] = False if "bool" in str(array.dtype) else array + 1


@pytest.mark.parametrize("backend", ["numpy", "torch", "array-api-strict", "dask"])
@pytest.mark.parametrize("kind", ["value", "gradient"])
@pytest.mark.parametrize("name", ["input", "target", "where"])
def test_overwritten_operand_is_a_failure(backend, kind, name):
    adapter = ADAPTERS[backend]
    skip_for(backend, adapter.reason_to_skip())

    def write(array):
        overwrite(array.data if backend == "torch" else array)

    outcome = judge(with_a_mask(kind), adapter, overwriting(name, write))
    assert outcome.verdict == "failure"
    assert outcome.detail.startswith(f"the call changed {name}, which must stay as it was.")


CHANGES = {
    "the sign of a zero": lambda array: np.negative(array, out=array, where=array == 0),
    "a shape": lambda array: setattr(array, "shape", (*array.shape, 1)),
    "one element": lambda array: array.put(0, 0.25),
}


@pytest.mark.filterwarnings("ignore:Setting the shape on a NumPy array:DeprecationWarning")
@pytest.mark.parametrize("write", CHANGES.values(), ids=CHANGES)
def test_smallest_change_of_an_operand_is_a_failure(write):
    vector = next(vector for vector in vectors("zeros_and_infinities") if 0 in vector.target.values)
    outcome = judge(vector, ADAPTERS["numpy"], overwriting("target", write))
    assert outcome.detail.startswith("the call changed target, which must stay as it was.")


def test_operand_that_is_overwritten_before_the_right_exception_is_a_failure():
    def loss(input, target, **_):
        target[...] = 0
        raise ValueError

    vector = next(
        vector
        for vector in vectors("invalid_arguments")
        if vector.raises == "ValueError" and vector.function is None and any(vector.target.values)
    )
    outcome = judge(vector, ADAPTERS["numpy"], Implementation("raising", loss))
    assert outcome.verdict == "failure"
    assert outcome.detail == "the call changed target, which must stay as it was."


def test_overwritten_upstream_derivative_is_a_failure():
    torch = library("torch")

    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, loss):
            return loss.clone()

        @staticmethod
        def backward(ctx, upstream):
            result = upstream.clone()
            upstream.zero_()
            return result

    def loss(input, target, **options):
        return Doubled.apply(kl_div(input, target, **options))

    outcome = judge(find("gradients_001"), ADAPTERS["torch"], Implementation("doubled", loss))
    assert outcome.verdict == "failure"
    assert outcome.detail == "the call changed upstream, which must stay as it was."


def test_flag_of_overwritten_operands_is_the_only_suspect():
    implementation = overwriting("target", overwrite)
    lines = [
        judge(v, ADAPTERS["numpy"], implementation).to_json()
        for v in vectors("zeros_and_infinities")
    ]
    assert [suspect.flag for suspect in suspects(lines)] == ["OverwrittenOperand"]


@pytest.mark.parametrize("result", [None, 0.5, "text", object(), [1.0]], ids=type)
def test_what_is_no_array_is_a_failure(result):
    outcome = judge(FEW[0], ADAPTERS["numpy"], Implementation("odd", lambda *_, **__: result))
    assert outcome.verdict == "failure"
    assert re.match(r"returned value as \w+, which numpy cannot read: ", outcome.detail)


def test_exception_that_only_has_the_right_name_is_a_failure():
    class ValueError(Exception):  # noqa: A001 - that is the point
        pass

    def loss(*_, **__):
        raise ValueError

    vector = next(
        v for v in vectors("invalid_arguments") if v.raises == "ValueError" and v.function is None
    )
    outcome = judge(vector, ADAPTERS["numpy"], Implementation("named", loss))
    assert outcome.verdict == "failure"
