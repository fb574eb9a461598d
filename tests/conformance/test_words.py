"""Words of the screen: distances that a reader can count, lines that fit, whole words."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from kldiv_conformance._arguments import NotSupportedError, call_of, taken
from kldiv_conformance._console import say
from kldiv_conformance._problems import accusation, excess
from kldiv_conformance._vectors import find, vectors

LONG = "numpy: " + ", ".join(f"word{n} of a sentence" for n in range(30))


@pytest.mark.parametrize(
    ("got", "value", "limit", "words"),
    [
        (1.5, 1.0, 0.0, ", 1.5 times the right number"),
        (1.0, 3.0, 0.1, ", 0.3333 times the right number"),
        (-0.5, 1.0, 0.1, ", -0.5 times the right number"),
        (2.0, 0.5, 0.1, ", 4 times the right number"),
        (0.0, 1.0, 0.1, ", 0 where another number is right"),
        (-0.0, -1.0, 0.1, ", 0 where another number is right"),
        (0.5, 0.0, 0.1, ""),
        (1.0 + 2**-20, 1.0, 2**-21, ", off by 2 bounds or 8 ulp"),
        (2**-149, 0.0, 0.0, ", off by 1 ulp"),
        (float("nan"), 1.0, 0.1, ""),
    ],
)
def test_a_distance_is_told_in_units_that_can_be_counted_or_as_a_multiple(got, value, limit, words):
    assert excess(got, value, limit, "float32") == words


@pytest.mark.parametrize(
    ("got", "value", "multiple"),
    [(1 + 1e-9, 1.0, "1.000000001"), (0.9, 1.0, "0.9"), (1e300, 5e-324, "inf")],
)
def test_a_multiple_of_nearly_1_is_told_by_digits_that_differ_from_1(got, value, multiple):
    words = f", {multiple} times the right number"
    assert excess(got, value, 1e-16, "float64") == words


def test_the_message_of_the_guide_is_what_the_judge_says():
    guide = Path(__file__).parents[2] / "conformance" / "README.md"
    if not guide.exists():
        pytest.skip("the guide is not in this source tree")
    shown = re.search(r"^ordinary_001: (.*?)^```$", guide.read_text("utf-8"), re.M | re.S)[1]
    got = float(re.search(r"got ([0-9.]+)", shown)[1])
    said = accusation(find("ordinary_001"), "value", 2, got)
    assert " ".join(shown.split()) == f"value is wrong in 1 of 4 places: {said}"


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_line_is_wrapped_between_words_in_a_terminal_and_whole_in_a_file(is_terminal):
    file = io.StringIO()
    say(Console(file=file, force_terminal=is_terminal, width=80, color_system=None), LONG)
    lines = file.getvalue().splitlines()
    assert (max(map(len, lines)) <= 80) is is_terminal
    assert " ".join(line.strip() for line in lines) == LONG


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"axis": 0}, "argument 'axis'"),
        ({"log_input": False, "generalized": True}, "argument 'generalized' or 'log_input'"),
    ],
)
def test_arguments_that_are_lacking_are_one_or_several(asked, words):
    def loss(input, target, *, reduction, log_target):
        return input

    sentence = f"^the implementation has no {words}\\.$"
    with pytest.raises(NotSupportedError, match=sentence):
        taken(loss, find("ordinary_001"), asked)


def test_a_line_on_a_failure_says_which_call_it_was():
    assert call_of(find("ordinary_001")) == "float32, reduction='none'"
    vector = next(it for it in vectors("logits") if it.arguments["temperature"] != 1)
    assert f"temperature={vector.arguments['temperature']!r}" in call_of(vector)
    assert "axis" not in call_of(vector) or vector.arguments["axis"] != -1
