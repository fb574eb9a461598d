"""Arrays with axes in place of a number: the remedy gives the loss that was meant."""

import numpy as np
import pytest
from checks.students import operands
from words import value, words

from kldiv_xp import (
    KLDivWithLogitsLoss,
    js_div_with_logits,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
    sparse_kl_div_with_logits,
)

START = "`{name}` must be {kind} or a 0-d array of one in the library of `input`; got "
KINDS = {
    "temperature": "a positive finite real number (no bool)",
    "beta": "a real number from 0 to 1 (no bool)",
}
HEATS = [0.5, 1.0, 4.0]
LOSSES = [kl_div_with_logits, js_div_with_logits]


def refused(function, pair, name, array):
    with pytest.raises(TypeError) as caught:
        function(*pair, **{name: array})
    start = START.format(name=name, kind=KINDS[name])
    assert str(caught.value).startswith(start)
    return str(caught.value).rpartition(f" and dtype {array.dtype}: ")[2]


@pytest.mark.parametrize("shape", [(1,), (1, 1)])
@pytest.mark.parametrize("name", KINDS)
def test_a_number_with_an_axis_loses_it(holding_backend, name, shape):
    pair, number = operands(holding_backend), holding_backend.array(np.full(shape, 0.5))
    code = words(holding_backend, "reshaped", name, shape=())
    assert refused(js_div_with_logits, pair, name, number) == f"pass {code}."
    loss = js_div_with_logits(*pair, **{name: value(code, **{name: number})})
    expected = js_div_with_logits(*pair, **{name: 0.5})
    assert holding_backend.read(loss) == pytest.approx(holding_backend.read(expected))


@pytest.mark.parametrize("function", LOSSES)
@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_temperatures_of_samples_divide_the_logits_before(holding_backend, function, shape):
    pair, heats = operands(holding_backend), holding_backend.array(np.reshape(HEATS, shape))
    divisor = "temperature[..., None]" if shape == (3,) else "temperature"
    samples = "temperature"
    if shape == (3, 1):
        samples = words(holding_backend, "reshaped", samples, shape=(3,))
    assert refused(function, pair, "temperature", heats) == (
        "pass the samples of each temperature in a call of their own; or, if `input` holds logits, "
        f"divide them before the call, input / {divisor} and `target` likewise if it holds logits: "
        f"what reduction='none' gives times {samples} ** 2 is the scaled loss."
    )
    divided = [one / value(divisor, temperature=heats) for one in pair]
    losses = function(*divided, reduction="none") * value(samples, temperature=heats) ** 2
    for place, heat in enumerate(HEATS):
        rows = [one[place : place + 1, :] for one in pair]
        expected = holding_backend.read(function(*rows, temperature=heat))
        assert holding_backend.read(losses)[place] == pytest.approx(expected)


DIVIDED = (
    "pass the samples of each temperature in a call of their own; or, if `input` holds logits, "
)
DIVIDED += (
    "divide them before the call, input / {divisor} and `target` likewise if it holds logits: "
)
DIVIDED += "what reduction='none' gives times {samples} ** 2 is the scaled loss."
RNG = np.random.default_rng(61)
# Shape of the temperatures, what the divisor lacks, the shape beside the losses, and where they
# differ in logits of (3, 5, 7).
REPEATED = {
    "of sequences": ((3,), ":, None, None", ".unsqueeze(1).unsqueeze(2)", (3, 1)),
    "of sequences with all axes": ((3, 1, 1), "", "", (3, 1)),
    "of sequences without an axis": ((3, 1), ":, None, :", ".unsqueeze(1)", (3, 1)),
    "of places": ((5,), "None, :, None", ".unsqueeze(0).unsqueeze(2)", (1, 5)),
    "of places in a column": ((5, 1), "None, :, :", ".unsqueeze(0)", (1, 5)),
}


@pytest.mark.few(2, 52)
@pytest.mark.parametrize("function", LOSSES)
@pytest.mark.parametrize("row", REPEATED)
def test_temperatures_that_are_repeated_divide_the_logits_before(holding_backend, function, row):
    """Told temperature=1.0, a loss of 0.670 stood for 0.723."""
    backend, (shape, index, unsqueezed, beside) = holding_backend, REPEATED[row]
    values, x = np.linspace(0.5, 4.0, np.prod(shape)), RNG.normal(size=(2, 3, 5, 7))
    pair, heats = [backend.array(one) for one in x], backend.array(values.reshape(shape))
    divisor = "temperature"
    if index:
        divisor = words(backend, "inserted", divisor, index=index, unsqueezed=unsqueezed)
    samples = words(backend, "reshaped", "temperature", shape=beside)
    assert refused(function, pair, "temperature", heats) == (
        DIVIDED.format(divisor=divisor, samples=samples)
    )
    divided = [one / value(divisor, temperature=heats) for one in pair]
    losses = function(*divided, reduction="none") * value(samples, temperature=heats) ** 2
    spread = np.broadcast_to(values.reshape(beside), (3, 5))
    expected = [divergence(function, *x[:, i, j], spread[i, j]) for i, j in np.ndindex(3, 5)]
    assert backend.read(losses) == pytest.approx(np.reshape(expected, (3, 5)))


def divergence(function, x, t, heat):
    """Divergence of two rows of logits at a temperature, times its square."""
    q, p = (np.exp(one / heat) / np.exp(one / heat).sum() for one in (x, t))
    m = (p + q) / 2
    if function is kl_div_with_logits:
        return heat**2 * np.sum(p * np.log(p / q))
    return heat**2 * np.sum(p * np.log(p / m) + q * np.log(q / m)) / 2


def test_temperatures_that_fit_two_axes_name_the_one_that_is_meant():
    pair = RNG.normal(size=(2, 3, 3, 7))
    told = refused(kl_div_with_logits, pair, "temperature", np.asarray(HEATS))
    divisor = "temperature[:, None, None] if it is the same along axis 1"
    samples = "temperature.reshape((3, 1))"
    assert told == DIVIDED.format(divisor=divisor, samples=samples)


def test_every_loss_tells_what_to_do_with_a_parameter_of_one_number():
    torch = pytest.importorskip("torch")
    heat = torch.nn.Parameter(torch.ones(1))
    logits = torch.zeros(2, 3)
    for function in (*LOSSES, kl_div_with_logits_gradient):
        told = refused(function, (logits, logits), "temperature", heat)
        assert told == "pass temperature.reshape(())."
    places = torch.zeros(2, 1, dtype=torch.int64)
    sparse = refused(
        sparse_kl_div_with_logits, (logits, places, logits[:, :1]), "temperature", heat
    )
    assert sparse == "pass temperature.reshape(())."
    kl_div_with_logits(logits, logits + 1, temperature=heat.reshape(())).backward()
    assert heat.grad is not None


def test_temperatures_of_classes_have_no_remedy_of_their_own():
    logits = np.zeros((2, 3))
    told = refused(kl_div_with_logits, (logits, logits), "temperature", np.ones(3))
    assert told == "pass temperature=1.0, which leaves the logits as they are."


def test_a_class_takes_one_number():
    for array in (np.ones(3), np.ones((2, 1))):
        with pytest.raises(TypeError, match=r": pass one number for all samples\.$"):
            KLDivWithLogitsLoss(temperature=array)
    KLDivWithLogitsLoss(temperature=2.0)
