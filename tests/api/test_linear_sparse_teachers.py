"""Divergences from hidden states to teachers known by their top entries, and what is refused."""

import math
from itertools import product

import numpy as np
import pytest
from api.logits import TOKENS
from array_libraries import library
from conftest import usable
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import linear_kl_div, sparse_kl_div_with_logits
from kldiv_xp.core import evaluate_linear

RNG = np.random.default_rng(11)
SHAPE, WIDTH, SIZE, TOP = (2, 3), 5, 7, 3
HIDDEN, WEIGHT = RNG.normal(size=(*SHAPE, WIDTH)), RNG.normal(size=(SIZE, WIDTH))
BIAS, TEACHER = RNG.normal(size=SIZE), RNG.normal(size=(*SHAPE, SIZE))
LOGITS = HIDDEN @ WEIGHT.T + BIAS
INDICES = np.argsort(-TEACHER, axis=-1)[..., :TOP].copy()
CHOSEN = np.take_along_axis(TEACHER, INDICES, -1)
P = np.exp(CHOSEN) / np.exp(TEACHER).sum(-1, keepdims=True)
GIVEN = {"logits": CHOSEN, "probabilities": P, "log_probabilities": np.log(P)}
TAILS = ("bucket", "zero", "renormalize")
WAYS = [pair for pair in product(GIVEN, TAILS) if pair[0] != "logits" or pair[1] == "renormalize"]

pytestmark = pytest.mark.usefixtures("small_blocks")


def dense_rows(kind, tail, temperature):
    """The divergence of every sample by the probabilities of whole vocabularies."""
    soft = LOGITS / temperature
    q = np.exp(soft) / np.exp(soft).sum(-1, keepdims=True)
    p = np.exp(CHOSEN / temperature) if kind == "logits" else P
    if tail == "renormalize":
        p = p / p.sum(-1, keepdims=True)
    q = np.take_along_axis(q, INDICES, -1)
    if tail == "bucket":
        p, q = (np.append(one, 1 - one.sum(-1, keepdims=True), -1) for one in (p, q))
    return temperature**2 * (p * np.log(p / q)).sum(-1)


def places(backend, indices=INDICES):
    return backend.make(np.asarray(indices), "int64")


def mask_on(backend):
    return backend.call(lambda array: array != 0, backend.array(TOKENS))


def test_each_tail_is_the_loss_of_whole_vocabularies(backend):
    def losses(hidden, weight, bias, indices, *targets):
        options = {"bias": bias, "indices": indices, "temperature": 2.0, "reduction": "none"}
        given = dict(zip(GIVEN, targets, strict=True))
        return [
            linear_kl_div(hidden, weight, given[kind], target_is=kind, tail=tail, **options)
            for kind, tail in WAYS
        ]

    head = (backend.array(one) for one in (HIDDEN, WEIGHT, BIAS))
    found = backend.call(losses, *head, places(backend), *map(backend.array, GIVEN.values()))
    for rows, way in zip(found, WAYS, strict=True):
        assert_allclose(backend.read(rows), dense_rows(*way, 2.0), rtol=1e-10)


def test_samples_that_are_not_selected_have_no_part_whatever_their_indices(backend):
    found = backend.call(
        lambda hidden, weight, log_p, bias, indices, mask: [
            linear_kl_div(
                *(hidden, weight, log_p),
                bias=bias,
                indices=indices,
                target_is="log_probabilities",
                where=mask,
                reduction=reduction,
            )
            for reduction in ("none", "mean", "batchmean")
        ],
        *(backend.array(np.where(TOKENS, HIDDEN, math.nan)), backend.array(WEIGHT)),
        *(backend.array(np.where(TOKENS, np.log(P), math.nan)), backend.array(BIAS)),
        places(backend, np.where(TOKENS, INDICES, -100)),
        mask_on(backend),
    )
    rows = np.where(TOKENS[..., 0], dense_rows("probabilities", "bucket", 1.0), 0)
    for value, expected in zip(found, (rows, rows.sum() / 3, rows.sum() / 2), strict=True):
        assert_allclose(backend.read(value), expected, rtol=1e-10)


def test_all_places_and_one_sample_alone(holding_backend):
    backend = holding_backend
    order = np.argsort(TEACHER[0, 0])
    operands = map(backend.array, (HIDDEN[0, 0], WEIGHT, TEACHER[0, 0][order]))
    value = backend.values(
        linear_kl_div, *operands, indices=places(backend, order), reduction="none"
    )
    whole = linear_kl_div(HIDDEN[0, 0], WEIGHT, TEACHER[0, 0])
    assert_allclose(value, whole, rtol=1e-12)


# Gradients


def of_heads(hidden, weight, bias, log_p, indices, **options):
    kind = "log_probabilities"
    return linear_kl_div(
        hidden, weight, log_p, bias=bias, indices=indices, target_is=kind, **options
    )


def of_logits(hidden, weight, bias, log_p, indices, **options):
    return sparse_kl_div_with_logits(hidden @ weight.T + bias, indices, log_p, **options)


def derivatives_of(backend, function, operands, constants):
    """Gradients with respect to hidden states, weight and bias, through two ways of reducing."""

    def loss(hidden, weight, bias, log_p, numbers, indices, mask):
        operands = hidden, weight, bias, log_p, indices
        value = 3 * function(*operands, where=mask, temperature=2.0, reduction="mean")
        return value + (function(*operands, tail="renormalize", reduction="none") * numbers).sum()

    if backend.library == "torch":
        torch = library("torch")
        leaves = [one.detach().requires_grad_() for one in operands[:3]]
        value = backend.call(loss, *leaves, *operands[3:], *constants)
        return torch.autograd.grad(value, leaves)
    jax = library("jax")
    gradient = jax.grad(lambda *a: backend.call(loss, *a), argnums=(0, 1, 2))
    return gradient(*operands, *constants)


@pytest.mark.few(0, 1)
def test_gradient_is_that_of_the_logits(autodiff_backend):
    backend = autodiff_backend
    numbers = RNG.normal(size=SHAPE)
    operands = [backend.array(one) for one in (HIDDEN, WEIGHT, BIAS, np.log(P), numbers)]
    constants = places(backend), mask_on(backend)
    found = derivatives_of(backend, of_heads, operands, constants)
    expected = derivatives_of(usable(backend.library), of_logits, operands, constants)
    for derivative, other in zip(found, expected, strict=True):
        assert_allclose(backend.read(derivative), backend.read(other), rtol=1e-10, atol=1e-13)


def test_torch_differentiates_twice_and_transforms():
    usable("torch")
    torch = library("torch")
    hidden, weight, bias, log_p = map(torch.tensor, (HIDDEN, WEIGHT, BIAS, np.log(P)))
    indices = torch.tensor(INDICES, dtype=torch.int32)

    def loss(hidden, weight):
        return of_heads(hidden, weight, bias, log_p, indices)

    first = torch.func.grad(loss)(hidden, weight)
    leaves = hidden.requires_grad_(), weight.requires_grad_()
    torch.testing.assert_close(torch.autograd.grad(loss(*leaves), hidden)[0], first)
    assert torch.autograd.gradgradcheck(loss, leaves)


def test_narrow_operands_have_a_float32_loss_and_narrow_gradients():
    usable("torch")
    torch = library("torch")
    narrow = [torch.tensor(one, dtype=torch.bfloat16) for one in (HIDDEN, WEIGHT, BIAS)]
    log_p, indices = torch.tensor(np.log(P), dtype=torch.float32), torch.tensor(INDICES)
    leaves = [one.requires_grad_() for one in narrow]
    loss = of_heads(*leaves, log_p, indices, reduction="sum")
    loss.backward()
    assert loss.dtype == torch.float32
    assert [one.grad.dtype for one in leaves] == [torch.bfloat16] * 3
    expected = dense_rows("probabilities", "bucket", 1.0).sum()
    assert_allclose(loss.detach(), expected, rtol=0.05)


# Memory


def test_no_logits_of_all_tokens_are_made(monkeypatch):
    usable("torch")
    from kldiv_xp.backends.torch import linear_blocks

    torch = library("torch")
    shapes = []

    def recorded(*arguments):
        arrays = evaluate_linear.operands_of(*arguments)
        shapes.append([tuple(one.shape) for one in arrays])
        return arrays

    monkeypatch.setattr(linear_blocks, "operands_of", recorded)
    operands = [torch.tensor(one) for one in (HIDDEN, WEIGHT, BIAS, np.log(P), INDICES)]
    operands[1].requires_grad_()
    of_heads(*operands).backward()
    assert shapes == [[(rows, SIZE), (rows, TOP), (rows, TOP)] for rows in (4, 2)]
    usable("jax")
    jax = library("jax")
    *arrays, indices = (
        jax.numpy.asarray(one) for one in (HIDDEN, WEIGHT, BIAS, np.log(P), INDICES)
    )
    derivatives = jax.grad(lambda *a: of_heads(*a, indices), argnums=(0, 1))
    text = str(jax.make_jaxpr(derivatives)(*arrays))
    assert f"f64[4,{SIZE}]" in text or f"f64[3,{SIZE}]" in text
    assert f"f64[6,{SIZE}]" not in text


# What is refused

WRONG = [
    (
        {"indices": INDICES.astype(float)},
        TypeError,
        "`indices` must have an integer dtype; got float64: pass the places of the teacher's "
        "entries along `axis`, as a top-k function returns them beside the values.",
    ),
    (
        {"target": P[..., :2]},
        ValueError,
        "`indices` and `target` must have the same shape; got (2, 3, 3) and (2, 3, 2): pass both "
        "as a top-k function returns them.",
    ),
    (
        {"indices": INDICES[:1], "target": P[:1]},
        ValueError,
        "`indices` must have the shape of `input` but for the last size; got (1, 3, 3) where "
        "`input` has (2, 3, 5): pass the same samples in both.",
    ),
    (
        {"weight": WEIGHT[:2], "bias": BIAS[:2]},
        ValueError,
        "`indices` must name from 1 to 2 places of a sample, each once; got 3: leave out samples "
        "without a teacher with where=, and entries that are named twice.",
    ),
    (
        {"target_weight": WEIGHT},
        ValueError,
        "`indices` must come with the teacher's values there as `target`; got a layer that makes "
        "its logits everywhere: leave out either `indices`, or `target_weight` and `target_bias`.",
    ),
    (
        {"beta": 0.5},
        ValueError,
        "`beta` must be 0 where `indices` name the teacher's entries; got 0.5: leave it out, or "
        "pass a target for the whole vocabulary without `indices`.",
    ),
    (
        {"target_is": "logits"},
        ValueError,
        "tail='bucket' needs the teacher's probabilities, which 3 of its logits do not tell: take "
        "log_softmax of all of its logits before the top-k, and pass "
        "target_is='log_probabilities', or pass tail='renormalize'.",
    ),
    (
        {"tail": "none"},
        ValueError,
        "`tail` must be one of 'bucket', 'zero', 'renormalize'; got 'none': did you mean 'zero'?",
    ),
    (
        {"indices": None, "target": TEACHER, "tail": "zero"},
        ValueError,
        "`tail` says how the rest of a vocabulary is taken; got 'zero' without `indices`: pass the "
        "places of the teacher's entries, or leave it out.",
    ),
    (
        {"indices": INDICES + 5},
        ValueError,
        f"`indices` must lie between 0 and 6, the last place of `input` along `axis`; got "
        f"{(INDICES + 5).reshape(6, 3)[:4].max()}: leave a padded sample out with where=, and give "
        "a padded entry an index of its own and a probability of 0.",
    ),
]


@pytest.mark.parametrize(("operands", "kind", "sentence"), WRONG)
def test_wrong_operands_are_told_in_a_sentence(operands, kind, sentence):
    right = {"input": HIDDEN, "weight": WEIGHT, "target": P, "bias": BIAS, "indices": INDICES}
    right["target_is"] = "probabilities"
    with pytest.raises(kind) as caught:
        linear_kl_div(**right | operands)
    assert str(caught.value) == sentence
    assert linear_kl_div(**right) > 0


def test_indices_of_eager_tensors_are_looked_at():
    usable("torch")
    torch = library("torch")
    hidden, weight, bias, log_p = map(torch.tensor, (HIDDEN, WEIGHT, BIAS, np.log(P)))
    twice = torch.tensor(INDICES)
    twice[..., 1] = twice[..., 0]
    with pytest.raises(ValueError, match="must name each place of a sample once"):
        of_heads(hidden.requires_grad_(), weight, bias, log_p, twice)
    mask = torch.zeros(SHAPE, dtype=torch.bool)
    loss = of_heads(hidden, weight, bias, log_p, twice, where=mask)
    loss.backward()
    assert_array_equal(hidden.grad.numpy(), 0)
