"""A page for each public name, written before the site is built: new names appear by themselves."""

import importlib
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
MODULES = ("kldiv_xp", "kldiv_xp.torch", "kldiv_xp.typing", "kldiv_conformance")

# Where a name belongs on the page that lists them all; the first that fits.
KINDS = (
    ("Functions", inspect.isfunction),
    ("Warnings and errors", lambda found: inspect.isclass(found) and issubclass(found, Exception)),
    ("Classes", inspect.isclass),
    ("Data", lambda found: True),
)


def public_names() -> Iterator[tuple[str, str, Any]]:
    """Module, name and object of everything public."""
    for module in MODULES:
        names = importlib.import_module(module)
        for name in sorted(names.__all__, key=lambda one: (one.startswith("_"), one.lower())):
            yield module, name, getattr(names, name)


def kind_of(found: object) -> str:
    """Heading under which an object is listed."""
    return next(kind for kind, fits in KINDS if fits(found))


def page_of(module: str, name: str, found: object) -> str:
    """Text of the page of one name."""
    title = name if module == MODULES[0] else f"{module}.{name}"
    directive = {"Functions": "autofunction", "Data": "py:data"}.get(kind_of(found), "autoclass")
    lines = [title, "=" * len(title), "", f".. py:currentmodule:: {module}", ""]
    lines += [f".. {directive}:: {name}", ""]
    if isinstance(found, Mapping):
        lines += ["   Mapping of str to str: its keys and values.", "", *table(found)]
    elif directive == "py:data":
        lines += [f"   {type(found).__name__}, here ``{found!r}``.", ""]
    elif source_of(found):
        lines += [f"Its code is in ``{source_of(found)}``.", ""]
    return "\n".join(lines)


def source_of(found: object) -> str:
    """File of the repository in which a function or a class is written, if it is known."""
    own = [inspect.unwrap(found)] if inspect.isfunction(found) else list(vars(found).values())
    for one in filter(inspect.isfunction, own):
        path = Path(inspect.unwrap(one).__code__.co_filename)
        if path.is_relative_to(ROOT):
            return path.relative_to(ROOT).as_posix()
    return ""


def table(found: Mapping[str, str]) -> list[str]:
    """Rows of a mapping."""
    rows = [f"   * - ``{key}``\n     - {meaning}" for key, meaning in found.items()]
    return [".. list-table::", "   :widths: 30 70", "", *rows, ""]


def summary(found: object) -> str:
    """First line of a docstring."""
    text = inspect.getdoc(found) if callable(found) else None
    return (text or "").partition("\n")[0]


def index() -> str:
    """Text of the page that lists them all."""
    lines = ["API", "===", "", "Everything public; a page for each name.", ""]
    names = [(module, name, kind_of(found), found) for module, name, found in public_names()]
    for kind, _ in KINDS:
        lines += [kind, "-" * len(kind), "", ".. list-table::", "   :widths: 35 65", ""]
        for module, name, its_kind, found in names:
            if its_kind == kind:
                path = f"{module}.{name}"
                shown = name if module == MODULES[0] else path
                lines += [f"   * - :doc:`{shown} <{path}>`", f"     - {summary(found)}"]
        lines += [""]
    pages = [f"   {module}.{name}" for module, name, *_ in names]
    return "\n".join([*lines, ".. toctree::", "   :hidden:", "   :maxdepth: 1", "", *pages, ""])


def write(app: Sphinx) -> None:
    """Write the pages, and remove those of names that are gone."""
    folder = Path(app.srcdir, "api")
    folder.mkdir(exist_ok=True)
    texts = {f"{module}.{name}": page_of(module, name, one) for module, name, one in public_names()}
    texts["index"] = index()
    for path in folder.glob("*.rst"):
        if path.stem not in texts:
            path.unlink()
    for name, text in texts.items():
        path = folder / f"{name}.rst"
        # A file that stays the same keeps its time, and its page is not made anew.
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx about it."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
