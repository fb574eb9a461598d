"""The pictures: time for an element against size, of a few losses and of all; and peak memory."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt

from benchmarks.memory_plots import LIMIT, OURS, draw_memory, draw_memory_for_phones
from benchmarks.results import Results

# Colour and dash of each line: ours in blues and thick, peers in other hues and thin.
STYLES: dict[str, tuple[str, str]] = {
    "ours-numpy": (OURS, "-"),
    "ours-numpy-1": ("#5aa9e6", "-"),
    "ours-numpy-fast": (OURS, "-."),
    "ours-torch": ("#123a66", "-"),
    "ours-torch-fast": ("#123a66", "-."),
    "ours-torch-compile": ("#2a7f9e", "--"),
    "ours-jax": ("#00a6a6", "-"),
    "torch": ("#e4572e", "-"),
    "torch-compile": ("#e4572e", "--"),
    "optax": ("#7b4fa3", "-"),
    "keras": ("#b58ad6", "-"),
    "scipy": ("#8c8c8c", "-"),
    "numexpr": ("#b8860b", "-"),
    "numba": ("#4d8b31", "-"),
    "numpy": ("#c2417c", "-"),
}
# The losses of the first picture: ours on NumPy, and what people call otherwise.
FEW: dict[str, tuple[str, str]] = {
    "numpy": ("#c2417c", "-"),
    "optax": ("#7b4fa3", "-"),
    "torch": ("#e4572e", "-"),
    "torch-compile": ("#e4572e", "--"),
    "ours-numpy": (OURS, "-"),
    "ours-numpy-fast": (OURS, "-."),
}
LEADER = {"arrowstyle": "-", "linewidth": 0.6, "alpha": 0.6, "relpos": (0, 0.5), "shrinkA": 0}


def write_plots(results: Results, folder: Path) -> None:
    """Write the pictures into a folder, and of each another for phones."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}
    with mpl.rc_context(settings):
        for name, draw in PICTURES.items():
            figure = draw(results)
            figure.savefig(folder / name, bbox_inches="tight", **PNG)
            plt.close(figure)


def draw_times(results: Results) -> Any:
    """Nanoseconds for an element of a few losses, each named at the end of its line."""
    figure, ends = times(results, FEW, (8, 5))
    label_ends(figure.axes[0], ends)
    return figure


def draw_all_times(results: Results) -> Any:
    """The same of all."""
    figure, ends = times(results, STYLES, (9.4, 6.5))
    label_ends(figure.axes[0], ends)
    return figure


def draw_times_for_phones(results: Results) -> Any:
    """The same of a few, with their names below."""
    return with_legend(*times(results, FEW, (3.9, 3.6)))


def draw_all_times_for_phones(results: Results) -> Any:
    """The same of all, with their names below."""
    return with_legend(*times(results, STYLES, (3.9, 4.4)))


Ends = dict[str, tuple[float, float, str]]


def times(
    results: Results, styles: dict[str, tuple[str, str]], size: tuple[float, float]
) -> tuple[Any, Ends]:
    """Nanoseconds for an element against the number of elements, and the end of each line."""
    figure, axes = plt.subplots(figsize=size)
    ends: Ends = {}
    for peer, (colour, dash) in {**styles, "reading": (LIMIT, ":")}.items():
        points = line(results, peer)
        if points:
            width = 2.4 if peer.startswith("ours") else 1.4
            label = results.document["peers"][peer]["label"]
            axes.plot(*zip(*points, strict=True), dash, color=colour, linewidth=width, label=label)
            ends[label] = (*points[-1], colour)
    axes.set(xscale="log", yscale="log", xlabel="elements of an operand, float32, in rows of 1000")
    axes.set_title("Time for an element: forward, batchmean", loc="left", fontweight="bold")
    axes.set_ylabel("nanoseconds for an element")
    axes.grid(which="major", color="#dddddd", linewidth=0.6)
    return figure, ends


def with_legend(figure: Any, ends: Ends) -> Any:
    """A figure with the names of its lines below, the slowest first, as the lines end."""
    (axes,) = figure.axes
    lines = {one.get_label(): one for one in axes.lines}
    order = sorted(ends, key=lambda name: -ends[name][1])
    axes.set_xlabel("elements of an operand of float32")
    axes.set_title(axes.get_title(loc="left"), loc="left", fontweight="bold", fontsize=10)
    axes.legend(
        [lines[name] for name in order], order, loc="upper left", bbox_to_anchor=(-0.15, -0.17),
        frameon=False, handlelength=2.6,
    )  # fmt: skip
    return figure


def line(results: Results, peer: str) -> list[tuple[int, float]]:
    """Points (elements, nanoseconds for an element) of a peer."""
    names = [case for case in results.document["cases"] if case.startswith("sweep")]
    times = {case: results.time(case, peer) for case in names}
    return [
        (results.size(case), time / results.size(case) * 1e9)
        for case, time in times.items()
        if time is not None
    ]


def label_ends(axes: Any, ends: dict[str, tuple[float, float, str]]) -> None:
    """Name each line at its right end, with room between the names."""
    if not ends:
        return
    axes.figure.canvas.draw()
    into, back = axes.transData, axes.transAxes.inverted()
    heights = {name: back.transform(into.transform(end[:2]))[1] for name, end in ends.items()}
    order = sorted(heights, key=lambda name: heights[name])
    for name, place in zip(order, apart([heights[name] for name in order], 0.042), strict=True):
        x, y, colour = ends[name]
        axes.annotate(
            name,
            xy=(x, y),
            xytext=(1.03, place),
            textcoords="axes fraction",
            color=colour,
            va="center",
            fontweight="bold" if name.startswith("kldiv_xp") else "normal",
            arrowprops={**LEADER, "color": colour},
        )


def apart(heights: list[float], least: float) -> list[float]:
    """Sorted heights moved apart, each as little as can be, the groups kept in the middle."""
    groups: list[list[float]] = []
    for height in heights:
        groups.append([height])
        while len(groups) > 1 and lowest(groups[-1], least) < highest(groups[-2], least) + least:
            groups[-2:] = [groups[-2] + groups[-1]]
    return [lowest(group, least) + least * i for group in groups for i in range(len(group))]


def lowest(group: list[float], least: float) -> float:
    """Position of the first of a group that is spread around its middle."""
    return sum(group) / len(group) - least * (len(group) - 1) / 2


def highest(group: list[float], least: float) -> float:
    """Position of the last one."""
    return lowest(group, least) + least * (len(group) - 1)


PNG = {"dpi": 150, "metadata": {"Software": None}}
PICTURES = {
    "time.png": draw_times,
    "time.phone.png": draw_times_for_phones,
    "time_of_all.png": draw_all_times,
    "time_of_all.phone.png": draw_all_times_for_phones,
    "memory.png": draw_memory,
    "memory.phone.png": draw_memory_for_phones,
}
