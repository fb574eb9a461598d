"""The README does what it says."""

import re
from pathlib import Path

import pytest
from conftest import usable

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^### (\w+)\n\n```python\n(.*?)```", README, re.DOTALL | re.MULTILINE))
COMMANDS = re.findall(r"^```console\n(.*?)\n```", README, re.DOTALL | re.MULTILINE)
SET_UP = COMMANDS[:2]
BACKEND_OF = {"NumPy": "numpy", "CuPy": "cupy", "PyTorch": "torch", "JAX": "jax"}


def test_there_is_an_example_for_each_library():
    assert set(BLOCKS) == set(BACKEND_OF)


@pytest.mark.parametrize("library", BACKEND_OF)
def test_example_runs(library):
    usable(BACKEND_OF[library])
    exec(compile(BLOCKS[library], f"README.md, {library}", "exec"), {})


def test_examples_of_training_of_diagnosis_and_of_speed_run():
    usable("numpy")
    section = README.partition("### Training loops")[2].partition("\n## ")[0]
    examples = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    assert len(examples) == 3
    program = "".join([BLOCKS["NumPy"], *examples])
    exec(compile(program, "README.md, training", "exec"), {})


@pytest.mark.parametrize("library", BACKEND_OF)
def test_example_is_short(library):
    lines = [line for line in BLOCKS[library].splitlines() if line.strip()]
    assert len(lines) <= 10


def test_there_are_exactly_two_commands_to_set_up_and_their_sessions_exist():
    section = README.partition("## Set up")[2].partition("\n## ")[0]
    assert section.count("```console") == len(SET_UP)
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


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "conformance/README.md"]
)
def test_links_between_pages_lead_somewhere(page):
    path = ROOT / page
    links = re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8"))
    assert all((path.parent / link).exists() for link in links if "://" not in link)
