"""Operands of two libraries, of types and memory that not each of them has: the remedy converts."""

import numpy as np
import pytest
from checks.following_remedies import refused
from conftest import EVERY, usable
from words import follow

from kldiv_xp import kl_div


def bfloat16():
    return pytest.importorskip("ml_dtypes", reason="ml_dtypes is not installed").bfloat16


def field(values):
    """Values that lie between bytes of another field."""
    records = np.zeros(len(values), dtype=[("byte", "i1"), ("float", "f4")])
    records["float"] = values
    return records["float"]


# Numbers that all of these types hold exactly.
PLACES = ("input", "target")
VALUES = np.asarray([0.5, 0.25, 0.25])
OF_NUMPY = {
    "longdouble": lambda values: values.astype("g"),
    "of the other order of bytes": lambda values: values.astype(np.dtype("f4").newbyteorder()),
    "float16": lambda values: values.astype("f2"),
    "float16 of the other order": lambda values: values.astype(np.dtype("f2").newbyteorder()),
    "bfloat16": lambda values: values.astype(bfloat16()),
    "a field of records": field,
    "backwards": lambda values: values[::-1].copy()[::-1],
    "read-only": lambda values: np.broadcast_to(values, (3,)),
    "a scalar": lambda values: np.float32(values[0]),
    "a scalar of longdouble": lambda values: np.longdouble(values[0]),
    "a scalar of bfloat16": lambda values: bfloat16()(values[0]),
}


@pytest.mark.only_where(lambda backend, kind: EVERY[backend].library != "numpy")
@pytest.mark.parametrize("place", ["input", "target"])
@pytest.mark.parametrize("kind", OF_NUMPY)
def test_array_of_numpy_becomes_one_of_the_other_library(backend, kind, place):
    array = OF_NUMPY[kind](VALUES)
    shape = np.shape(array)
    other = "target" if place == "input" else "input"
    operands = {place: array, other: backend.array(np.full(shape, 0.5))}
    code = refused(kl_div, operands, {}).split("convert one of them, ")[1].removesuffix(".")
    mended = follow(code, **operands)
    assert type(mended["input"]) is type(mended["target"])
    loss = kl_div(mended["input"], mended["target"], reduction="sum")
    meant = kl_div(
        *(np.asarray(array if one == place else np.full(shape, 0.5), dtype="f8") for one in PLACES),
        reduction="sum",
    )
    assert backend.read(loss) == pytest.approx(float(meant), rel=1e-6)


@pytest.mark.only_where(
    lambda holding_backend: EVERY[holding_backend].library not in {"numpy", "torch", "jax"}
)
@pytest.mark.parametrize("other", ["torch", "jax"])
def test_bfloat16_of_other_libraries_is_widened(holding_backend, other):
    backend, other = holding_backend, usable(other)
    target = other.array(VALUES)
    target = target.bfloat16() if other.library == "torch" else target.astype("bfloat16")
    operands = {"input": backend.array(VALUES), "target": target}
    code = refused(kl_div, operands, {}).split("convert one of them, ")[1].removesuffix(".")
    loss = kl_div(*follow(code, **operands).values(), reduction="sum")
    meant = kl_div(VALUES, VALUES, reduction="sum")
    assert backend.read(loss) == pytest.approx(float(meant), rel=1e-6)


@pytest.mark.parametrize("view", ["rows", "columns", "repeated"])
def test_view_of_a_tensor_becomes_an_array_of_jax(view):
    torch, jax = usable("torch"), usable("jax")
    table = torch.array(np.arange(24.0).reshape(4, 6))
    target = {"rows": table[::2], "columns": table[:, ::2], "repeated": table[:1].expand(5, 6)}[
        view
    ]
    log_q = np.full(target.shape, -1.0)
    operands = {"input": jax.array(log_q), "target": target}
    code = refused(kl_div, operands, {}).split("convert one of them, ")[1].removesuffix(".")
    loss = kl_div(*follow(code, **operands).values(), reduction="sum")
    assert jax.read(loss) == pytest.approx(float(kl_div(log_q, target.numpy(), reduction="sum")))
