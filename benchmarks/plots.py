"""The two pictures: time for an element against size, and peak memory."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt

from benchmarks.results import Results

OURS, LIMIT, GREY = "#0b5fa5", "#b00020", "#333333"
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
LEADER = {"arrowstyle": "-", "linewidth": 0.6, "alpha": 0.6, "relpos": (0, 0.5), "shrinkA": 0}
MIB = 1 << 20
PROMISED_MIB = 16


def write_plots(results: Results, folder: Path) -> None:
    """Write both pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}
    with mpl.rc_context(settings):
        for name, draw in (("time.png", draw_times), ("memory.png", draw_memory)):
            figure = draw(results)
            figure.savefig(folder / name, dpi=150, bbox_inches="tight", metadata={"Software": None})
            plt.close(figure)


def draw_times(results: Results) -> Any:
    """Nanoseconds for an element against the number of elements, both on logarithmic axes."""
    figure, axes = plt.subplots(figsize=(10, 6.5))
    ends: dict[str, tuple[float, float, str]] = {}
    for peer, (colour, dash) in {**STYLES, "reading": (LIMIT, ":")}.items():
        points = line(results, peer)
        if points:
            width = 2.4 if peer.startswith("ours") else 1.4
            axes.plot(*zip(*points, strict=True), dash, color=colour, linewidth=width)
            ends[results.document["peers"][peer]["label"]] = (*points[-1], colour)
    axes.set(xscale="log", yscale="log", xlabel="elements of an operand, float32, in rows of 1000")
    axes.set_title("Time for an element: forward, batchmean", loc="left", fontweight="bold")
    axes.set_ylabel("nanoseconds for an element")
    axes.grid(which="major", color="#dddddd", linewidth=0.6)
    label_ends(axes, ends)
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
    """Where the first of a group stands when it is spread around its middle."""
    return sum(group) / len(group) - least * (len(group) - 1) / 2


def highest(group: list[float], least: float) -> float:
    """Where the last one stands."""
    return lowest(group, least) + least * (len(group) - 1)


def draw_memory(results: Results) -> Any:
    """Bars of peak memory beyond the operands, the most frugal on top."""
    bars = memory_bars(results)
    figure, axes = plt.subplots(figsize=(10, 1.2 + 0.34 * max(1, len(bars))))
    names, values, colours = zip(*bars, strict=True) if bars else ((), (), ())
    drawn = axes.barh(names, values, color=colours, height=0.7)
    axes.bar_label(drawn, [f"{value:.1f}" for value in values], padding=4, color=GREY)
    axes.axvline(PROMISED_MIB, color=LIMIT, linestyle=":", linewidth=1.4)
    where = {"xy": (PROMISED_MIB, 1), "xycoords": ("data", "axes fraction"), "color": LIMIT}
    axes.annotate(f" {PROMISED_MIB} MiB, the most that is promised", va="bottom", **where)
    axes.set_xlabel("MiB beyond the operands, at the peak of one call")
    axes.tick_params(axis="y", length=0)
    return figure


def memory_bars(results: Results) -> list[tuple[str, float, str]]:
    """Label, MiB and colour of each bar, the largest first."""
    bars = []
    for case, by_peer in results.document["measured"].items():
        for peer in by_peer if case.startswith("memory") else ():
            grown = results.memory(case, peer)
            if grown is not None:
                layout = case.removeprefix("memory ")
                label = results.document["peers"][peer]["label"]
                named = label if layout == "contiguous" else f"{label}, {layout}"
                bars.append((named, grown / MIB, OURS if peer.startswith("ours") else "#b9b9b9"))
    return sorted(bars, key=lambda bar: -bar[1])
