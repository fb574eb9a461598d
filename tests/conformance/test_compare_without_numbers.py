"""Comparisons in which a side has no numbers, or nothing to be compared with: never a success."""

import json
import math
from pathlib import Path

import pytest
from conformance_comparisons import ORDINARY, compare, pair, wrong

from kldiv_conformance._summary import pair_of
from kldiv_conformance._vectors import find
from kldiv_xp import kl_div


def raising(input, target, *, reduction, log_target):
    if reduction == "sum":
        raise ValueError
    return kl_div(input, target, reduction=reduction, log_target=log_target)


def declining(input, target, *, reduction, log_target):
    if reduction == "sum":
        raise NotImplementedError
    return kl_div(input, target, reduction=reduction, log_target=log_target)


def refusing(input, target, *, reduction, log_target):
    raise NotImplementedError


def test_side_that_fails_without_numbers_is_beyond_every_bound(files):
    sums = [it for it in ORDINARY if find(it).arguments["reduction"] == "sum"]
    found = pair(kl_div, raising)
    assert {it.identifier for it in found.distances if it.bounds} == set(sums)
    assert {it.bounds for it in found.distances} == {0.0, math.inf}
    assert (found.equal, found.alone) == (len(ORDINARY) - len(sums), (0, 0))
    runs = files(ours=(kl_div, ORDINARY), theirs=(raising, ORDINARY))
    code, output = compare(*runs, "--fail-above", "1e300")
    assert code == 1
    assert f"{sums[0]} on one side: failed without numbers; " in output
    assert f"; {len(sums)} failed without numbers on one side." in output
    assert "1 of 1 pairs are more than 1e+300 bounds apart." in output


@pytest.mark.parametrize("options", [["--fail-above", "1e300"], ["--bits"]], ids=" ".join)
@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (raising, raising, "failed without numbers on both sides"),
        (raising, declining, "failed without numbers on one side"),
        (declining, raising, "failed without numbers on one side"),
    ],
)
def test_what_no_side_has_a_number_for_because_one_failed_is_no_success(
    files, one, other, said, options
):
    sums = [it for it in ORDINARY if find(it).arguments["reduction"] == "sum"]
    code, output = compare(*files(one=(one, ORDINARY), other=(other, ORDINARY)), *options)
    left = len(ORDINARY) - len(sums)
    assert f": {left} vectors compared, {left} equal bit for bit; {len(sums)} {said}." in output
    assert code == 1


def test_what_neither_side_supports_is_told_and_no_failure(files):
    runs = files(one=(declining, ORDINARY), other=(declining, ORDINARY))
    code, output = compare(*runs, "--fail-above", "0", "--bits")
    assert "bit for bit; 1 not supported on either side." in output
    assert code == 0


def test_backend_of_a_run_that_did_not_run_is_told(files, tmp_path):
    ours, theirs = files(ours=(kl_div, ORDINARY), theirs=(kl_div, ORDINARY))
    lines = list(map(json.loads, Path(theirs).read_text().splitlines()))
    lines[0]["backends"].append("jax")
    absent = {"kind": "backend", "backend": "jax", "versions": {}, "skipped": "no jax."}
    lines[-1:-1] = [absent, {"kind": "end", "backend": "jax"}]
    Path(theirs).write_text("".join(f"{json.dumps(one)}\n" for one in lines))
    code, output = compare(ours, theirs, "--bits")
    assert code == 0
    assert f"jax of {theirs!r} did not run: no jax." in output


@pytest.mark.parametrize("bound", ["inf", "1e400", "nan"])
def test_bound_that_no_distance_is_above_is_refused(files, bound):
    runs = files(ours=(kl_div, ORDINARY[:5]), theirs=(raising, ORDINARY[:5]))
    code, output = compare(*runs, "--fail-above", bound)
    assert code == 2
    assert "Invalid value for '--fail-above'" in output


def test_side_that_shares_nothing_with_another_is_an_exit_code_of_2(files):
    runs = files(
        ours=(kl_div, ORDINARY[:5]), theirs=(wrong, ORDINARY[:5]), other=(kl_div, ORDINARY[5:])
    )
    code, output = compare(*runs, "--fail-above", "0")
    assert code == 2
    assert "ours on numpy and other on numpy: 0 vectors compared, 0 equal bit for bit; " in output
    assert "nothing of ours on numpy and other on numpy was compared: pass" in output
    assert compare(*runs[:2], "--fail-above", "0")[0] == 1


def test_implementation_that_does_nothing_is_an_exit_code_of_2(files):
    runs = files(ours=(kl_div, ORDINARY), theirs=(kl_div, ORDINARY), nothing=(refusing, ORDINARY))
    code, output = compare(*runs)
    assert code == 2
    assert "was compared: pass runs of a part that both were asked" in output
    assert compare(*runs[:2])[0] == 0


def failing(input, target, *, reduction, log_target):
    raise IndexError


@pytest.mark.parametrize("other", [refusing, failing], ids=["refusing", "failing"])
def test_report_has_no_distances_where_no_vector_has_numbers_on_both_sides(other):
    found = pair_of(pair(other, failing))
    assert (found["shared"], found["equal"]) == (0, 0)


@pytest.mark.parametrize("options", [[], ["--fail-above", "1e300"], ["--bits"]], ids=" ".join)
@pytest.mark.parametrize(
    ("runs", "names", "remedy"),
    [
        (
            {
                "first": (kl_div, ORDINARY[:5]),
                "all": (kl_div, ORDINARY),
                "last": (kl_div, ORDINARY[5:]),
            },
            "first on numpy and last on numpy",
            "pass runs of a part that both were asked and support",
        ),
        (
            {
                "ours": (kl_div, ORDINARY),
                "theirs": (kl_div, ORDINARY),
                "failing": (failing, ORDINARY),
            },
            "theirs on numpy and failing on numpy",
            "mend what fails without numbers first",
        ),
    ],
    ids=["other vectors", "no numbers"],
)
def test_each_pair_without_a_common_number_is_an_exit_code_of_2(
    files, runs, names, remedy, options
):
    """Though each of its sides, or another pair, was compared."""
    code, output = compare(*files(**runs), *options)
    assert code == 2
    assert f"nothing of {names} was compared: {remedy}." in output


def test_run_in_which_no_backend_ran_is_an_exit_code_of_2(files, tmp_path):
    ours, theirs, skipped = files(
        ours=(kl_div, ORDINARY), theirs=(kl_div, ORDINARY), skipped=(kl_div, ORDINARY)
    )
    lines = list(map(json.loads, Path(skipped).read_text().splitlines()))
    lines = [one for one in lines if "verdict" not in one]
    for one in lines:
        if one["kind"] == "backend":
            one["skipped"] = "numpy is not installed"
        if one["kind"] == "footer":
            one["outcomes"] = 0
    Path(skipped).write_text("".join(f"{json.dumps(one)}\n" for one in lines))
    code, output = compare(ours, theirs, skipped, "--fail-above", "0")
    assert code == 2
    assert f"{skipped!r} has no backend that ran." in output
    assert f"numpy of {skipped!r} did not run: numpy is not installed" in output
    assert compare(ours, theirs, "--fail-above", "0")[0] == 0


def test_nothing_shared_is_an_exit_code_of_2(files):
    code, output = compare(*files(ours=(kl_div, ORDINARY[:5]), theirs=(kl_div, ORDINARY[5:])))
    assert code == 2
    assert "pass runs of two implementations or backends that have numbers for the same" in (
        " ".join(output.split())
    )
