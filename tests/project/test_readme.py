"""The README does what it says."""

import doctest
import json
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


def test_contributing_names_the_sessions_that_ci_runs_in_their_order():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    sessions = ["tests", *re.search(r"^for session in (.*); do$", script, re.MULTILINE)[1].split()]
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = re.search(r"`\.ci/run`.*? runs the sessions (.*?), with the packages", text, re.DOTALL)[
        1
    ]
    assert re.findall(r"`(\w+)`", told) == sessions


@pytest.fixture(scope="module")
def peers():
    """Rows of the page of other losses, by their labels."""
    page = (ROOT / "docs" / "peers" / "report.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])
    return {row["label"]: row for row in data["rows"]}


def judged(counts):
    return sum(counts.values()) - counts["not supported"]


@pytest.mark.parametrize(
    ("label", "words"),
    [
        (
            "torch.nn.functional.kl_div on torch",
            "PyTorch's loss fails {both} of {all} ({wrong} wrong results and {accepted} arguments",
        ),
        ("optax.losses.kl_divergence on jax", "Optax's {both} of {all} ({wrong} and {accepted})"),
    ],
)
def test_figures_of_other_losses_are_those_of_their_page(peers, label, words):
    counts, checks = peers[label]["counts"], peers[label]["checks"]
    wrong, accepted = counts["failure"], checks["failure"]
    both, of_all = wrong + accepted, judged(counts) + judged(checks)
    said = words.format(both=both, all=of_all, wrong=wrong, accepted=accepted)
    assert said in " ".join(README.split())


def test_guide_of_the_suite_has_the_figures_of_torch_that_the_page_of_peers_has(peers):
    guide = " ".join((ROOT / "conformance" / "README.md").read_text(encoding="utf-8").split())
    row = peers["torch.nn.functional.kl_div on torch"]
    wrong, accepted = row["counts"]["failure"], row["checks"]["failure"]
    assert f"gives wrong results in {wrong}, and does not refuse what it should in {accepted})" in (
        guide
    )


def test_kldiv_xp_fails_nothing_on_the_page_of_peers(peers):
    ours = {label: row for label, row in peers.items() if label.startswith("kldiv_xp.")}
    failures = {it: row["counts"]["failure"] + row["checks"]["failure"] for it, row in ours.items()}
    assert set(failures.values()) == {0}
    known = [label for label, row in ours.items() if row["counts"]["deviation"]]
    assert known == ["kldiv_xp.kl_div on jax"]


def test_every_command_of_the_suite_is_one_that_it_has():
    from kldiv_conformance.__main__ import main

    pages = [README, (ROOT / "conformance" / "README.md").read_text(encoding="utf-8")]
    used = {name for page in pages for name in re.findall(r"kldiv-conformance (\w+)", page)}
    assert used <= set(main.commands)
