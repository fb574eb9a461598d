"""A page with the code of each example, written before the site is built."""

import ast
from pathlib import Path

from sphinx.application import Sphinx

FOLDER = "programs"


def page_of(example: Path, up: str) -> str:
    """Text of the page of a file, or of a folder of them."""
    files = sorted(example.glob("*.py")) if example.is_dir() else [example]
    anchor = example.name.replace(".", "")
    lines = [f"# {example.name}", ""]
    if not example.is_dir():
        lines += [first_line(example), ""]
    lines += [f"What it shows, installs and prints: [Examples](../examples.md#{anchor}).", ""]
    for file in files:
        if example.is_dir():
            lines += [f"## {file.name}", "", first_line(file), ""]
        path = file.relative_to(example.parent.parent).as_posix()
        lines += [f"```{{literalinclude}} {up}{path}", ":language: python", "```", ""]
    return "\n".join(lines)


def first_line(file: Path) -> str:
    """First line of the docstring of a module."""
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


def write(app: Sphinx) -> None:
    """Write the pages, and remove those of examples that are gone."""
    examples, folder = Path(app.srcdir).parent / "examples", Path(app.srcdir, FOLDER)
    folder.mkdir(exist_ok=True)
    found = [one for one in examples.iterdir() if one.suffix == ".py" or any(one.glob("*.py"))]
    texts = {f"{one.stem}.md": page_of(one, "../../") for one in found}
    for path in folder.glob("*.md"):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        path = folder / name
        # A file that stays the same keeps its time, and its page is not made anew.
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx about it."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
