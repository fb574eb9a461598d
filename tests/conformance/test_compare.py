import json
import math
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from conformance_runs import report_of, written

from kldiv_conformance.__main__ import main
from kldiv_conformance._agreement import agreements
from kldiv_conformance._vectors import find, vectors
from kldiv_xp import kl_div

ORDINARY = [vector.id for vector in vectors("ordinary")[:12]]
INEXACT = [
    vector.id
    for vector in vectors("ordinary")
    if all(bound for result in vector.results.values() for bound in result.error_bound)
]
CANCELLED = [vector.id for vector in vectors("cancellation")[:20]]


def nudged(input, target, *, reduction, log_target):
    """Right numbers, but for their last bits."""
    loss = kl_div(input, target, reduction=reduction, log_target=log_target)
    return np.asarray(np.nextafter(loss, np.asarray(np.inf, loss.dtype)))


def wrong(input, target, *, reduction, log_target):
    return 2 * kl_div(input, target, reduction=reduction, log_target=log_target)


def missing(input, target, *, reduction, log_target):
    return np.nan * kl_div(input, target, reduction=reduction, log_target=log_target)


def negative_zero(input, target, *, reduction, log_target):
    return -np.abs(kl_div(input, target, reduction=reduction, log_target=log_target))


def reshaped(input, target, *, reduction, log_target):
    return np.zeros(99, input.dtype)


def pair(left, right, identifiers=ORDINARY, others=None):
    reports = [
        report_of("left", {"numpy": left}, identifiers),
        report_of("right", {"numpy": right}, others or identifiers),
    ]
    (found,) = agreements(reports)
    return found


def test_two_right_numbers_near_zero_are_near_in_bounds_though_far_in_ulp():
    found = pair(kl_div, nudged, CANCELLED)
    assert max(it.ulp for it in found.distances) > 0
    assert all(it.bounds <= 2 for it in found.distances if math.isfinite(it.bounds))
    assert [it.bounds for it in found.distances] == sorted(
        (it.bounds for it in found.distances), reverse=True
    )


def test_a_distance_of_many_ulp_that_the_bound_allows_does_not_come_first():
    vector = next(
        vector
        for vector in vectors("cancellation")
        if any(
            0 < abs(v) < bound
            for r in vector.results.values()
            for v, bound in zip(r.values, r.error_bound, strict=True)
        )
    )
    (result,) = vector.results.values()

    def zero(input, target, *, reduction, log_target):
        if input.tolist() == vector.input.values:
            tiny = [
                0.0 if abs(v) < b else v
                for v, b in zip(result.values, result.error_bound, strict=True)
            ]
            return np.asarray(tiny, input.dtype).reshape(result.shape)
        return 1.001 * kl_div(input, target, reduction=reduction, log_target=log_target)

    found = pair(kl_div, zero, ["ordinary_001", vector.id])
    assert [it.identifier for it in found.distances] == ["ordinary_001", vector.id]
    assert found.distances[0].ulp < found.distances[1].ulp
    assert found.distances[1].bounds < 2


def test_equal_numbers_are_equal_bit_for_bit():
    found = pair(kl_div, kl_div)
    assert found.equal == len(ORDINARY) == len(found.distances)
    assert {(it.bounds, it.ulp) for it in found.distances} == {(0.0, 0)}


def test_nan_against_a_number_is_beyond_every_bound_and_has_no_distance_in_ulp():
    found = pair(kl_div, missing)
    assert {(it.bounds, it.ulp) for it in found.distances} == {(math.inf, None)}
    assert found.equal == 0


def test_nan_agrees_with_nan():
    assert pair(missing, missing).equal == len(ORDINARY)


def test_sign_of_an_exact_zero_counts():
    zeros = [v.id for v in vectors("log_target") if "EqualDistributions" in v.flags]
    found = pair(kl_div, negative_zero, zeros)
    assert {it.bounds for it in found.distances} == {math.inf}
    assert found.equal == 0


def test_arrays_of_another_shape_are_beyond_every_bound():
    assert {it.bounds for it in pair(kl_div, reshaped).distances} == {math.inf}


def test_runs_of_other_selections_compare_what_they_share_and_say_so():
    found = pair(kl_div, kl_div, ORDINARY[:5], ORDINARY[3:])
    assert [it.identifier for it in found.distances] == ORDINARY[3:5]
    assert found.alone == (3, 7)


def test_backends_of_one_run_and_two_runs_of_one_name_are_all_sides():
    report = report_of("ours", {"numpy": kl_div, "array-api-strict": kl_div}, ORDINARY[:2])
    labels = {side.label for it in agreements([report, report]) for side in (it.left, it.right)}
    assert labels == {
        "ours on numpy",
        "ours on array-api-strict",
        "ours on numpy (run 2)",
        "ours on array-api-strict (run 2)",
    }


@pytest.fixture
def files(tmp_path):
    def make(**losses):
        return [
            written(tmp_path / f"{name}.jsonl", name, {"numpy": loss}, chosen)
            for name, (loss, chosen) in losses.items()
        ]

    return make


def compare(*arguments):
    done = CliRunner().invoke(main, ["compare", *arguments])
    return done.exit_code, done.output


def test_command_line_shows_numbers_flags_and_comment(files):
    code, output = compare(*files(ours=(kl_div, ORDINARY), theirs=(wrong, ORDINARY)))
    first, *rest = output.splitlines()
    assert first == ("ours on numpy and theirs on numpy: 12 vectors compared, 0 equal bit for bit.")
    line = next(line for line in rest if "ordinary_001" in line)
    assert " bounds, " in line
    assert " ulp " in line
    value = find("ordinary_001").results["value"].values
    assert any(f"{number!r} and {2 * number!r}" in line for number in value)
    assert f"Formula: {find('ordinary_001').comment}" in line
    assert code == 0


def test_command_line_fails_above_a_number_of_bounds(files):
    runs = files(ours=(kl_div, INEXACT), nudged=(nudged, INEXACT), wrong=(wrong, INEXACT))
    assert compare(*runs[:2], "--fail-above", "2")[0] == 0
    assert compare(*runs, "--fail-above", "2")[0] == 1
    assert compare(*runs)[0] == 0


def test_command_line_says_how_many_vectors_are_on_one_side_alone(files):
    _, output = compare(*files(ours=(kl_div, ORDINARY[:5]), theirs=(kl_div, ORDINARY[3:])))
    assert "2 vectors compared, 2 equal bit for bit; 3 and 7 have numbers on one side" in output


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


@pytest.mark.parametrize("options", [[], ["--fail-above", "1e300"], ["--bits"]], ids=" ".join)
def test_each_pair_without_a_common_number_is_an_exit_code_of_2(files, options):
    """Though each of its sides was compared with another one."""
    runs = files(first=(kl_div, ORDINARY[:5]), all=(kl_div, ORDINARY), last=(kl_div, ORDINARY[5:]))
    code, output = compare(*runs, *options)
    assert code == 2
    assert (
        "nothing of first on numpy and last on numpy was compared: pass runs of a part "
        "that both were asked and support."
    ) in output


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


@pytest.mark.parametrize("options", [[], ["--fail-above", "1e300"], ["--bits"]], ids=" ".join)
def test_implementation_that_fails_without_any_number_is_an_exit_code_of_2(files, options):
    runs = files(ours=(kl_div, ORDINARY), theirs=(kl_div, ORDINARY), failing=(failing, ORDINARY))
    code, output = compare(*runs, *options)
    assert code == 2
    assert (
        "nothing of theirs on numpy and failing on numpy was compared: mend what fails "
        "without numbers first."
    ) in output


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


def of_one_element(input, target, **options):
    return kl_div(input, target, **options).reshape(-1)


def widened(input, target, **options):
    return kl_div(input, target, **options).astype("float64")


@pytest.mark.parametrize("other", [of_one_element, widened])
def test_the_same_numbers_of_another_dtype_or_shape_are_not_equal(other):
    asked = [it.id for it in vectors("reductions") if it.input.dtype == "float32"]
    asked = [it for it in asked if find(it).arguments["reduction"] != "none"]
    found = pair(kl_div, other, asked)
    assert found.equal == 0
    assert {(it.bounds, it.place) for it in found.distances} == {(math.inf, "dtype or shape")}


def test_runs_that_tell_no_dtypes_and_shapes_are_compared_by_their_numbers():
    reports = [report_of(name, {"numpy": kl_div}, ORDINARY) for name in ("old", "new")]
    for line in reports[0].outcomes:
        del line["arrays"]
    (found,) = agreements(reports)
    assert found.equal == len(found.distances) > 0
