"""Rows of logits whose bits are the same everywhere: accuracy, and that each rule is needed."""

from functools import partial
from unittest.mock import patch

import numpy as np
import pytest
from formula.contracted import Contracted, ContractedLast, OneUlpOff, Rows

from kldiv_xp.backends.numpy.reproducible.rows import InBlocks
from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.formula import reproducible_operations
from kldiv_xp.formula.kl_of_logits import KL
from kldiv_xp.formula.reproducible_operations import Operations
from kldiv_xp.formula.reproducible_rows import derivative, value

mpmath = pytest.importorskip("mpmath")
XP = namespace_of(np.empty(0))
PLAIN = Operations(XP)
KINDS = ("logits", "probabilities", "log_probabilities")
EVERY_KIND = pytest.mark.parametrize("kind", KINDS)


def rows(count, classes, seed=0):
    """Rows of logits that agree more or less; offset by a constant or not."""
    rng = np.random.default_rng(seed)
    shape = count, 1
    t = rng.standard_normal((count, classes)) * rng.choice([0.5, 3.0, 12.0], shape)
    noise = rng.standard_normal(t.shape) * 10.0 ** rng.uniform(-7, 1.5, shape)
    x = t.astype("float32") + noise + rng.choice([0.0, 0.5, 30.0], shape)
    return x.astype("float32"), t.astype("float32")


def exact(x, t, temperature):
    """KL and its derivatives by logits, p and q."""
    p, q = ([mpmath.exp(mpmath.mpf(float(one)) / temperature) for one in row] for row in (t, x))
    p, q = ([one / mpmath.fsum(row) for one in row] for row in (p, q))
    logs = [mpmath.log(a) - mpmath.log(b) for a, b in zip(p, q, strict=True)]
    kl = mpmath.fdot(p, logs)
    by_target = [a * (log - kl) for a, log in zip(p, logs, strict=True)]
    return kl, [b - a for a, b in zip(p, q, strict=True)], by_target, p, q


@pytest.mark.few(1, 5)
@pytest.mark.parametrize(("count", "classes"), [(200, 2), (100, 7), (12, 300)])
@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_divergences_keep_their_digits_down_to_1e_12(count, classes, temperature):
    x, t = rows(count, classes)
    with np.errstate(all="ignore"):
        found = value(PLAIN, KL(temperature, "logits"), x, t)[:, 0]
    with mpmath.workprec(250):
        for one, *row in zip(found, x, t, strict=True):
            kl = exact(*row, temperature)[0]
            assert one >= 0
            if kl > 1e-12:
                assert abs(one - kl) < 1e-6 * kl


@pytest.mark.parametrize(("count", "classes"), [(60, 2), (30, 7), (4, 300)])
def test_derivatives_are_right_to_2_to_the_power_of_minus_31(count, classes):
    x, t = rows(count, classes)
    with np.errstate(all="ignore"):
        found = [
            derivative(place, PLAIN, KL(1.0, "logits"), x, t, np.asarray(1.0)) for place in (0, 1)
        ]
    with mpmath.workprec(250):
        for row, by_input, by_target in zip(zip(x, t, strict=True), *found, strict=True):
            _, left, right, p, q = exact(*row, 1.0)
            size = max(abs(one) for one in right)
            for place, both in enumerate(zip(p, q, strict=True)):
                assert abs(by_input[place] - left[place]) <= 2.0**-31 * sum(both)
                assert abs(by_target[place] - right[place]) <= 2.0**-30 * size


def test_equal_rows_are_at_a_distance_of_exactly_0():
    _, t = rows(50, 40)
    for temperature in (0.3, 1.0, 7.0):
        for offset in (0.0, 0.25, 16.0):
            t = np.round(t * 64) / 64
            found = value(PLAIN, KL(temperature, "logits"), (t + offset).astype("float32"), t)
            assert (found == 0).all()
            assert not np.signbit(found).any()


def results(of, kind, x, t, temperature=1.7):
    """Divergences and derivatives in float64, in a row."""
    divergence = KL(temperature, kind, scaled=True)
    given = [value(of, divergence, x, t)]
    given += [derivative(place, of, divergence, x, t, np.asarray(0.3)) for place in (0, 1)]
    return np.concatenate([np.asarray(one, "float64").reshape(-1) for one in given])


def operands(kind, count=30, classes=12):
    x, t = rows(count, classes, seed=1)
    if kind == "logits":
        return x, t
    p = np.exp(t - t.max(axis=1, keepdims=True).astype("float64"))
    p /= p.sum(axis=1, keepdims=True)
    return x, (p if kind == "probabilities" else np.log(p)).astype("float32")


def differ(of, kind, **size):
    """How many numbers differ from those of the plain functions."""
    x, t = operands(kind, **size)
    with np.errstate(all="ignore"):
        return int((results(of, kind, x, t) != results(PLAIN, kind, x, t)).sum())


def fused_differ(of_kind, kind):
    """How many differ where products are fused into sums."""
    x, t = (np.vectorize(of_kind, otypes=[object])(one) for one in operands(kind))
    with np.errstate(all="ignore"):
        expected = results(PLAIN, kind, *operands(kind))
        return int((results(Operations(Rows(of_kind)), kind, x, t) != expected).sum())


@pytest.mark.few(0, 2)
@EVERY_KIND
@pytest.mark.parametrize("fused", [Contracted, ContractedLast])
def test_fused_multiplications_change_no_bit(fused, kind):
    assert fused_differ(fused, kind) == 0


@pytest.mark.few(0, 1)
@EVERY_KIND
def test_products_that_are_not_held_would_change_bits(kind):
    with patch.object(reproducible_operations, "held", lambda _, product: product):
        assert sum(fused_differ(fused, kind) for fused in (Contracted, ContractedLast)) > 0


@EVERY_KIND
@pytest.mark.parametrize("up", [True, False])
def test_a_library_that_is_off_by_a_unit_changes_no_bit(kind, up):
    assert differ(Operations(OneUlpOff(up)), kind) == 0


@EVERY_KIND
def test_the_exponential_of_a_library_would_change_bits(kind):
    with patch.object(Operations, "exp", lambda self, array: self.xp.exp(array)):
        assert differ(Operations(OneUlpOff(up=True)), kind) > 0


def plainly(axis, array):
    return array.sum(axis=axis, keepdims=True)


@EVERY_KIND
def test_a_sum_of_float64_depends_on_the_order_of_classes(kind):
    x, t = operands(kind, classes=200)
    order = np.random.default_rng(0).permutation(200)
    of = Operations(XP)
    moved = partial(results, of, kind, x[:, order], t[:, order])
    with np.errstate(all="ignore"):
        assert (moved()[:30] == results(of, kind, x, t)[:30]).all()
        with patch.object(of, "row_sum", partial(plainly, -1)):
            assert (moved()[:30] != results(of, kind, x, t)[:30]).any()


@EVERY_KIND
def test_blocks_of_numpy_have_the_bits_of_the_plain_functions(kind):
    assert differ(InBlocks(XP), kind, count=100, classes=300) == 0


def test_blocks_of_numpy_take_every_exponential_from_the_table():
    rng = np.random.default_rng(0)
    numbers = np.concatenate([rng.uniform(-90, 90, 100_000), -rng.random(1000) * 1e-9])
    numbers = np.append(numbers, [0.0, -0.0, np.inf, -np.inf, np.nan, -87.33654022216797])
    with np.errstate(all="ignore"):
        found, expected = InBlocks(XP).exp(numbers), PLAIN.exp(numbers)
    assert np.array_equal(found, expected, equal_nan=True)


def test_rows_with_infinities_and_nan_are_added_up_alike():
    numbers = np.asarray([[1.0, np.inf], [np.nan, 1.0], [0.0, 0.0], [1e-30, -3.0]])
    with np.errstate(all="ignore"):
        for count in range(1, 5):
            found = InBlocks(XP).row_sum(numbers[-count:])
            assert np.array_equal(found, PLAIN.row_sum(numbers[-count:]), equal_nan=True)


@pytest.mark.parametrize("order", ["CF", "FC", "FF"])
def test_blocks_of_numpy_may_lie_by_columns(order):
    x, t = (np.asarray(one, order=kind) for one, kind in zip(rows(40, 7), order, strict=True))
    divergence = KL(1.0, "logits")
    assert (value(InBlocks(XP), divergence, x, t) == value(PLAIN, divergence, x, t)).all()
