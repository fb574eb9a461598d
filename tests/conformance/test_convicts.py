import math
import re
from functools import cache

import pytest
from conformance_mutants import BACKENDS, judged, mutants, needed, of_functions, outcomes, text_of

from kldiv_conformance import ADAPTERS, find
from kldiv_conformance._suspects import suspects

MUTANTS = list(mutants())
CASES = [
    pytest.param(mutant, marks=pytest.mark.long) if BACKENDS[mutant.book][0] == "jax" else mutant
    for mutant in MUTANTS
]
FORMS = {"size_average", "log_input", "generalized", "reproducible", "dtype", "target_is"}
# Shares of all mutants whose flag must stand first, and among the first three.
FIRST, FIRST_THREE = 0.8, 0.95


@cache
def failures_and_rank(mutant):
    """How many vectors fail, and at which place its flag stands."""
    lines = judged(mutant)
    named = [suspect.flag for suspect in suspects(lines)]
    rank = named.index(mutant.flag) if mutant.flag in named else math.inf
    return sum(line["verdict"] == "failure" for line in lines), rank


def skip_unless_it_runs(book):
    reason = ADAPTERS[BACKENDS[book][0]].reason_to_skip()
    if reason is not None:
        pytest.skip(f"{book}: {reason}")


TEXTBOOKS = [
    pytest.param(book, marks=[pytest.mark.long] if backends[0] == "jax" else [])
    for book, backends in BACKENDS.items()
    if book.startswith("textbook")
]


@pytest.mark.cases(0, 1)
@pytest.mark.parametrize("book", TEXTBOOKS)
def test_the_textbook_passes_every_vector(book):
    skip_unless_it_runs(book)
    lines = outcomes(book, text_of(book), of_functions(book))
    wrong = [line for line in lines if line["verdict"] == "failure"]
    if BACKENDS[book][0] == "jax":  # XLA takes subnormal numbers for 0
        wrong = [line for line in wrong if not line["id"].startswith(("tiny_", "half_"))]
    assert [f"{line['id']}: {line['detail']}" for line in wrong] == []
    refused = {line["detail"] for line in lines if line["verdict"] == "not supported"}
    lacks = {one for one in refused if one.startswith("the implementation has no argument ")}
    assert all(set(re.findall(r"'(\w+)'", one)) <= FORMS for one in lacks)
    assert refused - lacks <= {"numpy has no bfloat16.", "the target is logits"}


@pytest.mark.long
@pytest.mark.parametrize("mutant", CASES, ids=lambda mutant: f"{mutant.book}: {mutant.name}")
@pytest.mark.cases(8)
def test_wrong_implementation_is_convicted(mutant):
    skip_unless_it_runs(mutant.book)
    assert failures_and_rank(mutant)[0]


@pytest.mark.long
def test_the_right_flag_stands_first_or_among_the_first_three():
    of_all = [it for it in MUTANTS if ADAPTERS[BACKENDS[it.book][0]].reason_to_skip() is None]
    ranks = {mutant: failures_and_rank(mutant)[1] for mutant in of_all}
    late = [f"{it.book}: {it.name}: {it.flag} at {ranks[it]}" for it in of_all if ranks[it] > 0]
    first = sum(ranks[it] == 0 for it in of_all) / len(of_all)
    three = sum(ranks[it] < 3 for it in of_all) / len(of_all)
    assert first >= FIRST, late
    assert three >= FIRST_THREE, late


def first_flag(lines):
    return suspects(lines)[0].flag


def mutant_called(book, name):
    skip_unless_it_runs(book)
    return next(it for it in MUTANTS if (it.book, it.name) == (book, name))


@pytest.mark.long
def test_epsilon_in_a_softmax_beside_a_right_loss_is_named_first():
    mutant = mutant_called("textbook_torch_logits", "epsilon of 1e-8 in the softmax")
    wrong = [it for it in judged(mutant) if find(it["id"]).function == "kl_div_with_logits"]
    right = outcomes("textbook_torch", text_of("textbook_torch"), of_functions("textbook_torch"))
    assert first_flag([*wrong, *right]) == "Epsilon"


@pytest.mark.long
def test_flag_of_just_this_symptom_comes_before_one_of_any():
    mutant = mutant_called("textbook_torch", "negative zero of impossible events")
    assert first_flag(judged(mutant)) == "SignedZero"


@pytest.mark.long
def test_a_published_loss_keeps_its_faults_when_it_is_judged():
    skip_unless_it_runs("published_torch")
    book = "published_torch"
    lines = outcomes(book, text_of(book), needed(book))
    named = [suspect.flag for suspect in suspects(lines)[:5]]
    assert {"HalfPrecision", "ZeroTargetInfiniteInput", "MaskedVocabularyGradient"} <= set(named)
    assert "LogitsGradient" not in named
