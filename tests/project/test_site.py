"""The site is built without a warning, and looks as it should in a real browser."""

import importlib
import importlib.util
import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from urllib.parse import quote

import chromium
import pytest
from project.looks_of_pages import (
    FAINT,
    MISPLACED_NAMES,
    SILENT,
    STACKED_TOO_WIDE,
    STICKING_OUT,
    WIDE_CODE,
    smallest_letters,
)

ROOT = Path(__file__).parents[2]
if not (ROOT / "docs" / "conf.py").exists():
    pytest.skip("the pages stay in the source tree", allow_module_level=True)
for package in ("sphinx", "pydata_sphinx_theme", "numpydoc", "myst_parser", "latex2mathml"):
    pytest.importorskip(package, reason=f"{package} is not installed")
pytest.importorskip("selenium.webdriver")
from selenium.common.exceptions import NoSuchElementException  # noqa: E402 - after the skip
from selenium.webdriver.common.keys import Keys  # noqa: E402 - after the skip
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402 - after the skip

pytestmark = pytest.mark.long
WIDTHS = {"desktop": 1280, "phone": 360}
NAMES = [
    f"{module}.{name}"
    for module in ("kldiv_xp", "kldiv_xp.torch", "kldiv_xp.typing", "kldiv_conformance")
    if module != "kldiv_xp.torch" or importlib.util.find_spec("torch")
    for name in importlib.import_module(module).__all__
]
PAGES = (
    *(
        "index",
        "quickstart",
        "coming_from_torch",
        "which_call",
        "masks",
        "training",
        "reproducible",
    ),
    *("distillation", "recipes", "numerics", "diagnose", "conformance", "backends", "performance"),
    *("distributed", "gpu", "robustness", "peers/report", "design", "examples", "changelog"),
    *("contributing", "guide", "evidence", "api/index"),
    *(
        f"programs/{one.stem}"
        for one in sorted((ROOT / "examples").iterdir())
        if one.suffix == ".py" or any(one.glob("*.py"))
    ),
)
WITH_PICTURES = (
    *("coming_from_torch", "which_call", "masks", "numerics", "diagnose", "design", "evidence"),
    *("performance", "contributing"),
)
LEGIBLE = 9.0
# What readers search for, and the page that they should find among the first three.
SOUGHT = {
    "kl divergence nan": "diagnose",
    "negative": "diagnose",
    "batchmean": "masks",
    "mask": "masks",
    "ignore_index": "masks",
    "distillation": "distillation",
    "temperature": "distillation",
    "top-k": "distillation",
    "bfloat16": "numerics",
    "Liger": "which_call",
    "TRL": "which_call",
    "Jensen-Shannon": "which_call",
    "DDP": "training",
    "autocast": "training",
    "determinism": "reproducible",
    "install": "quickstart",
    "out of memory": "distillation",
    "128k": "distillation",
    "huggingface": "distillation",
    "custom kernel": "conformance",
    "prove kernel": "conformance",
    "log_softmax softmax batchmean": "coming_from_torch",
    "log2": "which_call",
    "flax": "training",
    "grpo": "recipes",
    "class weights": "recipes",
    "augmix": "recipes",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Folder of the built site: that which a variable names, or one that is built now."""
    if "KLDIV_XP_SITE" in os.environ:
        return (ROOT / os.environ["KLDIV_XP_SITE"]).resolve()
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going"]
    options = [f"--doctree-dir={folder}/doctrees", str(ROOT / "docs"), str(folder / "site")]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "site"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    driver = chromium.started(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.fixture
def load(site, browser):
    """Function that opens a page; afterwards nothing may have been said on the console."""

    def opened(page):
        browser.get((site / f"{page}.html").as_uri())
        browser.execute_script(
            "const still = document.createElement('style');"
            "still.textContent = '* { transition: none !important; }';"
            "document.head.append(still);"
        )

    yield opened
    said = [one for one in browser.get_log("browser") if one["level"] not in {"INFO", "DEBUG"}]
    assert said == []


def set_width(browser, width):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def check_site(folder):
    command = [sys.executable, str(ROOT / "docs" / "check_site.py"), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_link_leads_somewhere_and_nothing_is_loaded_from_elsewhere(site):
    done = check_site(site)
    assert done.returncode == 0, done.stdout


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    links = ("absent.html", "#absent", "b.html#absent", "b.html#here", "https://example.org/")
    body = "".join(f'<a href="{link}">link</a>' for link in links)
    (tmp_path / "a.html").write_text(f'<script src="https://example.org/a.js"></script>{body}')
    (tmp_path / "b.html").write_text('<p id="here">text</p>')
    done = check_site(tmp_path)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "a.html: https://example.org/a.js is loaded from elsewhere",
        "a.html: absent.html leads nowhere",
        "a.html: #absent has no such anchor",
        "a.html: b.html#absent has no such anchor",
        "2 pages, 4 wrong links",
    ]


def test_every_public_name_has_a_page_and_no_other_has(site):
    found = {path.stem for path in (site / "api").glob("*.html")} - {"index"}
    assert sorted(found) == sorted(NAMES)


def test_pages_of_losses_have_signature_formula_example_and_see_also(site):
    for name in ("kl_div", "kl_div_gradient", "kl_div_with_logits", "js_div_with_logits"):
        text = (site / "api" / f"kldiv_xp.{name}.html").read_text(encoding="utf-8")
        for part in ('class="sig ', "<math ", ">Examples<", ">See also<"):
            assert part in text, (name, part)


@pytest.mark.parametrize("page", [*PAGES, *(f"api/{name}" for name in NAMES)])
def test_nothing_overflows_and_text_is_legible(load, browser, page):
    load(page)
    for width, theme in product(WIDTHS.values(), ("light", "dark")):
        set_width(browser, width)
        browser.execute_script(f"document.documentElement.dataset.theme = '{theme}'")
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        assert browser.execute_script(STICKING_OUT) == []
        assert browser.execute_async_script(SILENT) == []
        assert browser.execute_script(WIDE_CODE) == []
        assert browser.execute_script(MISPLACED_NAMES) == []
        assert width > 500 or browser.execute_script(STACKED_TOO_WIDE) == []
        count, faint = browser.execute_script(FAINT)
        assert count > 5
        assert faint == [], theme


def test_every_page_is_looked_at(site):
    found = {path.relative_to(site).with_suffix("").as_posix() for path in site.rglob("*.html")}
    found = {page for page in found if not page.startswith("_static/")}
    assert found == {*PAGES, *(f"api/{name}" for name in NAMES), "genindex", "search"}
    texts = {page: (site / f"{page}.html").read_text(encoding="utf-8") for page in found}
    assert {page for page, text in texts.items() if "_images/" in text} == {*WITH_PICTURES}


@pytest.mark.parametrize("page", WITH_PICTURES)
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_pictures_fit_with_legible_letters_and_a_text_beside_them(load, browser, site, page, width):
    load(page)
    set_width(browser, width)
    pictures = browser.find_elements("css selector", "article img")
    assert pictures
    for picture in pictures:
        path = site / "_images" / Path(picture.get_property("currentSrc")).name
        assert picture.size["width"] * smallest_letters(path) >= LEGIBLE - 0.1, path.name
        assert picture.rect["x"] + picture.size["width"] <= width, path.name
        assert picture.get_attribute("alt")


def test_faint_text_what_sticks_out_and_what_is_silently_cut_off_are_found(load, browser):
    load("index")
    set_width(browser, WIDTHS["phone"])
    browser.execute_script(
        "document.querySelector('article').insertAdjacentHTML('beforeend',"
        "'<p style=\"color: #ccc; background: #fff; width: 500px\">faint and wide</p>')"
    )
    assert len(browser.execute_script(STICKING_OUT)) == 1
    browser.execute_script(
        "document.querySelector('article').insertAdjacentHTML('beforeend',"
        '\'<div style="overflow: auto"><p style="width: 500px">scrolls</p></div>\')'
    )
    assert len(browser.execute_async_script(SILENT)) == 1
    assert len(browser.execute_script(FAINT)[1]) == 1


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_search_finds_the_gradient(load, browser, width):
    load("index")
    set_width(browser, width)
    wait = WebDriverWait(browser, 30)
    buttons = browser.find_elements("css selector", "button.search-button, .search-button-field")
    next(one for one in buttons if one.is_displayed()).click()
    field = wait.until(lambda _: browser.find_element("css selector", "dialog[open] input"))
    field.send_keys("kl_div_gradient", Keys.ENTER)
    results = "#search-results li a"
    found = wait.until(lambda _: browser.find_elements("css selector", results))
    links = [one.get_attribute("href").partition("#")[0] for one in found[:3]]
    assert any(link.endswith("api/kldiv_xp.kl_div_gradient.html") for link in links)


@pytest.mark.parametrize("words", SOUGHT)
def test_search_finds_the_page_that_is_meant(site, browser, words):
    browser.get((site / "search.html").as_uri() + "?q=" + quote(words))
    wait = WebDriverWait(browser, 30, ignored_exceptions=[NoSuchElementException])
    summary = "css selector", ".search-summary"
    wait.until(lambda _: "Search finished" in browser.find_element(*summary).text)
    found = browser.find_elements("css selector", "#search-results li a")[:3]
    links = [Path(one.get_attribute("href").partition("?")[0].partition("#")[0]) for one in found]
    assert SOUGHT[words] in [link.stem for link in links]


def test_themes_differ_and_follow_the_system(load, browser):
    grounds = []
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        load("index")
        script = "return getComputedStyle(document.body).backgroundColor"
        grounds.append(browser.execute_script(script))
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert grounds[0] != grounds[1]
