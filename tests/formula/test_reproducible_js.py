"""Jensen-Shannon divergences whose bits are the same everywhere: accuracy, symmetry, each rule."""

from functools import partial
from unittest.mock import patch

import numpy as np
import pytest
from formula.contracted import Contracted, ContractedLast, OneUlpOff, Rows
from formula.test_reproducible_rows import plainly, rows

from kldiv_xp.backends.numpy.reproducible.rows import InBlocks
from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.formula import reproducible_js, reproducible_operations, reproducible_rows
from kldiv_xp.formula.logits import JS, KL
from kldiv_xp.formula.reproducible_js import derivative, value
from kldiv_xp.formula.reproducible_operations import Operations

mpmath = pytest.importorskip("mpmath")
XP = namespace_of(np.empty(0))
PLAIN = Operations(XP)
FUSED = pytest.mark.parametrize("fused", [Contracted, ContractedLast])
EVERY_BETA = pytest.mark.parametrize("beta", [0.5, 0.1, 0.999, 2.0**-50])
ONE = np.asarray(1.0)


@pytest.fixture(autouse=True)
def quiet():
    with np.errstate(all="ignore"):
        yield


def exact(x, t, temperature, beta):
    """The divergence and its derivatives by both logits."""
    p, q = ([mpmath.exp(mpmath.mpf(float(one)) / temperature) for one in row] for row in (t, x))
    p, q = ([one / mpmath.fsum(row) for one in row] for row in (p, q))
    beta = mpmath.mpf(beta)
    gamma = 1 - beta
    mixture = [beta * a + gamma * b for a, b in zip(p, q, strict=True)]
    value, derivatives = 0, []
    for weight, row in ((gamma, q), (beta, p)):
        logs = [mpmath.log(a / m) for a, m in zip(row, mixture, strict=True)]
        kl = mpmath.fdot(row, logs)
        value += weight * kl
        derivatives.append([weight * a * (log - kl) for a, log in zip(row, logs, strict=True)])
    return value, *derivatives


@pytest.mark.few(1, 5)
@EVERY_BETA
@pytest.mark.parametrize(("count", "classes"), [(100, 2), (50, 7), (4, 300)])
def test_divergences_keep_their_digits_down_to_1e_12(count, classes, beta):
    x, t = rows(count, classes)
    for temperature in (1.0, 3.0):
        found = value(PLAIN, JS.of(temperature, beta), x, t)[:, 0]
        with mpmath.workprec(250):
            for one, *row in zip(found, x, t, strict=True):
                js = exact(*row, temperature, beta)[0]
                assert one >= 0
                if js > 4e-12 * beta:
                    assert abs(one - js) < 1e-6 * js


@pytest.mark.few(3, 9)
@EVERY_BETA
@pytest.mark.parametrize(("count", "classes"), [(60, 2), (30, 7), (4, 300)])
def test_derivatives_are_right_to_2_to_the_power_of_minus_23(count, classes, beta):
    x, t = rows(count, classes)
    found = [derivative(place, PLAIN, JS.of(1.0, beta), x, t, ONE) for place in (0, 1)]
    with mpmath.workprec(250):
        for operands, *derivatives in zip(zip(x, t, strict=True), *found, strict=True):
            for row, right in zip(derivatives, exact(*operands, 1.0, beta)[1:], strict=True):
                size = max(abs(one) for one in right)
                if size > 2.0**-100:
                    for one, other in zip(row, right, strict=True):
                        assert abs(one - other) <= 2.0**-23 * size


@EVERY_BETA
def test_derivatives_are_right_where_one_class_sets_the_rows_apart(beta):
    _, t = rows(40, 5)
    x = (t * (1 + 1e-5)).astype("float32")
    x[:, 0] = t[:, 0] - np.linspace(-30, 30, 40)
    found = [derivative(place, PLAIN, JS.of(1.0, beta), x, t, ONE) for place in (0, 1)]
    with mpmath.workprec(250):
        for operands, *derivatives in zip(zip(x, t, strict=True), *found, strict=True):
            rights = exact(*operands, 1.0, beta)[1:]
            for row, right, weight in zip(derivatives, rights, (1 - beta, beta), strict=True):
                size = max(abs(one) for one in right)
                for one, other in zip(row, right, strict=True):
                    assert abs(one - other) <= 2.0**-23 * size + 2.0**-31 * weight


def test_equal_rows_are_at_a_distance_of_exactly_0():
    _, t = rows(50, 40)
    for temperature, beta in ((0.3, 0.5), (1.0, 0.1), (7.0, 2.0**-50)):
        for offset in (0.0, 0.25, 16.0):
            t = np.round(t * 64) / 64
            found = value(PLAIN, JS.of(temperature, beta), (t + offset).astype("float32"), t)
            assert (found == 0).all()
            assert not np.signbit(found).any()


def test_operands_may_change_places_at_a_half():
    x, t = rows(100, 12)
    divergence = JS.of(1.7, 0.5)
    assert (value(PLAIN, divergence, x, t) == value(PLAIN, divergence, t, x)).all()
    for place in (0, 1):
        found = derivative(place, PLAIN, divergence, x, t, ONE)
        assert (found == derivative(1 - place, PLAIN, divergence, t, x, ONE)).all()


def test_at_the_ends_of_beta_it_is_a_divergence_of_kullback_and_leibler():
    x, t = rows(20, 12)
    kl = KL(1.7, "logits")
    for beta, places, operands in ((0.0, (0, 1), (x, t)), (1.0, (1, 0), (t, x))):
        divergence = JS.of(1.7, beta)
        expected = reproducible_rows.value(PLAIN, kl, *operands)
        assert (value(PLAIN, divergence, x, t) == expected).all()
        for place, other in enumerate(places):
            expected = reproducible_rows.derivative(other, PLAIN, kl, *operands, ONE)
            assert (derivative(place, PLAIN, divergence, x, t, ONE) == expected).all()


def results(of, x, t, beta=0.3):
    """Divergences and derivatives in float64, in a row."""
    divergence = JS(1.7, beta, 1 - beta, scaled=True)
    given = [value(of, divergence, x, t)]
    given += [derivative(place, of, divergence, x, t, np.asarray(0.3)) for place in (0, 1)]
    return np.concatenate([np.asarray(one, "float64").reshape(-1) for one in given])


def differ(of, beta=0.3, **size):
    """How many numbers differ from those of the plain functions."""
    x, t = rows(**{"count": 30, "classes": 12, "seed": 1, **size})
    return int((results(of, x, t, beta) != results(PLAIN, x, t, beta)).sum())


def fused_differ(fused, beta=0.3):
    """How many differ where products are fused into sums."""
    operands = rows(20, 6, seed=1)
    x, t = (np.vectorize(fused, otypes=[object])(one) for one in operands)
    found = results(Operations(Rows(fused)), x, t, beta)
    return int((found != results(PLAIN, *operands, beta)).sum())


@pytest.mark.few(1, 1)
@FUSED
@pytest.mark.parametrize("beta", [0.5, 0.3])
def test_fused_multiplications_change_no_bit(fused, beta):
    assert fused_differ(fused, beta) == 0


def test_products_that_are_not_held_would_change_bits():
    with patch.object(reproducible_operations, "held", lambda _, product: product):
        assert sum(map(fused_differ, (Contracted, ContractedLast))) > 0


@pytest.mark.parametrize("up", [True, False])
def test_a_library_that_is_off_by_a_unit_changes_no_bit(up):
    assert differ(Operations(OneUlpOff(up))) == 0


@pytest.mark.parametrize("name", ["exp", "log"])
def test_a_function_of_a_library_would_change_bits(name):
    with patch.object(Operations, name, lambda self, array: getattr(self.xp, name)(array)):
        assert differ(Operations(OneUlpOff(up=True))) > 0


def test_a_difference_that_is_not_taken_from_the_logits_would_lose_digits():
    x, t = rows(50, 7)
    x = (t + (x - t) * 1e-6).astype("float32")
    expected = value(PLAIN, JS.of(1.0, 0.5), x, t)
    with patch.object(reproducible_js, "near_gap", lambda of, p, q, d: p - q):
        found = value(PLAIN, JS.of(1.0, 0.5), x, t)
    assert (abs(found - expected) > 1e-4 * expected).any()


def test_a_sum_of_float64_depends_on_the_order_of_classes():
    x, t = rows(30, 200, seed=1)
    order = np.random.default_rng(0).permutation(200)
    of = Operations(XP)
    moved = partial(results, of, x[:, order], t[:, order])
    assert (moved()[:30] == results(of, x, t)[:30]).all()
    with patch.object(of, "row_sum", partial(plainly, -1)):
        assert (moved()[:30] != results(of, x, t)[:30]).any()


@pytest.mark.parametrize("temperature", [1.0, 1.7, 2.0**49, 2.0**60])
@pytest.mark.parametrize("beta", [0.5, 0.999, 2.0**-126])
def test_blocks_of_numpy_have_the_bits_of_the_plain_functions(temperature, beta):
    x, t = rows(100, 300, seed=1)
    divergence = JS(temperature, beta, 1 - beta, scaled=True)
    of = InBlocks(XP, temperature)
    assert (value(of, divergence, x, t) == value(PLAIN, divergence, x, t)).all()
    for place in (0, 1):
        found = derivative(place, of, divergence, x, t, ONE)
        assert (found == derivative(place, PLAIN, divergence, x, t, ONE)).all()
