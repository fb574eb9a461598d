"""The picture that the command `python -m kldiv_xp diagnose --plot` writes, of made-up operands."""

from pathlib import Path

import numpy as np

from kldiv_xp import diagnose
from kldiv_xp.cli.plot import draw as plot
from kldiv_xp.cli.plot import figure_of


def operands() -> tuple[np.ndarray, np.ndarray]:
    """200 samples: one is not normalised, and one gives no probability to what happens."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(200, 50))
    input = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    noisy = np.exp(input + 0.3 * rng.normal(size=input.shape))
    target = noisy / noisy.sum(-1, keepdims=True)
    target[60] *= 0.5
    input[140, 3] = -np.inf
    return input, target


def draw(path: Path) -> None:
    """Draw them as the command does."""
    input, target = operands()
    plot(path, input, target, diagnose(input, target))


def draw_for_phones(path: Path) -> None:
    """Draw the same figure, as wide as a phone."""
    input, target = operands()
    figure = figure_of(input, target, diagnose(input, target))
    figure.set_size_inches(4.4, 4.6)
    figure.savefig(path, dpi=240)
