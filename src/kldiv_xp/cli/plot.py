"""A picture of the divergences of samples: each of them, and how many there are of a size."""

import math
from pathlib import Path
from typing import Any

from kldiv_xp._typing import Array
from kldiv_xp.diagnosis.question import asked, subject_of
from kldiv_xp.diagnosis.report import Report
from kldiv_xp.diagnosis.values import samples_of
from kldiv_xp.formula.form import Form

BLUE, RED, GREY = "#2b6cb0", "#c53030", "#6b6b6b"
BINS = 40

# A range of more than this is drawn in logarithms.
WIDE = 100


def draw(path: Path, input: Array, target: Array, report: Report) -> None:
    """Write the picture of the samples of two operands as a PNG file.

    Raises
    ------
    ValueError
        If the operands have no samples with divergences.
    """
    if not report.values or not report.axis:
        message = (
            "A picture needs operands with divergences; got none: mend what was found without "
            "--plot first."
        )
        raise ValueError(message)
    subject = subject_of(Form(), report.input_is, report.target_is)
    axis = report.axis if len(report.axis) > 1 else report.axis[0]
    samples = samples_of(subject, *asked(input, target, subject, axis, None))
    divergences = [float(value) for value in samples.reshape(-1)]
    figure = drawn(divergences)
    figure.savefig(path, dpi=120, format="png")


def drawn(divergences: list[float]) -> Any:
    """Figure with a point for each sample, and beside it how many samples there are of a size."""
    from matplotlib.figure import Figure

    places = [place for place, value in enumerate(divergences) if math.isfinite(value)]
    finite = [divergences[place] for place in places]
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    points, counts = figure.subplots(1, 2, sharey=True, width_ratios=(3, 1))
    points.plot(places, finite, ".", color=BLUE, markersize=4, rasterized=True)
    for place in (place for place, value in enumerate(divergences) if not math.isfinite(value)):
        points.axvline(place, color=RED, linewidth=0.6, alpha=0.5)
    if finite:
        mean = math.fsum(finite) / len(finite)
        points.axhline(mean, color=GREY, linestyle=":", linewidth=1.2)
        points.annotate(
            f"mean {mean:.4g}", (1, mean), xycoords=("axes fraction", "data"), ha="right",
            va="bottom", color=GREY,
        )  # fmt: skip
        least, most = min(finite), max(finite)
        if is_wide(least, most):
            points.set_yscale("log")
        counts.hist(finite, bins=edges(least, most), orientation="horizontal", color=BLUE)
    lost = len(divergences) - len(finite)
    points.set_title(f"{len(divergences)} samples" + (f", {lost} not finite (red)" if lost else ""))
    points.set_xlabel("sample")
    points.set_ylabel("divergence in nats")
    counts.set_xlabel("samples")
    for axes in (points, counts):
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.get_major_locator().set_params(integer=True)
    return figure


def is_wide(least: float, most: float) -> bool:
    """Whether values between these are of many sizes."""
    return least > 0 and WIDE * least < most


def edges(least: float, most: float) -> list[float]:
    """Edges of bins: in equal ratios where the values are of many sizes, else in equal steps."""
    if is_wide(least, most):
        return [least * (most / least) ** (place / BINS) for place in range(BINS + 1)]
    # Values that are all but equal still need bins of a width that a float can tell.
    least, most = least - 1e-6 * abs(least) - 1e-9, most + 1e-6 * abs(most) + 1e-9
    return [least + (most - least) * place / BINS for place in range(BINS + 1)]
