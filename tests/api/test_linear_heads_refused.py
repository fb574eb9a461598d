"""Divergences from hidden states: what is refused, each in one sentence."""

import re

import numpy as np
import pytest
from api.linear_heads import (
    BIAS,
    HEADS,
    HIDDEN,
    LOGITS,
    TARGET,
    TARGET_BIAS,
    TARGET_WEIGHT,
    TEACHER,
    WEIGHT,
)
from array_libraries import library
from checks.following_remedies import kl, log_softmax, softmax
from conftest import usable
from words import follow

import kldiv_xp
from kldiv_xp import js_div_with_logits, linear_kl_div, linear_kl_div_gradient

pytestmark = pytest.mark.usefixtures("small_blocks")


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
        "`weight` (7, 5): pass the teacher's hidden states with target_weight=, or the places of "
        "top-k values with indices=, or cut another vocabulary to the shared entries, `weight` "
        "with [:4], and `bias` if there is one.",
    ),
    (
        {"target_is": "probabilities"},
        "`target_is` must be 'logits' where `target_weight` makes them; got 'probabilities': "
        "leave one of the two out.",
    ),
    (
        {"target_weight": TARGET_WEIGHT[:6], "target_bias": None, "bias": None},
        "`weight` and `target_weight` must have one vocabulary, and so as many rows; got the "
        "shapes (7, 5) and (6, 4): cut both to the shared rows, e.g. with [:6].",
    ),
    (
        {"target_weight": TARGET_WEIGHT[:6]},
        "`target_bias` must have the shape (6,), one number for each row of `target_weight`; got "
        "(7,): cut it as the weight, target_bias[:6], or leave it out if the layer has none.",
    ),
    (
        {"target_weight": TARGET_WEIGHT[:6], "target_bias": TARGET_BIAS[:6]},
        "`weight` and `target_weight` must have one vocabulary, and so as many rows; got the "
        "shapes (7, 5) and (6, 4): cut both to the shared rows, e.g. with [:6], and the biases.",
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


HOT = 1.7
ALL_DIVIDED = "divide `input`, `bias`, `target` and `target_bias` by it"
OWN_DIVIDED = "divide `input` and `bias` by it"
UNLESS = "unless scale_by_temperature_squared=False"
NUMBERS = {
    "torch": "float(temperature)",
    "jax": "float(temperature), within jax.jit as one of its static_argnames",
}
PLACES = np.argsort(-TARGET)[..., :3]
OF_PART = np.take_along_axis(TARGET, PLACES, -1)
# Target and what comes with it, and what is divided by the temperature.
TEACHERS = {
    "hidden states": (
        {"target": TEACHER, "target_weight": TARGET_WEIGHT, "target_bias": TARGET_BIAS}, ALL_DIVIDED
    ),
    "logits": ({"target": TARGET}, ALL_DIVIDED),
    "probabilities": (
        {"target": softmax(TARGET), "target_is": "probabilities"}, OWN_DIVIDED
    ),
    "logits of a part": (
        {"target": OF_PART, "indices": PLACES, "target_is": "logits", "tail": "renormalize"},
        ALL_DIVIDED,
    ),
}  # fmt: skip


def expected_at(kind, temperature, scaled):
    """The loss of the samples, added up."""
    log_q = log_softmax(LOGITS / temperature)
    p = softmax(TARGET / temperature)
    if kind == "probabilities":
        p = softmax(TARGET)
    if kind == "logits of a part":
        log_q, p = np.take_along_axis(log_q, PLACES, -1), softmax(OF_PART / temperature)
    return kl(log_q, p) * (temperature**2 if scaled else 1)


def operands_in(xp, kind):
    """Operands and options of a loss, in arrays of a library."""
    given = {"input": HIDDEN, "weight": WEIGHT, "bias": BIAS} | TEACHERS[kind][0]
    return {
        name: xp.asarray(one) if isinstance(one, np.ndarray) else one for name, one in given.items()
    }


def divided(given, names, temperature):
    return given | {name: given[name] / temperature for name in names if name in given}


@pytest.mark.few(2)
@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("kind", TEACHERS)
@pytest.mark.parametrize("name", NUMBERS)
def test_temperature_that_is_an_array_divides_what_the_loss_would_divide(name, kind, scaled):
    usable(name)
    xp = library("jax.numpy" if name == "jax" else name)
    options = {"scale_by_temperature_squared": scaled, "reduction": "sum"}
    given, temperature = operands_in(xp, kind), xp.asarray(np.asarray(HOT))
    expected = expected_at(kind, HOT, scaled)
    for function in (linear_kl_div, linear_kl_div_gradient):
        with pytest.raises(TypeError, match="temperature") as caught:
            function(**given, **options, temperature=temperature)
        what, derivatives = "loss", ""
        if function is linear_kl_div_gradient:
            what, derivatives = "loss and derivatives", ", and their derivatives too"
        code = f"{TEACHERS[kind][1]}{derivatives}, and multiply the {what} by its square {UNLESS}"
        loss = f"{'sparse_' if 'part' in kind else ''}kl_div_with_logits"
        assert str(caught.value) == (
            "`temperature` must be a number where logits are made in blocks; got an array: pass "
            f"{NUMBERS[name]}, or {code}; if it is learned, make the logits and call {loss}, which "
            "takes an array."
        )
    names = re.findall(r"`(\w+)`", TEACHERS[kind][1])
    number = linear_kl_div(**given, **options, temperature=float(temperature))
    factor = temperature**2 if scaled else 1
    by_division = factor * linear_kl_div(**divided(given, names, temperature), reduction="sum")
    assert [float(number), float(by_division)] == pytest.approx([expected] * 2, rel=1e-9)
    right = linear_kl_div_gradient(**given, **options, temperature=HOT)
    by_input, by_weight, by_bias = linear_kl_div_gradient(
        **divided(given, names, temperature), reduction="sum"
    )
    found = (
        factor * by_input / temperature, factor * by_weight, factor * by_bias / temperature
    )  # fmt: skip
    for one, other in zip(found, right, strict=True):
        np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=1e-9, atol=1e-12)


@pytest.mark.few(1)
@pytest.mark.parametrize("kind", TEACHERS)
def test_temperature_that_is_learned_is_taken_by_the_loss_of_logits(kind):
    """The target is a constant of linear_kl_div: by division a part of the derivative was missing.

    Of hidden states of a teacher it was 16.78 instead of 17.48.
    """
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    given = operands_in(jax.numpy, kind)

    def refused(temperature):
        return linear_kl_div(**given, temperature=temperature)

    with pytest.raises(TypeError, match="if it is learned, make the logits") as caught:
        jax.jit(refused)(HOT)
    call = getattr(kldiv_xp, re.search(r"and call (\w+),", str(caught.value))[1])
    options = {name: given[name] for name in ("indices", "target_is", "tail") if name in given}
    teacher = TARGET if kind == "hidden states" else given["target"]
    logits = [jax.numpy.asarray(one) for one in (LOGITS, teacher)]

    def loss(temperature):
        named = {"input": logits[0], "target": logits[1]} | options
        return call(**named, temperature=temperature, reduction="sum")

    value, slope = jax.jit(jax.value_and_grad(loss))(HOT)
    step = 1e-5
    above, below = (expected_at(kind, HOT + one, scaled=True) for one in (step, -step))
    assert float(value) == pytest.approx(expected_at(kind, HOT, scaled=True), rel=1e-5)
    assert float(slope) == pytest.approx((above - below) / (2 * step), rel=1e-4)


def test_beta_that_is_learned_is_taken_by_the_loss_of_logits():
    usable("torch")
    torch = library("torch")
    given, beta = operands_in(torch, "logits"), torch.tensor(0.3, dtype=torch.float64)
    with pytest.raises(TypeError, match="beta") as caught:
        linear_kl_div(**given, beta=beta)
    assert str(caught.value) == (
        "`beta` must be a number where logits are made in blocks; got an array: pass "
        "float(beta); if it is learned, make the logits and call js_div_with_logits, which takes "
        "an array."
    )
    q, p = softmax(LOGITS), softmax(TARGET)
    m = np.log(0.3 * p + 0.7 * q)
    expected = 0.3 * kl(m, p) + 0.7 * kl(m, q)
    loss = js_div_with_logits(*map(torch.tensor, (LOGITS, TARGET)), beta=beta, reduction="sum")
    number = linear_kl_div(**given, beta=float(beta), reduction="sum")
    assert [float(loss), float(number)] == pytest.approx([expected] * 2)


@pytest.mark.parametrize("function", [linear_kl_div, linear_kl_div_gradient])
@pytest.mark.parametrize("shape", [(1, 5), (5,), (4, 1, 5)])
def test_hidden_states_that_are_the_same_for_all_samples_are_repeated(
    holding_backend, function, shape
):
    """They were to be repeated to the shape of the logits, and kept their own width."""
    target = np.log(np.full((4, 3, 7) if len(shape) == len("abc") else (3, 7), 1 / 7))
    states = np.ones((*target.shape[:-1], 5)) * np.ones(shape)
    hidden, weight, target = (
        holding_backend.make(one, "float32") for one in (np.ones(shape), WEIGHT, target)
    )
    with pytest.raises(ValueError, match="`target` must have the shape") as caught:
        function(hidden, weight, target)
    code = str(caught.value).partition("so pass input = ")[2].removesuffix(".")
    given = follow(code, input=hidden)["input"]
    assert given.shape == states.shape
    function(given, weight, target)


@pytest.mark.parametrize("shape", [(7, 1), (1, 7)])
def test_a_bias_with_another_axis_is_reshaped(holding_backend, shape):
    hidden, weight, target, bias = (
        holding_backend.make(one, "float32")
        for one in (np.ones((2, 5)), WEIGHT, np.zeros((2, 7)), BIAS.reshape(shape))
    )
    with pytest.raises(ValueError, match="`bias` must have the shape") as caught:
        linear_kl_div(hidden, weight, target, bias=bias)
    code = re.search(": pass (.*), or leave it out", str(caught.value))[1]
    made = follow(code, bias=bias)["bias"]
    assert made.shape == (7,)
    linear_kl_div(hidden, weight, target, bias=made)
