"""How the pages become a site; `nox -s docs` builds and checks it."""

import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS / "extensions"), str(DOCS.parent / "src")]

import kldiv_xp  # noqa: E402 - it lies in the folder above

project = "kldiv_xp"
author = "the authors of kldiv_xp"
version = release = kldiv_xp.__version__
language = "en"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "numpydoc",
    "sphinx_copybutton",
    # Ours, in docs/extensions.
    "mathml",
    "phones",
    "api_pages",
    "example_pages",
    "repository_links",
    "search_words",
]
exclude_patterns = ["extensions", "pictures"]
suppress_warnings = ["config.cache", "misc.highlighting_failure"]  # Pygments knows no Mermaid

# Docstrings: a word between backticks is a link where it is the name of something public.
default_role = "py:obj"
autodoc_typehints = "none"
autodoc_preserve_defaults = True
numpydoc_show_inherited_class_members = False
numpydoc_class_members_toctree = False

# Pages: formulas between dollars, and an anchor for each heading.
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 4
html_math_renderer = "mathml"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "pydata_sphinx_theme"
html_title = "kldiv_xp"
# The report that needs nothing else lies beside the page that shows its tables.
html_static_path = ["static", "peers/report.html"]
html_css_files = ["site.css"]
html_js_files = ["scrolls.js"]
html_show_sourcelink = False
html_copy_source = False
# What a summary is made of is fetched, which browsers refuse for files.
html_show_search_summary = False
html_search_scorer = str(DOCS / "static" / "scorer.js")
html_theme_options = {
    "logo": {"text": "kldiv_xp"},
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "navbar_persistent": ["search-button"],
    "navbar_end": ["theme-switcher"],
    "show_prev_next": False,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_context = {"default_mode": "auto"}
# Pages without others below or beside them need no list of them.
ALONE = ("index", "quickstart", "conformance", "design", "examples", "contributing", "changelog")
html_sidebars = {page: [] for page in ALONE}
copyright = "the authors of kldiv_xp; BSD 3-Clause"
