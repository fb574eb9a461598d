"""Writes the report: Markdown, and one HTML page that needs nothing else."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def write_pages(content: Mapping[str, Any], folder: Path) -> list[Path]:
    """Paths of ``report.md`` and ``report.html`` in a folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in ("report.md", "report.html"):
        path = folder / name
        path.write_text(rendered(name, content), encoding="utf-8")
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
    environment.filters["embedded"] = embedded
    return environment.get_template(name).render(content)


def embedded(data: Any) -> Markup:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - the three characters that could end it are gone
