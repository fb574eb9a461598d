"""Operands of as many axes as a library has: the loss, or one sentence."""

import numpy as np
import pytest
from conftest import imported

from kldiv_xp import (
    js_div_with_logits,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    sparse_kl_div_with_logits,
    sparse_kl_div_with_logits_gradient,
)

ROWS, SIZE, TOP = 2, 3, 2
LOGITS, TEACHER = np.random.default_rng(5).normal(size=(2, ROWS, SIZE))
INDICES = np.asarray([[0, 2], [1, 0]])
LOG_P = TEACHER[:, :TOP] - 3
LOSSES = {
    "sum": lambda x, t: kl_div(x, t, reduction="sum"),
    "samples": lambda x, t: kl_div(x, t, reduction="sum", axis=-1),
    "gradient": lambda x, t: kl_div_gradient(x, t, reduction="sum")[0].sum(),
    "logits": kl_div_with_logits,
    "js": js_div_with_logits,
}


def of_axes(number, values):
    """The same rows with so many axes."""
    return values.reshape((len(values), *(1,) * (number - values.ndim), *values.shape[1:]))


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")
def test_more_axes_than_torch_reduces_are_refused_and_the_remedy_gives_the_loss(name):
    torch = imported("torch")
    loss, pair = LOSSES[name], [torch.tensor(LOGITS), torch.tensor(np.abs(TEACHER))]
    many = [of_axes(65, one) for one in pair]
    with pytest.raises(ValueError, match="axes") as caught:
        loss(*many)
    assert str(caught.value) == (
        "`input` must have at most 64 axes; got 65: join some of them, e.g. input.flatten(1, -2), "
        "and of the other operands likewise."
    )
    expected = float(loss(*pair))
    assert float(loss(*[one.flatten(1, -2) for one in many])) == pytest.approx(expected)
    assert float(loss(*[of_axes(64, one) for one in pair])) == pytest.approx(expected)


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("number", [32, 33, 64])
@pytest.mark.parametrize("masked", [False, True])
def test_sparse_teacher_may_have_as_many_axes_as_numpy(library, number, masked):
    new = imported("torch").tensor if library == "torch" else np.asarray
    where = np.asarray([[True], [False]])
    few = LOGITS, INDICES, LOG_P
    many = [new(of_axes(number, one)) for one in few]
    options = {"where": where} if masked else {}
    placed = {name: new(of_axes(number, one)) for name, one in options.items()}
    alone = sparse_kl_div_with_logits(*few, **options)
    assert float(sparse_kl_div_with_logits(*many, **placed)) == pytest.approx(alone)
    found = sparse_kl_div_with_logits_gradient(*many, **placed)
    expected = sparse_kl_div_with_logits_gradient(*few, **options)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(np.asarray(one).reshape(other.shape), other, rtol=1e-12)
