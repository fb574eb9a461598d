import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from mpmath import mp, mpf

from generate.groups.logits_gradients import gradients
from generate.groups.sparse_teachers import drafts as sparse_drafts
from generate.logit_derivatives import derivatives
from generate.logits import sample
from generate.samples import samples
from generate.solve_logits import operands
from generate.solve_sparse import rows
from generate.sparse import sparse_derivatives, sparse_sample
from kldiv_conformance import vectors

CONFORMANCE = Path(__file__).parents[2] / "conformance"


def generate(*arguments):
    command = [sys.executable, "-m", "generate", *map(str, arguments)]
    return subprocess.run(command, cwd=CONFORMANCE, capture_output=True, text=True, check=False)


@pytest.mark.long
def test_files_are_what_the_generator_writes():
    done = generate("--check")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.long
def test_check_fails_when_a_single_digit_differs(tmp_path):
    assert generate("--folder", tmp_path).returncode == 0
    path = tmp_path / "ordinary.json"
    path.write_text(path.read_text().replace("0x1.8", "0x1.9", 1))
    done = generate("--check", "--folder", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("ordinary.json in ")


@pytest.mark.parametrize("path", sorted((CONFORMANCE / "generate").rglob("*.py")), ids=str)
def test_generator_never_imports_the_implementation(path):
    assert "import kldiv_xp" not in path.read_text()
    assert "from kldiv_xp" not in path.read_text()


def differences(row, value):
    """Derivatives by the finite elements of a row, from values on both sides."""
    step = mpf(10) ** -20
    for place, element in enumerate(row):
        sides = [[*row[:place], element + sign * step, *row[place + 1 :]] for sign in (1, -1)]
        yield (value(sides[0]) - value(sides[1])) / (2 * step)


def finite_drafts():
    """Drafts whose first sample has a finite divergence, whose values can be differentiated."""
    for draft in gradients():
        row = operands(draft, samples(draft).terms[0])
        if row[0] and mp.isfinite(sample(draft, *row)[0]):
            yield draft


@pytest.mark.few(21, 84)
@pytest.mark.parametrize("draft", list(finite_drafts()), ids=lambda draft: draft.comment)
def test_derivatives_by_logits_are_those_of_the_values(draft):
    places = samples(draft).terms[0]
    x, t = ([mpf(element) for element in row] for row in operands(draft, places))
    factor = mpf(draft.temperature) ** 2 if draft.scale else 1
    by_input, by_target = derivatives(draft, x, t)
    sides = (
        (x, by_input, lambda row: sample(draft, row, t)[0]),
        (t, by_target, lambda row: sample(draft, x, row)[0]),
    )
    for row, exact, value in sides:
        found = differences(row, value)
        for element, (derivative, _), difference in zip(row, exact, found, strict=True):
            is_edge = element == 0 and draft.target_is == "probabilities"
            if mp.isfinite(element) and mp.isfinite(derivative) and not is_edge:
                assert abs(derivative * factor - difference) < mpf(10) ** -15


def finite_sparse_rows():
    """First samples of sparse teachers that can be differentiated, each with its draft."""
    for draft in sparse_drafts():
        row = rows(draft)[0]
        if draft.upstream is not None and row.input:
            yield draft, row


def test_derivatives_from_a_sparse_teacher_are_those_of_the_values():
    found = list(finite_sparse_rows())
    assert len(found) >= 12
    for draft, drawn in found:
        row = drawn._replace(input=list(map(mpf, drawn.input)), target=list(map(mpf, drawn.target)))
        factor = mpf(draft.temperature) ** 2 if draft.scale else 1
        for name, side in zip(("input", "target"), sparse_derivatives(draft, row), strict=True):
            value = partial(value_with, draft, row, name)
            for (derivative, _), other in zip(
                side, differences(getattr(row, name), value), strict=True
            ):
                assert abs(derivative * factor - other) < mpf(10) ** -15, draft.comment


def value_with(draft, row, name, side):
    return sparse_sample(draft, row._replace(**{name: side}))[0]


@pytest.mark.parametrize(
    ("beta", "first"),
    [
        (1e-3, 5.637048056138342e-4),
        (1e-6, 5.651734275633138e-7),
        (1e-10, 5.651749020114246e-11),
        (1e-17, 5.651749021588846e-18),
    ],
)
def test_derivative_by_the_side_of_a_tiny_weight_is_of_the_size_of_that_weight(beta, first):
    for weight, side, other in ((beta, "d_target", "d_input"), (1 - beta, "d_input", "d_target")):
        found = [
            vector
            for vector in vectors("logits")
            if "ComplementOfComplement" in vector.flags
            and vector.upstream is not None
            and vector.arguments["beta"] == weight
            and vector.input.dtype == "float64"
        ]
        assert len(found) == (weight != 1)
        for vector in found:
            derivatives = {name: result.values[0] for name, result in vector.results.items()}
            exact = first if weight == beta else derivatives[side]
            assert abs(derivatives[side] - exact) <= 1e-15 * first
            assert abs(derivatives[side] / first - 1) < 1e-6
            assert max(vector.results[side].error_bound) < 1e-12 * first
            assert abs(derivatives[other] / derivatives[side] + 1) < 0.02


def test_extreme_temperatures_make_no_probability_subnormal():
    found = [vector for vector in vectors("logits") if "ExtremeTemperature" in vector.flags]
    assert {vector.arguments["temperature"] for vector in found} == {1e-3, 1e-2, 1e2, 1e4}
    assert not any("Subnormal" in vector.flags for vector in found)
