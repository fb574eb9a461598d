import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from conformance_runs import lines_of

from kldiv_conformance.__main__ import main
from kldiv_conformance._console import show
from kldiv_conformance._pages import write_pages
from kldiv_conformance._report import VERDICTS, collect
from kldiv_conformance._run import run_all
from kldiv_conformance._selection import spread
from kldiv_conformance._summary import followed, summary
from kldiv_conformance._suspects import suspects
from kldiv_conformance._vectors import find, vectors
from kldiv_xp import kl_div

SOME = spread(vectors(), 425)
UNGUARDED = """
import numpy as np

def kl_div(input, target, *, reduction, log_target):
    with np.errstate(all="ignore"):
        p = np.exp(target) if log_target else target
        terms = p * ((target if log_target else np.log(target)) - input)
    if reduction == "none":
        return terms
    return np.sum(terms) / {"sum": 1, "mean": terms.size}.get(reduction, len(input))
"""


def run_of(folder, chosen=None):
    """Report of a run of a loss without guards."""
    (folder / "unguarded.py").write_text(UNGUARDED)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        return collect(list(run_all(["numpy"], "unguarded:kl_div", chosen=chosen)), "unguarded")


@pytest.fixture(scope="module")
def unguarded(tmp_path_factory):
    return run_of(tmp_path_factory.mktemp("unguarded"), SOME)


@pytest.fixture(scope="module")
def whole_unguarded(tmp_path_factory):
    return run_of(tmp_path_factory.mktemp("unguarded"))


@pytest.fixture(scope="module")
def ours():
    return collect(list(run_all(["numpy", "cupy"], "kldiv_xp:kl_div", chosen=SOME)), "ours")


@pytest.fixture(scope="module")
def whole_ours():
    return collect(list(run_all(["numpy", "cupy"], "kldiv_xp:kl_div")), "ours")


@pytest.mark.long
def test_worst_implementation_comes_first(whole_unguarded, whole_ours):
    rows = summary([whole_ours, whole_unguarded])["rows"]
    assert [row["implementation"] for row in rows] == ["unguarded:kl_div", "kldiv_xp:kl_div"]


@pytest.mark.slow
def test_counts_of_all_groups_add_up(whole_unguarded):
    (row,) = summary([whole_unguarded])["rows"]
    for verdict, count in row["counts"].items():
        total = sum(cell[verdict] for cell in row["cells"].values())
        assert total == count + row["checks"][verdict]
    assert row["counts"]["failure"] > 0


@pytest.mark.slow
def test_argument_checks_count_neither_among_the_numbers_nor_in_the_order_of_rows(whole_unguarded):
    content = summary([whole_unguarded])
    (row,) = content["rows"]
    assert "invalid_arguments" not in content["groups"]
    assert row["checks"]["failure"] > 40
    of_checks = {suspect["flag"] for suspect in row["check_flags"]}
    assert "ShapeMismatch" in of_checks
    assert not of_checks & {suspect["flag"] for suspect in row["suspects"]}


def test_argument_checks_are_one_line_of_the_console_after_the_numbers(unguarded, capsys):
    show(unguarded)
    lines = capsys.readouterr().out.splitlines()
    last = lines[-1]
    assert re.fullmatch(
        r"numpy: argument checks: \d+ of \d+ calls that must be refused fail: .*", last
    )
    assert re.search(r"ShapeMismatch \d+ of \d+", last)
    assert not any("must raise" in line for line in lines)


def test_the_flags_of_argument_checks_add_up_to_their_failures(unguarded, capsys, tmp_path):
    show(unguarded)
    (row,) = summary([unguarded])["rows"]
    markdown, page = (path.read_text() for path in write_pages(summary([unguarded]), tmp_path))
    for text in (capsys.readouterr().out, markdown, re.sub(r"</?a[^>]*>", "", page)):
        (line,) = re.findall(r"^.*\bShapeMismatch \d+ of \d+.*$", text, re.M)
        shares = re.findall(r"\b[A-Z]\w+ (\d+) of \d+", line)
        assert sum(map(int, shares)) == row["checks"]["failure"]


def test_the_histogram_leaves_out_failures_for_another_reason_than_an_error(unguarded):
    (row,) = summary([unguarded])["rows"]
    shown = [it for it in row["outcomes"].values() if it[1] is not None]
    assert sum(count for _, count in row["histogram"]) == len(shown)
    failed = [ulp for verdict, ulp, _ in shown if VERDICTS[verdict] == "failure"]
    assert failed
    assert 0 not in failed
    assert any(it["verdict"] == "failure" and it["ulp"] == 0 for it in unguarded.outcomes)


def test_the_counts_of_the_console_add_up_to_the_failures_of_its_table(unguarded, capsys):
    """Ten are shown and the others counted, without the argument checks of the last line."""
    show(unguarded)
    out = capsys.readouterr().out
    (row,) = summary([unguarded])["rows"]
    more = re.search(
        r"^(\d+) of the (\d+) failures are shown, but for argument checks; "
        r"write all of them with --output\.$",
        out,
        re.M,
    )
    shown, numbers = int(more[1]), int(more[2])
    assert shown == len(re.findall(r"^numpy: \w+_\d+ \(.*?\): ", out, re.M))
    assert numbers == row["counts"]["failure"]
    checks = re.search(r"argument checks: (\d+) of", out)[1]
    total = re.search(r"numpy\s+│\s+(\d+) │", out)[1]
    assert int(total) == numbers + int(checks)


def test_the_console_names_the_file_that_has_all_failures(unguarded, capsys):
    show(unguarded, Path("found.jsonl"))
    out = capsys.readouterr().out
    assert re.search(r"^10 of the \d+ failures are shown, .*; all are in found.jsonl\.$", out, re.M)
    assert "--output" not in out


def test_markdown_names_the_likely_bugs_first_and_the_argument_checks_apart(unguarded, tmp_path):
    markdown = write_pages(summary([unguarded]), tmp_path)[0].read_text()
    parts = markdown.split("\n## ")
    assert parts[1].startswith("Which vectors fail")
    assert parts[2].startswith("What would explain the failures")
    assert "ShapeMismatch" not in parts[1] + parts[2]
    checks = next(part for part in parts if part.startswith("Argument checks"))
    assert "* `unguarded:kl_div on numpy`: **" in checks
    assert re.search(r"ShapeMismatch \d+ of \d+", checks)


@pytest.mark.parametrize(
    ("conventions", "name"),
    [
        ({}, None),
        ({"a": (51, 100), "b": (50, 100)}, "a"),
        ({"a": (50, 100), "b": (10, 100)}, None),
        ({"a": (90, 100), "b": (90, 100)}, None),
        ({"a": (90, 100), "b": (45, 50)}, None),
        ({"a": (100, 100), "b": (1, 100), "c": (100, 100)}, None),
    ],
)
def test_convention_is_followed_with_a_majority_and_without_a_tie(conventions, name):
    assert followed(conventions) == name


@pytest.mark.slow
def test_pairs_of_several_runs_say_where_they_are_apart(whole_unguarded, whole_ours, tmp_path):
    content = summary([whole_unguarded, whole_ours])
    (pair,) = content["agreements"]
    assert (pair["left"], pair["right"]) == (
        "unguarded:kl_div on numpy",
        "kldiv_xp:kl_div on numpy",
    )
    assert pair["equal"] < pair["shared"]
    assert pair["apart"]["zeros_and_infinities"] > 10
    markdown = write_pages(content, tmp_path)[0].read_text()
    assert f"{pair['equal']} of {pair['shared']} vectors equal bit for bit; apart on " in markdown


@pytest.mark.slow
def test_report_says_which_convention_is_followed(whole_ours):
    (row,) = summary([whole_ours])["rows"]
    assert row["follows"] == "kldiv_xp"
    agreed, asked = row["conventions"]["kldiv_xp"]
    assert agreed == asked > 100


@pytest.mark.slow
def test_missing_guard_is_named_with_its_bug(whole_unguarded, tmp_path):
    assert "ZeroTarget" in [suspect.flag for suspect in suspects(whole_unguarded.outcomes)[:3]]
    markdown = write_pages(summary([whole_unguarded]), tmp_path)[0].read_text()
    assert "vectors that would show `ZeroTarget` fail. 0 * log(0), which is NaN." in markdown


def test_argument_that_an_implementation_lacks_is_not_supported(unguarded):
    legacy = unguarded.of("numpy", "legacy_arguments")
    asked = [line for line in legacy if line["verdict"] == "not supported"]
    assert {line["detail"] for line in asked} == {
        f"the implementation has no argument {names}."
        for names in ("'reduce'", "'size_average'", "'reduce' or 'size_average'")
    }
    both = [find(line["id"]).arguments for line in legacy if line not in asked]
    assert all(it["size_average"] is it["reduce"] is None for it in both)


@pytest.mark.slow
def test_nothing_is_suspected_of_what_passes(whole_ours):
    assert suspects(whole_ours.outcomes) == []


def test_markdown_says_why_a_backend_did_not_run(ours, tmp_path):
    reason = ours.skipped.get("cupy")
    if reason is None:
        pytest.skip("cupy runs here")
    markdown = write_pages(summary([ours]), tmp_path)[0].read_text()
    assert f"* `kldiv_xp:kl_div` on cupy: {reason}" in markdown


@pytest.mark.slow
def test_page_needs_nothing_else_and_stays_below_2_mb(whole_unguarded, whole_ours, tmp_path):
    page = write_pages(summary([whole_unguarded, whole_ours]), tmp_path)[1].read_text()
    assert "src=" not in page
    assert "@import" not in page
    assert len(page) < 2_000_000


def test_text_of_an_implementation_cannot_end_the_script(unguarded, tmp_path):
    content = summary([unguarded])
    content["rows"][0]["outcomes"]["ordinary_001"][2] = "</script><b id=hostile>"
    page = write_pages(content, tmp_path)[1].read_text()
    assert "</script><b" not in page
    text = page.partition('id="data">')[2].partition("</script>")[0]
    assert json.loads(text)["rows"][0]["outcomes"]["ordinary_001"][2] == "</script><b id=hostile>"


@pytest.mark.long
def test_command_line_writes_both_pages_of_several_runs(tmp_path):
    paths = [str(tmp_path / f"{name}.jsonl") for name in ("first", "second")]
    for path in paths:
        arguments = ["run", "-b", "numpy", "--sample=150", "--name", path, "-o", path]
        assert CliRunner().invoke(main, arguments).exit_code == 0
    done = CliRunner().invoke(main, ["report", *paths, "-o", str(tmp_path / "report")])
    assert done.exit_code == 0, done.output
    assert [path.name for path in sorted((tmp_path / "report").iterdir())] == [
        "report.html",
        "report.md",
    ]


def test_report_refuses_a_truncated_run(tmp_path):
    path = tmp_path / "run.jsonl"
    path.write_text('{"kind": "header", "format": 1}\n')
    done = CliRunner().invoke(main, ["report", str(path)])
    assert done.exit_code == 2
    assert "stops after 0 outcomes" in " ".join(done.output.split())


def test_names_and_texts_of_a_run_are_never_markup(tmp_path):
    hostile = "<b id=hostile>|`x`[y](z)"
    lines = lines_of(hostile, {"numpy": kl_div}, ["ordinary_001", "invalid_001"])
    lines[1]["versions"] = {hostile: hostile}
    lines[2] |= {"verdict": "failure", "detail": hostile}
    run = collect(lines, "hostile")
    markdown, page = (path.read_text() for path in write_pages(summary([run, run]), tmp_path))
    assert "&lt;b id=hostile&gt;" in page
    for text in (markdown, page):
        assert "<b id" not in text
    assert "[y](z)" not in markdown


@pytest.fixture(scope="module")
def part():
    """A run in which a group is not supported, and most are not asked."""
    asked = ["ordinary_001", "tables_001", "forms_001"]
    return collect(lines_of("part", {"numpy": kl_div}, asked), "part")


def test_groups_of_which_nothing_was_judged_are_told_and_have_no_column(part, tmp_path):
    content = summary([part])
    assert content["columns"] == ["ordinary", "forms"]
    assert content["unsupported"] == ["tables"]
    assert "logits" in content["unasked"]
    markdown, page = (path.read_text() for path in write_pages(content, tmp_path))
    for text in (markdown, page):
        assert "Not supported in any row: tables." in text
        assert re.search(r"Not asked: .*\blogits\b", text)
    head = next(line for line in markdown.splitlines() if line.startswith("| implementation"))
    assert head == "| implementation | backend | all numbers | follows | ordinary | forms |"
    assert ">tables</th>" not in page


def test_cells_of_what_was_not_asked_differ_from_those_of_what_is_not_supported(part, tmp_path):
    other = collect(lines_of("other", {"numpy": refusing}, ["ordinary_001"]), "other")
    markdown, page = (path.read_text() for path in write_pages(summary([part, other]), tmp_path))
    assert (
        "| `other` | numpy | not supported | not judged | not supported | not asked |" in markdown
    )
    assert re.search(r'class="unasked" data-row="0" data-group="forms".*?>not asked<', page)
    assert re.search(
        r'class="unsupported" data-row="0" data-group="ordinary".*?>not supported<', page
    )


def refusing(*_, **__):
    raise NotImplementedError
