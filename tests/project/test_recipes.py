"""Each recipe is the formula that its name says, written by hand in float64."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from array_libraries import library
from conftest import usable
from numpy.testing import assert_allclose

PATH = Path(__file__).parents[2] / "examples" / "recipes_torch.py"
if not PATH.exists():
    pytest.skip("the examples stay in the source tree", allow_module_level=True)

RNG = np.random.default_rng(3)
STUDENT, TEACHER, OTHER = RNG.normal(size=(3, 2, 5, 8))
WORDS = RNG.random((2, 5)) < 0.6
LABELS = RNG.integers(0, 8, size=(2, 5))


@pytest.fixture(scope="module")
def recipes():
    usable("torch")
    return runpy.run_path(str(PATH))


def tensor(array, dtype=None):
    return library("torch").tensor(array, dtype=dtype)


def softmax(logits):
    exponentials = np.exp(logits - logits.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def kl(p, q):
    """sum p log(p / q), and 0 where p is 0."""
    ratio = np.log(np.where(p > 0, p, 1.0)) - np.log(np.where(p > 0, q, 1.0))
    return np.sum(p * ratio, axis=-1)


P, Q, R = map(softmax, (TEACHER, STUDENT, OTHER))


def test_divergences_between_student_and_teacher(recipes):
    student, teacher, other = map(tensor, (STUDENT, TEACHER, OTHER))
    found = {
        "skewed": recipes["skewed"](student, teacher, 0.3),
        "reverse": recipes["reverse"](student, teacher),
        "symmetric": recipes["symmetric"](student, teacher),
        "teachers": recipes["several_teachers"](student, [teacher, other], [0.3, 0.7]),
        "bits": recipes["bits"](recipes["reverse"](student, teacher)),
        "frozen": recipes["from_a_frozen_teacher"](student, teacher.requires_grad_()),
    }
    soft = softmax(TEACHER / 2), softmax(STUDENT / 2)
    expected = {
        "skewed": kl(P, 0.3 * P + 0.7 * Q).mean(),
        "reverse": kl(Q, P).mean(),
        "symmetric": kl(Q, P).mean() + kl(P, Q).mean(),
        "teachers": kl(0.3 * P + 0.7 * R, Q).mean(),
        "bits": np.sum(Q * np.log2(Q / P), axis=-1).mean(),
        "frozen": 4 * kl(*soft).sum() / 2,
    }
    assert not found["frozen"].requires_grad
    for name, value in expected.items():
        assert_allclose(found[name].detach(), value, rtol=1e-12)


def test_skewed_divergence_has_finite_gradients_where_words_are_forbidden(recipes):
    student, teacher = tensor(STUDENT), tensor(TEACHER)
    student[..., :2] = teacher[..., 1:3] = -np.inf
    recipes["skewed"](student.requires_grad_(), teacher.requires_grad_()).backward()
    assert student.grad.isfinite().all()
    assert teacher.grad.isfinite().all()


def test_tokens_with_weights_and_shares_of_a_batch(recipes):
    student, teacher, words = tensor(STUDENT), tensor(TEACHER), tensor(WORDS)
    weights = RNG.random((2, 5)) * WORDS
    expected = np.sum(weights * kl(P, Q)) / weights.sum()
    spoiled = student.masked_fill(~words[..., None], np.nan)
    assert_allclose(recipes["weighted"](spoiled, teacher, tensor(weights)), expected, rtol=1e-12)
    part = recipes["part_of_a_batch"]
    tokens = int(WORDS.sum())
    shares = [part(student[i], teacher[i], words[i], tokens) for i in range(2)]
    assert_allclose(sum(shares), kl(P, Q)[WORDS].mean(), rtol=1e-6)


def test_smoothed_labels_are_the_cross_entropy_of_torch_less_a_constant(recipes):
    torch = library("torch")
    labels = np.where(WORDS, LABELS, -100)
    loss = recipes["smoothed_labels"](tensor(STUDENT), tensor(labels), 0.2)
    target = 0.8 * np.eye(8)[LABELS] + 0.2 / 8
    assert_allclose(loss, kl(target, Q)[WORDS].mean(), rtol=1e-12)
    entropy = -np.sum(target * np.log(target), axis=-1)[WORDS].mean()
    logits = tensor(STUDENT).movedim(-1, 1)
    cross = torch.nn.functional.cross_entropy(logits, tensor(labels), label_smoothing=0.2)
    assert_allclose(loss, cross - entropy, rtol=1e-10)


def test_entropy_stands_beside_the_loss(recipes):
    divergence, entropy, cross = recipes["with_entropy"](tensor(STUDENT), tensor(TEACHER))
    assert_allclose(divergence, kl(P, Q).mean(), rtol=1e-12)
    assert_allclose(entropy, -np.sum(P * np.log(P), axis=-1).mean(), rtol=1e-12)
    assert_allclose(cross, -np.sum(P * np.log(Q), axis=-1).mean(), rtol=1e-12)


def test_decoupled_parts_make_the_whole(recipes):
    one, other = recipes["decoupled"](tensor(STUDENT), tensor(TEACHER), tensor(LABELS))
    rows = np.arange(2)[:, None], np.arange(5), LABELS
    p_label, q_label = P[rows], Q[rows]
    binary = [np.stack((label, 1 - label), -1) for label in (p_label, q_label)]
    assert_allclose(one, kl(*binary).mean(), rtol=1e-11)
    rest = [np.where(np.eye(8)[LABELS] > 0, 0, table) for table in (P, Q)]
    rest = [table / table.sum(-1, keepdims=True) for table in rest]
    assert_allclose(other, kl(*rest).mean(), rtol=1e-11)
    whole = kl(*binary) + (1 - p_label) * kl(*rest)
    assert_allclose(whole, kl(P, Q), rtol=1e-11)


def test_pairwise_matrix_is_that_of_two_loops(recipes):
    p, q = P.reshape(-1, 8), Q[0]
    found = recipes["pairwise"](tensor(q), tensor(p))
    expected = [[kl(one, other) for other in q] for one in p]
    assert_allclose(found, expected, rtol=1e-12)


def test_no_recipe_is_long():
    source = PATH.read_text(encoding="utf-8").split("\n\n\n")
    functions = [part for part in source if part.startswith("def ")]
    assert len(functions) >= 12
    assert max(len(part.splitlines()) for part in functions) <= 30
