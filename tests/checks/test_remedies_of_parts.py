"""Outputs of models, tuples of layers, packed sequences: the part that is told gives the loss."""

from types import SimpleNamespace

import pytest
from array_libraries import library
from checks.following_remedies import RNG, kl, log_softmax, softmax
from conftest import usable
from numpy.testing import assert_allclose
from words import value

from kldiv_xp import (
    js_div_with_logits,
    kl_div_with_logits,
    linear_kl_div,
    linear_kl_div_gradient,
)

LAYERS, OF_TEACHER = RNG.normal(size=(2, 3, 2, 5, 4))
WEIGHT = RNG.normal(size=(6, 4))
X, T = LAYERS[-1] @ WEIGHT.T, OF_TEACHER[-1] @ WEIGHT.T
SUM = kl(log_softmax(X), softmax(T))
START = "`{name}` must be an array (NumPy, CuPy, PyTorch, JAX, Dask, ...); got {kind}: {remedy}."
SUMMED = {"reduction": "sum"}


def told(function, given, kind, name="input", **options):
    """The remedy for one operand of a call."""
    with pytest.raises(TypeError) as caught:
        function(**given, **options)
    start = START.format(name=name, kind=kind, remedy="\0").partition("\0")[0]
    assert str(caught.value).startswith(start)
    assert str(caught.value).endswith(".")
    return str(caught.value)[len(start) : -1]


def module_of(backend):
    return {"jax": "jax.numpy"}.get(backend.library, backend.library)


def joined(backend, name):
    function = {"torch": "cat", "array_api_strict": "concat"}.get(backend.library, "concatenate")
    axis = "dim" if backend.library == "torch" else "axis"
    return f"{module_of(backend)}.{function}({name}, {axis}=0)"


def stacked(backend, name):
    return f"{module_of(backend)}.stack({name})"


def heads(backend, **changes):
    """Operands of linear heads, some of which are others."""
    given = {
        "input": backend.array(LAYERS[-1]), "weight": backend.array(WEIGHT),
        "target": backend.array(OF_TEACHER[-1]), "target_weight": backend.array(WEIGHT),
    }  # fmt: skip
    return given | changes


def linear_sum(backend, given):
    return backend.read(linear_kl_div(**given, **SUMMED))


def layers_of(backend, of):
    return tuple(backend.array(one) for one in of)


@pytest.mark.parametrize("function", [linear_kl_div, linear_kl_div_gradient])
@pytest.mark.parametrize("name", ["input", "target"])
def test_of_the_hidden_states_of_all_layers_the_last_ones_are_told(holding_backend, name, function):
    """Stacked, their loss was the mean over layers that make no logits."""
    backend, of = holding_backend, {"input": LAYERS, "target": OF_TEACHER}[name]
    given = heads(backend, **{name: layers_of(backend, of)})
    remedy = told(function, given, "tuple", name)
    assert remedy == f"pass the last layer's, {name}[-1]"
    given[name] = value(f"{name}[-1]", **given)
    assert_allclose(linear_sum(backend, given), SUM, rtol=1e-5)


def test_of_two_tuples_both_readings_are_told(holding_backend):
    backend = holding_backend
    pair = {"input": layers_of(backend, LAYERS), "target": layers_of(backend, OF_TEACHER)}
    given = heads(backend, **pair)
    assert told(linear_kl_div, given, "tuple") == (
        "pass the last layer's, input[-1], if it holds those of all layers, or "
        f"{joined(backend, 'input')} if each of them is a batch, or {stacked(backend, 'input')} if "
        "each is one sample"
    )
    given["input"] = value("input[-1]", **given)
    assert told(linear_kl_div, given, "tuple", "target") == "pass the last layer's, target[-1]"
    given["target"] = value("target[-1]", **given)
    assert_allclose(linear_sum(backend, given), SUM, rtol=1e-5)


def test_hidden_states_of_samples_are_stacked(holding_backend):
    backend = holding_backend
    given = heads(backend, input=list(layers_of(backend, LAYERS[-1])))
    code = stacked(backend, "input")
    assert told(linear_kl_div, given, "list") == f"pass {code}"
    given["input"] = value(code, **given)
    assert_allclose(linear_sum(backend, given), SUM, rtol=1e-5)


OUTPUTS = {
    "a loss and logits": (lambda x, loss: (loss, x), "input[1]"),
    "a loss and logits by names": (lambda x, loss: {"loss": loss, "scores": x}, 'input["scores"]'),
    "logits and nothing": (lambda x, _: (x, None), "input[0]"),
    "nothing and logits": (lambda x, _: (None, x), "input[1]"),
    "logits and a cache": (lambda x, _: (x, ((x, x),)), "input[0]"),
    "logits and hidden states": (lambda x, _: (x, x[..., :4]), "input[0]"),
    "logits of layers": (lambda x, _: (x[..., :4], x), "input[1]"),
}  # fmt: skip


@pytest.mark.few(61, 79)
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("function", [kl_div_with_logits, js_div_with_logits])
@pytest.mark.parametrize("case", OUTPUTS)
def test_the_part_that_fits_is_told(holding_backend, case, function, both):
    make, code = OUTPUTS[case]
    x, t = (holding_backend.array(one) for one in (X, T))
    given = {"input": make(x, holding_backend.array(1.5)), "target": t}
    if both:
        given["target"] = make(t, holding_backend.array(2.5))
    kind = type(given["input"]).__name__
    remedy = told(function, given, kind)
    if both and case in ("logits and hidden states", "logits of layers"):
        assert remedy == "pass the one of input[0] and input[1] that is meant"
        return
    assert remedy == f"pass {code}"
    given["input"] = value(code, **given)
    if both:
        assert told(function, given, kind, "target") == f"pass {code.replace('input', 'target')}"
        given["target"] = value(code.replace("input", "target"), **given)
    options = SUMMED | ({"beta": 0.0} if function is js_div_with_logits else {})
    assert_allclose(holding_backend.read(function(**given, **options)), SUM, rtol=1e-5)


@pytest.mark.few(3, 4)
def test_rows_of_sequences_of_several_lengths_are_joined(holding_backend):
    backend = holding_backend
    given = {
        name: [backend.array(one[0]), backend.array(one[1, :3])]
        for name, one in (("input", X), ("target", T))
    }
    for name in given:
        code = joined(backend, name)
        assert told(kl_div_with_logits, given, "list", name) == f"pass {code}"
        given[name] = value(code, **given)
    expected = kl(log_softmax(X[0]), softmax(T[0])) + kl(log_softmax(X[1, :3]), softmax(T[1, :3]))
    loss = kl_div_with_logits(**given, **SUMMED)
    assert_allclose(backend.read(loss), expected, rtol=1e-5)


EITHER = "pass {joined} if each of them is a batch, or {stacked} if each is one sample"


@pytest.mark.parametrize("is_batch", [True, False])
def test_batches_are_joined_and_samples_stacked(holding_backend, is_batch):
    """Batches were told to be stacked, by which the loss was as many times too large."""
    backend = holding_backend
    given = {"input": list(layers_of(backend, X)), "target": list(layers_of(backend, T))}
    codes = {name: (joined(backend, name), stacked(backend, name)) for name in given}
    both = dict(zip(("joined", "stacked"), codes["input"], strict=True))
    assert told(kl_div_with_logits, given, "list") == EITHER.format(**both)
    code = codes["input"][not is_batch]
    given["input"] = value(code, **given)
    code = codes["target"][not is_batch]
    assert told(kl_div_with_logits, given, "list", "target") == f"pass {code}"
    given["target"] = value(code, **given)
    found = kl_div_with_logits(**given)
    assert_allclose(backend.read(found), SUM / (len(X) * 5 if is_batch else len(X)), rtol=1e-5)


@pytest.mark.parametrize("name", ["input", "target"])
def test_several_teachers_or_students_are_no_layers(holding_backend, name):
    x, t = (holding_backend.array(one) for one in (X, T))
    given = {"input": x, "target": t}
    given[name] = [given[name], given[name] * 0.5]
    assert told(kl_div_with_logits, given, "list", name) == (
        f"pass the last of them, {name}[-1], if they are of layers; if not, call the loss of each"
    )
    found = kl_div_with_logits(**given | {name: given[name][0]}, **SUMMED)
    assert_allclose(holding_backend.read(found), SUM, rtol=1e-5)


@pytest.mark.parametrize("shape", [(2, 4), (3, 4)])
def test_arrays_by_names_are_not_joined(holding_backend, shape):
    """No library joins the values of a dictionary."""
    x = {"a": holding_backend.array(X[0]), "b": holding_backend.array(RNG.normal(size=shape))}
    given = {"input": x, "target": None}
    assert told(kl_div_with_logits, given, "dict") == (
        'pass the one of input["a"] and input["b"] that is meant'
    )
    found = kl_div_with_logits(x["a"], holding_backend.array(T[0]), **SUMMED)
    assert_allclose(holding_backend.read(found), kl(log_softmax(X[0]), softmax(T[0])), rtol=1e-5)


MODELS = {
    "a base model": ({"last_hidden_state": LAYERS[-1]}, "pass its hidden states, {last}",
                     "{last}"),
    "a model with a head": ({"logits": X, "hidden_states": LAYERS},
                            "pass its last hidden states, {layers}[-1]", "{layers}[-1]"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ["dict", "types.SimpleNamespace"])
@pytest.mark.parametrize("model", MODELS)
def test_hidden_states_of_a_models_output_are_told(holding_backend, model, kind):
    backend, (parts, remedy, code) = holding_backend, MODELS[model]
    made = {
        key: layers_of(backend, one) if key == "hidden_states" else backend.array(one)
        for key, one in parts.items()
    }
    names = {"last": "input.last_hidden_state", "layers": "input.hidden_states"}
    if kind == "dict":
        names = {"last": 'input["last_hidden_state"]', "layers": 'input["hidden_states"]'}
    given = heads(backend, input=made if kind == "dict" else SimpleNamespace(**made))
    assert told(linear_kl_div, given, kind) == remedy.format(**names)
    given["input"] = value(code.format(**names), **given)
    assert_allclose(linear_sum(backend, given), SUM, rtol=1e-5)


def test_logits_without_hidden_states_have_two_remedies():
    backend = usable("numpy")
    given = heads(backend, input=SimpleNamespace(logits=X, hidden_states=None))
    assert told(linear_kl_div, given, "types.SimpleNamespace") == (
        "pass its last hidden states, input.hidden_states[-1], which the model gives with "
        "output_hidden_states=True, or its logits, input.logits, to kl_div_with_logits"
    )
    assert_allclose(kl_div_with_logits(given["input"].logits, T, **SUMMED), SUM)


def test_outputs_in_the_place_of_a_target_are_told():
    """Without a layer of its own it holds logits."""
    backend = usable("numpy")
    of_logits, of_states = (
        SimpleNamespace(logits=T),
        SimpleNamespace(last_hidden_state=OF_TEACHER[-1]),
    )
    given = heads(backend, target=of_states)
    layer = given.pop("target_weight")
    remedy = told(linear_kl_div, given, "types.SimpleNamespace", "target")
    assert remedy == "pass its hidden states, target.last_hidden_state, with target_weight="
    given["target"] = value("target.last_hidden_state", target=of_states)
    assert_allclose(linear_kl_div(**given, target_weight=layer, **SUMMED), SUM)
    given["target"] = of_logits
    remedy = told(linear_kl_div, given, "types.SimpleNamespace", "target")
    assert remedy == "pass its logits, target.logits, to a loss of logits"
    given["target"] = value("target.logits", target=of_logits)
    assert_allclose(linear_kl_div(**given, **SUMMED), SUM)


def test_logits_in_a_mapping_are_told(holding_backend):
    x, t = (holding_backend.array(one) for one in (X, T))
    given = {"input": {"logits": x}, "target": t}
    code = 'input["logits"]'
    remedy = told(kl_div_with_logits, given, "dict")
    assert remedy == f"pass its logits, {code}, to a loss of logits"
    loss = kl_div_with_logits(value(code, **given), t, **SUMMED)
    assert_allclose(holding_backend.read(loss), SUM, rtol=1e-5)


def test_a_base_model_beside_logits_is_given_its_last_layer():
    given = {"input": SimpleNamespace(last_hidden_state=LAYERS[-1]), "target": T}
    assert told(kl_div_with_logits, given, "types.SimpleNamespace") == (
        "pass what the model's last layer makes of its hidden states, input.last_hidden_state, or "
        "these and the layer's weight to linear_kl_div"
    )
    states = given["input"].last_hidden_state
    assert_allclose(kl_div_with_logits(states @ WEIGHT.T, T, **SUMMED), SUM)
    assert_allclose(linear_kl_div(states, WEIGHT, T, **SUMMED), SUM)


@pytest.mark.parametrize("case", ["beside padded logits", "both", "beside rows"])
def test_a_packed_sequence_is_padded_and_its_padding_left_out(case):
    usable("torch")
    torch = library("torch")
    rnn, lengths = torch.nn.utils.rnn, torch.tensor([2, 4])
    x, t = (torch.tensor(one) for one in (X, T))
    pack = {"lengths": lengths, "batch_first": True, "enforce_sorted": False}
    packed = {"input": rnn.pack_padded_sequence(x, **pack), "target": t}
    expected = sum(kl(log_softmax(X[i, :n]), softmax(T[i, :n])) for i, n in enumerate((2, 4)))
    kind = "torch.nn.utils.rnn.PackedSequence"
    if case == "beside rows":
        packed["target"] = rnn.pack_padded_sequence(t, **pack).data
        assert told(kl_div_with_logits, packed, kind) == "pass its data, input.data"
        loss = kl_div_with_logits(packed["input"].data, packed["target"], **SUMMED)
        assert float(loss) == pytest.approx(expected)
        return
    size, total = (5, ", total_length=5") if case != "both" else (4, "")
    if case == "both":
        packed["target"] = rnn.pack_padded_sequence(t, **pack)
    for name in ("input", "target")[: 1 + (case == "both")]:
        more = ", total_length=4" if name == "target" else total
        code = f"torch.nn.utils.rnn.pad_packed_sequence({name}, batch_first=True{more})"
        where = f"torch.arange({size}) < {code}[1][:, None]"
        assert told(kl_div_with_logits, packed, kind, name) == (
            f"pass {code}[0], and leave the padding out with where={where}"
        )
        mask = value(where, **packed)
        packed[name] = value(f"{code}[0]", **packed)
    loss = kl_div_with_logits(**packed, where=mask, **SUMMED)
    assert float(loss) == pytest.approx(expected)


@pytest.mark.parametrize("size", [4, 6])
def test_a_packed_sequence_beside_logits_with_tokens_first(size):
    """Padded with the batch first it raised "Expected total_length to be at least"."""
    usable("torch")
    torch = library("torch")
    rnn, lengths = torch.nn.utils.rnn, (2, 4, 3)
    values = RNG.normal(size=(2, size, len(lengths), 5))
    x, t = map(torch.tensor, values)
    packed = rnn.pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
    given = {"input": packed, "target": t}
    code = f"torch.nn.utils.rnn.pad_packed_sequence(input, total_length={size})"
    where = f"torch.arange({size})[:, None] < {code}[1]"
    assert told(kl_div_with_logits, given, "torch.nn.utils.rnn.PackedSequence") == (
        f"pass {code}[0], and leave the padding out with where={where}"
    )
    mask, padded = value(where, **given), value(f"{code}[0]", **given)
    loss = kl_div_with_logits(padded, t, where=mask, **SUMMED)
    pairs = [(values[0, :n, at], values[1, :n, at]) for at, n in enumerate(lengths)]
    expected = sum(kl(log_softmax(one), softmax(other)) for one, other in pairs)
    assert float(loss) == pytest.approx(expected)
