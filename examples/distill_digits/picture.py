"""The picture of the accuracies that the students reach, and of their loss curves."""

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt

WINDOW = 20
# The lowest curve is that of the student who reads fewest images.
NOTE = (
    "A lower curve is not a better student: the loss of each is taken from a target of its own.\n"
    "The student of few labels soon knows its images by heart, so its loss is the lowest, and "
    "reads new ones worst."
)


def smooth(curve):
    """Mean over the last steps, as many as there are up to the window."""
    sums = np.cumsum(np.concatenate([[0.0], curve]))
    steps = np.arange(1, len(curve) + 1)
    width = np.minimum(steps, WINDOW)
    return (sums[steps] - sums[steps - width]) / width


def draw(scores, curves, teacher, backend, path):
    """Write a PNG: the accuracies of the students as bars, beside the loss of each step."""
    figure, (bars, lines) = plt.subplots(
        1, 2, figsize=(12, 5.5), layout="constrained", width_ratios=[4, 5]
    )
    figure.suptitle(f"Three small networks of one size learn to read digits ({backend})")
    figure.supxlabel(NOTE, fontsize=10)
    draw_accuracies(bars, scores, teacher)
    draw_losses(lines, curves)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def draw_accuracies(axes, scores, teacher):
    """Mean accuracy of each student, with its lowest and highest, and that of the teacher."""
    means = [np.mean(values) for values in scores.values()]
    reach = [[mean - min(v), max(v) - mean] for mean, v in zip(means, scores.values(), strict=True)]
    colors = [f"C{place}" for place in range(len(scores))]
    bars = axes.barh(
        [*scores], means, xerr=np.transpose(reach), color=colors, capsize=4, height=0.6
    )
    axes.bar_label(bars, [f"{mean:.1%}" for mean in means], label_type="center", color="white")
    axes.axvline(teacher, color="black", linestyle="--")
    title = f"Share of new images that each reads right\n(dashed: the teacher, {teacher:.1%})"
    axes.set(title=title, xlim=(0, 1))
    axes.set_yticks(range(len(scores)), [name.replace(", ", ",\n") for name in scores])
    axes.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1, decimals=0))
    axes.invert_yaxis()


def draw_losses(axes, curves):
    """Loss of each step: of targets that differ, so that their heights cannot be compared."""
    axes.set_title("Loss on the images that each one learns from,\nat each step of its training")
    for name, curve in curves.items():
        (line,) = axes.plot(smooth(curve), label=name, linewidth=2)
        axes.plot(curve, color=line.get_color(), alpha=0.2, linewidth=0.8)
    axes.set(
        xlabel="step",
        ylabel="divergence from the target (nats per image)",
        yscale="log",
    )
    axes.set_ylim(top=30)  # room for the legend
    axes.grid(alpha=0.3)
    axes.legend(title=f"learns from (bold: mean of {WINDOW} steps)")
