"""Links that lead out of this folder, and so work in the repository, lead to pages of the site.

Those to an example lead to the page with its code, those to the code of a public name to its page.
"""

import re
from pathlib import PurePosixPath

from sphinx.application import Sphinx

# The files of the repository that a page of the site shows.
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "conformance/README.md": "conformance.md",
    "examples/README.md": "examples.md",
}
# The files that define public names.
API = {
    "src/kldiv_xp/__init__.py": "index",
    "src/kldiv_xp/api/checking.py": "kldiv_xp.checking",
    "src/kldiv_xp/api/kl_div.py": "kldiv_xp.kl_div",
    "src/kldiv_xp/api/kl_div_gradient.py": "kldiv_xp.kl_div_gradient",
    "src/kldiv_xp/diagnosis/diagnose.py": "kldiv_xp.diagnose",
    "src/kldiv_xp/diagnosis/codes.py": "kldiv_xp.CODES",
    "src/kldiv_xp/host/threads.py": "kldiv_xp.thread_limit",
}
LINK = re.compile(r"\]\(((?:\.\./)?)([\w./-]+?)((?:#[\w-]+)?)\)")


def led(match: re.Match[str], inside: str) -> str:
    """A link as the site has it."""
    up, path, anchor = match.groups()
    where = path if up else inside + path
    if where in PAGES:
        return f"]({PAGES[where]}{anchor})"
    if where in API:
        return f"](/api/{API[where]}.rst)"
    if where.startswith("docs/"):
        return f"]({where.removeprefix('docs/')}{anchor})"
    if where.startswith("examples/"):
        return f"](/programs/{PurePosixPath(where.split('/')[1]).stem}.md)"
    return match.group()


def rewrite(_: Sphinx, name: str, source: list[str]) -> None:
    """Rewrite the links of one page."""
    source[0] = LINK.sub(lambda match: led(match, f"docs/{name.rpartition('/')[0]}"), source[0])


def rewrite_included(_: Sphinx, relative_path: object, __: str, source: list[str]) -> None:
    """Rewrite the links of a file of the repository that a page includes."""
    path = str(relative_path).replace("\\", "/").removeprefix("../")
    folder = f"{path.rpartition('/')[0]}/".removeprefix("/")
    source[0] = LINK.sub(lambda match: led(match, folder), source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx about it."""
    app.connect("source-read", rewrite)
    app.connect("include-read", rewrite_included)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
