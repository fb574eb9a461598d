"""Fit wide content to phones: stack the rows of text tables, show pictures drawn for them."""

import re
import shutil
from collections.abc import Mapping
from html import escape, unescape
from math import ceil
from pathlib import Path
from typing import Any

import imagesize
from sphinx.application import Sphinx

TABLE = re.compile(r"<table\b[^>]*>.*?</table>", re.DOTALL)
ROW = re.compile(r"<tr\b[^>]*>.*?</tr>", re.DOTALL)
HEAD = re.compile(r"<th\b[^>]*>(.*?)</th>", re.DOTALL)
CELL = re.compile(r"<td\b([^>]*)>(.*?)</td>", re.DOTALL)
IMAGE = re.compile(r'<img\b[^>]*?src="[^"]*?_images/([^"/]+)"[^>]*>')
SCALE = re.compile(r"scale\(([\d.]+) -")
PRINTED = re.compile(r'<div class="highlight-text (.*?<pre>)(.*?)</pre>', re.DOTALL)
COLUMNS = re.compile(r"\S {2,}\S")
TAG = re.compile(r"<[^>]+>")

PHONES = "(max-width: 40rem)"
"""Screens on which docs/static/site.css stacks tables."""
MOST_COLUMNS, WORDS = 5, 8
"""A table of at most so many columns is stacked where its cells have so many letters on average."""
LEGIBLE = 9.0
"""Pixels of CSS that the smallest letters of a picture are to have at least."""
PIXELS_PER_POINT, POINTS_PER_INCH = 4 / 3, 72
BITMAP_LETTERS = 10.0
"""Points of Matplotlib's letters, which a bitmap does not tell."""


def text_of(html: str) -> str:
    """Text without tags."""
    return " ".join(unescape(TAG.sub("", html)).replace("¶", "").split())


def stacked(match: re.Match[str]) -> str:
    """A table whose cells know what they are of, if it is one of words."""
    table = match.group()
    rows = [[text_of(cell) for _, cell in CELL.findall(row)] for row in ROW.findall(table)]
    cells = [cell for row in rows for cell in row]
    columns = max(map(len, rows), default=0)
    letters = sum(map(str.isalpha, "".join(cells)))
    if not 1 < columns <= MOST_COLUMNS or letters < WORDS * len(cells):
        return table
    heads = [text_of(head) for head in HEAD.findall(table)] if columns > 2 else []  # noqa: PLR2004
    table = ROW.sub(lambda row: named(row.group(), heads), table)
    return re.sub(r'<table\b(?: class="([^"]*)")?', r'<table class="\1 stacks"', table, count=1)


def named(row: str, heads: list[str]) -> str:
    """A row, each of whose cells but the first has the name of its column."""
    places = iter(range(len(heads)))

    def one(cell: re.Match[str]) -> str:
        place = next(places, 0)
        name = f' data-head="{escape(heads[place])}"' if place else ""
        return f"<td{cell[1]}{name}>{cell[2]}</td>"

    return CELL.sub(one, row)


def least_width(path: Path) -> int:
    """Pixels of CSS that a picture must be wide for its letters to be legible."""
    if path.suffix == ".svg":
        text = path.read_text(encoding="utf-8")
        width = float(re.search(r'viewBox="0 0 ([\d.]+)', text)[1])  # type: ignore[index]
        letters = min(float(scale) * 100 for scale in SCALE.findall(text))
    else:
        width = imagesize.get(path)[0] / imagesize.getDPI(path)[0] * POINTS_PER_INCH
        letters = BITMAP_LETTERS
    return ceil(width * LEGIBLE / letters)


def kept(match: re.Match[str]) -> str:
    """Output of a program, marked where it has columns."""
    has_columns = COLUMNS.search(unescape(TAG.sub("", match[2])))
    return match.group().replace(
        "highlight-text", "highlight-text columns", 1 if has_columns else 0
    )


def framed(tag: str, path: Path, folder: Path) -> str:
    """A picture as wide as its letters need, and on phones the one drawn for them, if there is."""
    narrow = path.with_suffix(f".phone{path.suffix}")
    least = f"--least: {least_width(path)}px"
    source = ""
    if narrow.exists():
        shutil.copyfile(narrow, folder / narrow.name)
        least += f"; --least-on-phones: {least_width(narrow)}px"
        address = re.sub(r'.*?src="([^"]*/)[^"/]+".*', rf"\1{narrow.name}", tag)
        source = f'<source media="{PHONES}" srcset="{address}">'
    tag = tag.replace("<img", f'<img style="{least}"', 1)
    return f'<span class="picture" tabindex="0"><picture>{source}{tag}</picture></span>'


def make_fit(app: Sphinx, _: str, __: str, context: dict[str, Any], ___: object) -> None:
    """Make the tables and pictures of a page fit."""
    pictures: Mapping[str, str] = {to: of for of, to in app.builder.images.items()}
    folder = Path(app.outdir, app.builder.imagedir)
    folder.mkdir(exist_ok=True)

    def one(image: re.Match[str]) -> str:
        return framed(image.group(), Path(app.srcdir, pictures[image[1]]), folder)

    if "body" in context:
        body = PRINTED.sub(kept, context["body"])
        context["body"] = IMAGE.sub(one, TABLE.sub(stacked, body))


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx about it."""
    app.connect("html-page-context", make_fit)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
