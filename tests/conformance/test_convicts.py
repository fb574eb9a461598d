import tomllib
from pathlib import Path

import pytest

from kldiv_conformance import ADAPTERS, Implementation, judge, vectors
from kldiv_conformance._suspects import certain, suspects

HERE = Path(__file__).parent
TEXTBOOKS = {"textbook": "mutants", "textbook_logits": "mutants_logits"}
MUTANTS = [
    pytest.param(book, mutant, id=mutant["name"])
    for book, table in TEXTBOOKS.items()
    for mutant in tomllib.loads((HERE / f"{table}.toml").read_text())["mutant"]
]


def text_of(book):
    return (HERE / f"{book}.py").read_text()


def outcomes(book, text):
    scope = {}
    exec(compile(text, "mutant", "exec"), scope)
    asks_for_logits = book == "textbook_logits"
    loss, gradient = scope.get("kl_div"), scope.get("kl_div_gradient")
    implementation = Implementation("mutant", loss, gradient, scope)
    asked = [vector for vector in vectors() if (vector.function is not None) == asks_for_logits]
    judged = [judge(vector, ADAPTERS["numpy"], implementation) for vector in asked]
    return [outcome.to_json() for outcome in judged]


@pytest.mark.parametrize("book", TEXTBOOKS)
def test_the_textbook_passes_every_vector(book):
    lines = outcomes(book, text_of(book))
    wrong = [line for line in lines if line["verdict"] == "failure"]
    assert [f"{line['id']}: {line['detail']}" for line in wrong] == []
    refused = {line["detail"] for line in lines if line["verdict"] == "not supported"}
    assert refused == {"numpy has no bfloat16."}


@pytest.mark.parametrize(("book", "mutant"), MUTANTS)
def test_wrong_implementation_is_convicted_and_its_flag_is_named(book, mutant):
    text = text_of(book)
    assert mutant["old"] in text
    judged = outcomes(book, text.replace(mutant["old"], mutant["new"], 1))
    named = [suspect.flag for suspect in suspects(judged)[:5] + certain(judged)]
    assert mutant["flag"] in named
