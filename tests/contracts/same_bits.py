"""A table of operands for every special case, and all ways to compute losses of them."""

from typing import Any

import numpy as np

from kldiv_xp import kl_div, kl_div_gradient

SHAPE = (256, 400)
FORMS = {"probabilities": {}, "log_target": {"log_target": True}, "log_input": {"log_input": False}}
SPECIAL = [0, -0.0, 1, 1 - 2**-24, 1 + 2**-23, 0.75, 0.75 - 2**-25, 1.5, 1.5 - 2**-23, 2**-126]
SPECIAL += [2**-125, 2**-149, 1e-39, 1.1754942e-38, 3.4028235e38, 1e38, 0.5, 2, 3, 1e-30]
SPECIAL += [2**-127, 2**-130, 2**-14, 2**-24, 65504, np.inf, -np.inf, np.nan, -1, -1e-40]
LOGARITHMS = [0, -0.0, -1e-39, 1e-42, -87.33654, -87.33655, -87.5, -88, -104, -200, -1e30, 1, 60]
LOGARITHMS += [88.5, 88.8, 100, 200, 3e38, -np.inf, np.inf, np.nan, -1, -1e-7, 1e-20, 2**-13]
# Options that together take every way through the code.
OPTIONS = {
    "none": {"reduction": "none"},
    "sum": {"reduction": "sum"},
    "mean": {"reduction": "mean"},
    "batchmean": {"reduction": "batchmean"},
    "rows": {"reduction": "none", "axis": 1},
    "columns": {"reduction": "batchmean", "axis": (0,)},
    "columns apart": {"reduction": "none", "axis": 0},
    "selected": {"reduction": "mean", "where": True},
    "rows selected": {"reduction": "mean", "axis": -1, "where": True},
}


def table(form: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Input, target and mask; in the first rows every special number meets every other."""
    rng = np.random.default_rng(7)
    p = rng.standard_gamma(0.3, SHAPE)
    p = (p / p.sum(axis=1, keepdims=True)).astype("float32")
    p[rng.random(SHAPE) < 0.1] = 0
    q = rng.standard_gamma(0.5, SHAPE) + 1e-6
    q = q / q.sum(axis=1, keepdims=True)
    near = rng.random(SHAPE) < 0.3
    q = np.where(
        near & (p > 0), p * (1 + rng.standard_normal(SHAPE) * 2.0 ** -rng.integers(2, 26)), q
    )
    with np.errstate(all="ignore"):
        x, t = np.log(q).astype("float32"), p
        t = np.log(p.astype("float64")).astype("float32") if form == "log_target" else t
        x = q.astype("float32") if form == "log_input" else x
    left = SPECIAL if form == "log_input" else LOGARITHMS
    right = LOGARITHMS if form == "log_target" else SPECIAL
    pairs = np.asarray([(a, b) for a in left for b in right], "float32").T
    for operand, special in zip((x, t), pairs, strict=True):
        operand.reshape(-1)[: special.size] = special
    return x, t, rng.random(SHAPE) < 0.7


SPECIAL_ROWS = 3


# Of a library that takes long for each of them; with their derivatives.
FEW = ("none", "selected")


def outcomes(
    x: Any, t: Any, w: Any, names: tuple[str, ...] = tuple(OPTIONS), **form: Any
) -> list[Any]:
    """Losses and derivatives in some options: of ordinary rows, and of all where rows are apart."""
    found = []
    for name in names:
        options = OPTIONS[name]
        rows = slice(0 if options["reduction"] == "none" else SPECIAL_ROWS, None)
        given = {**options, **form, "reproducible": True}
        mask = {"where": w[rows, :]} if "where" in options else {}
        found.append(kl_div(x[rows, :], t[rows, :], **{**given, **mask}))
        if name in ("none", "selected", "mean"):
            found += kl_div_gradient(x[rows, :], t[rows, :], **{**given, **mask}, upstream=1.7)
    return found


def bits(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array).view("int32")


def differing(found: list[np.ndarray], expected: list[np.ndarray]) -> int:
    """How many numbers of float32 have other bits."""
    assert [one.shape for one in found] == [one.shape for one in expected]
    pairs = zip(found, expected, strict=True)
    return sum(int((bits(one) != bits(other)).sum()) for one, other in pairs)


def read(backend, array, dtype):
    """Numbers in float32, where NumPy has all of them; of bfloat16 torch makes several NaNs."""
    values = backend.read(array).astype("float32")
    return np.where(np.isnan(values), np.float32("nan"), values) if dtype == "bfloat16" else values
