"""The rooms of the package, from the table by which tests judge every import."""

import ast
import re
from pathlib import Path

from boxes import BLUE, GREEN, GREY, box, canvas, save

ROOT = Path(__file__).parents[2]
COLORS = {"formula": GREEN, "host": GREEN, "__init__": BLUE, "torch": BLUE, "__main__": BLUE,
          "api": BLUE, "cli": BLUE}  # fmt: skip


def rooms() -> list[list[str]]:
    """Rows of rooms, as the test of the architecture has them."""
    text = (ROOT / "tests/project/test_architecture.py").read_text(encoding="utf-8")
    found = next(
        node.value
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "ROOMS"
    )
    return [sorted(row) for row in ast.literal_eval(found)]


def jobs() -> dict[str, str]:
    """What each row is for, in the words of CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    lines = re.search(r"```text\n(.*?)```", text, re.DOTALL)
    rows = re.findall(r"^(\S+(?: {1,2}\S+)*) {3,}(.+)$", lines[1] if lines else "", re.MULTILINE)
    return {name: job for names, job in rows for name in names.split()}


def draw(path: Path) -> None:
    """Draw a floor for each row: its rooms, and what they are for."""
    rows, said = rooms(), jobs()
    figure, axes = canvas(5.35, 0.42 * len(rows) + 0.35)
    top = 72 * (0.42 * len(rows) + 0.35)
    for floor, names in enumerate(rows):
        y = top - 30 * (floor + 1)
        width = 168 / len(names)
        for place, name in enumerate(names):
            at = 16 + place * width, y
            color = COLORS.get(name, GREY)
            box(axes, at, (width - 3, 24), name, color=color, family="monospace", fontsize=8)
        job = said.get(names[0], "").replace(" | ", "; ")
        axes.text(190, y + 12, shortened(job), va="center", fontsize=7.6, color=GREY)
    axes.annotate("", (7, 8), (7, top - 8), arrowprops={"arrowstyle": "->", "color": GREY})
    axes.text(16, 10, "A module imports only downwards.", va="center", fontsize=8, color=GREY)
    save(figure, path)


def shortened(job: str, most: int = 40) -> str:
    """Job in two lines if it is long."""
    if len(job) <= most:
        return job
    place = job.rfind(" ", 0, most)
    return f"{job[:place]}\n{job[place + 1 :]}"
