"""Common parts of the pictures: boxes with text, a few colours, bytes that stay the same."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

BLUE, RED, GREEN, GREY, LIGHT = "#2b6cb0", "#c53030", "#2f855a", "#4a5568", "#edf2f7"
PALE = {BLUE: "#e3eefa", RED: "#fde8e8", GREEN: "#e3f4ea", GREY: LIGHT}

# Points across of a picture for phones: letters of 7.2 points then have 9 pixels on a narrow one.
PHONE = 252

# Letters as outlines, so that a picture needs no font; names and dates would change the bytes.
mpl.rcParams.update({"svg.hashsalt": "kldiv_xp", "svg.fonttype": "path", "font.size": 9})


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Empty figure, in inches, whose axes count in points from the lower left."""
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, width * 72)
    axes.set_ylim(0, height * 72)
    return figure, axes


def box(
    axes: Axes,
    at: tuple[float, float],
    size: tuple[float, float],
    text: str = "",
    *,
    color: str = GREY,
    fill: str | None = None,
    **how: object,
) -> None:
    """Box with text in its middle."""
    shape = FancyBboxPatch(
        at, *size, boxstyle="round,pad=0,rounding_size=3", linewidth=0.9, edgecolor=color,
        facecolor=PALE[color] if fill is None else fill,
    )  # fmt: skip
    axes.add_patch(shape)
    middle = at[0] + size[0] / 2, at[1] + size[1] / 2
    axes.text(*middle, text, ha="center", va="center", **{"color": "#1a202c", **how})


def save(figure: Figure, path: Path) -> None:
    """Write a picture, the same bytes each time."""
    figure.savefig(path, metadata={"Date": None})
