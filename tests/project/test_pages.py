"""The code on the pages of the site does what it says."""

import ast
import doctest
import re
import runpy
import subprocess
import sys
import types
from pathlib import Path

import pytest
from conftest import usable

DOCS = Path(__file__).parents[2] / "docs"
if not DOCS.is_dir():
    pytest.skip("the pages stay in the source tree", allow_module_level=True)

pytestmark = [
    pytest.mark.long,
    # torch's own, of torch.onnx.export.
    pytest.mark.filterwarnings("ignore:.*isinstance.treespec, LeafSpec.*:FutureWarning"),
]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"^```(python|console)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INCLUDED = re.compile(r"^```\{include\} (\S+)\n```$", re.MULTILINE)
# Letters in a line of code that the site has room for on a desktop.
WIDEST = 80
# The form of a call, which is no code.
FORMS = {"loss(input, target, *, reduction, log_target)\n"}
MODULES = DOCS.parent / "examples" / "conformance_of_your_kernel"
LIBRARIES = {"numpy", "torch", "jax", "dask"}


def text_of(path):
    """Text of a page, with what it includes."""
    text = path.read_text(encoding="utf-8")
    return INCLUDED.sub(lambda match: text_of(path.parent / match[1]), text)


PAGES = {path.stem: text_of(path) for path in sorted(DOCS.glob("*.md"))}
PAGES = {name: text for name, text in PAGES.items() if BLOCK.search(text)}


def blocks(text):
    """Number of the line before each block, and its code."""
    found = [(text[: one.start()].count("\n") + 1, one.group(1)) for one in BLOCK.finditer(text)]
    return [(line, code) for line, code in found if code not in FORMS]


def imported(text):
    """Top-level modules that the code of a page imports."""
    code = "\n".join(code for _, code in blocks(text))
    return set(re.findall(r"^(?:>>> )?(?:import|from) (\w+)", code, re.MULTILINE))


def libraries(text):
    """Array libraries that the code of a page imports."""
    return sorted(LIBRARIES & imported(text))


def installed(text):
    """Packages that a page says to install, as modules."""
    commands = " ".join(re.findall(r"pip install ([^`\n]+)", text))
    return {name.replace("-", "_") for name in re.findall(r"[\w-]+", commands)}


def say(code, line, names, page):
    """Run a block as a session whose output must be what stands there."""
    example = doctest.DocTestParser().get_doctest(code, names, page, f"{page}.md", line)
    assert example.examples
    said = []
    result = doctest.DocTestRunner().run(example, out=said.append, clear_globs=False)
    assert result.failed == 0, "".join(said)
    names.update(example.globs)


def run(code, line, names, page):
    """Run a block as a part of a module; names the line where it fails."""
    tree = ast.increment_lineno(ast.parse(code), line)
    exec(compile(tree, f"{page}.md", "exec"), names)


@pytest.mark.parametrize("page", PAGES)
def test_code_of_the_page_does_what_it_says(page, monkeypatch, tmp_path):
    for library in libraries(PAGES[page]):
        usable(library)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(MODULES)
    # torch.export and pickle look up where a function was defined.
    module = types.ModuleType(f"page_{page}")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for line, code in blocks(PAGES[page]):
        (say if code.startswith(">>>") else run)(code, line, vars(module), page)


@pytest.mark.parametrize("page", PAGES)
def test_lines_of_code_fit_the_page(page):
    lines = [line for kind, code in CODE.findall(PAGES[page]) for line in typed(kind, code)]
    assert lines
    assert [line for line in lines if len(line) > WIDEST] == []


def typed(kind, code):
    """Lines of a block that are written, not printed."""
    is_session = kind == "python" and code.startswith(">>>")
    return [line for line in code.splitlines() if not is_session or line.startswith((">>>", "..."))]


@pytest.mark.parametrize("page", PAGES)
def test_page_says_to_install_what_its_code_imports(page):
    ours = {"kldiv_xp", "kldiv_conformance", "my_kernel", *sys.stdlib_module_names}
    text = PAGES[page]
    assert imported(text) - ours <= installed(text)
    assert "kldiv_conformance" not in imported(text) or "pip install '.[conformance]'" in text


def test_what_the_code_prints_is_compared():
    with pytest.raises(AssertionError, match=r"Expected:\n\s+3\n\s+Got:\n\s+2"):
        say(">>> 1 + 1\n3\n", 1, {}, "page")


EXAMPLES = DOCS.parent / "examples"
SHOWN = (EXAMPLES / "README.md").read_text(encoding="utf-8")


def sections():
    """Name of each example on their page, and what stands under it."""
    return dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", SHOWN, re.DOTALL | re.MULTILINE))


def without_numbers(text):
    return re.sub(r"[-\d][\d.]*(e-?\d+)?", "#", text).strip()


def test_page_of_examples_has_each_of_them_and_how_to_run_it():
    names = {path.name for path in EXAMPLES.iterdir()} - {"README.md", "__pycache__"}
    assert set(sections()) == names
    for name, text in sections().items():
        assert f"[{name}](#{name.replace('.', '')})" in SHOWN
        assert "```console\n" in text
        assert f"python examples/{name}\n" in text or name.startswith("conformance_of_")


@pytest.mark.parametrize("library", ["numpy", "torch", "jax"])
def test_examples_print_what_their_page_shows_but_for_digits(library, capsys):
    usable(library)
    found = [name for name in sections() if name.endswith(f"_{library}.py")]
    for name in (name for name in found if not name.startswith("distributed_")):
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        shown = re.search(r"```text\n(.*?)```", sections()[name], re.DOTALL)
        assert without_numbers(capsys.readouterr().out) == without_numbers(shown[1])


def test_pictures_are_those_that_are_drawn_now(tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    pytest.importorskip("optax")
    usable("torch")
    # The errors that this one shows are those of a processor.
    paths = {*(DOCS / "pictures").glob("*.svg")} - {DOCS / "pictures" / "nearly_equal.svg"}
    kept = {path.name: path.read_bytes() for path in paths}
    if any(f"Matplotlib v{matplotlib.__version__}".encode() not in one for one in kept.values()):
        pytest.skip("another Matplotlib has drawn the pictures")
    command = [sys.executable, str(DOCS / "pictures"), "--output", str(tmp_path), *kept]
    subprocess.run(command, check=True, capture_output=True)
    assert {name: (tmp_path / name).read_bytes() for name in kept} == kept
