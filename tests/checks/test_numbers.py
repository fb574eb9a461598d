"""Numbers among the options: of every kind, 0-d arrays with derivatives, and what is refused."""

import math
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from array_libraries import library
from conftest import usable
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import KLDivLoss, js_div_with_logits, kl_div, kl_div_gradient, kl_div_with_logits

INF = math.inf
# Words that the student lacks, that the teacher lacks, and that both lack.
STUDENT = [[1.0, -2.0, 0.5, -INF], [0.25, 1.0, -1.0, 3.0], [2.0, 2.0, 2.0, 2.0]]
TEACHER = [[2.0, -1.0, -INF, -INF], [1.0, 0.0, -INF, 2.5], [2.0, 2.0, 2.0, 2.0]]
LOG_Q, P = np.log([[0.25, 0.75], [0.5, 0.5]]), np.asarray([[0.4, 0.6], [1.0, 0.0]])
TWOS = [np.float32(2), np.float64(2), np.float16(2), np.int64(2), np.uint8(2), 2, Fraction(2)]
EVERY_TWO = pytest.mark.parametrize("two", TWOS, ids=lambda two: type(two).__name__)
BETAS = pytest.mark.parametrize("beta", [0.0, 0.3, 0.5, 1.0])
LOSSES = pytest.mark.parametrize("loss", [kl_div_with_logits, js_div_with_logits])
LARGE = 2**63

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")


def operands(backend, dtype="float64"):
    return backend.array(STUDENT, dtype), backend.array(TEACHER, dtype)


def reversed_at_one(beta, pair):
    """Operands of a finite divergence: at beta = 1 the student's words are asked of the teacher."""
    return pair[::-1] if beta == 1 else pair


def same_as_float(backend, found, expected, dtype):
    assert_allclose(found, expected, rtol=8 * np.finfo(dtype).eps, atol=np.finfo(dtype).eps)


# Numbers


@EVERY_TWO
@LOSSES
def test_temperature_is_any_real_number(backend, loss, two):
    pair = operands(backend)
    found, expected = (backend.values(loss, *pair, temperature=t) for t in (two, 2.0))
    assert_array_equal(found, expected)


@pytest.mark.parametrize("half", [np.float32(0.5), np.float16(0.5), Fraction(1, 2)])
def test_beta_is_any_real_number(backend, half):
    pair = operands(backend)
    found, expected = (backend.values(js_div_with_logits, *pair, beta=b) for b in (half, 0.5))
    # torch.compile takes a number of NumPy for one that may change, and so the way of any beta.
    assert_allclose(found, expected, rtol=1e-15 if backend.name == "torch-compile" else 0)


@EVERY_TWO
@pytest.mark.parametrize("reduction", ["none", "sum"])
def test_upstream_is_any_real_number(backend, reduction, two):
    slope = partial(kl_div_gradient, reduction=reduction, upstream=two)
    found = backend.call(slope, backend.array(LOG_Q, "float32"), backend.array(P, "float32"))
    assert_array_equal(backend.read(found[0]), -2 * P.astype("float32"))
    assert found[0].dtype == backend.array(P, "float32").dtype


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("where", [None, [[True, True], [True, False]]], ids=["all", "masked"])
def test_upstream_beyond_64_bits_is_a_number(backend, reduction, where):
    arrays = [backend.array(LOG_Q), backend.array(P)]
    if where is not None:
        arrays.append(backend.array(where) != 0)

    def slope(x, t, mask=None):
        return kl_div_gradient(x, t, reduction=reduction, where=mask, upstream=LARGE)[0]

    def unit(x, t, mask=None):
        return kl_div_gradient(x, t, reduction=reduction, where=mask)[0]

    found, one = backend.values(slope, *arrays), backend.values(unit, *arrays)
    assert_allclose(found, one * float(LARGE), rtol=1e-15)


@LOSSES
def test_temperature_beyond_64_bits_is_a_number(backend, loss):
    pair = operands(backend)
    found, expected = (backend.values(loss, *pair, temperature=t) for t in (LARGE, float(LARGE)))
    assert_array_equal(found, expected)


# torch.compile makes a tensor without a value of an int of NumPy.
@pytest.mark.only_where(lambda backend: backend != "torch-compile")
@pytest.mark.parametrize("axis", [np.int64(1), np.uint8(1), (np.int64(1),), (1, np.int32(0))])
def test_axis_may_be_of_ints_of_numpy(backend, axis):
    plain = tuple(map(int, axis)) if isinstance(axis, tuple) else int(axis)
    pair = backend.array(LOG_Q), backend.array(P)
    expected = backend.values(kl_div, *pair, reduction="mean", axis=plain)
    assert backend.values(kl_div, *pair, reduction="mean", axis=axis) == expected
    loss = KLDivLoss(reduction="mean", axis=axis)
    assert repr(loss) == f"KLDivLoss(reduction='mean', log_target=False, axis={plain!r})"
    assert backend.values(loss, *pair) == expected
    slope = backend.call(kl_div_gradient, *pair, axis=axis)[0]
    assert_array_equal(
        backend.read(slope), backend.read(backend.call(kl_div_gradient, *pair, axis=plain)[0])
    )
    if not isinstance(axis, tuple):
        for function in (kl_div_with_logits, js_div_with_logits):
            values = [backend.values(function, *pair, axis=one) for one in (axis, plain)]
            assert_array_equal(*values)


# Arrays of no axes


@LOSSES
@pytest.mark.parametrize("scaled", [False, True], ids=["bare", "scaled"])
@pytest.mark.parametrize("reduction", ["none", "mean", "sum", "batchmean"])
def test_temperature_may_be_an_array(backend, dtype, loss, scaled, reduction):
    options = {"scale_by_temperature_squared": scaled, "reduction": reduction}

    def at(x, t, temperature):
        return loss(x, t, temperature=temperature, **options)

    pair = operands(backend, dtype)
    expected = backend.values(loss, *pair, temperature=1.7, **options)
    value = backend.call(at, *pair, backend.array(1.7))
    assert value.dtype == pair[0].dtype
    same_as_float(backend, backend.read(value), expected, dtype)


@pytest.mark.parametrize("kind", ["probabilities", "log_probabilities"])
def test_temperature_that_is_an_array_leaves_a_distribution_alone(backend, kind):
    p = np.asarray([[0.5, 0.25, 0.25, 0.0], [0.1, 0.2, 0.3, 0.4], [0.25] * 4])
    with np.errstate(divide="ignore"):
        target = p if kind == "probabilities" else np.log(p)
    pair = backend.array(STUDENT), backend.array(target)
    expected = backend.values(kl_div_with_logits, *pair, target_is=kind, temperature=3.0)

    def at(x, t, temperature):
        return kl_div_with_logits(x, t, target_is=kind, temperature=temperature)

    same_as_float(backend, backend.values(at, *pair, backend.array(3.0)), expected, "float64")


@BETAS
@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("options", [{}, {"temperature": 2.0}, {"reduction": "none"}], ids=str)
def test_beta_may_be_an_array_and_its_ends_are_those_of_the_number(backend, beta, kind, options):
    pair = reversed_at_one(beta, operands(backend))
    number = float(np.asarray(beta, kind))
    expected = backend.values(js_div_with_logits, *pair, beta=number, **options)

    def at(x, t, weight):
        return js_div_with_logits(x, t, beta=weight, **options)

    value = backend.call(at, *pair, backend.array(beta, kind))
    assert value.dtype == pair[0].dtype
    assert_allclose(backend.read(value), expected, rtol=1e-6 if kind == "float32" else 1e-13)


@pytest.mark.slow
def test_temperature_and_beta_may_be_arrays_with_a_mask_and_another_axis(backend):
    student, teacher = np.asarray(STUDENT).T.copy(), np.asarray(TEACHER).T.copy()
    student[:, 1] = np.nan
    mask = backend.array([[1.0, 0.0, 1.0]]) != 0
    options = {"axis": 0, "reduction": "mean"}

    def at(x, t, where, temperature, beta):
        return js_div_with_logits(x, t, where=where, temperature=temperature, beta=beta, **options)

    arrays = backend.array(student), backend.array(teacher), mask
    expected = backend.values(
        lambda x, t, m: js_div_with_logits(x, t, where=m, temperature=1.5, beta=0.25, **options),
        *arrays,
    )
    found = backend.values(at, *arrays, backend.array(1.5), backend.array(0.25))
    assert_allclose(found, expected, rtol=1e-13)


def test_operands_of_16_bits_are_softened_in_float32(autodiff_backend):
    backend = autodiff_backend
    pair = operands(backend, "bfloat16")
    wide = [backend.array(backend.read(one), "float32") for one in pair]

    def at(x, t, temperature):
        return kl_div_with_logits(x, t, temperature=temperature)

    value = backend.call(at, *pair, backend.array(1.7))
    assert value.dtype == pair[0].dtype
    exact = backend.values(kl_div_with_logits, *wide, temperature=1.7)
    assert_allclose(backend.read(value), exact, rtol=2**-8)


@pytest.mark.parametrize("integer", [np.asarray(2), np.asarray(2, "uint8")])
def test_array_of_an_int_is_a_temperature(integer):
    pair = np.asarray(STUDENT), np.asarray(TEACHER)
    expected = kl_div_with_logits(*pair, temperature=2)
    assert kl_div_with_logits(*pair, temperature=integer) == expected
    jnp = pytest.importorskip("jax.numpy")
    found = kl_div_with_logits(*map(jnp.asarray, pair), temperature=jnp.asarray(integer))
    assert_allclose(found, expected, rtol=1e-13)


def test_value_of_an_array_is_not_read():
    dask = pytest.importorskip("dask.array")

    def refuse(*_):
        raise AssertionError("the value was read")

    lazy = dask.from_delayed(library("dask").delayed(refuse)(), (), float)
    pair = dask.from_array(np.asarray(STUDENT)), dask.from_array(np.asarray(TEACHER))
    assert kl_div_with_logits(*pair, temperature=lazy).shape == ()
    assert js_div_with_logits(*pair, beta=lazy, temperature=lazy).shape == ()


# Derivatives


def slopes_of(backend, function, *arrays):
    """Derivatives of a function by every array, by the library's own differentiation."""
    if backend.library == "torch":
        leaves = [array.clone().requires_grad_() for array in arrays]
        backend.call(function, *leaves).backward()
        return [backend.read(leaf.grad) for leaf in leaves]
    jax = library("jax")
    gradient = jax.grad(lambda *given: backend.call(function, *given), tuple(range(len(arrays))))
    return [np.asarray(slope) for slope in gradient(*arrays)]


def difference(function, at, step=1e-6):
    """Derivative of a function of a number."""
    return (function(at + step) - function(at - step)) / (2 * step)


@pytest.mark.slow
@LOSSES
@pytest.mark.parametrize("scaled", [False, True], ids=["bare", "scaled"])
def test_loss_has_derivatives_by_its_temperature_and_by_its_logits(autodiff_backend, loss, scaled):
    backend, options = autodiff_backend, {"scale_by_temperature_squared": scaled}

    def of_array(x, t, temperature):
        return loss(x, t, temperature=temperature, **options)

    def of_number(x, t):
        return loss(x, t, temperature=1.7, **options)

    pair = operands(backend)
    *by_logits, by_temperature = slopes_of(backend, of_array, *pair, backend.array(1.7))
    for slope, exact in zip(by_logits, slopes_of(backend, of_number, *pair), strict=True):
        assert_allclose(slope, exact, rtol=1e-12, atol=1e-15)
    on_host = np.asarray(STUDENT), np.asarray(TEACHER)
    exact = difference(lambda number: loss(*on_host, temperature=number, **options), 1.7)
    assert_allclose(by_temperature, exact, rtol=1e-7)


def test_logit_that_only_the_teacher_has_keeps_its_derivative(autodiff_backend):
    backend = autodiff_backend
    arrays = backend.array([[-INF, 1.0, 0.0]]), backend.array([[1.0, 0.5, 2.0]])

    def of_array(x, t, temperature):
        return kl_div_with_logits(x, t, temperature=temperature, reduction="sum")

    def of_number(x, t):
        return kl_div_with_logits(x, t, temperature=2.0, reduction="sum")

    found = slopes_of(backend, of_array, *arrays, backend.array(2.0))[0]
    assert_allclose(found, slopes_of(backend, of_number, *arrays)[0], rtol=1e-13)


@BETAS
def test_loss_has_derivatives_by_its_logits_where_beta_is_an_array(autodiff_backend, beta):
    backend = autodiff_backend
    pair = reversed_at_one(beta, operands(backend))

    def of_array(x, t, weight):
        return js_div_with_logits(x, t, beta=weight)

    def of_number(x, t):
        return js_div_with_logits(x, t, beta=beta)

    *by_logits, by_beta = slopes_of(backend, of_array, *pair, backend.array(beta))
    for slope, exact in zip(by_logits, slopes_of(backend, of_number, *pair), strict=True):
        assert_allclose(slope, exact, rtol=1e-11, atol=1e-14)
    if 0 < beta < 1:
        on_host = np.asarray(STUDENT), np.asarray(TEACHER)
        exact = difference(lambda number: js_div_with_logits(*on_host, beta=number), beta)
        assert_allclose(by_beta, exact, rtol=1e-7)


@pytest.mark.slow
def test_sample_that_is_not_selected_does_not_reach_the_temperature(autodiff_backend):
    backend = autodiff_backend
    student = np.asarray(STUDENT)
    student[1] = math.nan
    mask = backend.array([[1.0], [0.0], [1.0]]) != 0
    teacher = backend.array(TEACHER)

    def loss(x, temperature):
        return kl_div_with_logits(x, teacher, where=mask, temperature=temperature, reduction="sum")

    by_input, by_temperature = slopes_of(backend, loss, backend.array(student), backend.array(2.0))
    assert np.isfinite(by_temperature)
    assert_array_equal(by_input[1], np.zeros(4))


@pytest.mark.slow
def test_parameter_of_a_compiled_module_learns():
    usable("torch")
    torch = library("torch")

    class Distillation(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.temperature = torch.nn.Parameter(torch.tensor(1.7))

        def forward(self, x, t):
            return kl_div_with_logits(x, t, temperature=self.temperature)

    pair = operands(usable("torch"), "float32")
    torch.compiler.reset()
    slopes = []
    for wrap in (
        lambda module: module,
        partial(torch.compile, fullgraph=True, backend="aot_eager"),
    ):
        module = Distillation()
        wrap(module)(*pair).backward()
        slopes.append(module.temperature.grad.item())
    assert slopes[1] == pytest.approx(slopes[0], rel=1e-5)
    assert slopes[0] != 0


@pytest.mark.parametrize("name", ["torch", "jax"])
@pytest.mark.parametrize("option", ["temperature", "beta"])
def test_option_may_be_mapped(name, option):
    backend = usable(name)
    vmap = library("torch.func" if name == "torch" else "jax").vmap
    pair, values = operands(backend), [0.25, 0.5, 0.75]
    mapped = vmap(lambda value: js_div_with_logits(*pair, **{option: value}))
    apart = [backend.read(js_div_with_logits(*pair, **{option: value})) for value in values]
    assert_allclose(backend.read(mapped(backend.array(values))), apart, rtol=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize("debugger", ["checkify", "debug_nans"])
def test_temperature_and_beta_that_are_arrays_make_no_nan_on_their_way(debugger):
    usable("jax")
    jax, checkify = library("jax"), library("jax.experimental.checkify")
    pair = operands(usable("jax"))
    numbers = jax.numpy.asarray(1.7), jax.numpy.asarray(0.3)

    def loss(x, t, temperature, beta):
        options = {"temperature": temperature}
        return kl_div_with_logits(x, t, **options) + js_div_with_logits(x, t, beta=beta, **options)

    slopes = jax.grad(loss, (0, 1, 2, 3))
    if debugger == "debug_nans":
        with jax.debug_nans():
            slopes(*pair, *numbers)
    else:
        error, _ = checkify.checkify(jax.jit(slopes), checkify.float_checks)(*pair, *numbers)
        error.throw()


# What is refused

ENDINGS = {
    "temperature": (
        "`temperature` must be a positive finite real number (no bool) or a 0-d array of one in "
        "the library of `input`; got {}: 1.0 leaves the logits as they are."
    ),
    "beta": (
        "`beta` must be a real number from 0 to 1 (no bool) or a 0-d array of one in the library "
        "of `input`; got {}: 0.5 is the Jensen-Shannon divergence."
    ),
}
NO_NUMBERS = [
    (True, "True"),
    ("2", "'2'"),
    (1j, "1j"),
    (None, "None"),
    ([1.0], "[1.0]"),
    (np.ndarray, "<class 'numpy.ndarray'>"),
    (np.True_, "numpy.bool of shape () and dtype bool"),
    (np.complex64(1), "numpy.complex64 of shape () and dtype complex64"),
    (np.ones(1), "numpy.ndarray of shape (1,) and dtype float64"),
    (np.ones((), bool), "numpy.ndarray of shape () and dtype bool"),
    (np.asarray(1j), "numpy.ndarray of shape () and dtype complex128"),
    (np.asarray("2"), "numpy.ndarray of shape () and dtype <U1"),
]
NO_TEMPERATURES = [np.float32(-2), Fraction(-1, 2), math.nan, np.float32("nan"), INF, 0, 10**400]


@pytest.mark.parametrize("name", ENDINGS)
@pytest.mark.parametrize(("value", "got"), NO_NUMBERS, ids=[got for _, got in NO_NUMBERS])
def test_what_is_no_number_is_refused_in_one_sentence(name, value, got):
    with pytest.raises(TypeError) as caught:
        js_div_with_logits(np.asarray(STUDENT), np.asarray(TEACHER), **{name: value})
    assert str(caught.value) == ENDINGS[name].format(got)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("temperature", value) for value in NO_TEMPERATURES),
        *(("beta", value) for value in (np.float32(1.5), Fraction(3, 2), -0.1, math.nan, 10**400)),
    ],
)
def test_number_out_of_range_is_refused_in_one_sentence(name, value):
    with pytest.raises(ValueError, match="must be a") as caught:
        js_div_with_logits(np.asarray(STUDENT), np.asarray(TEACHER), **{name: value})
    assert str(caught.value) == ENDINGS[name].format(repr(value))


@pytest.mark.parametrize("name", ENDINGS)
def test_array_with_an_axis_is_refused_without_a_look_at_its_values(backend, name):
    value = backend.array([0.5, 0.5])
    with pytest.raises(TypeError) as caught:
        js_div_with_logits(*operands(backend), **{name: value})
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    got = f"{kind} of shape (2,) and dtype {value.dtype}"
    assert str(caught.value) == ENDINGS[name].format(got)


@pytest.mark.parametrize("name", ENDINGS)
def test_array_of_another_library_is_refused_in_one_sentence(name):
    backend = usable("torch")
    with pytest.raises(TypeError) as caught:
        js_div_with_logits(*operands(backend), **{name: np.asarray(0.5)})
    assert str(caught.value) == (
        f"`input` and `{name}` must come from one array library; got torch.Tensor and "
        f"numpy.ndarray: convert one of them, torch.from_numpy({name}).to(input.device)."
    )


FLOAT_OF_IT = "pass float(...) or asarray(...) of it"


@pytest.mark.parametrize(
    ("upstream", "remedy", "followed"),
    [
        (True, FLOAT_OF_IT, float),
        ("1", FLOAT_OF_IT, float),
        (1 + 2j, "take its real part, upstream.real", lambda one: one.real),
    ],
)
def test_upstream_that_is_no_number_is_refused_in_one_sentence(backend, upstream, remedy, followed):
    with pytest.raises(TypeError) as caught:
        kl_div_gradient(backend.array(LOG_Q), backend.array(P), upstream=upstream)
    assert str(caught.value) == (
        "`upstream` must be a real number (no bool) or an array of the library of `input`; got "
        f"{type(upstream).__name__}: {remedy}."
    )
    pair = backend.array(LOG_Q), backend.array(P)
    for place in (0, 1):

        def slope(*arrays, place=place, **options):
            return kl_div_gradient(*arrays, **options)[place]

        found = backend.values(slope, *pair, upstream=followed(upstream))
        np.testing.assert_array_equal(found, backend.values(slope, *pair))


@pytest.mark.parametrize("flag", [np.True_, np.False_])
def test_bool_of_numpy_is_refused_as_a_flag_everywhere(flag):
    pair = np.asarray(STUDENT), np.asarray(TEACHER)
    switches = {
        "log_target": [kl_div, kl_div_gradient, lambda *_, **options: KLDivLoss(**options)],
        "scale_by_temperature_squared": [kl_div_with_logits, js_div_with_logits],
        "check": [kl_div],
    }
    for name, functions in switches.items():
        for function in functions:
            with pytest.raises(TypeError) as caught:
                function(*pair, **{name: flag})
            sentence = f"`{name}` must be True or False; got {flag!r}: pass bool(...) of it."
            assert str(caught.value) == sentence
