"""The rooms of the package, from the table by which tests judge every import."""

import ast
import textwrap
from pathlib import Path

from boxes import BLUE, GREEN, GREY, PHONE, box, canvas, save

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "kldiv_xp"
COLORS = {"formula": GREEN, "host": GREEN, "__init__": BLUE, "torch": BLUE, "__main__": BLUE,
          "typing": BLUE, "api": BLUE, "cli": BLUE}  # fmt: skip
LINE, MORE, GAP = 19, 9.5, 6


def floors() -> list[list[str]]:
    """Rows of rooms, as the test of the architecture has them."""
    text = (ROOT / "tests/project/test_architecture.py").read_text(encoding="utf-8")
    found = next(
        node.value
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "ROOMS"
    )
    return [sorted(row) for row in ast.literal_eval(found)]


def job(room: str) -> str:
    """First line of the docstring of a room."""
    path = PACKAGE / f"{room}.py"
    path = path if path.exists() else PACKAGE / room / "__init__.py"
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.splitlines()[0].replace("`", "")


def draw(path: Path) -> None:
    """Draw a floor for each row: its rooms, and what each is for."""
    drawn(path, 7.4 * 72, 120)


def draw_for_phones(path: Path) -> None:
    """Draw the same, each job in as many lines as it needs."""
    drawn(path, PHONE, 36)


def drawn(path: Path, width: float, letters: int) -> None:
    """Draw the house in a width, with so many letters in a line of a job."""
    rows = [[(room, textwrap.wrap(job(room), letters)) for room in rooms] for rooms in floors()]
    heights = [LINE + MORE * (len(lines) - 1) for rooms in rows for _, lines in rooms]
    height = sum(heights) + GAP * len(rows) + 24
    figure, axes = canvas(width / 72, height / 72)
    y = height - 4
    for rooms in rows:
        for room, lines in rooms:
            tall = LINE + MORE * (len(lines) - 1)
            y -= tall
            color = COLORS.get(room, GREY)
            box(axes, (18, y), (72, tall - 3), room, color=color, family="monospace", fontsize=7.6)
            middle = y + (tall - 3) / 2
            axes.text(98, middle, "\n".join(lines), va="center", fontsize=7.4, color=GREY)
        y -= GAP
        axes.plot((18, width - 8), (y + GAP / 2, y + GAP / 2), color="#cbd5e0", linewidth=0.6)
    axes.annotate("", (8, 20), (8, height - 8), arrowprops={"arrowstyle": "->", "color": GREY})
    axes.text(18, 10, "A module imports only downwards.", va="center", fontsize=7.6, color=GREY)
    save(figure, path)
