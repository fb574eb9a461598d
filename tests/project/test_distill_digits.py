"""The demo: three libraries draw one curve, and distillation does its job."""

import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import usable
from numpy.testing import assert_allclose

pytest.importorskip("sklearn", reason="scikit-learn is not installed")

FOLDER = Path(__file__).parents[2] / "examples" / "distill_digits"
STEPS = 40


@pytest.fixture
def demo(monkeypatch):
    """The modules of the demo."""
    monkeypatch.syspath_prepend(str(FOLDER))
    import digits
    import student
    import training

    return digits, student, training


@pytest.fixture
def lesson(demo):
    """Images with labels as targets: nine zeros in each row."""
    digits, _, training = demo
    some = digits.load().first(200)
    return training.Lesson("labels", some.images, some.one_hot(), temperature=2.0)


def run(*arguments, check=True):
    return subprocess.run(
        [sys.executable, "-W", "error", str(FOLDER), *arguments],
        capture_output=True,
        text=True,
        check=check,
    )


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_the_libraries_draw_the_same_loss_curve(demo, lesson, name):
    usable(name)
    train = demo[2].train
    _, expected = train(lesson, backend="numpy", steps=STEPS, seed=0)
    _, curve = train(lesson, backend=name, steps=STEPS, seed=0)
    # Measured: 4.4e-16 after 40 steps, 8.9e-15 after 600.
    assert_allclose(curve, expected, rtol=1e-13)


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_gradient_by_hand_is_the_gradient_of_autodiff(demo, lesson, name):
    usable(name)
    student = demo[1]
    weights = student.initial_weights(1, 64)
    batch = lesson.images[:8], lesson.target[:8]
    value, by_hand = student.numpy_step(weights, *batch, 2.0)
    asarray, step = student.BACKENDS[name]()
    same, gradient = step([asarray(w) for w in weights], *map(asarray, batch), 2.0)
    assert_allclose(float(same), float(value), rtol=1e-14)
    for a, b in zip(gradient, by_hand, strict=True):
        assert_allclose(np.asarray(a), b, rtol=1e-12, atol=1e-15)


def test_student_learns(demo, lesson):
    _, curve = demo[2].train(lesson, backend="numpy", steps=200, seed=0)
    assert curve[-1] < 0.2 * curve[0]


@pytest.mark.long
def test_soft_targets_are_distributions_and_softer_than_beliefs(demo):
    digits = demo[0]
    some = digits.load().first(200)
    teacher = digits.train_teacher(some)
    sharp, soft = (digits.soft_targets(teacher, some.images, t) for t in (1.0, 2.0))
    assert_allclose(sharp, teacher.predict_proba(some.images), atol=1e-12)
    assert_allclose(soft.sum(axis=1), 1, rtol=1e-14)
    assert (soft.max(axis=1) <= sharp.max(axis=1)).all()


@pytest.mark.long
def test_demo_ends_with_accuracies_and_a_picture(tmp_path):
    path = tmp_path / "made" / "curves.png"
    done = run("--steps", "300", "--output", str(path))
    assert path.read_bytes().startswith(b"\x89PNG")
    assert f"picture: {path}" in done.stdout
    assert not done.stderr  # no progress bar, for it is no terminal
    scores = [float(n) for n in re.findall(r"^  .*? +(\d+\.\d)%", done.stdout, re.MULTILINE)]
    teacher, few_labels, distilled, all_labels = scores
    assert teacher > 95
    assert distilled > few_labels
    assert all_labels > few_labels


def test_progress_is_shown_on_a_terminal_alone(demo, lesson, monkeypatch):
    """`nox -s demo > log` filled the log with bars."""
    shown = {}
    for is_terminal in (True, False):
        output = io.StringIO()
        output.isatty = lambda answer=is_terminal: answer
        monkeypatch.setattr(sys, "stderr", output)
        demo[2].train(lesson, backend="numpy", steps=3, seed=0)
        shown[is_terminal] = output.getvalue()
    assert "labels, seed 0" in shown[True]
    assert not shown[False]


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--steps", "0"], "must be a whole number of at least 1; got '0': try 600"),
        (["--steps", "x"], "must be a whole number of at least 1; got 'x': try 600"),
        (["--backend", "abacus"], "invalid choice: 'abacus' (choose from"),
    ],
)
def test_bad_arguments_are_told_in_a_sentence(arguments, sentence):
    done = run(*arguments, check=False)
    assert done.returncode == 2
    assert sentence in done.stderr
