"""Floats without an axis, or without entries: each reading of them leads to its own loss."""

import numpy as np
import pytest
from checks.following_remedies import RNG, kl, log_softmax, softmax
from words import follow, words

from kldiv_xp import js_div_with_logits, kl_div, kl_div_with_logits, linear_kl_div

START = "`input` and `target` must have the same shape; got {left} and {right}: "
SPREAD = "nothing is broadcast silently, so pass "
LABELS = "if these are class labels, they become probabilities by {code}, which "
LABELS += "kl_div_with_logits takes with target_is='probabilities'{axis}; where labels are -100, "
LABELS += "pass where=target != -100 too, and encode {clipped}"
X, T, SQUARE = (RNG.normal(size=shape) for shape in ((2, 3, 4), (2, 3, 4), (3, 3, 4)))
TWO = RNG.normal(size=(4, 2))
P = RNG.uniform(0.1, 0.9, size=(4, 1))
SUMMED = {"reduction": "sum"}
OF_TABLES = SUMMED | {"target_is": "probabilities"}


def told(function, *operands, **options):
    with pytest.raises(ValueError, match="`input` and `target` must") as caught:
        function(*operands, **options)
    return str(caught.value)


def inserted(backend, name, index, unsqueezed):
    return words(backend, "inserted", name, index=index, unsqueezed=unsqueezed)


def labelled(backend, labels, n, place=None):
    """What is told of class labels, along the last axis or at a place."""
    code = words(backend, "one_hot", labels, n=n)
    module = {"jax": "jax.numpy"}.get(backend.library, backend.library)
    if place is not None:
        moved = f"{code}.movedim(-1, {place})", f"{module}.moveaxis({code}, -1, {place})"
        code = moved[backend.library != "torch"]
    axis = "" if place is None else f" and axis={place}"
    return LABELS.format(code=code, axis=axis, clipped=words(backend, "clipped", "target"))


def concatenated(backend, word, pair):
    """Code that puts two entries beside each other along a last axis."""
    module = {"jax": "jax.numpy"}.get(backend.library, backend.library)
    names = {"torch": "cat", "array_api_strict": "concat"}
    function = names.get(backend.library, "concatenate") if word == "joined" else "stack"
    axis = "dim" if backend.library == "torch" else "axis"
    return f"{module}.{function}(({pair}), {axis}=-1)".replace("{m}", module)


def sum_of(backend, x, code, **operands):
    """Loss of logits and of the probabilities that a code makes."""
    made = follow(code, **operands)
    options = OF_TABLES | ({"axis": 1} if "movedim" in code or "moveaxis" in code else {})
    return backend.read(kl_div_with_logits(made["input"], made["target"], **options))


def test_one_distribution_of_a_sequence_is_repeated_along_it(holding_backend):
    """Taken for labels, these gave 15.46 for 2.82 and no warning."""
    backend, q = holding_backend, softmax(T[:, 0])
    pair = {"input": backend.array(X), "target": backend.array(q)}
    code = inserted(backend, "target", ":, None, :", ".unsqueeze(1)")
    code = words(backend, "broadcast", code, shape=(2, 3, 4))
    meant = f"{SPREAD}target = {code} if it is the same along axis 1; "
    assert told(kl_div_with_logits, *pair.values(), **OF_TABLES) == (
        START.format(left=(2, 3, 4), right=(2, 4)) + meant + f"{labelled(backend, 'target', 3, 1)}."
    )
    expected = kl(log_softmax(X), np.broadcast_to(q[:, None], X.shape))
    assert sum_of(backend, X, code, **pair) == pytest.approx(expected)


def test_each_axis_that_a_target_may_lack_is_named(holding_backend):
    backend, q = holding_backend, softmax(SQUARE[:, 0])
    pair = {"input": backend.array(SQUARE), "target": backend.array(q)}
    first, last = (
        words(backend, "broadcast", one, shape=(3, 3, 4))
        for one in ("target", inserted(backend, "target", ":, None, :", ".unsqueeze(1)"))
    )
    found = told(kl_div_with_logits, *pair.values(), **OF_TABLES)
    assert found.startswith(
        START.format(left=(3, 3, 4), right=(3, 4)) + f"{SPREAD}target = {last} if it is the same "
        f"along axis 1, or target = {first} if it is the same along axis 0; if these are class "
    )
    for code, spread in ((first, q[None]), (last, q[:, None])):
        expected = kl(log_softmax(SQUARE), np.broadcast_to(spread, SQUARE.shape))
        assert sum_of(backend, SQUARE, code, **pair) == pytest.approx(expected)


@pytest.mark.parametrize("swapped", [False, True])
def test_an_axis_of_one_is_no_axis_of_classes(holding_backend, swapped):
    """Taken for labels of one class, these had a loss of 0."""
    backend = holding_backend
    x, t = X[:, :1], T[:, 0]
    x, t = (x[:, 0], t[:, None]) if swapped else (x, t)
    pair = {"input": backend.array(x), "target": backend.array(t)}
    code = words(backend, "reshaped", "target", shape=x.shape)
    assert told(kl_div_with_logits, *pair.values()) == (
        START.format(left=x.shape, right=t.shape) + f"pass {code}."
    )
    loss = kl_div_with_logits(**follow(code, **pair), **SUMMED)
    expected = kl(log_softmax(X[:, 0]), softmax(T[:, 0]))
    assert backend.read(loss) == pytest.approx(expected)


# arange makes the classes of a one-hot target on the first device of array-api-strict.
@pytest.mark.only_where(lambda holding_backend: holding_backend != "array-api-strict-device1")
@pytest.mark.parametrize("function", [kl_div_with_logits, kl_div])
def test_floats_in_a_column_are_labels_and_not_repeated(holding_backend, function):
    backend, x, y = holding_backend, X[0], np.asarray([[1.0], [0.0], [3.0]])
    pair = {"input": backend.array(x), "target": backend.array(y)}
    column = words(backend, "reshaped", "target", shape=(3,))
    code = words(backend, "one_hot", column, n=4)
    assert told(function, *pair.values(), **SUMMED) == (
        START.format(left=(3, 4), right=(3, 1))
        + labelled(backend, column, 4)
        + "; if not, pass all 4 entries of each distribution."
    )
    expected = -log_softmax(x)[np.arange(3), y[:, 0].astype(int)].sum()
    assert sum_of(backend, x, code, **pair) == pytest.approx(expected, rel=1e-5)


OF_TWO = {
    "probabilities": ("probabilities of the second class", "1 - target, target", P),
    "logits": (
        "logits of the second class against the first", "{m}.zeros_like(target), target",
        np.log(P / (1 - P)),
    ),
    "log_probabilities": (
        "log-probabilities of the second class", "{m}.log1p(-{m}.exp(target)), target", np.log(P),
    ),
}  # fmt: skip


@pytest.mark.parametrize("function", [kl_div_with_logits, js_div_with_logits])
@pytest.mark.parametrize("is_column", [True, False])
@pytest.mark.parametrize("kind", OF_TWO)
def test_one_entry_of_two_gets_the_other_one(holding_backend, kind, is_column, function):
    backend, (name, entries, given) = holding_backend, OF_TWO[kind]
    given = given if is_column else given[:, 0]
    pair = {"input": backend.array(TWO), "target": backend.array(given)}
    code = concatenated(backend, "joined" if is_column else "stacked", entries)
    options = SUMMED | {"target_is": kind}
    assert told(function, *pair.values(), **options).endswith(
        f"; if these are {name}, pass target = {code}."
    )
    mended = backend.read(function(**follow(code, **pair), **options))
    p, q = np.concatenate([1 - P, P], -1), softmax(TWO)
    m = (p + q) / 2
    expected = kl(np.log(q), p)
    if function is js_div_with_logits:
        expected = (kl(np.log(m), p) + kl(np.log(m), q)) / 2
    assert mended == pytest.approx(expected)


@pytest.mark.parametrize(("left", "right"), [((3, 1), (3, 4)), ((1, 1), (3, 4)), ((1,), (3, 4))])
def test_an_input_of_one_entry_is_asked_for_all(left, right):
    assert told(kl_div_with_logits, np.zeros(left), np.zeros(right)) == (
        START.format(left=left, right=right) + "pass all 4 entries of each distribution as `input`."
    )


@pytest.mark.parametrize("name", ["input", "target"])
@pytest.mark.parametrize(
    ("function", "kinds", "example"),
    [
        (kl_div_with_logits, ("logits", "logits"), ", e.g. outputs.logits"),
        (kl_div, ("log-probabilities", "probabilities"), ""),
    ],
)
def test_a_number_in_place_of_distributions_is_told(
    holding_backend, function, kinds, example, name
):
    pair = {one: holding_backend.array(T) for one in ("input", "target")}
    pair[name] = holding_backend.array(1.3)
    left, right = ((), T.shape) if name == "input" else (T.shape, ())
    assert told(function, *pair.values()) == (
        START.format(left=left, right=right)
        + f"pass the {kinds[name == 'target']} of every sample as `{name}`{example}, not a loss or "
        "another number."
    )


def test_a_target_of_hidden_states_is_repeated_along_the_axis_that_it_lacks(holding_backend):
    backend, states, weight = holding_backend, RNG.normal(size=(2, 3, 5)), RNG.normal(size=(4, 5))
    given = [backend.array(one) for one in (states, weight, T[:, 0])]
    code = inserted(backend, "target", ":, None, :", ".unsqueeze(1)")
    code = words(backend, "broadcast", code, shape=(2, 3, 4))
    with pytest.raises(ValueError, match="`target` must") as caught:
        linear_kl_div(*given)
    assert str(caught.value) == (
        "`target` must have the shape (2, 3, 4); got (2, 4) where `input` has (2, 3, 5) and "
        f"`weight` (4, 5): {SPREAD}target = {code}."
    )
    given[2] = follow(code, target=given[2])["target"]
    expected = kl(log_softmax(states @ weight.T), np.broadcast_to(softmax(T[:, :1]), T.shape))
    assert backend.read(linear_kl_div(*given, **SUMMED)) == pytest.approx(expected)
