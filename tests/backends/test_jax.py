"""JAX: every transformation of the loss, traced once and guarded without a comparison."""

import re
from functools import partial

import numpy as np
import pytest
import reference
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import js_div_with_logits, kl_div, kl_div_gradient, kl_div_with_logits
from kldiv_xp.calls.operands import examine
from kldiv_xp.core.evaluate_rows import plain_slopes
from kldiv_xp.formula.logits import JS, KL

jax = pytest.importorskip("jax", reason="jax is not installed")
jnp = jax.numpy

BOTH_SPACES = pytest.mark.parametrize("log_target", [False, True], ids=["p", "log p"])
REDUCED = pytest.mark.parametrize("reduced", ["sum", "batchmean", "mean"])
SHAPE = (3, 4)

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")


def operands(log_target=False, dtype="float64", *, zeros=True):
    """Distributions with a zero, in JAX."""
    rng = np.random.default_rng(6)
    log_q, p = np.log(rng.dirichlet(np.ones(4), 3)), rng.dirichlet(np.ones(4), 3)
    if zeros:
        p[1] = [0, 0.5, 0, 0.5]
        log_q[1, 0] = -np.inf
    with np.errstate(divide="ignore"):
        target = np.log(p) if log_target else p
    return jnp.asarray(log_q, dtype), jnp.asarray(target, dtype)


def loss_of(log_target=False, reduction="sum"):
    return lambda x, t: kl_div(x, t, reduction=reduction, log_target=log_target)


def expected(log_q, target, log_target=False):
    """Sum of the terms and both derivatives of it, by the contract."""
    pairs = list(zip(np.ravel(log_q), np.ravel(target), strict=True))
    slopes = np.asarray([reference.gradient(x, t, log_target) for x, t in pairs])
    value = sum(reference.term(x, t, log_target) for x, t in pairs)
    return value, *(slope.reshape(np.shape(log_q)) for slope in slopes.T)


class Counted:
    """Events of JAX whose name holds a word, counted in `with`."""

    def __init__(self, word):
        self.word, self.count = word, 0

    def __call__(self, event, *_, **__):
        self.count += self.word in event

    def __enter__(self):
        jax.monitoring.register_event_duration_secs_listener(self)
        return self

    def __exit__(self, *_):
        jax.monitoring.clear_event_listeners()


# Values and derivatives


@BOTH_SPACES
@REDUCED
def test_value_and_gradient_together_are_those_of_the_contract(log_target, reduced):
    x, t = operands(log_target)
    parts = {"sum": 1, "batchmean": 3, "mean": 12}[reduced]
    value, by_input, by_target = expected(x, t, log_target)
    loss = loss_of(log_target, reduced)
    for function in (jax.value_and_grad(loss, (0, 1)), jax.jit(jax.value_and_grad(loss, (0, 1)))):
        found, slopes = function(x, t)
        assert_allclose(found, value / parts, rtol=1e-14)
        assert_allclose(slopes[0], by_input / parts, rtol=1e-14)
        assert_allclose(slopes[1], by_target / parts, rtol=1e-13)
    assert_allclose(jax.jit(loss)(x, t), loss(x, t), rtol=1e-15)


@BOTH_SPACES
@pytest.mark.parametrize("argument", [0, 1])
def test_one_operand_alone_may_be_differentiated(log_target, argument):
    x, t = operands(log_target)
    slope = jax.grad(loss_of(log_target), argument)(x, t)
    assert_allclose(slope, expected(x, t, log_target)[1 + argument], rtol=1e-13)


def test_derivative_by_input_does_not_need_the_derivative_by_target():
    x, t = operands(zeros=False)
    both = jax.make_jaxpr(jax.grad(loss_of(), (0, 1)))(x, t)
    one = jax.make_jaxpr(jax.grad(loss_of(), 0))(x, t)
    assert str(one).count(" log ") < str(both).count(" log ")


@BOTH_SPACES
@REDUCED
def test_masked_terms_have_no_part_in_the_value_and_in_its_gradient(log_target, reduced):
    arrays, mask = operands(log_target), np.arange(12).reshape(SHAPE) % 5 > 0
    options = {"reduction": reduced, "log_target": log_target}
    loss = partial(kl_div, **options, where=jnp.asarray(mask))
    value, slopes = jax.jit(jax.value_and_grad(loss, (0, 1)))(*arrays)
    on_host = [np.asarray(array) for array in arrays]
    assert_allclose(value, kl_div(*on_host, **options, where=mask), rtol=1e-14)
    for slope, closed in zip(slopes, kl_div_gradient(*on_host, **options, where=mask), strict=True):
        assert_allclose(slope, closed, rtol=1e-13)


DIVERGENCES = {
    "kl": (
        KL(2.0, "logits"),
        partial(kl_div_with_logits, temperature=2.0, scale_by_temperature_squared=False),
    ),
    "probabilities": (
        KL(1.0, "probabilities"),
        partial(kl_div_with_logits, target_is="probabilities"),
    ),
    "js": (JS.of(1.0, 0.25), partial(js_div_with_logits, beta=0.25)),
}
EVERY_DIVERGENCE = pytest.mark.parametrize(
    ("divergence", "function"), DIVERGENCES.values(), ids=DIVERGENCES
)
WEIGHTS = np.asarray([[1.0, -2.0, 3.0], [0.5, 0.25, 4.0]])


def logits(divergence, *, masked):
    """Logits, or probabilities for a target, and a mask of rows."""
    rng = np.random.default_rng(5)
    student, teacher = rng.normal(size=(2, 2, 3, 4))
    if divergence == KL(1.0, "probabilities"):
        teacher = np.exp(teacher) / np.exp(teacher).sum(-1, keepdims=True)
    return student, teacher, *([np.arange(6).reshape(2, 3, 1) % 4 > 0] if masked else [])


@pytest.mark.cases(7)
@EVERY_DIVERGENCE
@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
@pytest.mark.parametrize("argnums", [(0,), (1,), (0, 1)], ids=["input", "target", "both"])
def test_divergences_of_rows_have_the_closed_gradient(divergence, function, masked, argnums):
    on_host = logits(divergence, masked=masked)
    x, t, *where = map(jnp.asarray, on_host)
    rows = partial(function, reduction="none", where=where[0] if masked else None)

    def weighted(x, t):
        return (rows(x, t) * WEIGHTS).sum()

    expected = function(*on_host[:2], reduction="none", where=on_host[2] if masked else None)
    assert_allclose(rows(x, t), expected, rtol=1e-13, atol=1e-15)
    wanted = (0 in argnums, 1 in argnums)
    together = examine(*on_host[:2])
    closed = plain_slopes(together, on_host, divergence, WEIGHTS[..., None], wanted)
    for derivative in (jax.grad, lambda *given: jax.jit(jax.grad(*given))):
        slopes = iter(derivative(weighted, argnums)(x, t))
        for one, want in zip(closed, wanted, strict=True):
            if want:
                assert_allclose(next(slopes), one, rtol=1e-12, atol=1e-14)


def test_slope_of_divergences_by_input_does_not_need_that_by_target():
    arrays = tuple(map(jnp.asarray, logits(KL(1.0, "logits"), masked=False)))
    both = jax.make_jaxpr(jax.grad(kl_div_with_logits, (0, 1)))(*arrays)
    one = jax.make_jaxpr(jax.grad(kl_div_with_logits, 0))(*arrays)
    assert str(one).count(" exp ") < str(both).count(" exp ")


@pytest.mark.slow
@EVERY_DIVERGENCE
def test_divergences_move_along_both_operands(divergence, function):
    arrays = tuple(map(jnp.asarray, logits(divergence, masked=False)))
    moves = tuple(jnp.asarray(np.random.default_rng(8).normal(size=(2, 2, 3, 4))))
    rows = partial(function, reduction="none")
    values, moved = jax.jvp(rows, arrays, moves)
    assert_allclose(values, rows(*arrays), rtol=1e-13)
    slopes = jax.vjp(rows, *arrays)[1](jnp.ones((2, 3)))
    products = sum((slope * move).sum(-1) for slope, move in zip(slopes, moves, strict=True))
    assert_allclose(moved, products, rtol=1e-12)


@BOTH_SPACES
def test_forward_and_reverse_mode_agree(log_target):
    x, t = operands(log_target)
    rng = np.random.default_rng(2)
    moves = tuple(jnp.asarray(rng.normal(size=SHAPE)) for _ in range(2))
    value, moved = jax.jvp(loss_of(log_target), (x, t), moves)
    again, pull = jax.vjp(loss_of(log_target), x, t)
    slopes = pull(jnp.asarray(1.0))
    assert value == again
    products = [np.sum(np.asarray(s) * np.asarray(m)) for s, m in zip(slopes, moves, strict=True)]
    assert_allclose(moved, sum(products), rtol=1e-13)
    value, along = jax.linearize(loss_of(log_target), x, t)
    assert_allclose(along(*moves), moved, rtol=1e-13)


@BOTH_SPACES
def test_upstream_derivative_scales_the_gradient(log_target):
    x, t = operands(log_target)
    _, pull = jax.vjp(loss_of(log_target), x, t)
    one, three = pull(jnp.asarray(1.0)), pull(jnp.asarray(3.0))
    for single, triple in zip(one, three, strict=True):
        assert_allclose(triple, 3 * single, rtol=1e-15)


def test_hessian_is_that_of_the_formula():
    x, t = (a[0] for a in operands(zeros=False))
    (xx, xt), (tx, tt) = jax.hessian(loss_of(), (0, 1))(x, t)
    assert_array_equal(xx, np.zeros((4, 4)))
    assert_allclose(xt, -np.eye(4), atol=1e-15)
    assert_allclose(tx, -np.eye(4), atol=1e-15)
    assert_allclose(tt, np.diag(1 / np.asarray(t)), rtol=1e-14)


def test_hessian_in_log_space_is_that_of_the_formula():
    x, t = (a[0] for a in operands(log_target=True, zeros=False))
    (xx, xt), (_, tt) = jax.hessian(loss_of(log_target=True), (0, 1))(x, t)
    p, ratio = np.exp(t), np.asarray(t - x)
    assert_array_equal(xx, np.zeros((4, 4)))
    assert_allclose(xt, np.diag(-p), rtol=1e-14)
    assert_allclose(tt, np.diag(p * (ratio + 2)), rtol=1e-13)


@BOTH_SPACES
def test_hessian_is_finite_at_zero_targets(log_target):
    x, t = operands(log_target)
    x = jnp.where(jnp.isinf(x), -2.0, x)
    hessian = jax.jit(jax.hessian(loss_of(log_target), (0, 1)))(x, t)
    assert all(bool(jnp.isfinite(part).all()) for row in hessian for part in row)


@BOTH_SPACES
def test_mapped_loss_is_the_loss_of_each(log_target):
    x, t = operands(log_target)
    apart = [loss_of(log_target)(a, b) for a, b in zip(x, t, strict=True)]
    for mapped in (jax.vmap(loss_of(log_target)), jax.jit(jax.vmap(loss_of(log_target)))):
        assert_allclose(mapped(x, t), apart, rtol=1e-15)


@BOTH_SPACES
def test_one_operand_alone_may_be_mapped(log_target):
    x, t = operands(log_target)
    mapped = jax.vmap(loss_of(log_target), (None, 0))(x[0], t)
    assert_allclose(mapped, [loss_of(log_target)(x[0], row) for row in t], rtol=1e-15)


@BOTH_SPACES
def test_compiled_map_of_gradients_is_the_gradient_of_each(log_target):
    x, t = operands(log_target)
    gradient = jax.grad(loss_of(log_target), (0, 1))
    by_input, by_target = jax.jit(jax.vmap(gradient))(x, t)
    _, exact_input, exact_target = expected(x, t, log_target)
    assert_allclose(by_input, exact_input, rtol=1e-14)
    assert_allclose(by_target, exact_target, rtol=1e-13)


def test_gradient_of_a_softmax_is_the_textbook_difference():
    rng = np.random.default_rng(3)
    logits, p = jnp.asarray(rng.normal(size=SHAPE)), jnp.asarray(rng.dirichlet(np.ones(4), 3))
    p = p.at[0].set(jnp.asarray([0.0, 0.0, 1.0, 0.0]))
    gradient = jax.jit(jax.grad(lambda z: kl_div(jax.nn.log_softmax(z), p, reduction="sum")))
    assert_allclose(gradient(logits), jax.nn.softmax(logits) - p, rtol=1e-12, atol=1e-15)


def test_loss_may_be_recomputed_scanned_and_looped():
    x, t = operands(zeros=False)
    exact = expected(x, t)[1]
    remade = jax.grad(jax.checkpoint(loss_of()))(x, t)
    assert_allclose(remade, exact, rtol=1e-14)

    def scanned(x):
        return jax.lax.scan(lambda s, row: (s + loss_of()(*row), None), 0.0, (x, t))[0]

    assert_allclose(jax.grad(scanned)(x), exact, rtol=1e-14)


# Zeros, infinities and missing values


@BOTH_SPACES
@pytest.mark.parametrize("way", ["eager", "compiled"])
def test_each_special_pair_is_as_the_contract_says(dtype, log_target, way):
    pairs = np.asarray(reference.every_pair(log_target))
    wrap = jax.jit if way == "compiled" else lambda function: function
    loss = wrap(loss_of(log_target))
    slopes = wrap(jax.grad(loss_of(log_target), (0, 1)))
    eps = 4 * np.finfo(dtype).eps
    for x, t in pairs:
        # Among ordinary terms, whose sum is small.
        arrays = jnp.asarray([x, -1.0], dtype), jnp.asarray([t, 0.0 if log_target else 1.0], dtype)
        stored = [np.asarray(array, "float64") for array in arrays]
        exact = reference.loss(*stored, "sum", log_target)
        assert_allclose(loss(*arrays), exact, rtol=eps, atol=2 * eps)
        found = slopes(*arrays)
        if not (np.isnan(x) or np.isnan(t)):
            exact = reference.gradient(stored[0][0], stored[1][0], log_target)
            assert_allclose([slope[0] for slope in found], exact, rtol=eps, atol=eps)
        assert_allclose([slope[1] for slope in found], (-1, 2), rtol=eps)


@BOTH_SPACES
def test_batch_of_special_rows_is_each_as_it_must_be(log_target):
    pairs = reference.every_pair(log_target)
    x, t = np.asarray(pairs).T
    rows = jnp.stack([jnp.asarray(x), jnp.full(x.shape, -1.0)], 1)
    targets = jnp.stack([jnp.asarray(t), jnp.full(t.shape, 0.3)], 1)
    values = jax.jit(jax.vmap(loss_of(log_target)))(rows, targets)
    exact = [reference.loss(*row, "sum", log_target) for row in zip(rows, targets, strict=True)]
    assert_allclose(values, exact, rtol=1e-14)


# Types


@BOTH_SPACES
@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_half_precision_is_added_up_in_float32_and_rounded_once(half, log_target):
    x, t = (array.astype(half) for array in operands(log_target))
    wide = [array.astype("float32") for array in (x, t)]
    for wrap in (lambda function: function, jax.jit):
        value = wrap(loss_of(log_target))(x, t)
        assert value.dtype == half
        assert value == loss_of(log_target)(*wide).astype(half)


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_gradient_has_the_type_of_its_operand(half):
    x, t = operands(zeros=False)
    for types in ((half, half), (half, "float32"), ("float32", half), ("float64", half)):
        arrays = x.astype(types[0]), t.astype(types[1])
        for gradient in (jax.grad(loss_of(), (0, 1)), jax.jit(jax.grad(loss_of(), (0, 1)))):
            assert [str(slope.dtype) for slope in gradient(*arrays)] == list(types)


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_sum_of_half_precision_does_not_overflow_on_its_way(half):
    x, t = jnp.full((4, 40_000), -8, half), jnp.ones((4, 40_000), half)
    assert kl_div(x, t, reduction="mean") == 8


def test_half_precision_gradient_equals_the_closed_form():
    x, t = (array.astype("bfloat16") for array in operands(zeros=False))
    closed = kl_div_gradient(x, t, reduction="sum")
    for slope, exact in zip(jax.grad(loss_of(), (0, 1))(x, t), closed, strict=True):
        assert_array_equal(slope.astype("float32"), exact.astype("float32"))


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
def test_sum_of_nothing_is_zero_and_has_an_empty_gradient(shape):
    empty = jnp.zeros(shape)
    assert kl_div(empty, empty, reduction="sum") == 0
    assert jax.grad(loss_of())(empty, empty).shape == shape


# Tracing


@REDUCED
@BOTH_SPACES
def test_trace_needs_no_value(reduced, log_target):
    shapes = [jax.ShapeDtypeStruct(SHAPE, "float32")] * 2
    loss = loss_of(log_target, reduced)
    assert jax.eval_shape(loss, *shapes).shape == ()
    assert [slope.shape for slope in jax.eval_shape(jax.grad(loss, (0, 1)), *shapes)] == [SHAPE] * 2
    assert jax.make_jaxpr(loss)(*shapes).out_avals[0].dtype == np.float32


def test_second_eager_call_traces_and_compiles_nothing(reduction):
    shape = (5, 100 + len(reduction))  # which no other test has
    x, t = jnp.full(shape, -1.0), jnp.full(shape, 0.5)
    with Counted("trace") as first:
        kl_div(x, t, reduction=reduction)
    with Counted("") as second:
        kl_div(t, x, reduction=reduction)
    assert first.count > 0
    assert second.count == 0


def test_other_shapes_trace_again_and_are_remembered():
    arrays = [jnp.ones((size, 3)) for size in (11, 12)]
    for array in arrays:
        kl_div(array, array, reduction="sum")
    with Counted("") as counted:
        for array in arrays * 3:
            kl_div(array, array, reduction="sum")
    assert counted.count == 0


def hlo_of(function, *arrays):
    """Program that XLA makes of a function, for this device."""
    return jax.jit(function).lower(*arrays).compile().as_text()


@BOTH_SPACES
@pytest.mark.parametrize("axis", [None, -1], ids=["all", "rows"])
def test_program_of_sums_has_neither_a_condition_nor_a_comparison_of_elements(log_target, axis):
    """Of the sums alone a comparison is taken, for the sign of 0."""
    shapes = [jax.ShapeDtypeStruct(SHAPE, "float32")] * 2
    loss = partial(kl_div, reduction="none" if axis else "sum", log_target=log_target, axis=axis)
    text = hlo_of(loss, *shapes)
    assert not re.search(r" (conditional|while)\(", text)
    compared = re.findall(r"= pred(\[\d*\])\S* compare\(", text)
    assert compared == ["[3]" if axis else "[]"]


@pytest.mark.parametrize("platform", ["cpu", "cuda"])
def test_program_takes_one_logarithm_of_an_element(platform):
    shapes = [jax.ShapeDtypeStruct(SHAPE, "float32")] * 2
    lowered = jax.jit(loss_of()).trace(*shapes).lower(lowering_platforms=(platform,))
    assert lowered.as_text().count("stablehlo.log ") == 1


def test_terms_and_closed_gradients_have_no_condition():
    x, t = operands()
    for function in (loss_of(reduction="none"), kl_div_gradient):
        assert "conditional(" not in hlo_of(function, x, t)


def test_errors_come_before_tracing():
    x = jnp.ones(SHAPE)
    with pytest.raises(ValueError, match="shape"):
        jax.jit(loss_of())(x, x[:1])
    with pytest.raises(TypeError, match="floating"):
        jax.grad(loss_of())(x, x.astype(int))
