"""Rows of logits for every special case, and ways to compute losses of them."""

from functools import cache
from typing import Any

import numpy as np

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
)

SHAPE = (60, 40)
JS = "Jensen-Shannon"
KINDS = ("logits", "probabilities", "log_probabilities", JS)
BETAS = {"none": 0.5, "sum": 0.2, "batchmean": 1e-5, "selected": 0.9, "columns": 1.0}
FEW = ("none", "selected")
# Options that together take every way through the code.
OPTIONS: dict[str, dict[str, Any]] = {
    "none": {"reduction": "none", "temperature": 1.7},
    "sum": {"reduction": "sum"},
    "batchmean": {"temperature": 3.0, "scale_by_temperature_squared": False},
    "selected": {"reduction": "mean", "temperature": 0.7, "where": True},
    "columns": {"reduction": "none", "axis": 0},
}
SPECIAL_ROWS = 6


@cache
def table(kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Input, target and mask of rows; in the first rows there are infinities and NaN."""
    rng = np.random.default_rng(3)
    t = rng.standard_normal(SHAPE) * rng.choice([0.1, 1.0, 4.0, 30.0], (SHAPE[0], 1))
    x = t + rng.standard_normal(SHAPE) * 10.0 ** rng.integers(-7, 2, (SHAPE[0], 1))
    x[7], x[8] = t[7], t[8] + 30
    x[0, 5] = t[0, 5] = t[1] = x[2, 1] = t[9, ::3] = -np.inf
    t[3, 0] = x[4, 0] = np.nan
    x[5, 2] = np.inf
    if kind not in ("logits", JS):
        with np.errstate(all="ignore"):
            p = np.exp(t - t.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            t = np.where(p < 1e-9, 0.0, p) if kind == "probabilities" else np.log(p)
    return x.astype("float32"), t.astype("float32"), rng.random(SHAPE[0]) < 0.7


def losses(kind: str) -> tuple[Any, Any, dict[str, Any]]:
    """Loss, gradient, and their options."""
    if kind == JS:
        return js_div_with_logits, js_div_with_logits_gradient, {"reproducible": True}
    options = {"target_is": kind, "reproducible": True}
    return kl_div_with_logits, kl_div_with_logits_gradient, options


def outcomes(x: Any, t: Any, w: Any, kind: str, names: tuple[str, ...] = tuple(OPTIONS)) -> Any:
    """Losses and derivatives in some options: of ordinary rows, and of all where rows are apart."""
    found = []
    loss, derivatives, given = losses(kind)
    for name in names:
        options = {**OPTIONS[name], **given}
        if kind == JS:
            options["beta"] = BETAS[name]
        rows = slice(0 if options.get("reduction") == "none" else SPECIAL_ROWS, None)
        if "where" in options:
            options["where"] = w[rows]
        found.append(loss(x[rows, :], t[rows, :], **options))
        if name in ("none", "selected", "batchmean"):
            found += derivatives(x[rows, :], t[rows, :], **options, upstream=1.7)
    return found
