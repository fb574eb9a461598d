"""Every form of the divergence: either space on either side, and q - p added to each term."""

import itertools

import numpy as np
import pytest
import reference
from array_libraries import library
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import kl_div, kl_div_gradient, thread_limit
from kldiv_xp.formula.form import Form

NEW = [Form(*flags) for flags in itertools.product([True, False], repeat=3)]
NEW = [form for form in NEW if not form.log_input or form.generalized]
GENERALIZED = [form for form in NEW if form.generalized]
FORMS = pytest.mark.parametrize(
    "form", NEW, ids=lambda form: "".join("NY"[one] for one in form[:3])
)
COMPILERS = ("torch-compile", "jax-jit")
RNG = np.random.default_rng(0)


def tables(shape, form, noise=None):
    """Operands of a form: samples along the last axis, with some zeros among the targets."""
    p, q = RNG.dirichlet(np.ones(shape[-1]), (2, *shape[:-1]))
    if noise is not None:
        q = p * np.exp(noise * RNG.standard_normal(shape))
        q /= q.sum(axis=-1, keepdims=True)
    p[..., 1::7] = 0
    with np.errstate(divide="ignore"):
        return np.log(q) if form.log_input else q, np.log(p) if form.log_target else p


def special(form):
    """Every pair of special operands."""
    return np.asarray(reference.every_pair(form.log_target, form.log_input)).T


def of_terms(function, x, t, form):
    """Reference value of each pair, in the shape of the operands."""
    pairs = zip(x.flat, t.flat, strict=True)
    values = [function(*pair, **form.switches) for pair in pairs]
    return np.asarray(values).reshape(*x.shape, *np.shape(values)[1:])


def at_once(backend, forms, operands, **options):
    """Losses of many forms in one call, which a compiler compiles once."""

    def losses(*arrays):
        where = (*arrays[2 * len(forms) :], None)[0]
        return [
            kl_div(arrays[2 * place], arrays[2 * place + 1], where=where, **options, **each)
            for place, each in enumerate(form.switches for form in forms)
        ]

    return [backend.read(one) for one in backend.call(losses, *operands)]


def tolerance(dtype):
    return 16 * np.finfo(dtype).eps


def test_special_operands_are_as_the_contract_says(backend):
    pairs = [special(form) for form in NEW]
    operands = [backend.array(one) for pair in pairs for one in pair]
    for terms, pair, form in zip(
        at_once(backend, NEW, operands, reduction="none"), pairs, NEW, strict=True
    ):
        expected = of_terms(reference.term, *pair, form)
        assert_allclose(terms, expected, rtol=tolerance("float64"), atol=2e-15)
        assert not np.signbit(terms[terms == 0]).any()


def gradients(backend, operands):
    """Derivatives of the sum of all forms by the library's own differentiation."""

    def loss(*arrays):
        return sum(
            kl_div(*arrays[2 * place : 2 * place + 2], reduction="sum", **form.switches)
            for place, form in enumerate(NEW)
        )

    if backend.library == "torch":
        for one in operands:
            one.requires_grad_()
        backend.call(loss, *operands).backward()
        return [backend.read(one.grad) for one in operands]
    every = tuple(range(len(operands)))
    found = library("jax").grad(lambda *arrays: backend.call(loss, *arrays), every)(*operands)
    return [backend.read(one) for one in found]


def test_autodiff_gives_the_gradient_of_the_contract(autodiff_backend):
    pairs = []
    for form in NEW:
        x, t = special(form)
        kept = np.isfinite(np.where(np.isneginf(x), 0, x)) & ~np.isnan(t) & ~np.isposinf(t)
        pairs.append((x[kept], t[kept]))
    operands = [autodiff_backend.array(one) for pair in pairs for one in pair]
    found = iter(gradients(autodiff_backend, operands))
    for pair, form in zip(pairs, NEW, strict=True):
        expected = of_terms(reference.gradient, *pair, form).T
        closed = kl_div_gradient(*pair, reduction="sum", **form.switches)
        for place in (0, 1):
            for one in (next(found), closed[place]):
                assert_allclose(one, expected[place], rtol=tolerance("float64"), atol=2e-15)


@FORMS
def test_torch_differentiates_the_plain_expression_to_the_closed_gradient(form):
    torch = pytest.importorskip("torch")
    x, t = map(torch.tensor, tables((2, 9), form))
    if form.log_input == form.log_target:
        x[0, 0] = t[0, 0]
    gradient = torch.func.grad(
        lambda *one: kl_div(*one, reduction="sum", **form.switches), argnums=(0, 1)
    )
    closed = kl_div_gradient(x, t, reduction="sum", **form.switches)
    torch.testing.assert_close(gradient(x, t), closed, rtol=1e-12, atol=1e-14)


@FORMS
def test_gradients_of_gradients_are_right(form):
    torch = pytest.importorskip("torch")
    x, t = tables((2, 4), form)
    t[:, 1] = t[:, 0]
    operands = [torch.tensor(one, requires_grad=True) for one in (x, t)]

    def loss(x, t):
        return kl_div(x, t, reduction="sum", **form.switches)

    assert torch.autograd.gradcheck(loss, operands)
    assert torch.autograd.gradgradcheck(loss, operands)


@pytest.mark.parametrize("axis", [None, (0, 2)])
def test_masks_axes_and_reductions_are_those_of_the_terms(backend, axis):
    pairs = [tables((3, 2, 9), form) for form in NEW]
    where = RNG.random((3, 2, 9)) < 0.7
    samples = []
    for (x, t), form in zip(pairs, NEW, strict=True):
        terms = np.where(where, of_terms(reference.term, x, t, form), 0)
        samples.append(terms if axis is None else terms.sum(axis=axis))
        x[~where] = np.nan
    operands = [backend.array(one) for pair in pairs for one in pair]
    operands.append(backend.array(where) > 0)
    named = {
        "none": lambda one: one,
        "sum": np.sum,
        "batchmean": lambda one: one.sum() / len(one),
        "mean": lambda one: one.sum() / one.size,
    }
    if axis is None:
        del named["mean"]  # which warns
    if backend.name in COMPILERS:
        named = {"batchmean": named["batchmean"]}  # each is a graph of its own
    for reduction, reduced in named.items():
        losses = at_once(backend, NEW, operands, reduction=reduction, axis=axis)
        for loss, one in zip(losses, samples, strict=True):
            assert_allclose(loss, reduced(one), rtol=1e-12, atol=1e-14)


@FORMS
def test_sixteen_bits_are_computed_in_float32(holding_backend, form):
    for dtype in set(holding_backend.dtypes) - {"float32", "float64"}:
        operands = [holding_backend.array(one, dtype) for one in tables((4, 9), form)]
        wide = [np.asarray(holding_backend.read(one), "float32") for one in operands]
        for reduction in ("none", "sum"):
            options = {"reduction": reduction, **form.switches}
            loss = holding_backend.call(kl_div, *operands, **options)
            assert dtype in str(loss.dtype)
            found = np.asarray(holding_backend.read(loss), "float64")
            rounding = 2**-8 if dtype == "bfloat16" else 2**-10
            assert_allclose(found, kl_div(*wide, **options), rtol=rounding, atol=1e-7)


@pytest.mark.few(1, 5)
@FORMS
def test_blocks_and_threads_change_no_bit(form):
    x, t = (one.astype("float32") for one in tables((70, 1 << 14), form))
    results = []
    for threads in (1, 3):
        with thread_limit(threads):
            total = kl_div(x, t, reduction="sum", **form.switches)
            rows = kl_div(x, t, reduction="none", axis=1, **form.switches)
            derivatives = kl_div_gradient(x, t, reduction="sum", **form.switches)
            results.append([total, rows, *derivatives])
    for one, other in zip(*results, strict=True):
        assert_array_equal(one, other)
    terms = kl_div(x, t, reduction="none", **form.switches)
    assert_allclose(total, terms.sum(dtype="float64"), rtol=1e-6)
    x, t = x[:1, :9], t[:1, :9]
    few = kl_div_gradient(x, t, reduction="sum", **form.switches)
    # The logarithm and exponential of few elements may be others, each right to 3.5 ulp.
    bound = 4 * np.finfo("float32").eps
    for one, many, size in zip(few, derivatives, sizes_of_parts(x, t, form), strict=True):
        assert (abs(one - many[:1, :9]) <= bound * size).all()


def sizes_of_parts(x, t, form):
    """Sizes of what the derivatives by input and target are the differences of."""
    x, t = x.astype("float64"), t.astype("float64")
    p, q = np.exp(t) if form.log_target else t, np.exp(x) if form.log_input else x
    logs = 1 + abs(np.log(np.where(p > 0, p, 1))) + abs(np.log(q))
    return p + q if form.log_input else 1 + p / q, p * logs if form.log_target else logs


@pytest.mark.only_where(lambda backend, dtype: dtype == "float32" or backend not in COMPILERS)
def test_two_equal_tables_have_terms_of_exactly_zero(backend, dtype):
    form = Form(log_input=False)
    forms = [form, form._replace(generalized=True)]
    table = backend.array(tables((3, 41), form)[1], dtype)
    for terms in at_once(backend, forms, [table] * 4, reduction="none"):
        assert_array_equal(terms, np.zeros((3, 41)))
        assert not np.signbit(terms).any()


def test_two_tables_are_those_of_scipy():
    stats, special = pytest.importorskip("scipy.stats"), library("scipy.special")
    q, p = tables((40, 30), Form(log_input=False))
    p[1] = q[0, 1] = p[0, 2] = q[0, 2] = 0
    p[1, 4] = 1
    q, p = (one / one.sum(axis=1, keepdims=True) for one in (q, p))
    rows = kl_div(q, p, reduction="none", axis=1, log_input=False)
    assert_allclose(rows, stats.entropy(p, q, axis=1), rtol=1e-13, atol=1e-15)
    q[3, 4] = 0
    terms = kl_div(q, p, reduction="none", log_input=False)
    assert np.isposinf(terms[3, 4])
    assert_allclose(terms, special.rel_entr(p, q), rtol=1e-12, atol=1e-15)
    terms = kl_div(q, p, reduction="none", log_input=False, generalized=True)
    assert_allclose(terms, special.kl_div(p, q), rtol=1e-9, atol=1e-15)


def test_generalised_rows_are_those_of_optax():
    losses, jnp = pytest.importorskip("optax").losses, library("jax.numpy")
    x, p = map(jnp.asarray, tables((5, 30), Form(generalized=True)))
    rows = kl_div(x, p, reduction="none", axis=-1, generalized=True)
    assert_allclose(rows, losses.generalized_kl_divergence(x, p), rtol=1e-12)


@pytest.mark.few(4)
@pytest.mark.only_where(lambda backend, noise: noise == 1e-3 or backend not in COMPILERS)
@pytest.mark.parametrize("noise", [3.0, 1e-3])
def test_generalised_terms_are_exact_and_never_negative(backend, noise):
    pairs = [[one.astype("float32") for one in tables((8, 40), f, noise)] for f in GENERALIZED]
    operands = [backend.array(one, "float32") for pair in pairs for one in pair]
    found = at_once(backend, GENERALIZED, operands, reduction="none")
    for terms, pair, form in zip(found, pairs, GENERALIZED, strict=True):
        assert (terms >= 0).all()
        expected, lost = of_terms(exact, *pair, form).transpose(2, 0, 1)
        assert (np.abs(terms - expected) <= 64 * 2.0**-24 * expected + lost + 1e-37).all()


def exact(x, t, log_input, log_target, generalized):
    """A term to the last digit, and what the rounding of an exponential may change in it."""
    assert generalized
    mp = pytest.importorskip("mpmath", reason="mpmath is not installed").mp
    with mp.workdps(40):
        x, t = mp.mpf(float(x)), mp.mpf(float(t))
        q, p = mp.exp(x) if log_input else x, mp.exp(t) if log_target else t
        value = p * mp.log(p / q) - p + q if p and q else q
        rounding = 0.0 if log_input == log_target else 2.0**-22
        return float(value), float(rounding * abs(p - q) + rounding**2 * p)
