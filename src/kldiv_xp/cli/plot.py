"""Plot of the divergences of samples: one point each, and their histogram."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kldiv_xp._typing import Array, Axes
from kldiv_xp.cli.plot_marks import Mark, header, index_of, mark_findings, marks_of
from kldiv_xp.diagnosis.asked_loss import asked_about
from kldiv_xp.diagnosis.question import checked_operands
from kldiv_xp.diagnosis.report import Report
from kldiv_xp.diagnosis.values import losses_of_samples

BLUE, RED, GREY, PALE = "#2b6cb0", "#c53030", "#5a5a5a", "#fde8e8"
MEAN = "mean of\nfinite"
BINS, DPI = 40, 120

# A range of more than this is drawn in logarithms.
WIDE_RATIO = 100

# Below this a divergence is negative by more than rounding.
NOISE = 1e-5

# Values that differ by less than this, relatively, are drawn as equal, with so much room around.
EQUAL, ROOM = 1e-3, 0.05


@dataclass(frozen=True)
class Samples:
    """Divergences of samples, and the samples' shape."""

    values: Sequence[float]
    shape: Axes

    def chosen(self, is_wanted: Any) -> tuple[list[int], list[float]]:
        """Indices and values of the samples that meet a condition."""
        places = [place for place, value in enumerate(self.values) if is_wanted(value)]
        return places, [self.values[place] for place in places]


def is_negative(value: float) -> bool:
    """Whether a value is finite and negative beyond rounding."""
    return -math.inf < value < -NOISE


def is_usual(value: float) -> bool:
    """Whether a value is a plausible divergence."""
    return math.isfinite(value) and not is_negative(value)


def draw(
    path: Path, input: Array, target: Array, report: Report, names: Sequence[str] = ()
) -> None:
    """Save the plot of `figure_of` as a PNG file."""
    figure_of(input, target, report, names).savefig(path, dpi=DPI, format="png")


def figure_of(input: Array, target: Array, report: Report, names: Sequence[str] = ()) -> Any:
    """Figure of the divergences of two operands' samples.

    Raises
    ------
    ValueError
        If the operands have no samples with divergences.
    """
    if not report.values or not report.axis or 0 in report.shape:
        message = (
            "A picture needs operands with divergences; got none: mend what was found without "
            "--plot first."
        )
        raise ValueError(message)
    subject = asked_about(report).subject(input)
    axis = report.axis if len(report.axis) > 1 else report.axis[0]
    found = losses_of_samples(subject, *checked_operands(input, target, subject, axis, None))
    samples = Samples([float(value) for value in found.reshape(-1)], tuple(found.shape))
    return figure_of_samples(samples, marks_of(report), names)


def figure_of_samples(
    samples: Samples, marks: Sequence[Mark] = (), names: Sequence[str] = ()
) -> Any:
    """Figure with a point per sample, beside a histogram."""
    from matplotlib.figure import Figure

    lines = header(samples.values, marks, names, is_negative)
    figure = Figure(figsize=(9, 4 + 0.2 * len(lines)), layout="constrained")
    figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=10)
    points, counts = figure.subplots(1, 2, sharey=True, width_ratios=(3, 1))
    draw_points(points, samples)
    _, finite = samples.chosen(math.isfinite)
    if finite:
        set_scale(points, min(finite), max(finite))
        # The mean of a few among many that are lost says nothing of the samples.
        if 2 * len(finite) >= len(samples.values):
            whole = len(finite) == len(samples.values)
            draw_mean(points, counts, finite, "mean" if whole else MEAN)
        counts.hist(finite, edges(min(finite), max(finite)), orientation="horizontal", color=BLUE)
    else:  # there is nothing that a scale would measure; both have the same one
        counts.set(yticks=[], visible=False)
    mark_findings(points, marks, samples, RED)
    name_axes(points, counts, samples.shape)
    return figure


def draw_points(points: Any, samples: Samples) -> None:
    """Draw a point per sample: values not finite at the edges, negative ones in red."""
    size = 7 if len(samples.values) <= 50 else 4 if len(samples.values) <= 1000 else 2  # noqa: PLR2004
    how = {"linestyle": "None", "markersize": size, "rasterized": True}
    points.plot(*samples.chosen(is_usual), marker="o", color=BLUE, markeredgewidth=0, **how)
    places, below = samples.chosen(is_negative)
    if below:
        points.axhspan(min(below) * 1.1, 0, color=PALE, zorder=0)
        points.plot(places, below, marker="v", color=RED, **how | {"markersize": max(size, 5)})
    at_the_edge = how | {"markersize": 6, "clip_on": False, "color": RED}
    for is_lost, edge, marker in ((math.inf.__eq__, 1, "^"), ((-math.inf).__eq__, 0, "v"),
                                  (math.isnan, 0, "x")):  # fmt: skip
        places, lost = samples.chosen(is_lost)
        if lost:
            heights = [edge] * len(lost)
            across = points.get_xaxis_transform()
            points.plot(places, heights, marker=marker, transform=across, **at_the_edge)
    margin = max(0.5, 0.02 * len(samples.values))
    points.set_xlim(-margin, len(samples.values) - 1 + margin)


def draw_mean(points: Any, counts: Any, finite: Sequence[float], name: str) -> None:
    """Draw the mean through both plots, with its label in the right margin."""
    mean = math.fsum(finite) / len(finite)
    for axes in (points, counts):
        axes.axhline(mean, color=GREY, linestyle=":", linewidth=1.2)
    counts.annotate(
        f"{name}\n{mean:.4g}", (1, mean), xycoords=("axes fraction", "data"), va="center",
        textcoords="offset points", xytext=(5, 0), color=GREY, annotation_clip=False,
    )  # fmt: skip


def set_scale(points: Any, least: float, most: float) -> None:
    """Set a logarithmic scale for a wide range, and a margin for nearly equal values."""
    if is_wide(least, most):
        points.set_yscale("log")
    elif is_equal(least, most):
        room = ROOM * max(abs(least), abs(most), NOISE)
        points.set_ylim(least - room, most + room)


def name_axes(points: Any, counts: Any, shape: Axes) -> None:
    """Label the axes, with integer ticks and without offsets."""
    along = "sample" if len(shape) <= 1 else f"sample, of shape {shape}"
    points.set_xlabel(along)
    points.set_ylabel("divergence in nats")
    counts.set_xlabel("samples")
    for axes, most in ((points, 6), (counts, 3)):
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.get_major_locator().set_params(integer=True, nbins=most)
    ticks = [place for place in points.get_xticks() if index_of(place, shape)]
    points.set_xticks(ticks, [index_of(place, shape) for place in ticks])
    if points.get_yscale() == "linear":
        points.yaxis.set_major_formatter(lambda value, _: f"{value:.6g}")


def is_equal(least: float, most: float) -> bool:
    """Whether a range is too narrow to resolve."""
    return most - least <= EQUAL * max(abs(least), abs(most), NOISE)


def is_wide(least: float, most: float) -> bool:
    """Whether a positive range spans more than `WIDE_RATIO`."""
    return least > 0 and WIDE_RATIO * least < most


def edges(least: float, most: float) -> list[float]:
    """Bin edges: geometric for a wide range, else equidistant."""
    if is_wide(least, most):
        return [least * (most / least) ** (place / BINS) for place in range(BINS + 1)]
    # Values that are all but equal still need bins that can be seen.
    beyond = ROOM / 2 if is_equal(least, most) else 1e-6
    least, most = least - beyond * abs(least) - 1e-9, most + beyond * abs(most) + 1e-9
    return [least + (most - least) * place / BINS for place in range(BINS + 1)]
