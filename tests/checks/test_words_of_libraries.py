"""Every template of code gives, in every library that is installed, what it says."""

import importlib
from dataclasses import fields

import numpy as np
import pytest
from checks.following_remedies import RNG, log_softmax, softmax
from conftest import EVERY, installed
from numpy.testing import assert_allclose

from kldiv_xp.checks.remedies import say
from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.core.words import Words

X, LABELS, KEPT = RNG.normal(size=(2, 3)), np.asarray([1, 0]), np.asarray([[True, False, True]] * 2)
# Operands, what else the template is given, and the value that its code has.
MEANT = {
    "as_float": (LABELS, {}, LABELS.astype(float)),
    "as_int": (X * 0 + 2.0, {}, np.full(X.shape, 2)),
    "log": (X**2, {}, np.log(X**2)),
    "softmax": (X, {"axis": -1}, softmax(X)),
    "log_softmax": (X, {"axis": -1}, log_softmax(X)),
    "normalised": (X**2, {"axis": -1}, X**2 / np.sum(X**2, axis=-1, keepdims=True)),
    "one_hot": (LABELS, {"n": 3}, np.eye(3)[LABELS]),
    "clipped": (LABELS - 1, {}, np.maximum(LABELS - 1, 0)),
    "relabelled": (LABELS + 254, {"label": 255}, np.asarray([0, 254])),
    "with_last_axis_moved": (X, {"axis": 0}, X.T),
    "broadcast": (X, {"shape": (4, 2, 3)}, np.broadcast_to(X, (4, 2, 3))),
    "reshaped": (X, {"shape": (6,)}, X.ravel()),
    "permuted": (X, {"axes": (1, 0)}, X.T),
    "joined": ([X, X], {"axis": 0}, np.concatenate([X, X])),
    "stacked": ([X, X], {"axis": -1}, np.stack([X, X], -1)),
    "log1p": (X**2, {}, np.log1p(X**2)),
    "exp": (X, {}, np.exp(X)),
    "total": (X, {}, X.sum()),
    "diagonal": (X[:, :2], {}, np.diagonal(X[:, :2])),
    "up_to": (LABELS[:, None], {"n": 3, "y": "y"}, np.arange(3) < LABELS[:, None]),
    "selected": (KEPT, {"y": "y"}, np.where(KEPT, X, -np.inf)),
    "all_true": (X, {"shape": (2, 3)}, np.ones((2, 3), bool)),
    "from_python": (X.tolist(), {"dtype": ", dtype=y.dtype"}, X),
    "from_numpy": ("numpy", {"y": "y"}, X),
    "number": (X[0, 0], {}, X[0, 0]),
}
# Of numbers that no float operand has, of another device, of flags and parts of other templates.
NOT_FOLLOWED = {
    "real", "softmax_over_axes", "log_softmax_over_axes", "on_device", "on_device_of", "from_other",
    "exported", "divides_integers", "exports_numpy", "shares_memory_of_numpy",
    "takes_compact_memory", "compact", "yields", "static", "inserts_axes_one_by_one",
}  # fmt: skip
# ndonnx has no linear algebra.


def made(backend, values):
    """Operand of a backend: an array of its kind, a list of them, or what is no array of it."""
    if isinstance(values, str):
        return X.copy()
    if isinstance(values, list):
        return (
            [made(backend, one) for one in values] if isinstance(values[0], np.ndarray) else values
        )
    array, kind = backend.array(values), np.asarray(values).dtype
    if kind == np.float64:
        return array
    xp = namespace_of(array)
    kinds = {"bool": getattr(xp, "bool_", getattr(xp, "bool", None)), "int64": xp.int64}
    return array.astype(kinds[str(kind)]) if hasattr(array, "astype") else xp.astype(
        array, kinds[str(kind)]
    )  # fmt: skip


def test_every_template_is_followed_or_said_not_to_be():
    assert {one.name for one in fields(Words)} == {*MEANT} | NOT_FOLLOWED


@pytest.mark.only_where(lambda name, word: (name, word) != ("ndonnx", "diagonal"))
@pytest.mark.parametrize("name", installed(*EVERY))
@pytest.mark.parametrize("word", MEANT)
def test_a_template_is_code_of_its_library(word, name):
    backend = EVERY[name]
    values, given, expected = MEANT[word]
    y = backend.array(X)
    xp, x = namespace_of(y), made(backend, values)
    code = say(xp, word, "x", **given)
    root = backend.library.partition(".")[0]
    importlib.import_module(backend.library)
    if "within" in code:
        code = code.partition(",")[0]
    found = eval(code, {root: importlib.import_module(root)}, {"x": x, "y": y, "numpy": np})
    assert_allclose(np.asarray(backend.read(found) if hasattr(found, "shape") else found, float),
                    np.asarray(expected, float), rtol=1e-5)  # fmt: skip
