"""Pages in Markdown by a template, and how numbers stand in them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

UNITS = ((1, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def write_by_template(
    name: str, path: Path, filters: dict[str, Callable[..., Any]], **values: Any
) -> None:
    """Write what a template makes of the values, which must have all that it asks for."""
    environment = Environment(
        loader=PackageLoader("benchmarks"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - the page is Markdown, and all words in it are ours
    )
    environment.filters |= {"seconds": seconds, "significant": significant, **filters}
    page = environment.get_template(f"{name}.md.jinja").render(**values)
    path.write_text(page.rstrip() + "\n", encoding="utf-8")


def seconds(value: float) -> str:
    """Time with a unit, in three digits."""
    size, unit = next((pair for pair in UNITS if value >= pair[0]), UNITS[-1])
    return f"{significant(value / size)} {unit}"


def significant(value: float) -> str:
    """A number in three digits, without an exponent."""
    if value == 0:
        return "0"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004 - its digits
