"""The pictures of peak memory."""

from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt

from benchmarks.results import Results

OURS, LIMIT, GREY = "#0b5fa5", "#b00020", "#333333"
MIB = 1 << 20
PROMISED_MIB = 16


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


def draw_memory_for_phones(results: Results) -> Any:
    """The same, each name above its bar."""
    bars = memory_bars(results)
    figure, axes = plt.subplots(figsize=(3.9, 1 + 0.36 * max(1, len(bars))))
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
    for place, (name, value, colour) in enumerate(bars):
        axes.barh(place, value, color=colour, height=0.3)
        axes.text(0, place + 0.22, f" {name}: {value:.1f}", va="bottom", bbox=ground)
    axes.axvline(PROMISED_MIB, color=LIMIT, linestyle=":", linewidth=1.4)
    where = {"xy": (PROMISED_MIB, 1), "xycoords": ("data", "axes fraction"), "color": LIMIT}
    axes.annotate(f" {PROMISED_MIB} MiB, promised", va="bottom", **where)
    axes.set_xlabel("MiB beyond the operands, at the peak")
    axes.set_yticks([])
    axes.set_ylim(-0.5, len(bars))
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
