"""The arithmetic whose bits are the same everywhere: its accuracy, and that each rule is needed."""

import math
from fractions import Fraction
from unittest.mock import patch

import numpy as np
import pytest
from formula.contracted import Contracted, ContractedLast, OneUlpOff, Scalars

from kldiv_xp.core.evaluate_reproducible import rounding_to, terms
from kldiv_xp.formula import reproducible_functions as functions
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.reproducible_functions import Rounding, exp, log, rounded
from kldiv_xp.formula.reproducible_namespace import ReproducibleNamespace
from kldiv_xp.formula.reproducible_sums import steps_of, sums_of, total_of

mpmath = pytest.importorskip("mpmath")
FLOAT32 = rounding_to(np, np.dtype("float32"))
FORMS = [Form(), Form(log_target=True), Form(log_input=False)]
EVERY_FORM = pytest.mark.parametrize("form", FORMS, ids=str)


def probabilities(count, seed=0):
    """Numbers of every size, and near 1."""
    rng = np.random.default_rng(seed)
    kinds = [rng.random(count), np.exp(-rng.random(count) * 87), np.exp(rng.random(count) * 88)]
    kinds.append(1 + rng.standard_normal(count) * 2.0 ** -rng.integers(1, 23, count))
    numbers = np.concatenate(kinds).astype("float32")
    return numbers[numbers > functions.TINY]


def operands(form, count, seed=0):
    """Input and target of a form; every second pair is nearly equal."""
    rng = np.random.default_rng(seed + 1)
    p = probabilities(count, seed)
    spread = rng.standard_normal(p.size) * np.where(rng.random(p.size) < 0.5, 2.0**-20, 1.0)
    log_p = np.log(p.astype("float64"))
    log_q = log_p + spread
    with np.errstate(over="ignore"):
        x = (log_q if form.log_input else np.minimum(np.exp(log_q), 3e38)).astype("float32")
    return x, log_p.astype("float32") if form.log_target else p


def ulps(value, exact):
    """Error of a float32 in units of the last place of the exact number."""
    exponent = max(math.frexp(float(abs(exact)))[1] - 24, -149)
    return float(abs(mpmath.mpf(float(value)) - exact) / mpmath.mpf(2) ** exponent)


def exact_term(form, x, t):
    x, t = mpmath.mpf(float(x)), mpmath.mpf(float(t))
    p, log_p = (mpmath.exp(t), t) if form.log_target else (t, mpmath.log(t))
    log_q = x if form.log_input else mpmath.log(x)
    return p * (log_p - log_q), abs(log_p) + abs(log_q), abs(log_p - log_q)


@pytest.mark.parametrize(("function", "inverse"), [(log, None), (exp, np.log)])
def test_logarithm_and_exponential_are_right_to_0_51_ulp(function, inverse):
    numbers = probabilities(400)
    numbers = (numbers if inverse is None else inverse(numbers)).astype("float32")
    values = function(np, numbers.astype("float64")).astype("float32")
    with mpmath.workprec(120):
        exact = [getattr(mpmath, function.__name__)(mpmath.mpf(float(one))) for one in numbers]
        errors = [ulps(v, e) for v, e in zip(values, exact, strict=True) if e and np.isfinite(v)]
    assert max(errors) <= 0.51


@EVERY_FORM
def test_terms_are_right_to_0_51_ulp_where_the_logarithms_do_not_cancel(form):
    x, t = operands(form, 300)
    with np.errstate(all="ignore"):
        values = rounded(np, terms(np, form, x, t), FLOAT32)
    with mpmath.workprec(120):
        for value, *pair in zip(values, x, t, strict=True):
            exact, large, small = exact_term(form, *pair)
            if small > large / 4 and 2.0**-126 < abs(exact) < 2.0**127:
                assert ulps(value, exact) <= 0.51


@pytest.mark.parametrize("spread", [1, 2.0**-10])
def test_sums_are_right_to_one_ulp(spread):
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(2000)).astype("float32")
    x = (np.log(p) + rng.standard_normal(p.size) * spread).astype("float32")
    y = terms(np, Form(), x, p)
    bounds = (np.asarray(float(one)) for one in (p.max(), 89 + abs(x).max(), p.size))
    steps = steps_of(np, *bounds)
    value = np.float32(total_of(np, sums_of(np, y, steps, None), steps).item())
    with mpmath.workprec(120):
        pairs = zip(x, p, strict=True)
        exact = mpmath.fsum(exact_term(Form(), *pair)[0] for pair in pairs)
        assert ulps(value, exact) <= 1


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_16_bits_are_rounded_once_to_the_nearest_even(name):
    eps, smallest = (2.0**-10, 2.0**-14) if name == "float16" else (2.0**-7, 2.0**-126)
    rng = np.random.default_rng(0)
    steps = rng.integers(1, 2 * int(1 / eps), 500) * (eps / 2) * 2.0 ** rng.integers(-12, 4, 500)
    half = eps / 4 * 2.0 ** np.floor(np.log2(steps))
    numbers = np.concatenate([steps, steps + half, steps + half * (1 + 2.0**-40), steps * 1.2345])
    numbers = np.concatenate([numbers, -numbers, numbers * 2.0**-15])
    values = rounded(np, numbers, Rounding(np.dtype("float64"), eps, smallest))
    for value, number in zip(values.tolist(), numbers.tolist(), strict=True):
        exponent = max(math.frexp(number)[1] - 1, math.frexp(smallest)[1] - 1)
        unit = Fraction(eps) * Fraction(2) ** exponent
        assert value == round(Fraction(number) / unit) * unit


@pytest.mark.few(3, 3)
@EVERY_FORM
@pytest.mark.parametrize("kind", [Contracted, ContractedLast])
def test_fused_multiplications_change_no_bit_of_a_term(form, kind):
    assert fused_differ(form, kind) == 0


def fused_differ(form, kind, count=100):
    """How many terms differ, in float64, where products are fused into sums."""
    x, t = operands(form, count)
    expected = terms(np, form, x, t)
    found = [terms(Scalars(kind), form, kind(a), kind(b)) for a, b in zip(x, t, strict=True)]
    return int((np.asarray(found, "float64") != expected).sum())


@pytest.mark.few(1, 1)
@pytest.mark.parametrize(
    ("name", "value", "form"),
    [
        ("LN2", functions.LN2_ROUNDED, Form()),
        ("RATIO_GRID", 2.0**40, Form()),
    ],
)
def test_a_constant_with_too_many_bits_makes_fused_products_differ(name, value, form):
    with patch.object(functions, name, value):
        assert any(fused_differ(form, kind, 500) for kind in (Contracted, ContractedLast))


def differ(form, other):
    """How many terms in float64 differ from NumPy's."""
    x, t = operands(form, 2000)
    return int((terms(other, form, x, t) != terms(np, form, x, t)).sum())


@EVERY_FORM
@pytest.mark.parametrize("up", [True, False])
def test_a_library_that_is_off_by_a_unit_changes_no_bit(form, up):
    assert differ(form, OneUlpOff(up)) == 0


@EVERY_FORM
def test_the_logarithm_and_exponential_of_the_library_would_change_bits(form):
    plain = {"log": lambda self, array: self.xp.log(array), "exp": lambda self, a: self.xp.exp(a)}
    with patch.multiple(ReproducibleNamespace, **plain), np.errstate(all="ignore"):
        assert differ(form, OneUlpOff(up=True)) > 0


def test_a_sum_of_float64_depends_on_the_order():
    numbers = terms(np, Form(), *operands(Form(), 2000))
    orders = [np.random.default_rng(seed).permutation(numbers.size) for seed in range(5)]
    steps = steps_of(np, *map(np.asarray, (3.5e38, 2e2, float(numbers.size))))
    exact = {total_of(np, sums_of(np, numbers[one], steps, None), steps).item() for one in orders}
    assert len(exact) == 1
    assert len({numbers[one].sum() for one in orders}) > 1


def test_functions_that_obey_no_rule_are_refused():
    with pytest.raises(
        AttributeError, match=r"^expm1 is not held to the same bits in every library\.$"
    ):
        ReproducibleNamespace(np).expm1(1.0)
