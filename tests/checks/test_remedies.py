"""Every remedy of an error is followed, in every library, and gives the value that was meant."""

import re
import warnings

import numpy as np
import pytest
from array_libraries import BACKENDS, library
from conftest import usable
from words import follow, value, words

from kldiv_xp import kl_div, kl_div_gradient, kl_div_with_logits

RNG = np.random.default_rng(3)


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def log_softmax(logits):
    with np.errstate(divide="ignore"):
        return np.log(softmax(logits))


LOGITS, TEACHER = RNG.normal(size=(2, 2, 3))
LOG_Q, P = np.log(softmax(LOGITS)), softmax(TEACHER)
MASK = np.asarray([True, False])


def kl(log_q, p):
    """Sum of the terms; a term without a target is 0."""
    with np.errstate(all="ignore"):
        return np.sum(np.where(p > 0, p * (np.log(p) - log_q), 0.0))


def cast(backend, array, dtype):
    """Array of another type than the backend makes."""
    if backend.library == "torch":
        return array.to(getattr(__import__("torch"), dtype))
    if hasattr(array, "astype"):
        return array.astype(dtype)
    xp = library(backend.library)
    return xp.astype(array, getattr(xp, dtype))


def made(backend, values):
    """Array of a backend, of bools or ints where the values are."""
    array = backend.array(values)
    kind = np.asarray(values).dtype
    return array if kind == np.float64 else cast(backend, array, str(kind))


def refused(function, operands, options):
    """Sentence with which a function refuses its operands."""
    with pytest.raises((TypeError, ValueError)) as caught:
        function(*[operands[name] for name in ("input", "target")], **options)
    return str(caught.value)


LABELS, COUNTS = np.asarray([2, 0]), np.asarray([[1, 2, 1], [0, 5, 5]])
ONE_HOT = np.eye(3)[LABELS]
IMAGE = np.log(np.moveaxis(softmax(RNG.normal(size=(2, 4, 3))), -1, 1))
PIXELS = np.asarray([[0, 1, 2, 1], [2, 2, 0, 1]])
FLOATS = "`target` must have a real floating-point dtype; got {dtype}: "
SHAPES = "`input` and `target` must have the same shape; got {left} and {right}: "
LABELLED = "class labels become probabilities by {code}, which kl_div_with_logits takes with "
LABELLED += "target_is='probabilities'."

# Input, target, sentence, code as (word, its fields), and the sum that following it must give.
ROWS = {
    "one target for all samples": (
        LOG_Q, P[0], SHAPES + "nothing is broadcast silently, so pass target = {code}.",
        ("broadcast", {"shape": (2, 3)}), kl(LOG_Q, np.broadcast_to(P[0], (2, 3))),
    ),
    "axes in another order": (
        LOG_Q, P.T, SHAPES + "pass {code}.", ("permuted", {"axes": (1, 0)}), kl(LOG_Q, P),
    ),
    "flat": (
        LOG_Q, P.reshape(-1), SHAPES + "pass {code}.", ("reshaped", {"shape": (2, 3)}),
        kl(LOG_Q, P),
    ),
    "an axis too many": (
        LOG_Q, P[:, None], SHAPES + "pass {code}.", ("reshaped", {"shape": (2, 3)}), kl(LOG_Q, P),
    ),
    "labels": (
        LOG_Q, LABELS, FLOATS + LABELLED, ("one_hot", {"n": 3}), kl(LOG_Q, ONE_HOT),
    ),
    "labels in a column": (
        LOG_Q, LABELS[:, None], FLOATS + LABELLED, ("one_hot_of_column", {"n": 3}),
        kl(LOG_Q, ONE_HOT),
    ),
    "labels of pixels in a channel": (
        IMAGE, PIXELS[:, None], FLOATS + LABELLED, ("one_hot_of_channel", {"n": 3}),
        kl(IMAGE, np.moveaxis(np.eye(3)[PIXELS], -1, 1)),
    ),
    "labels in floats": (
        LOG_Q, LABELS.astype(float), SHAPES + LABELLED, ("one_hot", {"n": 3}), kl(LOG_Q, ONE_HOT),
    ),
    "labels of pixels": (
        IMAGE, PIXELS, FLOATS + LABELLED, ("one_hot_in_front", {"n": 3}),
        kl(IMAGE, np.moveaxis(np.eye(3)[PIXELS], -1, 1)),
    ),
    "counts": (
        LOG_Q, COUNTS,
        FLOATS + "take {float}, and if these are counts divide them by their sum, {code}.",
        ("counted", {}), kl(LOG_Q, COUNTS / COUNTS.sum(axis=1, keepdims=True)),
    ),
    "bools": (
        LOG_Q, ONE_HOT > 0, FLOATS + "convert it with {code}.", ("as_float", {}),
        kl(LOG_Q, ONE_HOT),
    ),
    "complex numbers": (
        LOG_Q, P + 0j, FLOATS + "take its real part, {code}.", ("real", {}), kl(LOG_Q, P),
    ),
}  # fmt: skip


def code_of(backend, word, fields):
    if word == "counted":
        return words(backend, "normalised", words(backend, "as_float", "target"), axis=-1)
    if not word.startswith("one_hot_"):
        return words(backend, word, "target", **fields)
    shape = {"one_hot_of_column": (2,), "one_hot_of_channel": (2, 4)}.get(word)
    labels = "target" if shape is None else words(backend, "reshaped", "target", shape=shape)
    code = words(backend, "one_hot", labels, **fields)
    if word == "one_hot_of_column":
        return code
    moved = {"torch": "{}.movedim(-1, 1)"}
    module = {"jax": "jax.numpy"}.get(backend.library, backend.library)
    return moved.get(backend.library, f"{module}.moveaxis({{}}, -1, 1)").format(code)


# arange makes the classes of a one-hot target on the first device of array-api-strict.
@pytest.mark.only_where(
    lambda holding_backend, row: (
        holding_backend != "array-api-strict-device1" or "one_hot" not in ROWS[row][3][0]
    )
)
@pytest.mark.parametrize("row", ROWS)
def test_remedy_of_a_target_gives_the_loss_that_was_meant(holding_backend, row):
    backend = holding_backend
    log_q, p, expected, (word, fields), meant = ROWS[row]
    target = backend.array(p.real) if np.iscomplexobj(p) else made(backend, p)
    target = cast(backend, target, "complex128") if np.iscomplexobj(p) else target
    operands = {"input": backend.array(log_q), "target": target}
    code = code_of(backend, word, fields)
    found = refused(kl_div, operands, {"reduction": "sum"})
    assert found == expected.format(
        dtype=target.dtype,
        left=log_q.shape,
        right=p.shape,
        code=code,
        float=words(backend, "as_float", "target"),
    )
    mended = follow(code, **operands)
    loss = backend.read(kl_div(mended["input"], mended["target"], reduction="sum"))
    assert loss == pytest.approx(meant, rel=1e-6)


@pytest.mark.parametrize(("student", "teacher"), [(3, 5), (5, 3)])
def test_vocabularies_of_two_sizes_are_cut_or_padded(holding_backend, student, teacher):
    x, t = RNG.normal(size=(2, student)), RNG.normal(size=(2, teacher))
    operands = {"input": holding_backend.array(x), "target": holding_backend.array(t)}
    padding = "pad those of `target` with -inf"
    if student < teacher:
        padding = "pad those of `input` with -inf and set the same entries of `target` to -inf"
    assert refused(kl_div_with_logits, operands, {}) == (
        f"`input` and `target` must have the same shape; got {x.shape} and {t.shape}: cut the "
        f"logits of both to the shared entries with [..., :3] before any softmax, or {padding}."
    )
    cut = [operands[name][..., :3] for name in ("input", "target")]
    loss = holding_backend.read(kl_div_with_logits(*cut, reduction="sum"))
    assert loss == pytest.approx(kl(np.log(softmax(x[:, :3])), softmax(t[:, :3])))
    padded = np.full((2, 5), -np.inf)
    padded[:, :3] = t[:, :3]
    wide = np.concatenate([x, np.full((2, 5 - student), -np.inf)], axis=1)
    both = holding_backend.array(wide), holding_backend.array(padded)
    loss = holding_backend.read(kl_div_with_logits(*both, reduction="sum"))
    assert loss == pytest.approx(kl(log_softmax(wide), softmax(padded)))


def test_batches_of_two_sizes_are_cut(holding_backend):
    more = holding_backend.array(np.concatenate([LOG_Q, LOG_Q]))
    operands = {"input": more, "target": holding_backend.array(P)}
    assert refused(kl_div, operands, {}).endswith(
        "keep the same 2 entries of both along axis 0, e.g. with [:2]."
    )
    loss = kl_div(more[:2, :], operands["target"], reduction="sum")
    assert holding_backend.read(loss) == pytest.approx(kl(LOG_Q, P))


# Masks

ALLOWED = "`where` must have the shape {allowed}; got {got}: pass {code}."


def masks(backend):
    """Function, options, mask, allowed shapes, code, and which samples have a part."""
    insert = words(backend, "inserted", "where", index=":, None", unsqueezed=".unsqueeze(1)")
    spread = words(backend, "broadcast", insert, shape=(2, 3))
    column = words(backend, "reshaped", "where", shape=(2, 1))
    return {
        "a mask of rows": (kl_div, {}, MASK, "(2, 3)", spread),
        "a mask of samples": (
            kl_div, {"axis": -1}, MASK[None], "(2, 3) or (2, 1) or (2,)", column,
        ),
        "a mask of samples of logits": (
            kl_div_with_logits, {}, MASK[None], "(2, 1) or (2,)", column,
        ),
        "a column": (
            kl_div, {}, MASK[:, None], "(2, 3)",
            words(backend, "broadcast", "where", shape=(2, 3)),
        ),
        "an axis too many": (
            kl_div_with_logits, {}, MASK[:, None, None], "(2, 1) or (2,)", column,
        ),
    }  # fmt: skip


@pytest.mark.parametrize("row", masks(BACKENDS["numpy"]))
def test_remedy_of_a_mask_selects_what_was_meant(holding_backend, row):
    function, options, mask, allowed, code = masks(holding_backend)[row]
    pair = (LOG_Q, P) if function is kl_div else (LOGITS, TEACHER)
    operands = [holding_backend.array(one) for one in pair]
    where = made(holding_backend, mask)
    options = options | {"reduction": "sum"}
    named = dict(zip(("input", "target"), operands, strict=True))
    found = refused(function, named, options | {"where": where})
    assert found == ALLOWED.format(allowed=allowed, got=mask.shape, code=code)
    where = follow(code, where=where)["where"]
    loss = holding_backend.read(function(*operands, where=where, **options))
    assert loss == pytest.approx(kl(LOG_Q[MASK], P[MASK]))


def test_entries_of_logits_are_left_out_by_infinity(holding_backend):
    selected = np.asarray([[True, True, False], [True, False, True]])
    where = made(holding_backend, selected)
    operands = {
        "input": holding_backend.array(LOGITS), "target": holding_backend.array(TEACHER),
    }  # fmt: skip
    code = words(holding_backend, "selected", "where", y="input")
    assert refused(kl_div_with_logits, operands, {"where": where}) == (
        "`where` must have the shape (2, 1) or (2,); got (2, 3): for padding pass where[:, :1]; to "
        f"leave out single entries, make their logits -inf in both operands, e.g. {code}."
    )
    padding = value("where[:, :1]", where=where)
    kept = kl_div_with_logits(**operands, where=padding, reduction="sum")
    whole = kl_div_with_logits(**operands, reduction="sum")
    assert holding_backend.read(kept) == pytest.approx(holding_backend.read(whole))
    left = [value(code.replace("input", name), where=where, **operands) for name in operands]
    loss = holding_backend.read(kl_div_with_logits(*left, reduction="sum"))
    x, t = (np.where(selected, one, -np.inf) for one in (LOGITS, TEACHER))
    assert loss == pytest.approx(kl(log_softmax(x), softmax(t)))


@pytest.mark.parametrize("values", [[[1, 0, 1], [0, 0, 1]], [[2.0, 0.0, 0.5], [0.0, 0.0, 1.0]]])
def test_mask_of_numbers_is_compared(holding_backend, values):
    where = made(holding_backend, np.asarray(values))
    operands = {"input": holding_backend.array(LOG_Q), "target": holding_backend.array(P)}
    assert refused(kl_div, operands, {"where": where}) == (
        f"`where` must be a mask of bools; got {where.dtype}: compare it with something, e.g. "
        "where != 0."
    )
    loss = kl_div(**operands, where=follow("where != 0", where=where)["where"], reduction="sum")
    selected = np.asarray(values) != 0
    assert holding_backend.read(loss) == pytest.approx(kl(LOG_Q[selected], P[selected]))


# Operands that are no arrays


class Table:
    """Like a table of pandas."""

    def __init__(self, values):
        self.values = values

    def to_numpy(self):
        return self.values


class Labelled:
    """Like an array of xarray, which holds an array of any library."""

    def __init__(self, values):
        self.data, self.shape = values, values.shape

    def to_numpy(self):
        raise AssertionError("the data need no conversion")


def things(backend):
    """Operands, and the remedies of them beside an array of the backend."""
    convert = "convert it with " + words(backend, "from_list", "{}", dtype=", dtype=input.dtype")
    module = {"jax": "jax.numpy"}.get(backend.library, backend.library)
    return {
        "a list of lists": (P.tolist(), convert.format("target")),
        "a list of ints": (ONE_HOT.astype(int).tolist(), convert.format("target")),
        "a list of arrays": ([backend.array(row) for row in P], f"pass {module}.stack(target)"),
        "a table": (Table(P), convert.format("target.to_numpy()")),
        "a labelled array": (Labelled(backend.array(P)), "pass its data, target.data"),
    }


# asarray of array-api-strict makes arrays on its first device.
@pytest.mark.only_where(
    lambda holding_backend, name: holding_backend != "array-api-strict-device1" or "array" in name
)
@pytest.mark.parametrize("name", things(BACKENDS["numpy"]))
def test_remedy_of_what_is_no_array_makes_one(holding_backend, name):
    thing, remedy = things(holding_backend)[name]
    log_q = holding_backend.array(LOG_Q)
    found = refused(kl_div, {"input": log_q, "target": thing}, {})
    start = "`target` must be an array (NumPy, CuPy, PyTorch, JAX, Dask, ...); got "
    assert found.startswith(start)
    assert found.removeprefix(start).split(": ", 1)[1] == f"{remedy}."
    target = value(re.split(r" with |pass its data, |pass ", remedy)[-1], input=log_q, target=thing)
    meant = kl(LOG_Q, ONE_HOT if "ints" in name else P)
    loss = holding_backend.read(kl_div(log_q, target, reduction="sum"))
    assert loss == pytest.approx(meant)


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_table_of_pandas_is_converted(library):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    backend, thing = usable(library), pandas.DataFrame(P)
    log_q = backend.array(LOG_Q)
    code = words(backend, "from_list", "target.to_numpy()", dtype=", dtype=input.dtype")
    assert refused(kl_div, {"input": log_q, "target": thing}, {}).endswith(f" {code}.")
    loss = kl_div(log_q, value(code, input=log_q, target=thing), reduction="sum")
    assert backend.read(loss) == pytest.approx(kl(LOG_Q, P))


def test_array_of_xarray_is_taken_out():
    xarray = pytest.importorskip("xarray", reason="xarray is not installed")
    thing = xarray.DataArray(P)
    found = refused(kl_div, {"input": LOG_Q, "target": thing}, {})
    assert found.endswith("pass its data, target.data.")
    assert kl_div(LOG_Q, thing.data, reduction="sum") == pytest.approx(kl(LOG_Q, P))


def test_remedy_of_a_masked_array_keeps_its_mask():
    target = np.ma.array(P, mask=[[True, False, False], [False, True, True]])
    assert refused(kl_div, {"input": LOG_Q, "target": target}, {}) == (
        "`target` must be an array without a mask of its own; got numpy.ma.MaskedArray: pass "
        "target.data, and say what has a part in the loss by "
        "where=~numpy.ma.getmaskarray(target)."
    )
    where = value("~numpy.ma.getmaskarray(target)", target=target)
    loss = kl_div(LOG_Q, target.data, reduction="sum", where=where)
    assert loss == pytest.approx(kl(LOG_Q[where], P[where]))


# Tensors of torch that are not dense


def tensors():
    """How tensors of every special kind are made, and the remedy of each."""
    torch = pytest.importorskip("torch", reason="torch is not installed")

    def nested(layout):
        return lambda t: torch.nested.nested_tensor(list(t), layout=layout)

    quantize = torch.quantize_per_tensor
    mask = "an array without a mask of its own; got torch.masked.maskedtensor.core.MaskedTensor"
    nest = "a dense tensor; got nested"
    return {
        "coo": (lambda t: t.to_sparse(), "a dense tensor; got torch.sparse_coo", "{x}.to_dense()"),
        "csr": (
            lambda t: t.to_sparse_csr(), "a dense tensor; got torch.sparse_csr", "{x}.to_dense()",
        ),
        "csc": (
            lambda t: t.to_sparse_csc(), "a dense tensor; got torch.sparse_csc", "{x}.to_dense()",
        ),
        "nested": (nested(torch.strided), nest, "{x}.to_padded_tensor(0)"),
        "jagged": (nested(torch.jagged), nest, "{x}.to_padded_tensor(0)"),
        "masked": (lambda t: torch.masked.masked_tensor(t, t < 9), mask, "{x}.get_data()"),
        "float8": (
            lambda t: t.to(torch.float8_e5m2),
            "a real floating-point dtype of at least 16 bits; got torch.float8_e5m2", "{x}.float()",
        ),
        "quantized": (
            lambda t: quantize(t, 0.125, 0, torch.qint8),
            "a real floating-point dtype; got torch.qint8", "{x}.dequantize()",
        ),
    }  # fmt: skip


KINDS = ["coo", "csr", "csc", "nested", "jagged", "masked", "float8", "quantized"]
# Numbers that all of these types hold exactly.
EXACT = {
    "input": [[-1.0, -2.0, -0.5], [-0.25, -4.0, -3.0]],
    "target": [[0.5, 0.25, 0.25], [0.125, 0.875, 0.0]],
}


@pytest.mark.filterwarnings("ignore")  # torch calls most of these a prototype, or deprecated
@pytest.mark.parametrize("place", ["input", "target"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "function", [kl_div, kl_div_gradient, kl_div_with_logits], ids=lambda one: one.__name__
)
def test_special_tensors_are_told_how_to_become_dense(function, kind, place):
    make, got, code = tensors()[kind]
    torch = __import__("torch")
    plain = {name: torch.tensor(values) for name, values in EXACT.items()}
    operands = plain | {place: make(plain[place])}
    found = refused(function, operands, {"reduction": "sum"})
    verb = "have" if "dtype" in got else "be"
    assert found.startswith(f"`{place}` must {verb} {got}: ")
    code = code.format(x=place)
    assert code in found
    mended = follow(code, **operands)
    expected = function(plain["input"], plain["target"], reduction="sum")
    torch.testing.assert_close(
        function(mended["input"], mended["target"], reduction="sum"), expected
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("coo", "where.to_dense()"),
        ("csr", "where.to_dense()"),
        ("nested", "torch.nested.to_padded_tensor(where, 0)"),
        ("jagged", "torch.nested.to_padded_tensor(where, 0)"),
        ("masked", "where.get_data() & where.get_mask()"),
        ("quantized", "where.dequantize() != 0"),
        ("float8", "where != 0"),
    ],
)
def test_special_masks_are_told_how_to_become_dense(kind, code):
    make, *_ = tensors()[kind]
    torch = __import__("torch")
    selected = torch.tensor([[True, False, True], [False, False, True]])
    numbers = kind in {"quantized", "float8", "csr"}
    where = make(selected.float() if numbers else selected)
    where = where.bool() if kind == "csr" else where
    operands = {name: torch.tensor(values) for name, values in EXACT.items()}
    found = refused(kl_div, operands, {"reduction": "sum", "where": where})
    assert found.endswith(f"{code}.")
    loss = kl_div(**operands, reduction="sum", where=value(code, where=where))
    torch.testing.assert_close(loss, kl_div(**operands, reduction="sum", where=selected))


def test_padding_of_nested_tensors_is_left_out():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x, p = (
            torch.nested.nested_tensor([torch.tensor(one[0]), torch.tensor(one[1][:2])])
            for one in EXACT.values()
        )
    where = torch.tensor([[True, True, True], [True, True, False]])
    loss = kl_div(x.to_padded_tensor(0), p.to_padded_tensor(0), where=where, reduction="sum")
    plain = [torch.tensor(one) for one in EXACT.values()]
    torch.testing.assert_close(loss, kl_div(*plain, where=where, reduction="sum"))


# The derivative by the loss


@pytest.mark.parametrize(
    ("upstream", "reduction", "remedy", "code"),
    [
        ((2, 3), "sum", "pass reduction='none', or a number", None),
        ((1,), "sum", "pass a number", None),
        ((3,), "none", "pass {broadcast}", "broadcast"),
        ((6,), "none", "pass {reshaped}", "reshaped"),
    ],
)
def test_remedy_of_an_upstream_derivative(holding_backend, upstream, reduction, remedy, code):
    operands = [holding_backend.array(one) for one in (LOG_Q, P)]
    given = holding_backend.array(np.full(upstream, 2.0))
    said = {
        word: words(holding_backend, word, "upstream", shape=(2, 3))
        for word in ("broadcast", "reshaped")
    }
    named = dict(zip(("input", "target"), operands, strict=True))
    options = {"reduction": reduction}
    assert refused(kl_div_gradient, named, options | {"upstream": given}) == (
        "`upstream` must have the shape of the loss, (2, 3) for 'none' and () otherwise; got "
        f"{upstream} with reduction={reduction!r}: {remedy.format(**said)}."
    )
    mended = value(said[code], upstream=given) if code else 2.0
    slope, _ = kl_div_gradient(*operands, **options, upstream=mended)
    np.testing.assert_allclose(holding_backend.read(slope), -2 * P)


# Options


@pytest.mark.parametrize(
    ("function", "wrong", "sentence", "right"),
    [
        (
            kl_div, {"reduction": "sum", "log_target": 1}, "pass bool(...) of it.",
            {"reduction": "sum", "log_target": bool(1)},
        ),
        (
            kl_div, {"reduction": "sum", "axis": 2}, "count them from 0, or from -1 at the end.",
            {"reduction": "sum", "axis": -1},
        ),
        (
            kl_div, {"size_average": "sum"}, "pass a reduction by keyword, reduction='sum'.",
            {"reduction": "sum"},
        ),
        (
            kl_div_gradient, {"reduction": "sum", "upstream": 10**400}, "scale it down.",
            {"reduction": "sum", "upstream": 1.0},
        ),
        (
            kl_div_with_logits, {"temperature": 0}, "1.0 leaves the logits as they are.",
            {"temperature": 1.0},
        ),
        (
            kl_div_with_logits, {"temperature": 1e200},
            "pass scale_by_temperature_squared=False.",
            {"temperature": 1e200, "scale_by_temperature_squared": False},
        ),
    ],
)  # fmt: skip
def test_remedy_of_an_option_is_accepted(function, wrong, sentence, right):
    with pytest.raises((TypeError, ValueError)) as caught:
        function(LOG_Q, P, **wrong)
    assert str(caught.value).endswith(sentence)
    assert np.isfinite(function(LOG_Q, P, **right)).all()


def test_unknown_sizes_are_computed_first():
    da = pytest.importorskip("dask.array", reason="dask is not installed")
    operands = [da.from_array(one, chunks=(1, 3)) for one in (LOG_Q, P)]
    chosen = [one[operands[0][:, 0] < 0] for one in operands]
    for function in (kl_div, kl_div_with_logits):
        found = refused(
            function,
            dict(zip(("input", "target"), chosen, strict=True)),
            {"reduction": "batchmean"},
        )
        assert "compute it first (Dask: compute_chunk_sizes())" in found
    for one in chosen:
        one.compute_chunk_sizes()
    loss = kl_div(*chosen, reduction="batchmean")
    assert float(loss) == pytest.approx(kl(LOG_Q, P) / 2)
