"""How far a loss of float32 logits is off, the more equal the distributions are."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import scipy
import torch
from boxes import BLUE, GREY, RED
from matplotlib.figure import Figure

from kldiv_xp import kl_div_with_logits

ROWS, ENTRIES = 200, 1000
TEAL, AMBER = "#0f8a7e", "#b7791f"


def exact(student: np.ndarray, teacher: np.ndarray) -> np.ndarray:
    """Divergences of the stored numbers in float64, by a form in which nothing cancels."""
    x, t = student.astype(np.float64), teacher.astype(np.float64)
    p = np.exp(t - t.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    d = x - t
    d -= (p * d).sum(-1, keepdims=True)
    return np.log1p((p * (np.expm1(d) - d)).sum(-1))


def ours(student: np.ndarray, teacher: np.ndarray) -> np.ndarray:
    """The loss of each row here."""
    return np.asarray(kl_div_with_logits(student, teacher, reduction="none"))


def torchs(student: np.ndarray, teacher: np.ndarray) -> np.ndarray:
    """The same of torch.nn.functional.kl_div, which is what TRL's GKDTrainer calls for beta = 0."""
    logs = [torch.from_numpy(one).log_softmax(-1) for one in (student, teacher)]
    terms = torch.nn.functional.kl_div(*logs, reduction="none", log_target=True)
    return terms.sum(-1).numpy()


def optaxs(student: np.ndarray, teacher: np.ndarray) -> np.ndarray:
    """The same of Optax."""
    logs = [jax.nn.log_softmax(jnp.asarray(one)) for one in (student, teacher)]
    return np.asarray(optax.losses.kl_divergence_with_log_targets(*logs))


def scipys(student: np.ndarray, teacher: np.ndarray) -> np.ndarray:
    """The same of scipy.special.rel_entr."""
    q, p = (scipy.special.softmax(one, axis=-1) for one in (student, teacher))
    return np.asarray(scipy.special.rel_entr(p, q).sum(-1))


# Every third row of each library, which would lie on each other.
LOSSES = {
    "torch, TRL": (torchs, RED, "x", slice(0, None, 3)),
    "Optax": (optaxs, TEAL, "+", slice(1, None, 3)),
    "SciPy": (scipys, AMBER, "1", slice(2, None, 3)),
    "kldiv_xp": (ours, BLUE, ".", slice(None)),
}


def draw(path: Path) -> None:
    """Draw relative errors of rows against their divergence."""
    rng = np.random.default_rng(0)
    figure = Figure(figsize=(4.4, 3.6), layout="constrained")
    axes = figure.subplots()
    teacher = rng.normal(size=(ROWS, ENTRIES)).astype(np.float32)
    sizes = np.geomspace(1e-5, 1, ROWS)[:, None]
    student = (teacher + sizes * rng.normal(size=teacher.shape)).astype(np.float32)
    right = exact(student, teacher)
    for name, (loss, color, marker, rows) in LOSSES.items():
        error = np.maximum(np.abs(loss(student, teacher) - right) / right, 1e-9)
        axes.loglog(right[rows], error[rows], marker, color=color, markersize=5, label=name)
    axes.axhline(1, color=GREY, linestyle=":", linewidth=1)
    axes.annotate("as large as the value", (right.max(), 1.5), ha="right", color=GREY)
    axes.set_xlabel("divergence of a row, in nats")
    axes.set_ylabel("relative error")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})
