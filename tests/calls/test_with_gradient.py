"""The loss together with its derivatives: the same numbers, from operands that are read once."""

import numpy as np
import pytest
from array_libraries import library
from conftest import usable
from numpy.testing import assert_allclose

from kldiv_xp import (
    js_div,
    js_div_gradient,
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
    sparse_kl_div_with_logits,
    sparse_kl_div_with_logits_gradient,
)
from kldiv_xp.backends.numpy import sparse as numpy_sparse
from kldiv_xp.host import blocks

RNG = np.random.default_rng(5)
ROWS, SIZE = 60, 160
Q, P = RNG.dirichlet(np.ones(SIZE), (2, 2, ROWS // 2))
P[0, 3, :7] = P[1, 2, 5] = Q[1, 2, 5] = 0.0
P[1, 4] = Q[1, 4]
WHERE = RNG.random((2, ROWS // 2)) < 0.7
KL = kl_div, kl_div_gradient
OF_TABLES = js_div, js_div_gradient
LOGITS = kl_div_with_logits, kl_div_with_logits_gradient
JS = js_div_with_logits, js_div_with_logits_gradient

CASES = {
    "total": (*KL, {"reduction": "sum", "log_input": False}),
    "mean": (*KL, {"reduction": "mean", "axis": -1, "where": WHERE, "log_input": False}),
    "samples": (*KL, {"reduction": "none", "axis": (0, 2), "log_input": False}),
    "terms": (*KL, {"reduction": "none", "generalized": True, "log_input": False}),
    "tables": (*OF_TABLES, {"log_input": False, "beta": 0.3, "upstream": 2.0}),
    "logits": (*LOGITS, {"temperature": 2.0, "where": WHERE}),
    "given": (*LOGITS, {"target_is": "probabilities", "temperature": 2.0, "axis": 1}),
    "js": (*JS, {"reduction": "none", "beta": 0.3}),
}


@pytest.mark.few(4)
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("kind", ["numpy", "by columns", "torch", "bfloat16"])
def test_loss_and_derivatives_are_those_of_two_calls(monkeypatch, kind, name):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1 << 13)
    loss, gradient, options = CASES[name]
    pair = [Q, P]
    if kind == "by columns":
        pair = [np.asfortranarray(one) for one in pair]
    if kind in ("torch", "bfloat16"):
        usable("torch")
        torch = library("torch")
        dtype = torch.float32 if kind == "torch" else torch.bfloat16
        pair = [torch.tensor(one, dtype=dtype) for one in pair]
        where = {"where": torch.tensor(WHERE)} if "where" in options else {}
        options = {**options, **where}
    value, *derivatives = gradient(*pair, return_value=True, **options)
    alone = {name: option for name, option in options.items() if name != "upstream"}
    expected = loss(*pair, **alone)
    assert value.dtype == expected.dtype
    eps = 2.0**-52 if isinstance(pair[0], np.ndarray) else 2.0**-23
    for one, other in zip(
        (value, *derivatives), (expected, *gradient(*pair, **options)), strict=True
    ):
        assert one.dtype == other.dtype
        found, exact = (np.asarray(each, dtype=float) for each in map(readable, (one, other)))
        # What is strided is added up in another order.
        least = 8 * eps * np.abs(exact[np.isfinite(exact)]).max()
        assert_allclose(found, exact, rtol=8 * eps, atol=least)


def readable(array):
    return array if isinstance(array, np.ndarray) else array.double()


@pytest.fixture
def read(monkeypatch):
    """Sizes of the blocks that are read, of tensors of 16 bits."""
    usable("torch")
    from kldiv_xp.backends.torch.numpy_views import Widened

    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1 << 15)
    monkeypatch.setenv("KLDIV_XP_FUSED", "0")
    sizes = []
    take = Widened.__getitem__

    def counted(self, index):
        sizes.append(self.tensor[index].numel())
        return take(self, index)

    monkeypatch.setattr(Widened, "__getitem__", counted)
    return sizes


@pytest.mark.parametrize("name", ["total", "samples", "terms", "logits", "given"])
def test_every_block_of_the_operands_is_read_once(read, name):
    torch = library("torch")
    _, gradient, options = CASES[name]
    options = {name: option for name, option in options.items() if name != "where"}
    pair = [torch.tensor(one, dtype=torch.bfloat16) for one in (Q, P)]
    gradient(*pair, return_value=True, **options)
    assert sum(read) == 2 * Q.size
    assert len(read) > 2


@pytest.mark.parametrize("tail", ["bucket", "zero", "renormalize"])
def test_every_block_of_logits_is_read_once_beside_a_sparse_teacher(read, monkeypatch, tail):
    torch = library("torch")
    exponentials = []
    exp = numpy_sparse.ENTRIES.rest

    def counted(xp, put, logits, *options):
        exponentials.append(logits.size)
        return exp(xp, put, logits, *options)

    monkeypatch.setattr(numpy_sparse, "ENTRIES", numpy_sparse.ENTRIES._replace(rest=counted))
    logits = torch.tensor(3 * Q, dtype=torch.bfloat16)
    indices, target = torch.tensor(np.argsort(-P)[..., :4].copy()), torch.tensor(P[..., :4] - 1)
    options = {"tail": tail, "temperature": 2.0}
    found = sparse_kl_div_with_logits_gradient(
        logits, indices, target, return_value=True, **options
    )
    assert [sum(read), sum(exponentials)] == [Q.size] * 2
    assert len(read) > 2
    monkeypatch.undo()
    expected = (
        sparse_kl_div_with_logits(logits, indices, target, **options),
        *sparse_kl_div_with_logits_gradient(logits, indices, target, **options),
    )
    for one, other in zip(found, expected, strict=True):
        assert torch.equal(one, other)


@pytest.mark.slow
def test_dtype_is_that_of_the_loss_and_not_of_the_derivatives():
    pair = Q.astype(np.float16), P.astype(np.float16)
    for gradient in (kl_div_gradient, js_div_gradient, kl_div_with_logits_gradient):
        options = {"reduction": "sum", "dtype": np.float32}
        value, *derivatives = gradient(*pair, return_value=True, **options)
        assert value.dtype == np.float32
        assert [one.dtype for one in derivatives] == [np.float16] * 2
