import functools
from functools import cache

import pytest
from conformance_mutants import few_of_each_flag

import kldiv_xp
from kldiv_conformance import ADAPTERS, Implementation, judge, vectors
from kldiv_conformance._suspects import suspects

FUNCTIONS = ("kl_div_with_logits", "js_div_with_logits", "js_div", "sparse_kl_div_with_logits")
LOSS, LOGITS, ALL = ("kl_div",), FUNCTIONS[:2], ("kl_div", *FUNCTIONS)


def without(*names):
    """Arguments of a call, without some of them."""
    return lambda given: {name: value for name, value in given.items() if name not in names}


def with_another(name, instead):
    """Arguments of a call, with other values of one."""
    return lambda given: {
        **given,
        **({name: instead[given[name]]} if given.get(name) in instead else {}),
    }


def inverted(given):
    """Arguments of a call, with the mask the other way round."""
    return {**given, **({"where": ~given["where"]} if given.get("where") is not None else {})}


# What is wrong: in which functions, how their arguments are changed, and the flags to be named.
BUGS = {
    "mask ignored": (LOSS, without("where"), "SampleMask"),
    "mask the other way round": (LOSS, inverted, "SampleMask"),
    "mask of logits ignored": (LOGITS, without("where"), "SampleMask"),
    "mask ignored everywhere": (ALL, without("where"), "SampleMask"),
    "axis ignored": (LOSS, without("axis"), "NamedAxes"),
    "axis of logits ignored": (LOGITS, without("axis"), "NamedAxes"),
    "log_target ignored": (LOSS, without("log_target"), "LogTarget"),
    "log_input ignored": (LOSS, without("log_input"), "TwoTables"),
    "generalized ignored": (LOSS, without("generalized"), "Generalized"),
    "temperature ignored": (LOGITS, without("temperature"), "Temperature"),
    "square of the temperature forgotten": (
        LOGITS,
        without("scale_by_temperature_squared"),
        "Temperature",
    ),
    "batchmean is mean": (LOSS, with_another("reduction", {"batchmean": "mean"}), "BatchMean"),
    "batchmean of logits divides by all samples": (
        FUNCTIONS,
        with_another("reduction", {"batchmean": "mean"}),
        "BatchOfWords",
    ),
    "mean is batchmean": (
        LOSS,
        with_another("reduction", {"mean": "batchmean"}),
        "Mean",
        "MaskedMean",
    ),
    "sum is mean": (LOSS, with_another("reduction", {"sum": "mean"}), "Sum"),
    "target_is ignored": (LOGITS, without("target_is"), "GivenTarget"),
    "tail ignored": (ALL, without("tail"), "SparseTail"),
}
FACTORS = {
    "a factor of the loss": (LOSS, "Formula"),
    "a factor of logits": (LOGITS, "LogitsFormula"),
}


@cache
def asked(flag):
    """Vectors of numbers among which every flag stands some times, and all masks if they matter.

    What is not selected is NaN in most, so that few tell a mask that is ignored from one that
    multiplies.
    """
    numbers = [it for it in vectors() if it.kind != "invalid" and it.function != "linear_kl_div"]
    few = {it.id for it in few_of_each_flag(numbers, 12)}
    return [it for it in numbers if it.id in few or (flag == "SampleMask" and it.where is not None)]


def changed(name, change, factor=1):
    """Function of ours whose arguments are changed."""

    @functools.wraps(getattr(kldiv_xp, name))
    def function(*operands, **given):
        return factor * getattr(kldiv_xp, name)(*operands, **change(given))

    return function


def judged(wrong, change, flag, factor=1):
    """Verdicts on our functions, some of them wrong."""
    functions = {name: getattr(kldiv_xp, name) for name in ALL}
    functions |= {name: changed(name, change, factor) for name in wrong}
    implementation = Implementation("wrong", functions["kl_div"], None, functions)
    return [judge(it, ADAPTERS["numpy"], implementation).to_json() for it in asked(flag)]


def named(lines):
    """Flags that are named, but for those that explain nothing more."""
    return [suspect.flag for suspect in suspects(lines) if not suspect.behind]


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("bug", BUGS)
def test_the_option_that_is_ignored_is_named_and_nothing_beside_it(bug):
    wrong, change, *flags = BUGS[bug]
    assert named(judged(wrong, change, flags[0])) == flags


@pytest.mark.long
def test_flags_that_explain_nothing_more_are_two_at_most():
    found = suspects(judged(*BUGS["batchmean is mean"]))
    assert [it.flag for it in found if not it.behind] == ["BatchMean"]
    assert sum(it.behind for it in found) <= 2
    assert not {"MixedDtypes", "HalfAccumulator", "Sum"} & {it.flag for it in found}


@pytest.mark.long
@pytest.mark.parametrize("bug", FACTORS)
def test_a_missing_factor_is_one_of_the_formula_and_of_nothing_else(bug):
    wrong, flag = FACTORS[bug]
    assert named(judged(wrong, without(), flag, 2)) == [flag]
