"""A page for each public name, written before the site is built: new names appear by themselves."""

import importlib
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
MODULES = ("kldiv_xp", "kldiv_xp.torch", "kldiv_xp.typing", "kldiv_conformance")

GROUPS = ("Losses", "Gradients", "Checking", "Control", "Conformance suite")
CHECKING = {"CODES", "Finding", "Report", "checking", "diagnose"}
ABOUT_DEFAULTS = (
    "``kl_div`` has the default of torch's loss. 'batchmean' divides by the size of the first "
    "axis, 'mean' by the number of samples. Without ``axis`` every element is a sample, and "
    "'mean' warns, since that is not the divergence. Losses of logits divide the logits by "
    "``temperature``, and are multiplied by its square. A gradient has the defaults of its loss."
)


def public_names() -> Iterator[tuple[str, str, Any]]:
    """Module, name and object of everything public."""
    for module in MODULES:
        names = importlib.import_module(module)
        for name in sorted(names.__all__, key=lambda one: (one.startswith("_"), one.lower())):
            yield module, name, getattr(names, name)


def directive_of(found: object) -> str:
    """Directive that writes an object's page."""
    if inspect.isfunction(found):
        return "autofunction"
    return "autoclass" if inspect.isclass(found) else "py:data"


def page_of(module: str, name: str, found: object) -> str:
    """Text of the page of one name."""
    title = name if module == MODULES[0] else f"{module}.{name}"
    directive = directive_of(found)
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


def group_of(module: str, name: str, found: object) -> str:
    """Heading under which a name is listed."""
    if module == "kldiv_conformance":
        return "Conformance suite"
    if name.endswith("_gradient"):
        return "Gradients"
    if "div" in name.lower() and "reduction" in parameters(found):
        return "Losses"
    return "Checking" if name in CHECKING or is_exception(found) else "Control"


def is_exception(found: object) -> bool:
    """Whether it is a class of exceptions, warnings included."""
    return inspect.isclass(found) and issubclass(found, Exception)


def parameters(found: object) -> Mapping[str, inspect.Parameter]:
    """Parameters of a function, or of a class that users make objects of; else none."""
    if not (inspect.isfunction(found) or inspect.isclass(found)) or is_exception(found):
        return {}
    own = inspect.signature(found).parameters
    return {} if "args" in own else own


def signature(found: object) -> str:
    """Names and defaults of the parameters, without their types."""
    bare = [one.replace(annotation=one.empty) for one in parameters(found).values()]
    return str(inspect.Signature(bare))


def defaults(names: list[tuple[str, str, Any]]) -> list[str]:
    """Table of the losses, by the defaults that they have."""
    groups: dict[tuple[str, str], list[str]] = {}
    for module, name, found in names:
        own = parameters(found)
        if module == MODULES[0] and group_of(module, name, found) == "Losses":
            axis = own["axis"].default if "axis" in own else "the last"
            groups.setdefault((repr(own["reduction"].default), str(axis)), []).append(name)
    rows = [("default ``reduction``", "default ``axis``", "of")]
    rows += [(f"``{one}``", axis, ", ".join(of)) for (one, axis), of in groups.items()]
    cells = [f"   * - {one}\n     - {axis}\n     - {of}" for one, axis, of in rows]
    table_of = [".. list-table::", "   :header-rows: 1", "   :widths: 22 13 65", ""]
    return [*table_of, *cells, "", ABOUT_DEFAULTS, ""]


def place(one: tuple[str, str, Any]) -> tuple[int, bool, bool]:
    """Where a name stands: by group, in it functions first, and of them kl_div and its kin."""
    _, name, found = one
    group = GROUPS.index(group_of(*one))
    return group, not inspect.isfunction(found), not name.lower().startswith("kl")


def index() -> str:
    """Text of the page that lists them all."""
    lines = ["API", "===", "", "Everything public; a page for each name.", ""]
    names = sorted(public_names(), key=place)
    for group in GROUPS:
        lines += [group, "-" * len(group), "", *(defaults(names) if group == "Losses" else [])]
        lines += [".. list-table::", "   :widths: 35 65", ""]
        for module, name, found in (one for one in names if group_of(*one) == group):
            path = f"{module}.{name}"
            shown = name if module == MODULES[0] else path
            told = [f"``{signature(found)}``", ""] if parameters(found) else []
            text = [*told, summary(found)]
            lines += [f"   * - :doc:`{shown} <{path}>`", f"     - {text[0]}"]
            lines += [f"       {line}".rstrip() for line in text[1:]]
        lines += [""]
    pages = [f"   {module}.{name}" for module, name, _ in names]
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
