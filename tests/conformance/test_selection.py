"""A part of the vectors is chosen by names, spread evenly, and says that it is a part."""

import json

import pytest
from click.testing import CliRunner

from kldiv_conformance.__main__ import main
from kldiv_conformance._report import read_report
from kldiv_conformance._rounding import dtypes
from kldiv_conformance._selection import Selection, traits
from kldiv_conformance._vectors import groups, vectors

FLAG = "Temperature"
REFUSED = {
    ("--group", "logit"): (
        "`group` 'logit' is of no vector: near ones are 'logits'; `kldiv-conformance list` names "
        "the groups."
    ),
    ("--flag", "Legacy"): "`flag` 'Legacy' is of no vector: near ones are 'LegacyArguments'.",
    ("--vector", "zeros_6"): "`vector` 'zeros_6' is of no vector: near ones are ",
    ("--vector", "#"): (
        "`vector` '#' is of no vector: the names look like 'ordinary_001'; "
        "`kldiv-conformance list --vectors` names them all."
    ),
    ("--exclude", "#"): (
        "`exclude` '#' is of no vector: the names look like 'ordinary'; "
        "`kldiv-conformance list` names the groups, with --vectors the ids."
    ),
    ("--exclude", "zero"): "`exclude` 'zero' is of no vector: near ones are ",
    ("--group", "logits", "--flag", "LegacyArguments"): (
        "no vector is left by --group logits --flag LegacyArguments: ask for less at once."
    ),
    ("--group", "ordinary", "--exclude", "ordinary_*"): (
        "no vector is left by --group ordinary --exclude ordinary_*: ask for less at once."
    ),
}


def invoke(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


def ids(**options):
    return [vector.id for vector in Selection(**options).vectors()]


def test_nothing_said_is_everything():
    assert Selection().vectors() == vectors()
    assert str(Selection()) == ""


def test_names_of_one_kind_add_up_and_kinds_restrict_each_other():
    expected = [
        vector.id
        for vector in vectors()
        if vector.group in {"logits", "invalid_arguments"} and FLAG in vector.flags
    ]
    assert ids(group=("logits", "invalid_arguments"), flag=(FLAG,)) == expected


def test_vectors_are_chosen_by_id_and_pattern():
    assert ids(vector=("zeros_006", "ordinary_00?")) == [
        *(f"ordinary_{number:03}" for number in range(1, 10)),
        "zeros_006",
    ]


@pytest.mark.parametrize("name", ["logits", FLAG, "logits_*", "logits_001"])
def test_what_is_excluded_may_be_group_flag_pattern_or_id(name):
    left = {vector.id for vector in vectors()} - set(ids(exclude=(name,)))
    out = {
        "logits": {vector.id for vector in vectors("logits")},
        FLAG: {vector.id for vector in vectors() if FLAG in vector.flags},
        "logits_*": {vector.id for vector in vectors("logits")},
        "logits_001": {"logits_001"},
    }
    assert left == out[name]


def test_dtypes_that_are_excluded_are_those_of_no_operand_and_of_no_result():
    left = Selection(exclude=("float16", "bfloat16")).vectors()
    assert not {"float16", "bfloat16"} & set().union(*map(dtypes, left))
    out = {it.id for it in vectors()} - {it.id for it in left}
    assert out == {it.id for it in vectors() if dtypes(it) & {"float16", "bfloat16"}}
    assert out > {it.id for it in vectors() if "HalfPrecision" in it.flags}


@pytest.mark.slow
@pytest.mark.parametrize("count", [100, 300])
def test_spread_has_every_group_flag_and_dtype_and_is_always_the_same(count):
    found = Selection(sample=count).vectors()
    assert len(found) == len({vector.id for vector in found}) == count
    assert set().union(*map(traits, found)) == set().union(*map(traits, vectors()))
    assert found == Selection(sample=count).vectors()
    order = [vector.id for vector in vectors()]
    assert [vector.id for vector in found] == sorted((one.id for one in found), key=order.index)


def test_spread_of_a_group_has_all_that_the_group_has():
    found = Selection(group=("logits",), sample=60).vectors()
    assert len(found) == 60
    assert set().union(*map(traits, found)) == set().union(*map(traits, vectors("logits")))


@pytest.mark.slow
def test_spread_is_even():
    found = Selection(sample=800).vectors()
    for group in groups():
        share = sum(vector.group == group for vector in found) / len(vectors(group))
        assert 0.2 < share < 0.55, group


@pytest.mark.slow
def test_spread_of_more_than_there_are_is_all():
    assert Selection(sample=10**6).vectors() == vectors()


@pytest.mark.slow
def test_spread_that_is_too_small_names_the_smallest_one():
    with pytest.raises(ValueError, match=r"`sample` must be at least \d+, so that ") as caught:
        Selection(sample=5).vectors()
    assert str(caught.value).endswith("every group, flag, dtype and function has a part; got 5.")
    least = int(str(caught.value).split()[5].rstrip(","))
    assert len(Selection(sample=least).vectors()) == least


@pytest.mark.parametrize("options", REFUSED, ids=" ".join)
@pytest.mark.parametrize("command", ["run", "list"])
def test_selection_of_nothing_or_of_the_unknown_is_an_error(command, options):
    done = invoke(command, *options)
    assert done.exit_code == 2
    assert f"Error: {REFUSED[options]}" in done.stderr


def test_list_shows_the_vectors_of_a_selection():
    lines = invoke("list", "--vectors", "--flag", FLAG, "--group", "logits").output.splitlines()
    assert [line.split()[0] for line in lines] == ids(flag=(FLAG,), group=("logits",))
    assert all(len(line.split()) > 1 for line in lines)


def test_list_counts_the_vectors_of_a_selection():
    lines = invoke("list", "--flag", "HalfPrecision").output.splitlines()
    counts = {line.split()[1]: int(line.split()[0]) for line in lines}
    assert sum(counts.values()) == len(ids(flag=("HalfPrecision",)))
    assert all(counts.values())


@pytest.mark.slow
def test_run_of_a_part_says_so_on_screen_in_its_file_and_in_the_report(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = invoke("run", "-b", "numpy", "--vector", "zeros_00[1-4]", "--output", "run.jsonl")
    assert done.exit_code == 0, done.output
    said = f"A part of the suite: 4 of {len(vectors())} vectors, by --vector zeros_00[1-4]."
    assert said in done.output
    header = read_report(tmp_path / "run.jsonl").header
    assert header["part"]["ids"] == ids(vector=("zeros_00[1-4]",))
    assert (header["vectors"], header["part"]["of"]) == (4, len(vectors()))
    assert invoke("report", "run.jsonl").exit_code == 0
    for page in ("report.md", "report.html"):
        text = (tmp_path / "report" / page).read_text()
        assert f"A part of the suite: 4 of {len(vectors())} vectors, by --vector zeros_00" in text


@pytest.mark.slow
def test_run_of_a_part_that_hides_it_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "run.jsonl"
    invoke("run", "-b", "numpy", "--vector", "zeros_001", "--output", path)
    whole = path.read_text()
    assert '"zeros_001"]}' in whole
    other = {"chosen_by": "x", "of": len(vectors()), "ids": ["zeros_002"]}
    for part in ("null", json.dumps(other)):
        start, end = whole.index('{"chosen_by"'), whole.index("}", whole.index('{"chosen_by"')) + 1
        path.write_text(whole[:start] + part + whole[end:])
        done = invoke("report", path)
        assert done.exit_code == 2
        assert "and does not say which" in done.stderr or "not of its part" in done.stderr


def test_explain_of_a_pattern_shows_every_vector_that_it_names():
    done = invoke("explain", "zeros_00[6-8]")
    assert done.exit_code == 0
    alone = [invoke("explain", f"zeros_00{number}").output for number in (6, 7, 8)]
    assert done.output == "\n".join(alone)


def test_explain_of_an_unknown_id_names_those_that_are_near():
    done = invoke("explain", "zero_006")
    assert done.exit_code == 2
    assert "Error: no vector has the id 'zero_006': near ones are 'zeros_006' and " in done.stderr
