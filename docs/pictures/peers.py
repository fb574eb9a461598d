"""Failures of other libraries' losses, by group of vectors: from the report of the peers."""

import json
import re
import textwrap
from pathlib import Path

from boxes import GREEN, GREY, PHONE, RED, box, canvas, save
from matplotlib.colors import LinearSegmentedColormap

REPORT = Path(__file__).parent.parent / "peers" / "report.html"
SHADES = LinearSegmentedColormap.from_list("failures", ["#fde8e8", "#f08a8a"])
WIDTH, HEIGHT, LEFT = 33, 20, 158
NOTES = (
    "Failures among the vectors that each can express; n/a where it can express none.",
    "Groups that only kldiv_xp can express are left out.",
)


def rows() -> list[dict]:
    """Rows of the report, worst first."""
    data = re.search(r'<script[^>]*id="data"[^>]*>(.*?)</script>', REPORT.read_text(), re.DOTALL)
    if data is None:
        message = f"{REPORT} holds no data: write it anew by `nox -s peers`."
        raise ValueError(message)
    return json.loads(data[1])["rows"]


def look(cell: dict[str, int]) -> tuple[str, dict[str, str]]:
    """Text and colours of a cell: how many of the judged vectors fail."""
    failures = cell.get("failure", 0)
    judged = sum(cell.values()) - cell.get("not supported", 0)
    if not judged:
        return "n/a", {"color": GREY}
    if not failures:
        return "0", {"color": GREEN}
    return f"{failures}/{judged}", {"color": RED, "fill": SHADES(failures / judged)}


def share(text: str) -> str:
    """Text of a cell in per cent: 0 and 100 where it is so exactly."""
    if not text[0].isdigit() or "/" not in text:
        return text
    failures, judged = map(int, text.split("/"))
    return "100%" if failures == judged else f"{min(99, max(1, round(100 * failures / judged)))}%"


def expressed(table: list[dict]) -> list[str]:
    """Groups of which another library than this can express a vector."""
    others = [row for row in table if not row["implementation"].startswith("kldiv_xp")]
    return [
        group
        for group in table[0]["cells"]
        if any(look(row["cells"][group])[0] != "n/a" for row in others)
    ]


def named(row: dict) -> str:
    """Library, function and backend of a row."""
    library, *_, function = row["implementation"].split(".")
    return f"{library} {function}, {row['backend']}"


def draw(path: Path) -> None:
    """Draw a row of cells for each loss and backend."""
    table = rows()
    groups = expressed(table)
    top = HEIGHT * len(table) + 26
    figure, axes = canvas((LEFT + WIDTH * len(groups) + 44) / 72, (top + 74) / 72)
    for column, group in enumerate(groups):
        at = LEFT + WIDTH * (column + 0.4), top + 4
        axes.text(*at, group.replace("_", " "), rotation=50, fontsize=7.4, ha="left", va="bottom")
    for place, row in enumerate(table):
        y = top - HEIGHT * (place + 1)
        axes.text(6, y + 9, named(row), va="center", fontsize=7.6)
        for column, group in enumerate(groups):
            text, colors = look(row["cells"][group])
            at = LEFT + WIDTH * column, y
            box(axes, at, (WIDTH - 2, HEIGHT - 2), text, fontsize=6.8, **colors)
    axes.text(6, 10, " ".join(NOTES), fontsize=7.4, color=GREY, va="center")
    save(figure, path)


def draw_for_phones(path: Path) -> None:
    """Draw the same in shares, each row of cells below its name."""
    table = rows()
    groups = expressed(table)
    top, tall = 33 * len(table) + 48, 33
    figure, axes = canvas(PHONE / 72, (top + 74) / 72)
    width = (PHONE - 6) / len(groups)
    for column, group in enumerate(groups):
        at = 3 + width * (column + 0.5), top + 4
        axes.text(*at, group.replace("_", " "), rotation=90, fontsize=7.4, ha="center", va="bottom")
    for place, row in enumerate(table):
        y = top - tall * (place + 1)
        axes.text(4, y + 22, named(row), va="center", fontsize=7.6)
        for column, group in enumerate(groups):
            text, colors = look(row["cells"][group])
            text = share(text)
            box(axes, (3 + width * column, y), (width - 1.5, 16), text, fontsize=7.2, **colors)
    notes = "\n".join(textwrap.wrap(f"Share of {NOTES[0].lower()} {NOTES[1]}", 58))
    axes.text(4, 20, notes, fontsize=7.4, color=GREY, va="center")
    save(figure, path)
