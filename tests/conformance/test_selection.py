"""A part of the vectors: by group, flag and id, or as a spread; a run says that it was one."""

import json

import pytest
from click.testing import CliRunner

from kldiv_conformance import vectors
from kldiv_conformance.__main__ import main
from kldiv_conformance._report import collect
from kldiv_conformance._run import run_all
from kldiv_conformance._selection import Selection, dtypes_of
from kldiv_conformance._vectors import groups, notes


def ids(*options):
    """Ids that the command lists with some options."""
    result = CliRunner().invoke(main, ["list", "--vectors", *options])
    assert result.exit_code == 0, result.output
    return [line.split()[0] for line in result.output.splitlines()]


def test_all_vectors_are_listed_without_a_choice():
    assert ids() == [vector.id for vector in vectors()]


def test_groups_flags_and_ids_are_joined_and_the_excluded_are_left_out():
    flag = next(iter(notes()))
    found = ids("--group", "reductions", "--flag", flag, "--vector", "zeros_001")
    assert found == [
        vector.id
        for vector in vectors()
        if vector.group == "reductions" or flag in vector.flags or vector.id == "zeros_001"
    ]
    left = ids("--group", "reductions", "--vector", "zeros_001", "--exclude", "reductions")
    assert left == ["zeros_001"]
    assert "zeros_001" not in ids("--group", "zeros_and_infinities", "--exclude", "zeros_001")
    without = ids("--exclude", flag)
    assert len(without) == sum(flag not in vector.flags for vector in vectors())


def test_groups_are_counted_by_default():
    result = CliRunner().invoke(main, ["list", "--group", "ordinary"])
    assert result.output.split() == [str(len(vectors("ordinary"))), "ordinary"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--group", "reduction"], "there is no group 'reduction': near ones are reductions"),
        (["--vector", "zero_001"], "there is no vector 'zero_001': near ones are zeros_001"),
        (["--flag", "xyz"], "there is no flag 'xyz': `kldiv-conformance list` shows them."),
        (["--exclude", "xyz"], "there is no group, flag or vector 'xyz'"),
        (
            ["--group", "ordinary", "--exclude", "ordinary"],
            "no vector is left of groups ordinary, excluded ordinary: name fewer to exclude, or "
            "other groups.",
        ),
    ],
)
@pytest.mark.parametrize("command", ["list", "run"])
def test_unknown_name_and_empty_choice_are_one_sentence_and_exit_code_2(command, options, sentence):
    result = CliRunner().invoke(main, [command, *options])
    assert result.exit_code == 2
    assert sentence in " ".join(result.output.split())


def test_explain_of_an_unknown_id_lists_near_ones():
    result = CliRunner().invoke(main, ["explain", "zeros_01"])
    assert result.exit_code == 2
    assert "near ones are zeros_" in result.output
    assert "ids look like" in CliRunner().invoke(main, ["explain", "???"]).output


@pytest.mark.parametrize("size", [1, 3, 80, 200, 5000])
def test_sample_is_a_spread_of_that_size_the_same_each_time(size):
    found = Selection(sample=size).chosen()
    assert len(found) == min(size, len(vectors()))
    assert found == Selection(sample=size).chosen()
    assert [one.id for one in found] == [v.id for v in vectors() if v in found]


def test_sample_covers_every_group_flag_and_dtype():
    found = Selection(sample=100).chosen()
    assert {one.group for one in found} == set(groups())
    assert {flag for one in found for flag in one.flags} == {
        flag for one in vectors() for flag in one.flags
    }
    assert {name for one in found for name in dtypes_of(one)} == {
        name for one in vectors() for name in dtypes_of(one)
    }


def test_sample_is_taken_of_what_is_chosen():
    found = Selection(groups=("logits",), sample=7).chosen()
    assert len(found) == 7
    assert {one.group for one in found} == {"logits"}


def test_run_of_a_part_says_so_in_its_header_on_the_console_and_on_the_page(tmp_path):
    path = tmp_path / "run.jsonl"
    options = ["-b", "numpy", "--group", "ordinary", "--sample", "5", "-o", str(path)]
    result = CliRunner().invoke(main, ["run", *options])
    assert result.exit_code == 0, result.output
    sentence = "Only a part was asked, 5 of the vectors: groups ordinary, sample 5."
    assert sentence in " ".join(result.output.split())
    header = json.loads(path.read_text().splitlines()[0])
    assert (header["vectors"], header["part"]) == (5, "groups ordinary, sample 5")
    pages = CliRunner().invoke(main, ["report", str(path), "-o", str(tmp_path)])
    assert pages.exit_code == 0, pages.output
    for name in ("report.md", "report.html"):
        assert sentence in (tmp_path / name).read_text(encoding="utf-8")


def test_run_of_everything_is_no_part():
    header = next(iter(run_all(["numpy"], "kldiv_xp:kl_div")))
    assert header["part"] is None
    chosen = Selection(excluded=tuple(groups()[1:]), sample=2)
    lines = list(run_all(["numpy"], "kldiv_xp:kl_div", selection=chosen))
    assert collect(lines, "this run").part is not None
