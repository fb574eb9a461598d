"""Divergences from hidden states: blocks of logits, gradients, autocast, and what is refused."""

import math

import numpy as np
import pytest
from array_libraries import HALF, library
from conftest import usable
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import js_div_with_logits, kl_div_with_logits, linear_kl_div
from kldiv_xp.core import evaluate_linear

RNG = np.random.default_rng(8)
SHAPE, WIDTH, OTHER, SIZE = (2, 3), 5, 4, 7
HIDDEN, TEACHER = RNG.normal(size=(*SHAPE, WIDTH)), RNG.normal(size=(*SHAPE, OTHER))
WEIGHT, TARGET_WEIGHT = RNG.normal(size=(SIZE, WIDTH)), RNG.normal(size=(SIZE, OTHER))
BIAS, TARGET_BIAS = RNG.normal(size=(2, SIZE))
LOGITS, TARGET = HIDDEN @ WEIGHT.T + BIAS, TEACHER @ TARGET_WEIGHT.T + TARGET_BIAS
TOKENS = np.asarray([[[True], [True], [False]], [[True], [False], [False]]])
HEADS = (HIDDEN, WEIGHT, TEACHER, BIAS, TARGET_WEIGHT, TARGET_BIAS)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks of 4 rows, which 6 are no multiple of."""
    monkeypatch.setattr(evaluate_linear, "BYTES_OF_LOGITS", 4 * SIZE * 4)


def of_heads(hidden, weight, teacher, bias, target_weight, target_bias, where=None, **options):
    """The loss of two models."""
    return linear_kl_div(
        hidden,
        weight,
        teacher,
        bias=bias,
        target_weight=target_weight,
        target_bias=target_bias,
        where=where,
        **options,
    )


def of_logits(hidden, weight, teacher, bias, target_weight, target_bias, where=None, **options):
    """The same by logits."""
    logits = hidden @ weight.T + bias
    return kl_div_with_logits(
        logits, teacher @ target_weight.T + target_bias, where=where, **options
    )


def test_it_is_the_loss_of_the_logits_block_by_block(backend):
    mask = backend.call(lambda array: array != 0, backend.array(TOKENS))
    spoiled = np.where(TOKENS, HIDDEN, math.nan), WEIGHT, *HEADS[2:]
    options = {"temperature": 2.0}
    whole, masked = backend.call(
        lambda hidden, *others: [
            of_heads(hidden, *others[:5], reduction="none", **options),
            of_heads(*others[5:], reduction="mean", **options),
        ],
        *map(backend.array, (*HEADS, *spoiled)),
        mask,
    )
    assert_allclose(backend.read(whole), of_logits(*HEADS, reduction="none", **options), rtol=1e-12)
    expected = of_logits(*HEADS, TOKENS, reduction="mean", **options)
    assert_allclose(backend.read(masked), expected, rtol=1e-12)


def test_target_may_be_given_and_a_sample_may_be_alone(holding_backend):
    backend = holding_backend
    p = np.exp(TARGET) / np.exp(TARGET).sum(-1, keepdims=True)
    given = {"logits": TARGET, "probabilities": p, "log_probabilities": np.log(p)}
    for kind, target in given.items():
        options = {"target_is": kind, "reduction": "sum"}
        operands = map(backend.array, (HIDDEN, WEIGHT, target))
        value = backend.values(linear_kl_div, *operands, **options)
        expected = kl_div_with_logits(HIDDEN @ WEIGHT.T, target, **options)
        assert_allclose(value, expected, rtol=1e-12)
    operands = map(backend.array, (HIDDEN[0, 0], WEIGHT, TARGET[0, 0]))
    value = backend.values(linear_kl_div, *operands, reduction="none")
    assert_allclose(value, kl_div_with_logits(HIDDEN[0, 0] @ WEIGHT.T, TARGET[0, 0]), rtol=1e-12)


def test_beta_makes_it_the_loss_of_a_mixture(holding_backend):
    backend = holding_backend
    p = np.exp(TARGET) / np.exp(TARGET).sum(-1, keepdims=True)
    options = {"temperature": 2.0, "reduction": "sum"}
    for kind, target in {"logits": TARGET, "probabilities": p}.items():
        for beta in (0.3, 1.0):
            operands = map(backend.array, (HIDDEN, WEIGHT, target))
            each = {**options, "target_is": kind, "beta": beta}
            value = backend.values(linear_kl_div, *operands, **each)
            expected = js_div_with_logits(HIDDEN @ WEIGHT.T, target, **each)
            assert_allclose(value, expected, rtol=1e-12)


def test_gradient_of_the_mixture_is_that_of_the_logits():
    usable("torch")
    torch = library("torch")
    hidden, weight, target = (torch.tensor(one) for one in (HIDDEN, WEIGHT, TARGET))
    leaves = hidden.requires_grad_(), weight.requires_grad_()
    expected = torch.autograd.grad(js_div_with_logits(hidden @ weight.T, target, beta=0.3), leaves)
    for reduction in ("batchmean", "none"):  # its gradient is made with the loss, or once more
        loss = linear_kl_div(*leaves, target, beta=0.3, reduction=reduction).sum()
        found = torch.autograd.grad(loss if reduction == "batchmean" else loss / SHAPE[0], leaves)
        torch.testing.assert_close(found, expected)
    usable("jax")
    jax = library("jax")
    arrays = [jax.numpy.asarray(one) for one in (HIDDEN, WEIGHT, TARGET)]
    found = jax.grad(lambda *a: linear_kl_div(*a, beta=0.3), argnums=(0, 1))(*arrays)
    for one, other in zip(found, expected, strict=True):
        assert_allclose(one, other, rtol=1e-12)


def test_dtype_is_that_of_the_loss():
    usable("torch")
    torch = library("torch")
    narrow = [torch.tensor(one, dtype=torch.bfloat16) for one in (HIDDEN, WEIGHT, TARGET)]
    narrow[0].requires_grad_()
    for dtype in (torch.float32, torch.float64):
        loss = linear_kl_div(*narrow, dtype=dtype, reduction="sum")
        assert loss.dtype == dtype
        loss.backward()
    assert narrow[0].grad.dtype == torch.bfloat16
    assert linear_kl_div(HIDDEN, WEIGHT, TARGET, dtype=np.float32).dtype == np.float32


def slopes_of(backend, function, operands, mask):
    """Gradients with respect to hidden states, weight and bias, through two ways of reducing."""

    def loss(hidden, weight, bias, teacher, target_weight, target_bias, numbers, mask):
        heads = hidden, weight, teacher, bias, target_weight, target_bias
        mean = function(*heads, mask, temperature=2.0, reduction="mean")
        return 3 * mean + (function(*heads, reduction="none") * numbers).sum()

    order = [operands[place] for place in (0, 1, 3, 2, 4, 5, 6)]
    if backend.library == "torch":
        torch = library("torch")
        leaves = [one.detach().requires_grad_() for one in order[:3]]
        return torch.autograd.grad(backend.call(loss, *leaves, *order[3:], mask), leaves)
    jax = library("jax")
    return jax.grad(lambda *a: backend.call(loss, *a), argnums=(0, 1, 2))(*order, mask)


def test_gradient_is_that_of_the_logits(autodiff_backend):
    backend = autodiff_backend
    operands = [backend.array(one) for one in (*HEADS, RNG.normal(size=SHAPE))]
    mask = backend.call(lambda array: array != 0, backend.array(TOKENS))
    found = slopes_of(backend, of_heads, operands, mask)
    expected = slopes_of(usable(backend.library), of_logits, operands, mask)
    for slope, other in zip(found, expected, strict=True):
        assert_allclose(backend.read(slope), backend.read(other), rtol=1e-10, atol=1e-13)


def test_gradient_of_a_sample_that_is_not_selected_is_zero_whatever_it_holds():
    usable("torch")
    torch = library("torch")
    operands = [torch.tensor(one) for one in HEADS]
    operands[0][~torch.tensor(TOKENS[..., 0])] = math.inf
    mask = torch.tensor(TOKENS)
    leaves = [one.requires_grad_() for one in operands[:2]]

    def loss(hidden, weight):
        return of_heads(hidden, weight, *operands[2:], mask)

    expected = [
        torch.where(mask, one, 0.0) if place == 0 else one for place, one in enumerate(leaves)
    ]
    expected = torch.autograd.grad(loss(*expected), expected)
    made_with_it = torch.autograd.grad(loss(*leaves), leaves)
    transformed = torch.func.grad(loss, argnums=(0, 1))(*[one.detach() for one in leaves])
    for slopes in (made_with_it, transformed):
        assert_array_equal(slopes[0].numpy()[~TOKENS[..., 0]], 0)
        torch.testing.assert_close(slopes, expected)
    usable("jax")
    jax = library("jax")
    arrays = [jax.numpy.asarray(one.detach()) for one in operands]
    chosen = jax.numpy.asarray(TOKENS)
    found = jax.grad(lambda *a: of_heads(*a, *arrays[2:], chosen), argnums=(0, 1))(*arrays[:2])
    for one, other in zip(found, expected, strict=True):
        assert_allclose(one, other, rtol=1e-10, atol=1e-13)


def test_torch_gives_a_gradient_twice_differentiates_it_and_makes_none_for_frozen_weights():
    usable("torch")
    torch = library("torch")
    hidden, weight, *others = (torch.tensor(one) for one in HEADS)
    hidden.requires_grad_()
    weight.requires_grad_()

    def loss(hidden, weight):
        return of_heads(hidden, weight, *others)

    value = loss(hidden, weight)
    first = torch.autograd.grad(value, (hidden, weight), retain_graph=True)
    kept = [one.clone() for one in first]
    for one in first:
        one.zero_()
    torch.testing.assert_close(torch.autograd.grad(value, (hidden, weight)), tuple(kept))
    assert torch.autograd.gradgradcheck(loss, (hidden, weight))
    with torch.inference_mode():
        frozen = weight.clone()
    loss(hidden, frozen).backward()
    torch.testing.assert_close(hidden.grad, kept[0])
    mapped = torch.func.grad(loss)(hidden.detach(), weight.detach())
    torch.testing.assert_close(mapped, kept[0])


def test_autocast_makes_narrow_logits_and_a_float32_loss():
    usable("torch")
    torch = library("torch")
    operands = [torch.tensor(one, dtype=torch.float32) for one in HEADS]
    results = []
    for function in (of_heads, of_logits):
        leaves = [one.clone().requires_grad_() for one in operands[:2]]
        with torch.autocast("cpu", torch.bfloat16):
            loss = function(*leaves, *operands[2:])
        loss.backward()
        results.append((loss.detach(), *[one.grad for one in leaves]))
    assert [one.dtype for one in results[0]] == [torch.float32] * 3
    torch.testing.assert_close(results[0], results[1], rtol=2e-2, atol=2e-2)


def test_types_promote_and_half_precision_is_rounded_once(holding_backend):
    backend = holding_backend
    dtype = next((one for one in HALF if one in backend.dtypes), None)
    if dtype is not None:
        hidden, weight, target = (backend.array(one, dtype) for one in (HIDDEN, WEIGHT, TARGET))
        value = backend.call(linear_kl_div, hidden, weight, target)
        assert value.dtype == hidden.dtype
        expected = kl_div_with_logits(HIDDEN @ WEIGHT.T, TARGET)
        assert_allclose(backend.read(value), expected, rtol=0.05)
        wide = backend.array(WEIGHT, "float32")
        assert backend.call(linear_kl_div, hidden, wide, target).dtype == wide.dtype


HALVES = {
    "plain": (("target",), {}),
    "none": (("target",), {"reduction": "none"}),
    "bias": (("target", "bias"), {}),
    "two models": (("teacher", "target_weight", "target_bias"), {"reduction": "none"}),
    "part": (("part", "indices"), {"target_is": "probabilities", "reduction": "none"}),
    "mask": (("target", "where"), {"reduction": "mean"}),
    "mixture": (("target",), {"beta": 0.5, "temperature": 2.0}),
}


@pytest.mark.parametrize("name", ["numpy", "torch", "jax", "dask"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("row", HALVES)
def test_loss_of_16_bits_has_them_in_every_library_unless_a_dtype_is_named(name, dtype, row):
    backend = usable(name)
    if dtype == "bfloat16" and name in {"numpy", "dask"}:
        dtype = pytest.importorskip("ml_dtypes").bfloat16
    values = {
        "teacher": TEACHER, "target": TARGET, "bias": BIAS, "target_weight": TARGET_WEIGHT,
        "target_bias": TARGET_BIAS, "part": np.full((*SHAPE, 2), 0.25),
    }  # fmt: skip
    others = {
        "indices": backend.make(np.tile([0, 2], (*SHAPE, 1)), "int64"),
        "where": backend.array(TOKENS) != 0,
    }
    names, options = HALVES[row]
    narrow = {one: backend.make(values[one], dtype) for one in names if one in values}
    given = narrow | {one: others[one] for one in names if one in others}
    hidden, weight = (backend.make(one, dtype) for one in (HIDDEN, WEIGHT))
    target, *_ = (given.pop(one) for one in ("target", "teacher", "part") if one in given)
    loss = linear_kl_div(hidden, weight, target, **given, **options)
    assert loss.dtype == hidden.dtype
    wide = backend.array(1.0, "float32").dtype
    assert linear_kl_div(hidden, weight, target, **given, **options, dtype=wide).dtype == wide
    for one in narrow:  # one operand that is wider makes the result wider
        if one not in {"target", "teacher", "part"}:
            wider = given | {one: backend.array(values[one], "float32")}
            assert linear_kl_div(hidden, weight, target, **wider, **options).dtype == wide


# Memory


def test_no_logits_of_all_tokens_are_made_in_torch(monkeypatch):
    usable("torch")
    from kldiv_xp.backends.torch import linear_blocks

    torch = library("torch")
    shapes = []

    def recorded(*arguments):
        arrays = evaluate_linear.operands_of(*arguments)
        shapes.append(tuple(arrays[0].shape))
        return arrays

    monkeypatch.setattr(linear_blocks, "operands_of", recorded)
    operands = [torch.tensor(one) for one in HEADS]
    operands[1].requires_grad_()
    of_heads(*operands).backward()
    assert shapes == [(4, SIZE), (2, SIZE)]  # with the value, and not once more


def test_no_logits_of_all_tokens_are_made_in_jax():
    usable("jax")
    jax = library("jax")
    arrays = [jax.numpy.asarray(one) for one in HEADS]
    text = str(jax.make_jaxpr(jax.grad(of_heads, argnums=(0, 1)))(*arrays))
    assert f"f64[4,{SIZE}]" in text
    assert f"f64[6,{SIZE}]" not in text


def test_numpy_holds_a_few_blocks():
    import tracemalloc

    hidden, weight = np.ones((600, 8), "f4"), np.ones((300, 8), "f4")
    linear_kl_div(hidden, weight, hidden, target_weight=weight)  # modules and code are memory, too
    tracemalloc.start()
    linear_kl_div(hidden, weight, hidden, target_weight=weight)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 600 * 300 * 4 / 3  # of what a thread keeps, less where it has kept it before


# What is refused


def wrong(**operands):
    names = "input", "weight", "target", "bias", "target_weight", "target_bias"
    return dict(zip(names, HEADS, strict=True)) | operands


WRONG = [
    (
        {"weight": WEIGHT.T},
        "`weight` must have the shape (vocabulary, 5), whose second size is the last of `input`; "
        "got (5, 7) where `input` has (2, 3, 5): pass the weight of the last linear layer as "
        "torch.nn.Linear holds it, transposed if it is stored the other way.",
    ),
    (
        {"bias": BIAS[:3]},
        "`bias` must have the shape (7,), one number for each row of `weight`; got (3,): leave it "
        "out if the layer has none.",
    ),
    (
        {"target_weight": None},
        "`target_bias` must come with `target_weight`; got it alone: pass both, with the "
        "teacher's hidden states as `target`.",
    ),
    (
        {"target_weight": None, "target_bias": None},
        "`target` must have the shape (2, 3, 7); got (2, 3, 4) where `input` has (2, 3, 5) and "
        "`weight` (7, 5): pass the same samples in both, or pass the teacher's hidden states with "
        "target_weight=.",
    ),
    (
        {"target_is": "probabilities"},
        "`target_is` must be 'logits' where `target_weight` makes them; got 'probabilities': "
        "leave one of the two out.",
    ),
    (
        {"target_weight": TARGET_WEIGHT[:6], "target_bias": None},
        "`weight` and `target_weight` must have one vocabulary, and so as many rows; got the "
        "shapes (7, 5) and (6, 4): cut both to the shared rows, e.g. with [:6].",
    ),
    (
        {"target": TEACHER[:1]},
        "`target` must have the shape (2, 3, 4); got (1, 3, 4) where `input` has (2, 3, 5) and "
        "`weight` (7, 5): pass the same samples in both, one row for each.",
    ),
]


@pytest.mark.parametrize(("operands", "sentence"), WRONG)
def test_wrong_operands_are_told_in_a_sentence(operands, sentence):
    with pytest.raises(ValueError, match="must") as caught:
        linear_kl_div(**wrong(**operands))
    assert str(caught.value) == sentence


def test_temperature_that_is_an_array_of_another_library_is_refused():
    usable("torch")
    torch = library("torch")
    hidden, weight, target = (torch.tensor(one) for one in (HIDDEN, WEIGHT, TARGET))
    with pytest.raises(TypeError, match="temperature") as caught:
        linear_kl_div(hidden, weight, target, temperature=torch.tensor(2.0))
    assert str(caught.value) == (
        "`temperature` must be a number where logits are made in blocks; got an array: pass "
        "float(temperature), or divide the hidden states and the bias by it."
    )
    assert linear_kl_div(hidden, weight, target, temperature=2.0) > 0
