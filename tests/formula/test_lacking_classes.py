"""Rows that lack classes, by a mask of the vocabulary or of a teacher's top logits: cheap forms."""

import math
from itertools import product

import numpy as np
import pytest
from formula.test_far_rows import DIVERGENCES, PLACES, exact

from kldiv_xp.backends.numpy.row_forms import forms
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.logits import JS, KL
from kldiv_xp.host.row_attempts import first_finite_rows

LACKING = {
    "both -inf": (-math.inf, -math.inf),
    "both -1e9": (-1e9, -1e9),
    "both the least": (np.finfo("float32").min, np.finfo("float32").min),
    "teacher -inf": (None, -math.inf),
    "teacher -1e9": (None, -1e9),
    "other levels": (-math.inf, -1e4),
    "none": (None, None),
}
FORMS = pytest.mark.parametrize(
    ("name", "place", "wide"),
    [  # derivatives of mixtures are computed in float64
        (name, place, wide)
        for name, place, wide in product(DIVERGENCES, PLACES, (False, True))
        if wide or name == "KL" or place == "value"
    ],
)
SIZES = pytest.mark.parametrize("size", [10, 100, 300])


def rows(size, lacking, count=200):
    """Logits of student and teacher that differ, of which every seventh class is lacking."""
    random = np.random.default_rng(size)
    both = [random.normal(size=(count, size)) * 2 for _ in range(2)]
    for one, level in zip(both, LACKING[lacking], strict=True):
        if level is not None:
            one[:, ::7] = level
    return [one.astype("float32") for one in both]


def in_type(operands, wide):
    return [one.astype("float64" if wide else "float32") for one in operands]


def assert_right(found, divergence, place, operands):
    """Most rows are finite; a mixture of 0.06 is too small for the form in some."""
    expected, finite = exact(divergence, place, *operands), np.isfinite(found).all(axis=-1)
    length = np.linalg.norm(expected[finite], axis=-1)
    assert np.all(np.linalg.norm((found - expected)[finite], axis=-1) <= 4e-6 * length)
    even = isinstance(divergence, KL) or divergence.beta == 0.5
    assert finite.mean() > (0.9 if even else 0.3)


@pytest.mark.few(51, 49)
@FORMS
@pytest.mark.parametrize("lacking", LACKING)
@SIZES
def test_form_for_rows_that_lack_classes_is_finite_and_right(name, place, lacking, wide, size):
    divergence, place = DIVERGENCES[name](2.0), PLACES[place]
    operands = rows(size, lacking)
    attempts = forms(divergence, place, wide).lacking
    form = next(attempt for suits, attempt in attempts if suits is None)
    with np.errstate(all="ignore"):
        assert_right(form(np, *in_type(operands, wide)), divergence, place, operands)


@pytest.mark.few(34, 66)
@pytest.mark.parametrize("lacking", LACKING)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", DIVERGENCES)
@SIZES
def test_a_cheap_form_of_kernels_is_finite_and_right(name, place, lacking, size):
    divergence, place = DIVERGENCES[name](2.0), PLACES[place]
    operands = rows(size, lacking)
    with np.errstate(all="ignore"):
        first, second, _ = (way(np, *operands) for way in divergence.ways(place))
        assert_right(np.where(np.isfinite(first), first, second), divergence, place, operands)


@FORMS
def test_a_row_has_the_same_bits_whether_its_block_begins_with_a_row_that_lacks_classes(
    name, place, wide
):
    found = forms(DIVERGENCES[name](1.0), PLACES[place], wide)
    whole, lacking = ([one[:6] for one in rows(300, kind)] for kind in ("none", "both -inf"))
    near = [whole[0], whole[0] * np.float32(1.001)]
    block = [
        np.concatenate(parts).astype("float64" if wide else "float32")
        for parts in zip(lacking, whole, near, strict=True)
    ]
    with np.errstate(all="ignore"):
        every, other = (
            first_finite_rows(attempts, np, np, None, *block)
            for attempts in (found.every, found.lacking)
        )
    np.testing.assert_array_equal(every, other)


def test_the_first_row_of_a_large_block_tells_where_to_begin():
    found = forms(KL(1.0, "logits"), None, wide=True)
    whole, lacking = rows(100, "none"), rows(100, "both -inf")
    assert found.of(np, *whole) is found.every
    with np.errstate(all="ignore"):
        assert found.of(np, *lacking) is found.lacking
        assert found.of(np, *(one[:5] for one in lacking)) is found.every


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("divergence", DIVERGENCES)
def test_the_last_form_is_right_for_every_row(divergence, place):
    divergence, place = DIVERGENCES[divergence](1.0), PLACES[place]
    found = forms(divergence, place, wide=False)
    *_, last = divergence.ways(place)
    every = [last, found.every[-1][1], found.lacking[-1][1]]
    assert [one.keywords for one in every] == [{"guard": Guard.FULL}] * 3


FAR_BELOW = [-1e9, -1e12, float(np.finfo("float32").min), -math.inf]


@pytest.mark.parametrize("level", FAR_BELOW)
@pytest.mark.parametrize("offset", [-100, 30])
@pytest.mark.parametrize("beta", [0.5, 0.1])
def test_one_of_two_near_rows_may_lack_the_largest_class_of_the_other(level, offset, beta):
    random = np.random.default_rng(2)
    target = (random.normal(size=(200, 16)) + offset).astype("float32")
    x = target + (0.05 * random.normal(size=target.shape)).astype("float32")
    x[:, ::2] = level
    exact_x = np.where(x == np.float32(level), -math.inf, x.astype("float64"))
    divergence = JS.of(1.0, beta)
    with np.errstate(all="ignore"):
        for place, gradient in enumerate((divergence.input_gradient, divergence.target_gradient)):
            found = gradient(np, x, target)
            expected = divergence.wide_attempts(place, Guard.LOGARITHM)[0][1](
                np, exact_x, target.astype("float64")
            )
            length = np.linalg.norm(expected, axis=-1)
            assert np.all(np.linalg.norm(found - expected, axis=-1) <= 1e-6 * length)


@pytest.mark.parametrize("offset", [-30, 80])
@pytest.mark.parametrize("temperature", [0.1, 2.0])
def test_classes_that_the_student_nearly_lacks_differ_by_what_the_teacher_says(offset, temperature):
    random = np.random.default_rng(3)
    target = (random.normal(size=(200, 64)) * 12 + offset).astype("float32")
    x = (target + random.normal(size=target.shape)).astype("float32")
    x[:, ::2] = -1e9
    np.put_along_axis(x, target.argmax(axis=1)[:, None], np.float32(-1e9), axis=1)
    shifted = (target.astype("float64") - target.max(axis=1, keepdims=True)) / temperature
    p = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    log_ratio = (target.astype("float64") - x) / temperature
    log_ratio -= np.take_along_axis(log_ratio, p.argmax(axis=1)[:, None], axis=1)
    expected = p * (log_ratio - (p * log_ratio).sum(axis=1, keepdims=True)) / temperature
    with np.errstate(all="ignore"):
        found = KL(temperature, "logits").target_gradient(np, x, target)
    length = np.linalg.norm(expected, axis=1)
    errors = np.linalg.norm(found - expected, axis=1)[length > 1e-20]
    assert np.all(errors <= 2e-6 * length[length > 1e-20])
