"""The operators that stand in compiled graphs for losses with the same bits."""

from functools import partial

import pytest

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
)

torch = pytest.importorskip("torch", reason="torch is not installed")

from backends.torch.test_compiled_logits import graphs_of  # noqa: E402 - torch may be missing

SAME = {"reproducible": True}
MASK = torch.tensor([True, False, True, True, True])
TABLES = {
    "sum": partial(kl_div, reduction="sum", **SAME),
    "mean of rows": partial(kl_div, axis=-1, reduction="mean", where=MASK, **SAME),
    "rows": partial(kl_div, reduction="none", axis=-1, **SAME),
    "first axis": partial(kl_div, reduction="none", axis=0, **SAME),
    "a wider type": partial(kl_div, reduction="sum", dtype=torch.float32, **SAME),
}
LOGITS = {
    "KL": partial(kl_div_with_logits, temperature=3.0, **SAME),
    "rows": partial(kl_div_with_logits, reduction="none", where=MASK, **SAME),
    "mean": partial(kl_div_with_logits, reduction="mean", where=MASK, **SAME),
    "Jensen-Shannon": partial(js_div_with_logits, beta=0.3, **SAME),
    "a wider type": partial(js_div_with_logits, dtype=torch.float32, **SAME),
}
GRADIENTS = {
    "KL": partial(kl_div_with_logits_gradient, temperature=3.0, upstream=0.7, **SAME),
    "mean": partial(kl_div_with_logits_gradient, reduction="mean", where=MASK, **SAME),
    "rows": partial(
        js_div_with_logits_gradient, reduction="none", upstream=torch.arange(5.0), **SAME
    ),
    "and value": partial(js_div_with_logits_gradient, beta=0.3, return_value=True, **SAME),
}
DTYPES = pytest.mark.parametrize("dtype", ["float32", "bfloat16"])


def operands(dtype, of_tables=False):
    generator = torch.Generator().manual_seed(0)
    x, t = 3 * torch.randn((2, 5, 40), generator=generator)
    both = (x.log_softmax(-1), t.softmax(-1)) if of_tables else (x, t)
    return [one.to(getattr(torch, dtype)) for one in both]


def same(found, expected):
    """Whether tensors, or tuples of them, have the same type and bits."""
    found, expected = (one if isinstance(one, tuple) else (one,) for one in (found, expected))
    pairs = zip(found, expected, strict=True)
    return all(one.dtype is other.dtype and torch.equal(one, other) for one, other in pairs)


@pytest.mark.few(0, 3)
@DTYPES
@pytest.mark.parametrize("name", TABLES)
def test_sums_of_tables_are_one_operator_with_the_bits_of_eager_tensors(name, dtype):
    loss, pair = TABLES[name], operands(dtype, of_tables=True)
    found, (graph,) = graphs_of(loss, *pair)
    assert same(found, loss(*pair))
    assert graph.print_readable(print_output=False).count("ops.kldiv_xp.reproducible_sums") == 1


@pytest.mark.few(0, 3)
@DTYPES
@pytest.mark.parametrize("name", LOGITS)
def test_losses_of_logits_are_one_operator_with_the_bits_of_eager_tensors(name, dtype):
    loss, pair = LOGITS[name], operands(dtype)
    found, (graph,) = graphs_of(loss, *pair)
    assert same(found, loss(*pair))
    code = graph.print_readable(print_output=False)
    assert code.count("ops.kldiv_xp.reproducible_rows") == 1
    assert "exp(" not in code


@pytest.mark.few(1, 2)
@DTYPES
@pytest.mark.parametrize("name", GRADIENTS)
def test_derivatives_from_logits_are_one_operator_with_the_bits_of_eager_tensors(name, dtype):
    gradient, pair = GRADIENTS[name], operands(dtype)
    found, (graph,) = graphs_of(gradient, *pair)
    assert same(found, gradient(*pair))
    code = graph.print_readable(print_output=False)
    assert code.count("ops.kldiv_xp.reproducible_row_derivatives") == 1
    assert "exp(" not in code


@pytest.mark.long
@pytest.mark.parametrize("name", LOGITS)
def test_backward_of_a_compiled_loss_has_the_bits_of_eager_tensors(name):
    loss, found = partial(LOGITS[name]), []
    for function in (loss, torch.compile(loss, fullgraph=True, dynamic=True)):
        pair = [one.requires_grad_() for one in operands("float32")]
        value = function(*pair).sum()
        value.backward()
        found.append((value.detach(), *(one.grad for one in pair)))
    assert same(*found)
    torch.compiler.reset()


@pytest.mark.long
def test_batches_of_any_size_are_one_program():
    torch.compiler.reset()
    rows = torch.compile(kl_div_with_logits, dynamic=True, fullgraph=True)
    sums = torch.compile(kl_div, dynamic=True, fullgraph=True)
    for count in (3, 5, 8):
        x, t = torch.randn((2, count, 40))
        assert same(rows(x, t, **SAME), kl_div_with_logits(x, t, **SAME))
        pair = x.log_softmax(-1), t.softmax(-1)
        options = {"reduction": "batchmean", **SAME}
        assert same(sums(*pair, **options), kl_div(*pair, **options))
    torch.compiler.reset()


@pytest.mark.long
def test_a_temperature_that_changes_keeps_the_bits():
    torch.compiler.reset()
    compiled = torch.compile(kl_div_with_logits, fullgraph=True, backend="eager")
    pair = operands("float32")
    for temperature in (1.0, 2.0, 2.5, 3.0, 7.0):
        found = compiled(*pair, temperature=temperature, **SAME)
        assert same(found, kl_div_with_logits(*pair, temperature=temperature, **SAME))
    torch.compiler.reset()
