"""Divergences from logits: distillation, masked vocabularies, 16-bit logits, gradients."""

import math

import numpy as np
import pytest
from array_libraries import HALF, library
from conftest import usable
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import js_div_with_logits, kl_div, kl_div_gradient, kl_div_with_logits

RNG = np.random.default_rng(11)
SHAPE = (2, 3, 5)
STUDENT, TEACHER = RNG.normal(scale=2, size=(2, *SHAPE))
TOKENS = np.asarray([[[True], [True], [False]], [[True], [False], [False]]])
DIVERGENCES = {
    "kl": (kl_div_with_logits, {}),
    "js": (js_div_with_logits, {}),
    "js-0.2": (js_div_with_logits, {"beta": 0.2}),
    "forward": (js_div_with_logits, {"beta": 0}),
    "reverse": (js_div_with_logits, {"beta": 1}),
}
LOSSES = (kl_div_with_logits, js_div_with_logits)
EVERY = pytest.mark.parametrize("name", DIVERGENCES)


def log_softmax(logits):
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def kl(log_p, log_q):
    """KL(p || q) of rows, where 0 log 0 is 0."""
    with np.errstate(invalid="ignore"):
        return np.where(np.exp(log_p) == 0, 0, np.exp(log_p) * (log_p - log_q)).sum(-1)


def expected_rows(name, student, teacher, temperature=1.0):
    """Divergence of every row, written apart from the package."""
    log_q, log_p = log_softmax(student / temperature), log_softmax(teacher / temperature)
    beta = {"js": 0.5, "js-0.2": 0.2}.get(name)
    if beta is None:
        return kl(log_q, log_p) if name == "reverse" else kl(log_p, log_q)
    with np.errstate(divide="ignore"):
        log_m = np.log(beta * np.exp(log_p) + (1 - beta) * np.exp(log_q))
    return beta * kl(log_p, log_m) + (1 - beta) * kl(log_q, log_m)


def mask_on(backend, mask):
    return backend.call(lambda array: array != 0, backend.array(mask))


@EVERY
@pytest.mark.parametrize("temperature", [1.0, 0.5, 4])
def test_divergence_of_softmax_distributions(backend, name, temperature):
    function, options = DIVERGENCES[name]
    operands = backend.array(STUDENT), backend.array(TEACHER)
    rows = backend.values(
        function,
        *operands,
        temperature=temperature,
        reduction="none",
        scale_by_temperature_squared=True,
        **options,
    )
    expected = expected_rows(name, STUDENT, TEACHER, temperature) * temperature**2
    assert_allclose(rows, expected, rtol=1e-12)


@EVERY
def test_reductions_are_those_of_samples(backend, reduction, name):
    function, options = DIVERGENCES[name]
    rows = expected_rows(name, STUDENT, TEACHER)
    expected = {"none": rows, "sum": rows.sum(), "mean": rows.mean(), "batchmean": rows.sum() / 2}
    operands = backend.array(STUDENT), backend.array(TEACHER)
    value = backend.values(function, *operands, reduction=reduction, **options)
    assert_allclose(value, expected[reduction], rtol=1e-12)


@EVERY
def test_axis_of_a_distribution_may_be_any(backend, name):
    function, options = DIVERGENCES[name]
    turned = [backend.array(np.moveaxis(logits, -1, 0)) for logits in (STUDENT, TEACHER)]
    rows = backend.values(function, *turned, axis=0, reduction="none", **options)
    assert_allclose(rows, expected_rows(name, STUDENT, TEACHER), rtol=1e-12)


def test_without_the_factor_the_temperature_only_softens(backend):
    operands = backend.array(STUDENT), backend.array(TEACHER)
    value = backend.values(
        kl_div_with_logits, *operands, temperature=3.0, scale_by_temperature_squared=False
    )
    assert_allclose(value, expected_rows("kl", STUDENT, TEACHER, 3).sum() / 2, rtol=1e-12)


@pytest.mark.parametrize("kind", ["probabilities", "log_probabilities"])
def test_target_may_be_a_distribution_which_the_temperature_leaves_alone(backend, kind):
    log_p = log_softmax(TEACHER)
    target = np.exp(log_p) if kind == "probabilities" else log_p
    operands = backend.array(STUDENT), backend.array(target)
    value = backend.values(
        kl_div_with_logits, *operands, target_is=kind, temperature=2.0, reduction="none"
    )
    assert_allclose(value, 4 * kl(log_p, log_softmax(STUDENT / 2)), rtol=1e-12)


@pytest.mark.parametrize("kind", ["logits", "probabilities", "log_probabilities"])
def test_a_single_distribution_needs_no_other_axis(backend, kind):
    log_p, log_q = log_softmax(TEACHER[0, 0] / 0.5), log_softmax(STUDENT[0, 0] / 0.5)
    target = {"logits": TEACHER[0, 0], "probabilities": np.exp(log_p)}.get(kind, log_p)
    operands = backend.array(STUDENT[0, 0]), backend.array(target)
    value = backend.call(
        kl_div_with_logits, *operands, target_is=kind, temperature=0.5, reduction="none"
    )
    assert tuple(value.shape) == ()
    assert_allclose(backend.read(value), kl(log_p, log_q) / 4, rtol=1e-12)


@EVERY
def test_masked_vocabulary_contributes_nothing(backend, name):
    function, options = DIVERGENCES[name]
    student, teacher = STUDENT.copy(), TEACHER.copy()
    student[..., 1:3] = teacher[..., 1:3] = -math.inf
    if name == "reverse":
        student[..., 0] = -math.inf
    else:
        teacher[..., 0] = -math.inf
    operands = backend.array(student), backend.array(teacher)
    rows = backend.values(function, *operands, reduction="none", **options)
    assert np.isfinite(rows).all()
    assert_allclose(rows, expected_rows(name, student, teacher), rtol=1e-12)


def test_vocabulary_that_only_the_student_masks_is_infinitely_far_away(backend):
    student = STUDENT.copy()
    student[0, 0, 2] = -math.inf
    operands = backend.array(student), backend.array(TEACHER)
    rows, others = backend.call(
        lambda *pair: [loss(*pair, reduction="none") for loss in LOSSES], *operands
    )
    rows = backend.read(rows)
    assert np.isposinf(rows[0, 0])
    assert np.isfinite(rows.ravel()[1:]).all()
    assert np.isfinite(backend.read(others)).all()


@EVERY
def test_missing_logits_are_never_hidden(backend, name):
    function, options = DIVERGENCES[name]
    nothing = np.full(SHAPE, -math.inf)
    missing = np.full(SHAPE, math.nan)
    pairs = [(nothing, TEACHER), (STUDENT, missing), (missing, nothing)]
    operands = map(backend.array, np.stack(pairs, axis=1))
    assert np.isnan(backend.values(function, *operands, reduction="none", **options)).all()


@EVERY
def test_samples_that_are_not_selected_have_no_part(backend, reduction, name):
    function, options = DIVERGENCES[name]
    rows = np.where(TOKENS[..., 0], expected_rows(name, STUDENT, TEACHER), 0)
    expected = {
        "none": rows,
        "sum": rows.sum(),
        "mean": rows.sum() / 3,
        "batchmean": rows.sum() / 2,
    }
    spoiled = [np.where(TOKENS, logits, math.nan) for logits in (STUDENT, TEACHER)]
    value = backend.call(
        lambda x, t, m: function(x, t, where=m, reduction=reduction, **options),
        *map(backend.array, spoiled),
        mask_on(backend, TOKENS),
    )
    assert_allclose(backend.read(value), expected[reduction], rtol=1e-12)


@pytest.mark.parametrize("kind", ["logits", "probabilities", "log_probabilities"])
def test_no_sample_selected_costs_nothing(backend, reduction, kind):
    spoiled = backend.array(np.full(SHAPE, math.nan))
    value = backend.call(
        lambda x, m: kl_div_with_logits(x, x, where=m, reduction=reduction, target_is=kind),
        spoiled,
        mask_on(backend, np.zeros((2, 3, 1))),
    )
    assert_array_equal(backend.read(value), np.zeros(np.shape(backend.read(value))))


@pytest.mark.parametrize("beta", [0.1, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("words", [5, 15, 50])
def test_mixture_of_what_is_not_selected_costs_nothing(backend, dtype, words, beta):
    spoiled = backend.array(np.full((2, words), math.nan), dtype)
    value = backend.call(
        lambda x, m: js_div_with_logits(x, x, where=m, beta=beta, reduction="none"),
        spoiled,
        mask_on(backend, np.zeros((2, 1))),
    )
    # log(exp(-log 15)) is not -log 15.
    assert_array_equal(backend.read(value), [0, 0])


@EVERY
@pytest.mark.parametrize("dtype", HALF)
@pytest.mark.parametrize("temperature", [0.5, 1.0, 8.0])
def test_logits_as_large_as_half_precision_can_be(backend, name, dtype, temperature):
    function, options = DIVERGENCES[name]
    largest = 65504.0 if dtype == "float16" else 3.3895313892515355e38
    logits = backend.array([[largest, largest, -largest], [0, 0, 0]], dtype)
    other = backend.array([[largest, 0, 0], [0, 0, 0]], dtype)
    same = backend.call(function, logits, logits, temperature=temperature, **options)
    assert backend.read(same) == 0
    assert same.dtype == logits.dtype
    rows = backend.values(
        function,
        *((logits, other) if name != "reverse" else (other, logits)),
        temperature=temperature,
        reduction="none",
        scale_by_temperature_squared=False,
        **options,
    )
    expected = {"kl": math.log(2), "forward": math.log(2), "reverse": math.log(2)}
    if name in expected:
        assert_allclose(rows, [expected[name], 0], rtol=1e-2)
    assert np.isfinite(rows).all()


def test_jensen_shannon_is_symmetric_and_at_most_log_2(backend):
    far = np.asarray([[0.0, -1e4], [3.0, 1.0]])
    for student, teacher in [(STUDENT, TEACHER), (far, far[:, ::-1])]:
        there, back = map(
            backend.read,
            backend.call(
                lambda x, t: [
                    js_div_with_logits(*pair, reduction="none") for pair in ((x, t), (t, x))
                ],
                *(backend.array(student), backend.array(np.ascontiguousarray(teacher))),
            ),
        )
        assert_allclose(there, back, rtol=1e-13)
        assert (there >= 0).all()
        assert (there <= math.log(2) * (1 + 1e-15)).all()


def test_ends_of_beta_are_limits_over_the_weight_that_vanishes():
    small = 1e-7
    for beta, weight, end in [(small, small, 0), (1 - small, small, 1)]:
        near = js_div_with_logits(STUDENT, TEACHER, beta=beta) / weight
        assert_allclose(near, js_div_with_logits(STUDENT, TEACHER, beta=end), rtol=1e-5)


@EVERY
def test_divergence_is_zero_of_equal_and_positive_of_other_distributions(backend, name):
    function, options = DIVERGENCES[name]
    logits, other = backend.array(STUDENT), backend.array(TEACHER)
    assert abs(backend.values(function, logits, logits, **options)) <= 1e-15
    assert (backend.values(function, logits, other, reduction="none", **options) > 0).all()


def finite_differences(function, operands, place):
    """Derivative of the loss by one operand, by central differences."""
    slope = np.zeros(SHAPE)
    for index in np.ndindex(SHAPE):
        values = []
        for step in (1e-5, -1e-5):
            moved = [operand.copy() for operand in operands]
            moved[place][index] += step
            values.append(float(function(*moved)))
        slope[index] = (values[0] - values[1]) / 2e-5
    return slope


def gradients(backend, loss, *operands):
    """Derivatives by every operand, by the library's own differentiation."""
    if backend.library == "torch":
        tensors = [operand.requires_grad_() for operand in operands]
        backend.call(loss, *tensors).backward()
        return [backend.read(tensor.grad) for tensor in tensors]
    places = tuple(range(len(operands)))
    return library("jax").grad(lambda *a: backend.call(loss, *a), argnums=places)(*operands)


@EVERY
def test_gradient_is_the_slope_of_the_loss(autodiff_backend, name):
    function, options = DIVERGENCES[name]
    options = {"temperature": 2.0, **options}
    by_library = gradients(
        autodiff_backend,
        lambda x, t: function(x, t, **options),
        autodiff_backend.array(STUDENT),
        autodiff_backend.array(TEACHER),
    )
    for place, slope in enumerate(by_library):
        expected = finite_differences(
            lambda x, t: function(x, t, **options), (STUDENT, TEACHER), place
        )
        assert_allclose(slope, expected, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("kind", ["probabilities", "log_probabilities"])
def test_gradient_by_a_distribution_is_that_of_kl_div(autodiff_backend, kind):
    log_p = log_softmax(TEACHER)
    target = np.exp(log_p) if kind == "probabilities" else log_p
    by_library = gradients(
        autodiff_backend,
        lambda x, t: kl_div_with_logits(x, t, target_is=kind),
        autodiff_backend.array(STUDENT),
        autodiff_backend.array(target),
    )
    log_target = kind == "log_probabilities"
    options = {"reduction": "batchmean", "log_target": log_target}
    d_log_q, d_target = kl_div_gradient(log_softmax(STUDENT), target, **options)
    q = np.exp(log_softmax(STUDENT))
    assert_allclose(by_library[0], d_log_q - q * d_log_q.sum(-1, keepdims=True), atol=1e-13)
    assert_allclose(by_library[1], d_target, rtol=1e-11, atol=1e-13)


@EVERY
def test_gradient_is_zero_where_nothing_is_selected_and_finite_in_masked_vocabularies(
    autodiff_backend, name
):
    backend = autodiff_backend
    function, options = DIVERGENCES[name]
    student, teacher = STUDENT.copy(), TEACHER.copy()
    student[..., 1] = teacher[..., 1] = -math.inf
    spoiled = [np.where(TOKENS, logits, math.nan) for logits in (student, teacher)]
    mask = mask_on(backend, TOKENS)
    slopes = gradients(
        backend, lambda x, t: function(x, t, where=mask, **options), *map(backend.array, spoiled)
    )
    kept = gradients(
        backend,
        lambda x, t: function(x, t, reduction="sum", **options) / 2,
        *[backend.array(logits[TOKENS[..., 0]][:, [0, 2, 3, 4]]) for logits in (student, teacher)],
    )
    for slope, expected in zip(slopes, kept, strict=True):
        assert_array_equal(np.asarray(slope)[~TOKENS[..., 0]], 0)
        selected = np.asarray(slope)[TOKENS[..., 0]]
        assert_array_equal(selected[:, 1], 0)
        assert_allclose(selected[:, [0, 2, 3, 4]], expected, rtol=1e-12, atol=1e-14)


@EVERY
def test_torch_gradgradcheck_passes(name):
    usable("torch")
    torch = library("torch")
    function, options = DIVERGENCES[name]
    operands = [torch.tensor(a[:1, :2], requires_grad=True) for a in (STUDENT, TEACHER)]
    assert torch.autograd.gradgradcheck(lambda x, t: function(x, t, **options), operands)


@EVERY
def test_blocks_of_rows_change_nothing(monkeypatch, name):
    from kldiv_xp import thread_limit
    from kldiv_xp.host import blocks

    function, options = DIVERGENCES[name]
    student, teacher = RNG.normal(size=(2, 40, 7))
    student[::3, 2] = teacher[::3, 2] = -math.inf
    whole = function(student, teacher, reduction="none", **options)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 8 * 16)
    for threads in (1, 3):
        with thread_limit(threads):
            assert_array_equal(function(student, teacher, reduction="none", **options), whole)


def test_dask_stays_lazy_and_puts_a_row_together_from_its_chunks():
    usable("dask")
    da = library("dask.array")
    for chunks in [(1, 3, 5), (2, 2, 2), (1, 1, 1)]:
        operands = [da.from_array(a, chunks=chunks) for a in (STUDENT, TEACHER)]
        rows = kl_div_with_logits(*operands, reduction="none")
        assert isinstance(rows, da.Array)
        assert_allclose(rows, expected_rows("kl", STUDENT, TEACHER), rtol=1e-12)


def test_it_is_kl_div_of_log_softmax(backend):
    operands = backend.array(STUDENT), backend.array(TEACHER)
    logs = backend.array(log_softmax(STUDENT)), backend.array(log_softmax(TEACHER))
    expected = backend.values(kl_div, *logs, reduction="batchmean", log_target=True)
    assert_allclose(backend.values(kl_div_with_logits, *operands), expected, rtol=1e-12)


WRONG = [
    (
        {"temperature": 0},
        ValueError,
        "`temperature` must be a positive finite real number (no bool) or a 0-d array of one in "
        "the library of `input`; got 0: 1.0 leaves the logits as they are.",
    ),
    (
        {"temperature": math.nan},
        ValueError,
        "`temperature` must be a positive finite real number (no bool) or a 0-d array of one in "
        "the library of `input`; got nan: 1.0 leaves the logits as they are.",
    ),
    (
        {"temperature": "2"},
        TypeError,
        "`temperature` must be a positive finite real number (no bool) or a 0-d array of one in "
        "the library of `input`; got '2': 1.0 leaves the logits as they are.",
    ),
    (
        {"target_is": "logit"},
        ValueError,
        "`target_is` must be one of 'logits', 'probabilities', 'log_probabilities'; got 'logit'.",
    ),
    (
        {"reduction": "avg"},
        ValueError,
        "`reduction` must be one of 'none', 'mean', 'sum', 'batchmean'; got 'avg'.",
    ),
    (
        {"axis": 3},
        ValueError,
        "`axis` must name axes of the operands, which have 3; got 3: count them from 0, or from "
        "-1 at the end.",
    ),
    (
        {"axis": (0, 1)},
        TypeError,
        "`axis` must be an int, the axis of one distribution; got (0, 1).",
    ),
    (
        {"scale_by_temperature_squared": 1},
        TypeError,
        "`scale_by_temperature_squared` must be True or False; got 1: pass bool(...) of it.",
    ),
]


@pytest.mark.parametrize(("options", "kind", "sentence"), WRONG)
def test_wrong_options_are_told_in_a_sentence(backend, options, kind, sentence):
    operand = backend.array(STUDENT)
    with pytest.raises(kind) as caught:
        kl_div_with_logits(operand, operand, **options)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("beta", "kind"), [(-0.1, ValueError), (1.5, ValueError), ("x", TypeError)]
)
def test_beta_must_lie_between_0_and_1(beta, kind):
    with pytest.raises(kind) as caught:
        js_div_with_logits(STUDENT, TEACHER, beta=beta)
    assert str(caught.value) == (
        "`beta` must be a real number from 0 to 1 (no bool) or a 0-d array of one in the library "
        f"of `input`; got {beta!r}: 0.5 is the Jensen-Shannon divergence."
    )


def test_mask_must_be_one_of_samples():
    mask = np.ones(SHAPE, dtype=bool)
    with pytest.raises(ValueError, match="where") as caught:
        kl_div_with_logits(STUDENT, TEACHER, where=mask)
    assert str(caught.value) == (
        "`where` must have the shape (2, 3, 1) or (2, 3); got (2, 3, 5): for padding pass "
        "where[:, :, :1]; to leave out single entries, make their logits -inf in both operands, "
        "e.g. numpy.where(where, input, -numpy.inf)."
    )


def test_scalars_have_no_distribution():
    with pytest.raises(ValueError, match="which have 0"):
        kl_div_with_logits(np.asarray(1.0), np.asarray(1.0))


@pytest.mark.parametrize("function", [kl_div_with_logits, js_div_with_logits])
def test_temperature_whose_square_overflows_is_refused_in_one_sentence(function):
    with pytest.raises(ValueError, match="finite square") as caught:
        function(STUDENT, TEACHER, temperature=1e200, scale_by_temperature_squared=True)
    assert str(caught.value) == (
        "`temperature` must have a finite square; got 1e+200: pass "
        "scale_by_temperature_squared=False."
    )
    value = function(STUDENT, TEACHER, temperature=1e200, scale_by_temperature_squared=False)
    assert value == 0


# d/dt of the first component for x = [1, 2, 3] and t = [3, 2, 1], by mpmath with 50 digits.
TINY_BETAS = {
    1e-3: 5.637048056138342e-4,
    1e-6: 5.651734275633138e-7,
    1e-10: 5.651749020114246e-11,
    1e-16: 5.651749021588844e-17,
    1e-17: 5.651749021588846e-18,
    1e-300: 5.651749021588846e-301,
}


@pytest.mark.slow
@pytest.mark.cases(3)
@pytest.mark.parametrize(("beta", "expected"), TINY_BETAS.items())
def test_derivative_with_respect_to_the_target_is_right_at_tiny_beta(beta, expected):
    jax, torch = pytest.importorskip("jax"), pytest.importorskip("torch")
    x, t = np.asarray([[1.0, 2.0, 3.0]]), np.asarray([[3.0, 2.0, 1.0]])
    leaf = torch.tensor(t, requires_grad=True)
    for backend in ("eager", "compiled"):
        function = js_div_with_logits
        if backend == "compiled":
            function = torch.compile(js_div_with_logits, fullgraph=True, backend="aot_eager")
        (found,) = torch.autograd.grad(function(torch.tensor(x), leaf, beta=beta), leaf)
        assert_allclose(found[0, 0], expected, rtol=1e-13)
    with jax.enable_x64(True):  # noqa: FBT003
        arrays = jax.numpy.asarray(x), jax.numpy.asarray(t)
        found = jax.grad(lambda t: js_div_with_logits(arrays[0], t, beta=beta))(arrays[1])
        assert_allclose(found[0, 0], expected, rtol=1e-13)


@pytest.mark.parametrize("gamma", [2**-10, 2**-20, 2**-33, 2**-53])
def test_derivative_with_respect_to_the_input_near_beta_of_1_mirrors_that_near_0(gamma):
    torch = pytest.importorskip("torch")
    x = torch.tensor([[3.0, 2.0, 1.0]], dtype=torch.float64, requires_grad=True)
    t = torch.tensor([[1.0, 2.0, 3.0]], dtype=torch.float64, requires_grad=True)
    (near_one,) = torch.autograd.grad(js_div_with_logits(x, t.detach(), beta=1 - gamma), x)
    (near_zero,) = torch.autograd.grad(js_div_with_logits(t.detach(), x, beta=gamma), x)
    assert_allclose(near_one, near_zero, rtol=1e-13)
