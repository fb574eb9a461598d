"""Writes the report: Markdown, and one HTML page that needs nothing else."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from kldiv_conformance._files import write_whole
from kldiv_conformance._text import in_markdown


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
    environment.filters["embedded"] = embedded
    filled = content if name.endswith(".html") else escaped(content)
    return environment.get_template(name).render(filled)


def escaped(content: Mapping[str, Any]) -> dict[str, Any]:
    """Content as Markdown may show it: what does not come from runs is ours, and stays."""
    return {
        key: in_markdown(value) if key in {"rows", "skipped", "runs"} else value
        for key, value in content.items()
    }


def embedded(data: Any) -> Markup:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - the three characters that could end it are gone
