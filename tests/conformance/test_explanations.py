"""What the numbers of failures have in common is told before any flag."""

import math
import re

import numpy as np
import pytest

from kldiv_conformance import ADAPTERS, Implementation, assert_conforms, find, judge, vectors
from kldiv_conformance._conventions import vanishing
from kldiv_conformance._errors import wrong_results
from kldiv_conformance._explanations import explained, explanations
from kldiv_conformance._scopes import scopes
from kldiv_conformance._suspects import suspects
from kldiv_conformance._vectors import notes
from kldiv_xp import kl_div, kl_div_with_logits

WIDE = {"float32", "float64"}
VALUES = [
    it
    for it in vectors()
    if it.function is None
    and it.kind == "value"
    and {it.input.dtype, it.target.dtype} <= WIDE
    and set(it.arguments) == {"reduction", "log_target"}
    and it.where is None
    and it.group in {"ordinary", "zeros_and_infinities", "log_target", "reductions"}
]
REDUCED = {"none": lambda it: it, "sum": np.sum, "mean": np.mean}


def judged(loss):
    """Verdicts on a loss."""
    implementation = Implementation("wrong", loss, None, {})
    with np.errstate(all="ignore"):
        return [judge(it, ADAPTERS["numpy"], implementation).to_json() for it in VALUES]


def times(factor):
    return lambda *operands, **given: (factor * kl_div(*operands, **given)).astype(
        np.result_type(*operands)
    )


def computed_in(narrow):
    """The loss in a type, its result in that of the operands."""

    def loss(input, target, **given):
        found = kl_div(input.astype(narrow), target.astype(narrow), **given)
        return found.astype(narrow).astype(np.result_type(input, target))

    return loss


def with_terms(change):
    """The loss whose terms are changed before they are added up."""

    def loss(input, target, *, reduction, log_target):
        if reduction == "batchmean":
            raise NotImplementedError
        terms = change(input, target, log_target)
        return np.asarray(REDUCED[reduction](terms)).astype(np.result_type(input, target))

    return loss


def clamped(input, target, log_target):
    return np.maximum(kl_div(input, target, reduction="none", log_target=log_target), 0)


def with_epsilon(size):
    def change(input, target, log_target):
        if log_target:
            raise NotImplementedError
        x, t = input.astype("float64"), target.astype("float64")
        return t * (np.log(t + size) - x)

    return change


@pytest.mark.few(1, 1)
@pytest.mark.parametrize(
    ("narrow", "wides"),
    [("float32", ["float64"]), ("float16", ["float64", "float32"])],
)
def test_a_loss_in_a_narrower_type_is_told_the_type_and_no_flag_of_its_rounding(narrow, wides):
    lines = judged(computed_in(narrow))
    found = explanations(lines)
    assert len(found) == len(wides)
    for sentence, wide in zip(found, wides, strict=True):
        assert sentence.startswith(f"computed in {narrow}: ")
        assert sentence.endswith(
            f" vectors of {wide} fail, and the errors are those of {narrow}'s rounding; "
            f"compute in {wide}."
        )
    assert not {"Epsilon", "LogTarget", "Sum"} & {it.flag for it in suspects(lines)}


@pytest.mark.few(1, 2)
@pytest.mark.parametrize("size", [10.0**-digits for digits in range(4, 15)])
def test_an_epsilon_is_not_taken_for_a_narrower_type(size):
    lines = judged(with_terms(with_epsilon(size)))
    assert explanations(lines) == []
    assert suspects(lines)[0].flag == "Epsilon"


@pytest.mark.few(1, 1)
@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (1 / math.log(2), "1.4427 times the right one: 1/ln 2, a logarithm to base 2."),
        (math.log(2), "0.6931 times the right one: ln 2, as between bits and nats."),
        (1 / math.log(10), "0.4343 times the right one: 1/ln 10, a logarithm to base 10."),
        (2.0, "twice the right one."),
        (0.5, "half the right one."),
        (-1.0, "the right one with the other sign."),
        (3.0, "3 times the right one."),
        (-0.25, "-0.25 times the right one."),
    ],
)
def test_a_factor_of_all_wrong_numbers_is_told_with_what_it_means(factor, words):
    (sentence,) = explanations(judged(times(factor)))
    assert sentence.endswith(f" whose numbers are wrong, every wrong number is {words}")


@pytest.mark.few(1, 1)
@pytest.mark.parametrize("factor", [1.01, 1.003, 1.0005, 0.9995, 1.0000001])
def test_a_factor_near_1_of_all_is_told_alone_and_is_not_taken_for_rounding(factor):
    lines = judged(times(factor))
    (sentence,), flags = explained(lines)
    found = re.fullmatch(
        r"in all (\d+) vectors whose numbers are wrong, every wrong number is (.*) times "
        r"the right one\.",
        sentence,
    )
    assert int(found[1]) == len({it.vector.id for it in wrong_results(lines)})
    assert float(found[2]) == factor
    assert flags == []
    assert "HalfPrecision" not in {it.flag for it in suspects(lines)}


def test_a_factor_of_one_reduction_is_told_with_it():
    def loss(*operands, reduction, **given):
        factor = 0.5 if reduction == "mean" else 1
        return times(factor)(*operands, reduction=reduction, **given)

    (sentence,) = explanations(judged(loss))
    assert sentence.endswith(
        " are wrong, all with reduction='mean', every wrong number is half the right one."
    )


def test_terms_that_are_clamped_at_0_are_told_where_they_are_not_added_up():
    (sentence,) = explanations(judged(with_terms(clamped)))
    assert sentence.endswith(
        " vectors without a reduction whose numbers are wrong, "
        "every wrong number is 0 where a negative one is right: a clamp at 0."
    )


def test_a_loss_that_is_clamped_at_0_is_told_so_whatever_its_reduction():
    def loss(*operands, reduction, **given):
        found = kl_div(*operands, reduction=reduction, **given)
        return np.maximum(found, 0)

    (sentence,) = explanations(judged(loss))
    assert sentence.endswith("every wrong number is 0 where a negative one is right: a clamp at 0.")


def exact(input, target, *, reduction, log_target):
    """The formula in float64, with its guard."""
    if reduction != "none" or not log_target:
        raise NotImplementedError
    x, t = input.astype("float64"), target.astype("float64")
    p = np.exp(t)
    return np.where(p == 0, 0, p * (t - x)).astype(input.dtype)


VANISHING = find("tiny_022")


VANISHING_ALL = [
    it
    for it in vectors()
    if it.group == "tiny_and_huge"
    and (it.kind, it.input.dtype) == ("value", "float32")
    and any(vanishing(it, "value", place) for place in range(len(it.input.values)))
]


def test_the_exact_number_rounded_once_passes_where_the_convention_asks_for_0():
    loss = Implementation("exact", exact, None, {})
    with np.errstate(all="ignore"):
        for vector in VANISHING_ALL:
            assert judge(vector, ADAPTERS["numpy"], loss).verdict == "pass", vector.id
    assert {"tiny_022", "tiny_023"} <= {it.id for it in VANISHING_ALL}


def test_the_sign_of_0_counts_where_a_vector_is_about_it():
    def negative(input, target, **options):
        terms = kl_div(input, target, **options)
        return np.where(terms == 0, -0.0, terms).astype(terms.dtype)

    zeros = [
        it
        for it in vectors()
        if it.kind == "value" and it.group in {"ordinary", "zeros_and_infinities"}
    ]
    verdicts = {
        it.id: judge(it, ADAPTERS["numpy"], Implementation("negative", negative)).verdict
        for it in zeros
    }
    assert {verdicts[it.id] == "failure" for it in zeros if "SignedZero" in it.flags} == {True}
    assert {verdicts[it.id] for it in zeros if "SignedZero" not in it.flags} == {"pass"}


def beside_exact(*operands, **given):
    """One step beyond the exact number."""
    found = exact(*operands, **given)
    beside = np.nextafter(found, np.inf, dtype=found.dtype)
    return np.where((found == 0) | np.isinf(found), found, beside)


def test_a_number_beside_the_exact_one_is_told_so_and_accused_of_no_bug():
    with np.errstate(all="ignore"), pytest.raises(AssertionError) as caught:
        assert_conforms(beside_exact, VANISHING)
    lines = str(caught.value).splitlines()
    assert lines[0].endswith(
        " The exact number is 2.29e-44; the convention of kldiv_xp asks for 0.0 here, "
        "as the probability rounds to 0."
    )
    assert lines[1:] == [f"  {VANISHING.comment}", "  See `kldiv-conformance explain tiny_022`."]


POWERS = {
    -2: "the right one divided by T², T the temperature",
    -1: "the right one divided by T, the temperature",
    1: "T times the right one, T the temperature",
    2: "T² times the right one, T the temperature",
}


@pytest.mark.few(1, 3)
@pytest.mark.parametrize("power", POWERS)
def test_a_power_of_the_temperature_is_told_of_a_loss_that_knows_one_reduction(power):
    def heated(input, target, *, temperature, reduction):
        if reduction != "batchmean":
            raise NotImplementedError
        found = kl_div_with_logits(input, target, temperature=temperature)
        return (found * temperature**power).astype(np.result_type(input, target))

    loss = Implementation("heated", None, functions={"kl_div_with_logits": heated})
    lines = [
        judge(it, ADAPTERS["numpy"], loss).to_json()
        for it in vectors()
        if it.function == "kl_div_with_logits" and it.group.startswith("logits")
    ]
    assert any(one.endswith(f"is {POWERS[power]}.") for one in explanations(lines))


def log_softmax(logits):
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


@pytest.mark.few(2, 2)
@pytest.mark.parametrize("power", POWERS)
def test_a_power_of_the_temperature_is_told_beside_rows_of_which_a_plain_loss_is_inexact(power):
    def plain(input, target, *, temperature, reduction):
        log_p, log_q = log_softmax(target / temperature), log_softmax(input / temperature)
        found = (np.exp(log_p) * (log_p - log_q)).sum(-1) * temperature ** (2 + power)
        found = {"none": found, "batchmean": found.sum() / len(input)}.get(reduction)
        if found is None:
            raise NotImplementedError
        return np.asarray(found, np.result_type(input, target))

    loss = Implementation("plain", None, functions={"kl_div_with_logits": plain})
    with np.errstate(all="ignore"):
        lines = [
            judge(it, ADAPTERS["numpy"], loss).to_json()
            for it in vectors()
            if it.function == "kl_div_with_logits"
            and it.group in {"logits", "nearly_equal"}
            and it.kind == "value"
        ]
    others = [it for it in lines if it["verdict"] == "failure" and it["group"] == "nearly_equal"]
    assert len(others) > 10
    assert any(one.endswith(f"is {POWERS[power]}.") for one in explanations(lines))


def test_a_number_that_another_convention_prescribes_is_told_whose_it_is():
    def as_torch(input, target, *, reduction, log_target):
        entropy = target * np.log(np.where(target == 0, 1, target))
        return entropy - target * input

    vector = next(
        it
        for it in VALUES
        if it.arguments == {"reduction": "none", "log_target": False}
        and it.results["value"].values == [0.0]
        and math.isnan(it.conventions.get("torch-2.13", {"value": [0]})["value"][0])
    )
    with np.errstate(all="ignore"), pytest.raises(AssertionError) as caught:
        assert_conforms(as_torch, vector)
    sentence = " So it is by the convention of torch-2.13; "
    sentence += "the convention of kldiv_xp asks for 0.0 here."
    assert str(caught.value).splitlines()[0].endswith(sentence)


@pytest.mark.parametrize("flag", [it for it, note in notes().items() if "which is NaN" in note.bug])
def test_a_bug_whose_words_are_nan_is_not_accused_of_other_numbers(flag):
    symptoms = [it.symptoms for it in scopes() if it.flag == flag]
    assert all(it is not None and not it & {"slight", "gross", "zero"} for it in symptoms) or (
        "or" in notes()[flag].bug.split()
    )
