"""Pictures of a batch of sentences: how each reduction divides, and what a mask leaves out."""

from pathlib import Path

from boxes import BLUE, GREEN, GREY, LIGHT, PHONE, RED, box, canvas, save
from matplotlib.axes import Axes

CELL, WORDS, ENTRIES = 17, 3, 4
INK = {"ha": "left", "va": "center", "fontsize": 8.5}
TITLE = INK | {"fontsize": 9.5, "weight": "bold"}
# A call, the shape of what comes out, and what the sum is divided by.
Row = tuple[str, str, str]
REDUCTIONS: list[Row] = [
    ("reduction='none'", "(2, 3, 4)", "nothing: the terms"),
    ("reduction='none', axis=-1", "(2, 3)", "nothing: a divergence a word"),
    ("reduction='sum'", "()", "nothing: one sum"),
    ("reduction='batchmean'", "()", "2, the first axis"),
    ("reduction='mean', axis=-1", "()", "6, the number of words"),
    ("reduction='mean'", "()", "24, all elements: warns"),
]
LENGTHS = 3, 1
MASKS: list[Row] = [
    ("reduction='none', axis=-1", "(2, 3)", "nothing; 0 where left out"),
    ("reduction='mean', axis=-1", "()", "4, the selected words"),
    ("reduction='batchmean'", "()", "2, the first axis"),
]


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


def table(axes: Axes, rows: list[Row], top: float) -> None:
    """Lines of a call, what comes out, and what it divides by."""
    for x, text in ((6, "call"), (196, "shape"), (244, "the sum is divided by")):
        axes.text(x, top, text, color=GREY, **INK)
    for place, (call, shape, divisor) in enumerate(rows):
        y = top - 19 * (place + 1)
        axes.text(6, y, call, family="monospace", **INK | {"fontsize": 7.6})
        axes.text(196, y, shape, family="monospace", **INK | {"fontsize": 7.6})
        axes.text(244, y, divisor, color=RED if "warns" in divisor else "#1a202c", **INK)


def table_for_phones(axes: Axes, rows: list[Row], top: float) -> None:
    """The same in two lines for each call."""
    for place, (call, shape, divisor) in enumerate(rows):
        y = top - 28 * place
        small = INK | {"fontsize": 7.8}
        axes.text(6, y, call, family="monospace", **small)
        axes.text(PHONE - 6, y, shape, family="monospace", **small | {"ha": "right"})
        color = RED if "warns" in divisor else GREY
        axes.text(16, y - 11, f"divided by {divisor}", color=color, **INK)


def mask(axes: Axes, x: float, y: float, selected: int) -> None:
    """Words of a sentence that are selected."""
    for word in range(WORDS):
        at = x, y - (word + 1) * CELL
        color, text = (GREEN, "True") if word < selected else (GREY, "False")
        box(axes, at, (34, CELL - 2), text, color=color, fontsize=7.5)


def draw_reductions(path: Path) -> None:
    """Draw a batch of 2 sentences of 3 words over 4 entries, and every reduction of it."""
    figure, axes = canvas(5.35, 3.5)
    axes.text(6, 240, "terms of shape (2, 3, 4)", **TITLE)
    batch(axes, 24, 218)
    axes.text(196, 200, "a sample is one distribution:\nwith axis=-1, a row of 4 entries", **INK)
    table(axes, REDUCTIONS, 142)
    save(figure, path)


def draw_reductions_for_phones(path: Path) -> None:
    """Draw the same, the reductions below one another."""
    height = 312
    figure, axes = canvas(PHONE / 72, height / 72)
    axes.text(6, height - 10, "terms of shape (2, 3, 4)", **TITLE)
    batch(axes, 24, height - 32)
    note = "a sample is one distribution:\nwith axis=-1, a row of 4 entries"
    axes.text(6, height - 114, note, **INK)
    table_for_phones(axes, REDUCTIONS, height - 142)
    save(figure, path)


def draw_masks(path: Path) -> None:
    """Draw the same batch with a sentence of one word, and what the mask does."""
    figure, axes = canvas(5.35, 2.65)
    axes.text(6, 179, "a sentence of 3 words, and one of 1", **TITLE)
    batch(axes, 24, 156, LENGTHS)
    for place, selected in enumerate(LENGTHS):
        mask(axes, 212 + place * 62, 156, selected)
    axes.text(262, 162, "where, of shape (2, 3, 1)", ha="center", fontsize=8, color=GREY)
    table(axes, MASKS, 78)
    save(figure, path)


def draw_masks_for_phones(path: Path) -> None:
    """Draw the same, the mask below the batch."""
    height = 264
    figure, axes = canvas(PHONE / 72, height / 72)
    axes.text(6, height - 10, "a sentence of 3 words, and one of 1", **TITLE)
    batch(axes, 24, height - 32, LENGTHS)
    axes.text(6, height - 112, "where, of shape (2, 3, 1)", **INK)
    for place, selected in enumerate(LENGTHS):
        mask(axes, 41 + place * (ENTRIES * CELL + 18), height - 120, selected)
    table_for_phones(axes, MASKS, height - 190)
    save(figure, path)
