"""Values and indices of a top-k function given as one: the remedy takes them apart."""

from types import SimpleNamespace

import numpy as np
import pytest
from conftest import imported

from kldiv_xp import linear_kl_div, sparse_kl_div_with_logits

STUDENT, TEACHER = np.random.default_rng(7).normal(size=(2, 4, 6))
PLACES = np.argsort(-TEACHER)[:, :3]
VALUES = np.take_along_axis(TEACHER, PLACES, axis=-1)
OPTIONS = {"target_is": "logits", "tail": "renormalize"}
NAMED = (
    "pass its parts, indices.indices as `indices` and indices.values as `target`, to "
    "sparse_kl_div_with_logits"
)
IN_ORDER = (
    "pass its parts, indices[1] as `indices` and indices[0] as `target`, which a top-k function "
    "returns first"
)


def of_torch():
    torch = imported("torch")
    return torch.tensor(STUDENT), torch.tensor(TEACHER).topk(3), NAMED


def of_jax():
    jax = imported("jax")
    pair = jax.lax.top_k(jax.numpy.asarray(TEACHER), 3)
    return jax.numpy.asarray(STUDENT), pair, IN_ORDER


PAIRS = {
    "torch": of_torch,
    "torch, in order": lambda: (of_torch()[0], tuple(of_torch()[1]), IN_ORDER),
    "jax": of_jax,
    "numpy": lambda: (STUDENT, (VALUES, PLACES), IN_ORDER),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("others", [(), (None,)], ids=["left out", "None"])
def test_pair_in_place_of_indices_is_taken_apart(name, others):
    student, pair, remedy = PAIRS[name]()
    with pytest.raises(TypeError, match="`indices` must be an array") as caught:
        sparse_kl_div_with_logits(student, pair, *others)
    assert str(caught.value).partition(": ")[2] == f"{remedy}."
    parts = SimpleNamespace(values=pair[0], indices=pair[1])
    loss = sparse_kl_div_with_logits(student, parts.indices, parts.values, **OPTIONS)
    expected = sparse_kl_div_with_logits(STUDENT, PLACES, VALUES, **OPTIONS)
    assert float(loss) == pytest.approx(float(expected), rel=1e-6)


def test_pair_beside_hidden_states_is_taken_apart():
    student, pair, _ = PAIRS["numpy"]()
    with pytest.raises(TypeError, match="`indices` must be an array"):
        linear_kl_div(student, np.eye(6), None, indices=pair)
    loss = linear_kl_div(student, np.eye(6), pair[0], indices=pair[1], **OPTIONS)
    assert loss == pytest.approx(sparse_kl_div_with_logits(STUDENT, PLACES, VALUES, **OPTIONS))


@pytest.mark.parametrize(("name", "option"), [("temperature", 2.0), ("beta", 0.5)])
def test_number_of_another_library_beside_hidden_states_is_read_first(name, option):
    torch = imported("torch")
    heads = [torch.tensor(one) for one in (STUDENT, np.eye(6), TEACHER)]
    array = np.asarray(option)
    with pytest.raises(TypeError) as caught:
        linear_kl_div(*heads, **{name: array})
    assert str(caught.value) == (
        f"`{name}` must be a number where logits are made in blocks; got an array: pass "
        f"float({name})."
    )
    loss = linear_kl_div(*heads, **{name: float(array)})
    assert float(loss) == pytest.approx(linear_kl_div(STUDENT, np.eye(6), TEACHER, **{name: array}))
