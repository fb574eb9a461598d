"""The README does what it says."""

import doctest
import re
from pathlib import Path

import pytest
from conftest import usable

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", README, re.DOTALL | re.MULTILINE))
SET_UP = re.findall(
    r"^```console\n(.*?)\n```", SECTIONS["On a fresh machine"], re.DOTALL | re.MULTILINE
)
BACKEND_OF = {"NumPy": "numpy", "PyTorch": "torch"}
ORDER = [
    "Install",
    "NumPy",
    "PyTorch",
    "Why not the library's own",
    "On a fresh machine",
    "What it promises",
    "Prove that yours agrees",
    "More",
]


def test_page_is_short_and_in_order():
    assert list(SECTIONS) == ORDER
    assert len(README.splitlines()) <= 120


@pytest.mark.parametrize("library", BACKEND_OF)
def test_example_prints_what_it_says(library):
    usable(BACKEND_OF[library])
    example = doctest.DocTestParser().get_doctest(
        SECTIONS[library].partition("```\n\nMore of it")[0], {}, library, "README.md", 0
    )
    assert len(example.examples) <= 5
    result = doctest.DocTestRunner().run(example)
    assert (result.attempted, result.failed) == (len(example.examples), 0)


@pytest.mark.parametrize("library", BACKEND_OF)
def test_example_leads_to_its_page(library):
    assert re.search(r"^More of it: \[docs/\w+\.md\]\(docs/", SECTIONS[library], re.MULTILINE)


def test_there_are_exactly_two_commands_to_set_up_and_their_sessions_exist():
    assert SET_UP == ["pip install nox && nox -s demo", "pip install nox && nox -s tests"]
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    assert all(f"def {command.split()[-1]}(session" in noxfile for command in SET_UP)


def test_ci_runs_the_command_of_the_readme():
    assert SET_UP[1] in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_every_command_of_the_suite_is_one_that_it_has():
    from kldiv_conformance.__main__ import main

    pages = [README, (ROOT / "conformance" / "README.md").read_text(encoding="utf-8")]
    used = {name for page in pages for name in re.findall(r"kldiv-conformance (\w+)", page)}
    assert used <= set(main.commands)
