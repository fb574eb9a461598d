"""Masks of what each token attends to: their diagonal leaves padding out."""

import numpy as np
import pytest
from checks.following_remedies import RNG, kl, log_softmax, made, softmax
from words import value

from kldiv_xp import (
    kl_div,
    kl_div_with_logits,
    linear_kl_div,
    sparse_kl_div_with_logits,
)

HIDDEN, WEIGHT = RNG.normal(size=(2, 3, 4)), RNG.normal(size=(5, 4))
X, T = HIDDEN @ WEIGHT.T, RNG.normal(size=(2, 3, 5))
PLACES = np.broadcast_to(np.arange(5), X.shape).copy()
IS_TOKEN = np.asarray([[True, True, True], [False, True, True]])
CAUSAL = np.tril(np.ones((3, 3), bool)) & IS_TOKEN[:, None]
CALLS = {
    "kl_div": (kl_div, (log_softmax(X), softmax(T)), {"axis": -1}),
    "kl_div_with_logits": (kl_div_with_logits, (X, T), {}),
    "sparse_kl_div_with_logits": (
        sparse_kl_div_with_logits, (X, PLACES, T), {"target_is": "logits", "tail": "renormalize"}),
    "linear_kl_div": (linear_kl_div, (HIDDEN, WEIGHT, T), {}),
}  # fmt: skip
DIAGONALS = {
    "torch": "{}.diagonal(dim1=-2, dim2=-1)",
    "dask.array": "dask.array.diagonal({}, axis1=-2, axis2=-1)",
    "array_api_strict": "array_api_strict.linalg.diagonal({})",
}


def diagonal(backend, code):
    return DIAGONALS.get(backend.library, "{}.diagonal(axis1=-2, axis2=-1)").format(code)


@pytest.mark.parametrize("of_heads", [0, 1, 4])
@pytest.mark.parametrize("name", CALLS)
def test_a_causal_mask_is_asked_for_its_diagonal(holding_backend, name, of_heads):
    """Its first column is that of the first token, to which all attend."""
    backend, (function, arrays, options) = holding_backend, CALLS[name]
    operands = [made(backend, one) for one in arrays]
    where = made(backend, np.repeat(CAUSAL[:, None], of_heads, 1) if of_heads else CAUSAL)
    with pytest.raises(ValueError, match="where") as caught:
        function(*operands, where=where, **options)
    code = diagonal(backend, "where[:, 0, ...]" if of_heads else "where")
    entries = "(2, 3, 5) or " * (function is kl_div)
    assert str(caught.value) == (
        f"`where` must have the shape {entries}(2, 3, 1) or (2, 3); got {tuple(where.shape)}: for "
        f"padding pass {code}."
    )
    where = value(code, where=where)
    found = function(*operands, where=where, reduction="sum", **options)
    expected = kl(log_softmax(X)[IS_TOKEN], softmax(T)[IS_TOKEN])
    assert backend.read(found) == pytest.approx(expected, rel=1e-5)


def test_of_as_many_entries_as_tokens_both_meanings_are_told():
    """The diagonal of a mask of padding that is repeated along the entries is right too."""
    x, t = RNG.normal(size=(2, 2, 3, 3))
    for where in (CAUSAL, np.repeat(IS_TOKEN[..., None], 3, -1)):
        with pytest.raises(ValueError, match="where") as caught:
            kl_div_with_logits(x, t, where=where)
        assert str(caught.value) == (
            "`where` must have the shape (2, 3, 1) or (2, 3); got (2, 3, 3): for padding pass "
            "where.diagonal(axis1=-2, axis2=-1); to leave out single entries, make their logits "
            "-inf in both operands, e.g. numpy.where(where, input, -numpy.inf)."
        )
        found = kl_div_with_logits(x, t, where=where.diagonal(axis1=-2, axis2=-1), reduction="sum")
        assert found == pytest.approx(kl(log_softmax(x)[IS_TOKEN], softmax(t)[IS_TOKEN]))


GATHERED = np.asarray([[True, False, True], [True, True, False]])


@pytest.mark.parametrize(
    ("function", "options"), [(kl_div, {"axis": -1}), (kl_div_with_logits, {})]
)
@pytest.mark.parametrize(
    "where", [GATHERED, np.tril(np.ones((4, 4), bool)), np.ones((4, 1, 4), bool)]
)
def test_a_mask_that_has_selected_the_operands_or_is_of_attention_is_left_out(
    function, options, where
):
    """A square mask was told to be cut, as if it had one token more."""
    x, t = RNG.normal(size=(2, 3, 4, 5))
    if where is GATHERED:
        x, t = x[:2, :3][where], t[:2, :3][where]
    pair = (log_softmax(x), softmax(t)) if function is kl_div else (x, t)
    with pytest.raises(ValueError, match="where") as caught:
        function(*pair, where=where, **options)
    assert str(caught.value).partition(f"got {where.shape}: ")[2] == (
        "leave it out if it has selected the operands, or tells what tokens attend to; else start "
        f"from numpy.ones({x.shape[:-1]}, dtype=bool), and set what is left out to False."
    )
    found = function(*pair, reduction="sum", **options)
    assert found == pytest.approx(kl(log_softmax(x), softmax(t)))
