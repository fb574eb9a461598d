"""Traced arrays of torch and JAX have no values: checking them is refused in a sentence."""

import pytest
from api.checked_tables import LOG_Q, VALUE, P

from kldiv_xp import checking, js_div_with_logits, kl_div, kl_div_with_logits


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("around", [False, True])
def test_what_torch_compiles_cannot_be_checked(around):
    torch = pytest.importorskip("torch", reason="torch is not installed")

    def loss(x, p):
        return kl_div(x, p, reduction="sum", check=not around)

    torch.compiler.reset()
    compiled = torch.compile(loss, backend="eager")
    operands = [torch.tensor(one) for one in (LOG_Q, P)]
    if around:
        with checking(), pytest.raises(Exception, match="compile traces has none"):
            compiled(*operands)
    else:
        with pytest.raises(Exception, match="compile traces has none"):
            compiled(*operands)


@pytest.mark.few(1, 2)
@pytest.mark.filterwarnings("ignore:.*torch.jit.trace.:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Converting a tensor to a Python boolean")
@pytest.mark.parametrize("loss", [kl_div, kl_div_with_logits, js_div_with_logits])
def test_what_torch_records_cannot_be_checked(loss):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    operands = tuple(torch.tensor(one) for one in (LOG_Q, P))

    def traced():
        return torch.jit.trace(lambda x, p: loss(x, p, reduction="sum"), operands)

    with checking(), pytest.raises(TypeError) as caught:
        traced()
    assert str(caught.value) == (
        "A check reads values, and what torch.jit.trace traces has none: call the traced function "
        "without it, and diagnose(...) outside."
    )
    expected = loss(*operands, reduction="sum")
    torch.testing.assert_close(traced()(*operands), expected, rtol=1e-14, atol=0)


def test_what_jax_traces_cannot_be_checked():
    jax = pytest.importorskip("jax", reason="jax is not installed")
    loss = jax.jit(lambda x, p: kl_div(x, p, reduction="sum", check=True))
    with pytest.raises(TypeError, match="A diagnosis reads values"):
        loss(LOG_Q, P)


@pytest.mark.slow
def test_compiled_loss_ignores_that_nothing_is_checked():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    torch.compiler.reset()
    compiled = torch.compile(kl_div, fullgraph=True, backend="eager")
    operands = [torch.tensor(one) for one in (LOG_Q, P)]
    assert float(compiled(*operands, reduction="batchmean")) == pytest.approx(VALUE)
