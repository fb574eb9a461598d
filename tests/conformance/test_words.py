"""Words of the screen: distances that a reader can count, lines that fit, whole words."""

import io

import pytest
from rich.console import Console

from kldiv_conformance._arguments import NotSupportedError, taken
from kldiv_conformance._console import say
from kldiv_conformance._problems import excess
from kldiv_conformance._vectors import find

LONG = "numpy: " + ", ".join(f"word{n} of a sentence" for n in range(30))


@pytest.mark.parametrize(
    ("got", "value", "limit", "words"),
    [
        (1.5, 1.0, 0.0, ", off by 0.5 of its size"),
        (-0.5, 1.0, 0.1, ", -0.5 times the right number"),
        (2.0, 0.5, 0.1, ", 4 times the right number"),
        (0.0, 1.0, 0.1, ", 0 times the right number"),
        (0.5, 0.0, 0.1, ""),
        (1.0 + 2**-20, 1.0, 2**-21, ", off by 2 bounds or 8 ulp"),
        (2**-149, 0.0, 0.0, ", off by 1 ulp"),
        (float("nan"), 1.0, 0.1, ""),
    ],
)
def test_a_distance_is_told_in_units_that_can_be_counted_or_as_a_share(got, value, limit, words):
    assert excess(got, value, limit, "float32") == words


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
