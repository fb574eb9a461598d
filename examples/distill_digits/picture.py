"""The picture of the loss curves."""

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt

WINDOW = 20


def smooth(curve):
    """Mean over the last steps, as many as there are up to the window."""
    sums = np.cumsum(np.concatenate([[0.0], curve]))
    steps = np.arange(1, len(curve) + 1)
    width = np.minimum(steps, WINDOW)
    return (sums[steps] - sums[steps - width]) / width


def draw(curves, backend, path):
    """Write a PNG of the loss of each lesson against the step."""
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    for name, curve in curves.items():
        (line,) = axes.plot(smooth(curve), label=name, linewidth=2)
        axes.plot(curve, color=line.get_color(), alpha=0.2, linewidth=0.8)
    axes.set(
        title=f"Training a small student on handwritten digits ({backend})",
        xlabel="step",
        ylabel="loss: divergence from the target (nats per image)",
        yscale="log",
    )
    axes.grid(alpha=0.3)
    axes.legend(title=f"what it learns from (bold: mean of {WINDOW} steps)")
    figure.savefig(path, dpi=120)
    plt.close(figure)
