"""Options beside each other: no pair of values of two options lacks a vector, in any function."""

import inspect
from itertools import combinations, product

import pytest

import kldiv_xp
from kldiv_conformance import vectors

KINDS = ("logits", "probabilities", "log_probabilities")
BETAS = ("0", "half", "other", "1")
COMMON = {
    "reduction": ("none", "sum", "mean", "batchmean"),
    "where": (False, True),
    "dtype": (False, True),
    "operands": ("float16", "bfloat16", "float32", "float64", "mixed"),
    "kind": ("value", "gradient"),
}
HEAT = {
    "temperature": ("1", "other"),
    "scale_by_temperature_squared": (True, False),
    "target_is": KINDS,
}
SPACES = {"axis": ("none", "last", "not last", "tuple"), "log_input": (True, False)}
SPACES |= {"log_target": (True, False)}
AXIS = {"axis": ("last", "not last")}
TAILS = ("bucket", "zero", "renormalize")
TABLES = {
    "kl_div": {**COMMON, **SPACES, "generalized": (True, False)},
    "js_div": {**COMMON, **SPACES, "beta": BETAS},
    "kl_div_with_logits": {**COMMON, **HEAT, **AXIS},
    "js_div_with_logits": {**COMMON, **HEAT, **AXIS, "beta": BETAS},
    "sparse_kl_div_with_logits": {**COMMON, **HEAT, **AXIS, "tail": TAILS},
    "linear_kl_div": {
        **COMMON,
        **HEAT,
        "beta": BETAS,
        **dict.fromkeys(("bias", "target_weight", "target_bias", "indices"), (False, True)),
        "tail": (None, *TAILS),
    },
}
# Operands, what torch has of old, and what has vectors of its own.
OTHERS = {"input", "target", "weight", "size_average", "reduce", "check", "reproducible"}
DEFAULTS = {"log_input": True, "log_target": False, "generalized": False, "target_is": "logits"}


def of_axis(vector):
    axis = vector.arguments.get("axis")
    if axis is None or isinstance(axis, list | tuple):
        return "none" if axis is None else "tuple"
    return "last" if axis % len(vector.input.shape) == len(vector.input.shape) - 1 else "not last"


def choice(vector):
    """Values of the options of a call, as the tables have them."""
    beta = vector.arguments.get("beta")
    names = ("bias", "target_weight", "target_bias")
    return {
        **DEFAULTS,
        **vector.arguments,
        "axis": of_axis(vector),
        "beta": {0.0: "0", 0.5: "half", 1.0: "1"}.get(beta, "other"),
        "temperature": "1" if vector.arguments.get("temperature") == 1 else "other",
        "where": vector.where is not None,
        "dtype": vector.result_dtype is not None,
        "operands": "mixed" if vector.input.dtype != vector.target.dtype else vector.input.dtype,
        "kind": vector.kind,
        "tail": vector.arguments.get("tail"),
        "indices": vector.indices is not None,
        **{name: name in vector.layers for name in names},
    }


def go_together(function, values):
    """Whether the documentation lets two options of a function stand beside each other."""
    if {"indices", "tail"} <= values.keys():
        return values["indices"] == (values["tail"] is not None)
    has_indices = values.get("indices") or values.get("tail") is not None
    has_indices = has_indices and function == "linear_kl_div"
    has_layer = values.get("target_weight") or values.get("target_bias")
    return not (
        (values.get("tail") in {"bucket", "zero"} and values.get("target_is") == "logits")
        or (has_indices and (has_layer or values.get("beta", "0") != "0"))
        or (has_layer and values.get("target_is", "logits") != "logits")
        or (values.get("target_bias") and values.get("target_weight") is False)
    )


def pairs(values):
    return set(combinations(sorted(values.items(), key=lambda pair: pair[0]), 2))


@pytest.mark.parametrize("function", TABLES)
def test_every_pair_of_values_of_two_options_has_a_vector(function):
    table = TABLES[function]
    called = [
        one
        for one in vectors()
        if (one.function or "kl_div") == function
        and one.kind != "invalid"
        and not {"reproducible", "size_average"} & one.arguments.keys()
    ]
    seen = set().union(*(pairs({name: choice(one)[name] for name in table}) for one in called))
    wanted = [
        ((first, one), (second, other))
        for first, second in combinations(sorted(table), 2)
        for one, other in product(table[first], table[second])
        if go_together(function, {first: one, second: other})
    ]
    assert [pair for pair in wanted if pair not in seen] == []


@pytest.mark.parametrize("function", TABLES)
def test_the_options_in_pairs_are_those_that_a_function_has(function):
    taken = inspect.signature(getattr(kldiv_xp, function)).parameters
    options = {name for name in taken if name not in OTHERS}
    beside = {"operands", "kind", "indices"}
    assert set(TABLES[function]) | beside == options | beside
