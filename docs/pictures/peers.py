"""Failures of other libraries' losses, by group of vectors: from the report of the peers."""

import json
import re
from pathlib import Path

from boxes import GREEN, GREY, RED, box, canvas, save
from matplotlib.colors import LinearSegmentedColormap

REPORT = Path(__file__).parent.parent / "peers" / "report.html"
SHADES = LinearSegmentedColormap.from_list("failures", ["#fde8e8", "#f08a8a"])
WIDTH, HEIGHT, LEFT = 33, 20, 158


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


def draw(path: Path) -> None:
    """Draw a row of cells for each loss and backend."""
    table = rows()
    others = [row for row in table if not row["implementation"].startswith("kldiv_xp")]
    groups = [
        group
        for group in table[0]["cells"]
        if any(look(row["cells"][group])[0] != "n/a" for row in others)
    ]
    top = HEIGHT * len(table) + 26
    figure, axes = canvas((LEFT + WIDTH * len(groups) + 44) / 72, (top + 74) / 72)
    for column, group in enumerate(groups):
        at = LEFT + WIDTH * (column + 0.4), top + 4
        axes.text(*at, group.replace("_", " "), rotation=50, fontsize=7.4, ha="left", va="bottom")
    for place, row in enumerate(table):
        y = top - HEIGHT * (place + 1)
        library, *_, function = row["implementation"].split(".")
        label = f"{library} {function}, {row['backend']}"
        axes.text(6, y + 9, label, va="center", fontsize=7.6)
        for column, group in enumerate(groups):
            text, colors = look(row["cells"][group])
            at = LEFT + WIDTH * column, y
            box(axes, at, (WIDTH - 2, HEIGHT - 2), text, fontsize=6.8, **colors)
    note = (
        "Failures among the vectors that each can express; n/a where it can express none. "
        "Groups that only kldiv_xp can express are left out."
    )
    axes.text(6, 10, note, fontsize=7.4, color=GREY, va="center")
    save(figure, path)
