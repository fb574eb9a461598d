"""Vectors of the same bits: every library has them, and whoever breaks a rule is convicted."""

from unittest.mock import patch

import numpy as np
import pytest
from click.testing import CliRunner
from conformance_runs import written

from kldiv_conformance import ADAPTERS, Implementation, judge, vectors
from kldiv_conformance.__main__ import main
from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
)
from kldiv_xp.formula import reproducible_functions as functions
from kldiv_xp.formula import reproducible_js, reproducible_operations, reproducible_sums
from kldiv_xp.formula.reproducible_namespace import ReproducibleNamespace
from kldiv_xp.formula.reproducible_operations import Operations

BITS = vectors("bits")
LEAST = 300
OF_FLOAT32 = [it for it in BITS if it.input.dtype == "float32"]
OF_LOGITS = [it for it in OF_FLOAT32 if it.function]
OF_MIXTURES = [it for it in OF_LOGITS if it.function.startswith("js")]
FUNCTIONS = {
    "js_div_with_logits": js_div_with_logits,
    "js_div_with_logits_gradient": js_div_with_logits_gradient,
    "kl_div_with_logits": kl_div_with_logits,
    "kl_div_with_logits_gradient": kl_div_with_logits_gradient,
}


def failures(backend, asked=BITS, loss=kl_div, gradient=kl_div_gradient):
    adapter = ADAPTERS[backend]
    if reason := adapter.reason_to_skip():
        pytest.skip(reason)
    implementation = Implementation("loss", loss, gradient, FUNCTIONS)
    outcomes = [judge(vector, adapter, implementation) for vector in asked]
    assert any(one.verdict == "pass" for one in outcomes)
    return [f"{one.id}: {one.detail}" for one in outcomes if one.verdict == "failure"]


def test_there_are_at_least_300_and_each_must_be_met_exactly():
    assert len(BITS) >= LEAST
    results = [result for vector in BITS for result in vector.results.values()]
    assert not any(bound for result in results for bound in result.error_bound)


@pytest.mark.few(1)
@pytest.mark.parametrize("backend", ["numpy", "torch", "array-api-strict"])
def test_every_library_has_the_bits(backend):
    assert failures(backend) == []


@pytest.mark.long
def test_jax_has_the_bits():
    assert failures("jax", BITS[::40]) == []


def test_a_loss_that_is_rounded_otherwise_is_convicted():
    def ignoring(input, target, *, reproducible, **options):
        return kl_div(input, target, **options)

    def ignored(input, target, *, reproducible, **options):
        return kl_div_gradient(input, target, **options)

    assert len(failures("numpy", loss=ignoring, gradient=ignored)) > LEAST / 6


@pytest.mark.few(0, 1)
@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        (functions, "PARTS", 2.0**7),
        (functions, "STEPS", 2.0**12),
        (functions, "TINY", 2.0**-150),
        (reproducible_sums, "MOST_UNITS", 2.0**16),
    ],
)
def test_arithmetic_with_another_constant_is_convicted(module, name, value):
    with patch.object(module, name, value), np.errstate(all="ignore"):
        assert failures("array-api-strict", OF_FLOAT32)


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("name", ["log", "exp"])
def test_the_logarithm_and_the_exponential_of_a_library_are_convicted(name):
    def plain(self, array):
        return getattr(self.xp, name)(array)

    with patch.object(ReproducibleNamespace, name, plain), np.errstate(all="ignore"):
        assert failures("array-api-strict", OF_FLOAT32)


@pytest.mark.few(0, 1)
@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        (reproducible_operations, "SMALL", 2.0),
        (reproducible_operations, "held", lambda xp, array: xp.round(array * 2.0**20) * 2.0**-20),
        (functions, "PARTS", 2.0**7),
        (reproducible_sums, "MOST_UNITS", 2.0**16),
        (Operations, "exp", lambda self, array: self.xp.exp(array)),
    ],
)
def test_rows_of_logits_by_another_rule_are_convicted(module, name, value):
    with patch.object(module, name, value), np.errstate(all="ignore"):
        assert failures("array-api-strict", OF_LOGITS)


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        (reproducible_js, "near_gap", lambda of, p, q, d: p - q),
        (reproducible_js, "small_log", lambda of, x: x - x * x / 2),
        (reproducible_operations, "held", lambda xp, array: xp.round(array * 2.0**30) * 2.0**-30),
        (Operations, "exp", lambda self, array: self.xp.exp(array)),
    ],
)
def test_mixtures_by_another_rule_are_convicted(module, name, value):
    with patch.object(module, name, value), np.errstate(all="ignore"):
        assert failures("array-api-strict", OF_MIXTURES)


@pytest.mark.slow
def test_compare_tells_other_bits_by_its_exit_code(tmp_path):
    def default(input, target, *, reproducible, **options):
        return kl_div(input, target, **options)

    asked = [it.id for it in OF_FLOAT32 if it.kind == "value" and not it.function]
    sides = {"one": {"numpy": kl_div}, "two": {"torch": kl_div}, "three": {"numpy": default}}
    paths = {
        name: written(tmp_path / f"{name}.jsonl", name, backends, asked)
        for name, backends in sides.items()
    }
    same = CliRunner().invoke(main, ["compare", "--bits", paths["one"], paths["two"]])
    assert same.exit_code == 0, same.output
    other = ["compare", paths["one"], paths["three"]]
    assert CliRunner().invoke(main, other).exit_code == 0
    assert CliRunner().invoke(main, [*other, "--bits"]).exit_code == 1
