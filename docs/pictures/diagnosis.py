"""The picture that the command `python -m kldiv_xp diagnose --plot` writes, of made-up operands."""

from pathlib import Path

import numpy as np

from kldiv_xp import diagnose
from kldiv_xp.cli.plot import draw as plot


def draw(path: Path) -> None:
    """Draw 200 samples: one is not normalised, and one gives no probability to what happens."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(200, 50))
    input = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    noisy = np.exp(input + 0.3 * rng.normal(size=input.shape))
    target = noisy / noisy.sum(-1, keepdims=True)
    target[60] *= 0.5
    input[140, 3] = -np.inf
    plot(path, input, target, diagnose(input, target))
