"""Writes the report: Markdown, and one HTML page that needs nothing else."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from kldiv_conformance._files import write_whole
from kldiv_conformance._text import each_text, in_markdown, printable

FROM_RUNS = {"rows", "skipped", "runs", "agreements"}


def write_pages(content: Mapping[str, Any], folder: Path) -> list[Path]:
    """Paths of ``report.md`` and ``report.html`` in a folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in ("report.md", "report.html"):
        path = folder / name
        write_whole(path, rendered(name, content))
        written.append(path)
    return written


def rendered(name: str, content: Mapping[str, Any]) -> str:
    """Text of one of the templates, filled in."""
    environment = Environment(
        loader=PackageLoader("kldiv_conformance"),
        autoescape=name.endswith(".html"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters |= {"embedded": embedded, "breakable": breakable}
    write = printable if name.endswith(".html") else in_markdown
    return environment.get_template(name).render(escaped(content, write))


def escaped(content: Mapping[str, Any], write: Callable[[str], str]) -> dict[str, Any]:
    """Content as a page may show it: what does not come from runs is ours, and stays."""
    return {
        key: each_text(value, write) if key in FROM_RUNS else value
        for key, value in content.items()
    }


def embedded(data: Any) -> Markup:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - the three characters that could end it are gone


def breakable(text: object) -> Markup:
    """Text that may go on in another line after a dot, a colon, a slash or an underscore."""
    return Markup("<wbr>").join(re.split(r"(?<=[.:/_])(?=\w)", str(text)))
