"""The Jensen-Shannon divergence of tables of probabilities, on every backend."""

import numpy as np
import pytest
from array_libraries import library
from conftest import usable
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import (
    KLDivInputError,
    checking,
    js_div,
    js_div_gradient,
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
)

RNG = np.random.default_rng(7)
LOG_2 = np.log(2.0)
SPACES = [(False, False), (True, False), (False, True), (True, True)]
BETAS = (0.5, 0.1, 0.9, 1e-6)


def tables():
    """Six pairs of rows of 5: drawn, near each other, equal, with zeros, and apart."""
    q, p = RNG.dirichlet(np.ones(5), (2, 6))
    p[1] = q[1] * (1 + 1e-5 * RNG.normal(size=5))
    p[1] /= p[1].sum()
    p[2] = q[2]
    q[3, 1], p[3, 2], q[3, 4], p[3, 4] = 0.0, 0.0, 0.0, 0.0
    q[4], p[4] = (0.5, 0.5, 0, 0, 0), (0, 0, 0.25, 0.25, 0.5)
    p[5], q[5] = (0, 0, 0, 0, 1), (0, 0, 0, 0, 1)
    q[3], p[3] = q[3] / q[3].sum(), p[3] / p[3].sum()
    return q, p


Q, P = tables()
SELECTED = np.asarray([True, True, False, True, True, False])


def expected(q, p, beta):
    """Entries, in more digits than those that are lost."""
    q, p, beta = (np.asarray(one, np.longdouble) for one in (q, p, beta))
    m = beta * p + (1 - beta) * q
    with np.errstate(all="ignore"):
        sides = [
            np.where(one > 0, one * np.log(np.where(one > 0, one / m, 1)), 0) for one in (p, q)
        ]
    return beta * sides[0] + (1 - beta) * sides[1]


def given(q, p, spaces):
    with np.errstate(divide="ignore"):
        return (np.log(q) if spaces[0] else q), (np.log(p) if spaces[1] else p)


def options_of(spaces):
    return {"log_input": spaces[0], "log_target": spaces[1]}


def test_divergence_is_the_square_of_scipys_distance():
    jensenshannon = pytest.importorskip("scipy.spatial.distance").jensenshannon

    distances = jensenshannon(Q, P, axis=-1)
    for spaces in SPACES:
        found = js_div(*given(Q, P, spaces), reduction="none", **options_of(spaces))
        assert_allclose(found, distances**2, rtol=1e-9, atol=1e-15)
        if spaces[0] == spaces[1]:
            assert_array_equal(found[[2, 5]], 0.0)
        assert_allclose(found[4], LOG_2, rtol=1e-15)
        assert np.all((found >= 0) & (found <= LOG_2 * (1 + 1e-15)))


def test_every_space_and_weight_has_the_exact_divergence(backend):
    calls = list(zip(SPACES, BETAS, strict=True))
    if backend.library == "numpy":
        calls = [(spaces, beta) for spaces in SPACES for beta in BETAS]
    pairs = [backend.array(one) for spaces in SPACES for one in given(Q, P, spaces)]

    def every(*arrays):
        return [
            js_div(
                *arrays[2 * SPACES.index(spaces) :][:2],
                beta=beta,
                reduction="none",
                axis=(1,),
                **options_of(spaces),
            )
            for spaces, beta in calls
        ]

    for (spaces, beta), found in zip(calls, backend.call(every, *pairs), strict=True):
        exact = np.sum(expected(Q, P, beta), axis=-1).astype(float)
        assert_allclose(backend.read(found), exact, rtol=2e-5 if beta == 1e-6 else 1e-9, atol=1e-15)
        if spaces[0] == spaces[1]:
            assert_array_equal(backend.read(found)[[2, 5]], 0.0)


def test_gradient_is_the_logarithm_over_the_mixture_and_the_value_that_of_the_loss(
    holding_backend,
):
    backend = holding_backend
    arrays = [backend.array(one) for one in (Q, P)]
    mask = backend.array(SELECTED * 1.0) != 0

    def both(q, p, where):
        options = {"log_input": False, "beta": 0.3, "where": where}
        value = js_div(q, p, reduction="mean", **options)
        closed = js_div_gradient(q, p, reduction="mean", return_value=True, **options)
        return value, *closed

    value, again, *derivatives = map(backend.read, backend.call(both, *arrays, mask))
    assert_allclose(again, value, rtol=1e-14)
    exact = expected(Q, P, 0.3)[SELECTED].sum() / SELECTED.sum()
    assert_allclose(value, float(exact), rtol=1e-12)
    m = 0.3 * P + 0.7 * Q
    for derivative, one, weight in zip(derivatives, (Q, P), (0.7, 0.3), strict=True):
        with np.errstate(all="ignore"):
            exact = np.where(one > 0, weight * np.log(one / m), 0) / SELECTED.sum()
        exact[~SELECTED] = 0
        assert_allclose(derivative, exact, rtol=1e-9, atol=1e-15)


def test_closed_gradient_is_that_of_automatic_differentiation(autodiff_backend):
    arrays = [autodiff_backend.array(one) for one in given(Q[:4], P[:4], (True, True))]
    options = {"log_target": True, "beta": 0.2, "reduction": "sum"}
    if autodiff_backend.library == "jax":
        gradient = library("jax").grad(lambda *pair: js_div(*pair, **options), argnums=(0, 1))
        derivatives = gradient(*arrays)
    else:
        leaves = [one.requires_grad_() for one in arrays]
        library("torch").autograd.backward(autodiff_backend.call(js_div, *leaves, **options))
        derivatives = [one.grad for one in leaves]
    closed = js_div_gradient(*given(Q[:4], P[:4], (True, True)), **options)
    for derivative, exact in zip(derivatives, closed, strict=True):
        assert_allclose(autodiff_backend.read(derivative), exact, rtol=1e-12, atol=1e-16)
        assert np.isfinite(autodiff_backend.read(derivative)).all()


def test_ends_of_beta_are_the_divergences_in_both_directions():
    q, p = (one[[0, 1, 2, 5]] for one in (Q, P))
    options = {"log_input": False, "reduction": "none", "axis": -1}
    for beta, pair in ((0, (q, p)), (1.0, (p, q))):
        found = js_div(q, p, beta=beta, **options)
        assert_allclose(found, kl_div(*pair, **options), rtol=1e-6, atol=1e-15)
        assert (found >= 0).all()
        derivatives = js_div_gradient(q, p, beta=beta, **options)
        pairs = kl_div_gradient(*pair, generalized=True, **options)
        for derivative, other in zip(derivatives, pairs[:: -1 if beta else 1], strict=True):
            assert_array_equal(derivative, np.where((q == 0) & (p == 0), 0, other))


def test_a_negative_probability_and_nan_give_nan_and_a_mask_hides_them():
    q, p = Q.copy(), P.copy()
    q[0, 0], p[1, 1], q[3, 3] = -0.25, -1.0, np.nan
    found = js_div(q, p, log_input=False, reduction="none")
    assert_array_equal(np.isnan(found), [True, True, False, True, False, False])
    where = np.isfinite(found)
    value, *derivatives = js_div_gradient(
        q, p, log_input=False, reduction="sum", where=where, return_value=True
    )
    assert_allclose(value, found[where].sum(), rtol=1e-14)
    for derivative in derivatives:
        assert_array_equal(derivative[~where], 0.0)


def test_terms_axes_and_dtypes_are_those_of_kl_div():
    q, p = Q[:, None].astype("float16"), P[:, None].astype("float16")
    terms = js_div(q, p, log_input=False, axis=None, reduction="none", dtype=np.float32)
    assert terms.shape == q.shape
    assert terms.dtype == np.float32
    assert (terms >= 0).all()
    for axis in (-1, 2, (1, 2)):
        rows = js_div(q, p, log_input=False, axis=axis, reduction="none", dtype=np.float32)
        assert_allclose(np.ravel(rows), terms.sum((1, 2)), rtol=1e-6)
    batchmean = js_div(q, p, log_input=False)
    assert batchmean.dtype == np.float16
    assert_allclose(batchmean, terms.sum() / 6, rtol=1e-3)


@pytest.mark.parametrize("kind", ["probabilities", "log_probabilities"])
def test_logits_may_meet_a_target_that_is_given(backend, kind):
    student = RNG.normal(size=(4, 5))
    student[1, 2] = -np.inf
    _, target = given(Q[:4], P[:4], (False, kind == "log_probabilities"))
    pair = backend.array(student), backend.array(target)
    mask = backend.array([1.0, 1.0, 0.0, 1.0]) != 0

    def every(x, t, where):
        options = {"temperature": 2.0, "target_is": kind, "where": where, "beta": 0.3}
        closed = js_div_with_logits_gradient(x, t, return_value=True, **options)
        return js_div_with_logits(x, t, **options), *closed

    value, again, by_input, by_target = map(backend.read, backend.call(every, *pair, mask))
    log_q = student / 2 - np.log(np.sum(np.exp(student / 2), axis=-1, keepdims=True))
    options = {"log_target": kind == "log_probabilities", "beta": 0.3}
    options["where"] = np.asarray([True, True, False, True])
    exact, by_log_q, by_p = js_div_gradient(log_q, target, return_value=True, **options)
    q = np.exp(log_q)
    assert_allclose([value, again], [4 * exact] * 2, rtol=1e-12)
    assert_allclose(by_target, 4 * by_p, rtol=1e-12, atol=1e-16)
    by_x = by_log_q - q * np.sum(by_log_q, axis=-1, keepdims=True)
    assert_allclose(by_input, 2 * by_x, rtol=1e-11, atol=1e-16)


def test_ends_of_beta_with_a_given_target_are_those_of_kl_div():
    student = RNG.normal(size=(3, 5))
    options = {"target_is": "probabilities", "temperature": 3.0}
    assert_allclose(
        js_div_with_logits(student, P[:3], beta=0, **options),
        kl_div_with_logits(student, P[:3], **options),
        rtol=1e-12,
    )
    backward = js_div_with_logits(student, P[:3], beta=1, **options)
    assert_allclose(
        backward,
        js_div_with_logits(student, 3 * np.log(P[:3]), beta=1, temperature=3.0),
        rtol=1e-10,
    )


@pytest.mark.long
def test_a_weight_that_nobody_reads_is_refused_with_a_remedy_that_works():
    usable("jax")
    jnp = library("jax.numpy")
    q, p = jnp.asarray(Q), jnp.asarray(P)
    with pytest.raises(TypeError, match="beta") as caught:
        js_div(q, p, beta=jnp.asarray(0.5), log_input=False)
    kind = type(q).__name__
    assert str(caught.value).startswith("`beta` must be a real number from 0 to 1 (no bool); got ")
    assert kind in str(caught.value)
    assert str(caught.value).endswith(
        ": pass float(beta), within jax.jit as one of its static_argnames, or logits to "
        "js_div_with_logits, which takes an array and which log-probabilities are."
    )
    with pytest.raises(TypeError, match="beta") as caught:
        js_div_with_logits(q, p, beta=jnp.asarray(0.5), target_is="probabilities")
    assert str(caught.value) == (
        "`beta` must be a number where `target` holds probabilities or their logarithms; got an "
        "array: pass float(beta), within jax.jit as one of its static_argnames, or at a "
        "temperature of 1 logits in both, which log-probabilities are."
    )
    followed = js_div_with_logits(jnp.log(q), jnp.log(p), beta=jnp.asarray(0.5))
    assert_allclose(followed, js_div(q, p, log_input=False), rtol=1e-9)


def test_a_diagnosis_asks_for_support_at_the_ends_alone():
    q, p = Q[3:4], P[3:4]
    with checking():
        js_div(q, p, log_input=False)
        js_div_with_logits(np.log(Q[:1]), P[:1], target_is="probabilities")
        for beta, operand in ((0, "input"), (1, "target")):
            with pytest.raises(KLDivInputError) as caught:
                js_div(q, p, log_input=False, beta=beta)
            (found,) = caught.value.report.findings
            assert (found.code, found.operand) == ("zero-support", operand)
        with pytest.raises(KLDivInputError) as caught:
            js_div_gradient(q, p)
        assert caught.value.report.findings[0].code == "probabilities-as-input"


@pytest.mark.parametrize(
    ("q", "p", "value", "by_q", "by_p"),
    [
        (1e-40, 0.0, 5e-41 * LOG_2, LOG_2 / 2, 0.0),
        (3e-40, 1e-40, 2.61624072e-41, 0.5 * np.log(1.5), 0.5 * np.log(0.5)),
        (1e-45, 3e-300, 5e-46 * LOG_2, LOG_2 / 2, -292.68371962),
    ],
)
def test_probabilities_that_float32_could_not_hold_keep_their_derivatives(q, p, value, by_q, by_p):
    operands = np.asarray(q), np.asarray(p)
    options = {"log_input": False, "reduction": "none", "return_value": True}
    found = js_div_gradient(*operands, axis=None, **options)
    assert_allclose(found, (value, by_q, by_p), rtol=1e-8)
