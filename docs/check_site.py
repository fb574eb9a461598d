"""Check a built site: every link and anchor leads somewhere, and nothing is loaded from elsewhere.

To run it: python docs/check_site.py FOLDER
"""

import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What a browser fetches by itself, as opposed to what a reader follows.
LOADED = {("img", "src"), ("link", "href"), ("script", "src"), ("source", "srcset")}


@dataclass
class Page(HTMLParser):
    """Anchors and links of a page."""

    path: Path
    anchors: set[str] = field(default_factory=set)
    links: list[tuple[str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what a tag names and where it leads."""
        for name, value in attrs:
            if name == "id" or (tag == "a" and name == "name"):
                self.anchors.add(value or "")
            elif name in {"href", "src", "srcset"} and value:
                self.links.append((value, (tag, name) in LOADED))


def problems(folder: Path) -> list[str]:
    """Sentences about links that lead nowhere, and about what is loaded from elsewhere."""
    pages = {path.resolve(): Page(path) for path in sorted(folder.rglob("*.html"))}
    found = []
    for page in pages.values():
        name = page.path.relative_to(folder)
        # Templates of the theme, and the report, which is tested by itself.
        if name.parts[0] == "_static":
            continue
        for link, loaded in page.links:
            reason = problem(page, link, pages, loaded=loaded)
            if reason:
                found.append(f"{name}: {link} {reason}")
    return found


def problem(page: Page, link: str, pages: dict[Path, Page], *, loaded: bool) -> str:
    """Why a link is wrong, or nothing."""
    parts = urlsplit(link)
    if parts.scheme == "data":
        return ""
    if parts.scheme or parts.netloc:
        return "is loaded from elsewhere" if loaded else ""
    path = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path.resolve()
    if not path.exists():
        return "leads nowhere"
    anchor = unquote(parts.fragment)
    if anchor and path in pages and anchor not in pages[path].anchors:
        return "has no such anchor"
    return ""


if __name__ == "__main__":
    site = Path(sys.argv[1])
    for line in (lines := problems(site)):
        print(line)
    count = len(list(site.rglob("*.html")))
    print(f"{count} pages, {len(lines)} wrong links")
    sys.exit(1 if lines or not count else 0)
