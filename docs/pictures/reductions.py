"""Pictures of a batch of sentences: how each reduction divides, and what a mask leaves out."""

from pathlib import Path

from boxes import BLUE, GREEN, GREY, LIGHT, RED, box, canvas, save
from matplotlib.axes import Axes

CELL, WORDS, ENTRIES = 17, 3, 4
INK = {"ha": "left", "va": "center", "fontsize": 8.5}


def sentence(axes: Axes, x: float, y: float, selected: int = WORDS) -> None:
    """Terms of a sentence: a row for each word; words that are not selected are grey."""
    for word in range(WORDS):
        for entry in range(ENTRIES):
            at = x + entry * CELL, y - (word + 1) * CELL
            color = BLUE if word < selected else GREY
            fill = None if word < selected else LIGHT
            text = "" if word < selected else "NaN"
            box(axes, at, (CELL - 2, CELL - 2), text, color=color, fill=fill, fontsize=7)


def batch(axes: Axes, x: float, y: float, selected: tuple[int, int] = (WORDS, WORDS)) -> None:
    """Two sentences, one beside the other, with names for the axes."""
    for place, words in enumerate(selected):
        left = x + place * (ENTRIES * CELL + 18)
        sentence(axes, left, y, words)
        axes.text(left + 34, y + 6, f"sentence {place}", ha="center", fontsize=8, color=GREY)
    axes.text(x - 5, y - 26, "words", rotation=90, va="center", ha="right", fontsize=8, color=GREY)
    axes.text(x + 34, y - 60, "entries", ha="center", fontsize=8, color=GREY)


def table(axes: Axes, rows: list[tuple[str, str, str]], top: float) -> None:
    """Lines of a call, what comes out, and what it divides by."""
    for x, text in ((6, "call"), (196, "shape"), (244, "the sum is divided by")):
        axes.text(x, top, text, color=GREY, **INK)
    for place, (call, shape, divisor) in enumerate(rows):
        y = top - 19 * (place + 1)
        axes.text(6, y, call, family="monospace", **INK | {"fontsize": 7.6})
        axes.text(196, y, shape, family="monospace", **INK | {"fontsize": 7.6})
        axes.text(244, y, divisor, color=RED if "warns" in divisor else "#1a202c", **INK)


def draw_reductions(path: Path) -> None:
    """Draw a batch of 2 sentences of 3 words over 4 entries, and every reduction of it."""
    figure, axes = canvas(5.35, 3.5)
    axes.text(6, 240, "terms of shape (2, 3, 4)", **INK | {"fontsize": 9.5, "weight": "bold"})
    batch(axes, 24, 218)
    axes.text(196, 200, "a sample is one distribution:\nwith axis=-1, a row of 4 entries", **INK)
    rows = [
        ("reduction='none'", "(2, 3, 4)", "nothing: the terms"),
        ("reduction='none', axis=-1", "(2, 3)", "nothing: a divergence a word"),
        ("reduction='sum'", "()", "nothing: one sum"),
        ("reduction='batchmean'", "()", "2, the first axis"),
        ("reduction='mean', axis=-1", "()", "6, the number of words"),
        ("reduction='mean'", "()", "24, all elements: warns"),
    ]
    table(axes, rows, 142)
    save(figure, path)


def draw_masks(path: Path) -> None:
    """Draw the same batch with a sentence of one word, and what the mask does."""
    figure, axes = canvas(5.35, 2.65)
    axes.text(6, 179, "a sentence of 3 words, and one of 1",
              **INK | {"fontsize": 9.5, "weight": "bold"})  # fmt: skip
    batch(axes, 24, 156, (3, 1))
    for place, selected in enumerate((3, 1)):
        for word in range(WORDS):
            at = 212 + place * 62, 156 - (word + 1) * CELL
            color = GREEN if word < selected else GREY
            text = "True" if word < selected else "False"
            box(axes, at, (34, CELL - 2), text, color=color, fontsize=7.5)
    axes.text(262, 162, "where, of shape (2, 3, 1)", ha="center", fontsize=8, color=GREY)
    rows = [
        ("reduction='none', axis=-1", "(2, 3)", "nothing; 0 where left out"),
        ("reduction='mean', axis=-1", "()", "4, the selected words"),
        ("reduction='batchmean'", "()", "2, the first axis"),
    ]
    table(axes, rows, 78)
    save(figure, path)
