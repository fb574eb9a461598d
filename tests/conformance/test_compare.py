import math

import numpy as np
import pytest
from conformance_comparisons import ORDINARY, compare, pair, wrong
from conformance_runs import report_of

from kldiv_conformance import ADAPTERS, Implementation, judge
from kldiv_conformance._agreement import agreements
from kldiv_conformance._vectors import find, vectors
from kldiv_xp import kl_div

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


def missing(input, target, *, reduction, log_target):
    return np.nan * kl_div(input, target, reduction=reduction, log_target=log_target)


def negative_zero(input, target, *, reduction, log_target):
    return -np.abs(kl_div(input, target, reduction=reduction, log_target=log_target))


def reshaped(input, target, *, reduction, log_target):
    return np.zeros(99, input.dtype)


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


@pytest.mark.parametrize(("zero", "bounds"), [("zeros_001", math.inf), ("log_target_023", 0.0)])
def test_sign_of_an_exact_zero_counts_where_the_vector_asks_for_it(zero, bounds):
    assert ("SignedZero" in find(zero).flags) == (bounds == math.inf)
    found = pair(kl_div, negative_zero, [zero])
    assert [it.bounds for it in found.distances] == [bounds]
    assert found.equal == 0


def exact(input, target, *, reduction, log_target):
    """Right numbers, without the convention that a probability which rounds to 0 adds 0."""
    loss = kl_div(input, target, reduction=reduction, log_target=log_target)
    if not log_target or reduction != "none":
        return loss
    return np.where(np.isinf(input) & np.isfinite(target), target - input, loss)


VANISHING = ["tiny_022", "tiny_023", "tiny_057", "tiny_058"]


@pytest.mark.parametrize("sides", [(kl_div, exact), (exact, kl_div)])
def test_an_infinite_and_a_finite_number_that_both_pass_are_two_bounds_apart(files, sides):
    assert all(
        judge(find(it), ADAPTERS["numpy"], Implementation("side", side)).verdict == "pass"
        for side in sides
        for it in VANISHING
    )
    found = pair(*sides, VANISHING)
    assert {it.bounds for it in found.distances} == {2.0}
    assert {math.inf in map(abs, it.numbers) for it in found.distances} == {True}
    runs = files(one=(sides[0], VANISHING), other=(sides[1], VANISHING))
    assert compare(*runs, "--fail-above", "2")[0] == 0
    assert compare(*runs, "--fail-above", "1")[0] == 1


def infinite_everywhere(input, target, *, reduction, log_target):
    return np.full_like(input, np.inf)


def test_an_infinite_number_that_does_not_pass_is_beyond_every_bound():
    found = pair(kl_div, infinite_everywhere, VANISHING)
    assert {it.bounds for it in found.distances} == {math.inf}


@pytest.mark.slow
def test_no_two_right_losses_are_more_than_two_bounds_apart_on_any_vector():
    plain = {"reduction", "log_target"}
    asked = [
        it.id
        for it in vectors()
        if it.kind == "value"
        and not any((it.function, it.where, it.result_dtype))
        and it.arguments.keys() == plain
    ]
    both = [vector for vector in asked if len(sided(vector)) == 2]
    assert len(both) > 400
    assert all(it.bounds <= 2 for it in pair(exact, nudged, both).distances)


def sided(identifier):
    """The right losses that pass a vector."""
    vector = find(identifier)
    return [
        side
        for side in (exact, nudged)
        if judge(vector, ADAPTERS["numpy"], Implementation("side", side)).verdict == "pass"
    ]


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
