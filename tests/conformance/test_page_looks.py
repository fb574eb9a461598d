"""The page of runs in a browser: whole words, contrast and both themes at any width."""

import io

import numpy as np
import pytest
from conformance_page import cells

pytest.importorskip("selenium.webdriver")
Image = pytest.importorskip("PIL.Image")

# A run of two losses is written for them, and a browser started.
pytestmark = pytest.mark.slow

CONTRAST = """
const luminance = (color) => {
  const [r, g, b] = color.match(/[0-9.]+/g).slice(0, 3).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (node) => {
  for (let at = node; at; at = at.parentElement) {
    const color = getComputedStyle(at).backgroundColor;
    if (color !== "rgba(0, 0, 0, 0)") return color;
  }
  throw new Error("no background");
};
const texts = [...document.querySelectorAll("main *")].filter((node) =>
  node.checkVisibility() && !node.closest("svg, option, select")
  && [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()));
const ratios = texts.map((node) => {
  const pair = [getComputedStyle(node).color, ground(node)].map(luminance);
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
});
return [texts.length, Math.min(...ratios)];
"""


def emulate(page, width, scheme="light"):
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False},
    )
    feature = {"name": "prefers-color-scheme", "value": scheme}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    page.refresh()


@pytest.fixture(params=["light", "dark"])
def scheme(request):
    return request.param


CUT_OFF = """
const wide = document.documentElement.clientWidth;
return [...document.querySelectorAll("main *")].filter((node) => {
  if (!node.checkVisibility() || node.closest("svg, #scroll > *")) return false;
  const box = node.getBoundingClientRect();
  return box.left < -0.5 || box.right > wide + 0.5 || (node.scrollWidth > node.clientWidth + 1
    && node.clientWidth && getComputedStyle(node).overflowX === "visible"
    && getComputedStyle(node).display !== "inline");
}).map((node) => `${node.tagName} ${node.textContent.slice(0, 40)}`);
"""
BROKEN = """
const broken = [];
const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const node = walk.currentNode;
  if (!node.parentElement.checkVisibility() || node.parentElement.closest("svg")) continue;
  for (const { 0: word, index } of node.data.matchAll(/\\p{L}+/gu)) {
    const range = document.createRange();
    range.setStart(node, index);
    range.setEnd(node, index + word.length);
    const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
    if (lines.size > 1) broken.push(word);
  }
}
return broken;
"""


@pytest.mark.few(3)
@pytest.mark.parametrize("width", [500, 1400, 1920])
def test_nothing_is_cut_off_and_no_word_is_broken(page, width, scheme):
    emulate(page, width, scheme)
    assert page.execute_script(CUT_OFF) == []
    assert page.execute_script(BROKEN) == []


@pytest.mark.parametrize(("width", "scrolls"), [(500, True), (1820, False), (1920, False)])
def test_table_fits_a_screen_or_says_that_it_scrolls(page, width, scrolls):
    emulate(page, width)
    hidden, visible = page.execute_script(
        "const it = document.getElementById('scroll'); return [it.scrollWidth, it.clientWidth];"
    )
    assert (hidden > visible) == scrolls
    assert page.find_element("id", "hint").is_displayed() == scrolls
    cells(page)[11].click()
    page.execute_script("document.getElementById('scroll').scrollLeft = 1e6")
    edge = page.execute_script(
        "const box = arguments[0].getBoundingClientRect(); return box.right <= innerWidth;",
        cells(page)[11],
    )
    assert edge


def pixels(page):
    image = Image.open(io.BytesIO(page.get_screenshot_as_png())).convert("L")
    return np.asarray(image.resize((image.width // 8, image.height // 8)), dtype=float)


@pytest.mark.parametrize("width", [500, 1400, 1920])
def test_pictures_of_both_themes_show_the_same_page(page, width):
    pictures = {}
    for theme in ("light", "dark"):
        emulate(page, width, theme)
        page.execute_script("document.getElementById('scroll').scrollIntoView()")
        pictures[theme] = pixels(page)
    light, dark = pictures["light"], pictures["dark"]
    assert light.mean() > 200
    assert dark.mean() < 60
    # Where one theme has writing, on its ground, the other has it too: the pictures are opposite.
    inks = [np.abs(picture - np.median(picture)) > 8 for picture in (light, dark)]
    assert 0.01 < inks[0].mean() < 0.8
    assert (inks[0] & inks[1]).sum() > 0.7 * min(ink.sum() for ink in inks)
    for picture in pictures.values():  # nothing bleeds into the margins beside the scroll bar
        assert np.ptp(picture[:, [1, -3]]) < 8


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_text_has_the_contrast_that_wcag_aa_asks_for(page, theme):
    emulate(page, 1400, theme)
    cells(page)[-1].click()
    count, least = page.execute_script(CONTRAST)
    assert count > 500
    assert least >= 4.5


@pytest.mark.parametrize("width", [390, 1280])
def test_names_of_rows_and_their_heading_stay_where_the_table_is_scrolled(page, width):
    emulate(page, width)
    page.execute_script(
        "const it = document.getElementById('scroll'); it.scrollIntoView(); it.scrollLeft = 200"
    )
    found = page.execute_script("""
        const table = document.getElementById('scroll').getBoundingClientRect();
        return [...document.querySelectorAll('#matrix tr')].map(({ cells: [first] }) => {
          const box = first.getBoundingClientRect();
          const y = box.top + box.height / 2;
          const covers = [table.left + 2, box.right - 2].every((x) =>
            first.contains(document.elementFromPoint(x, y)));
          return [box.left - table.left, box.width / table.width, covers || y > innerHeight];
        });
    """)
    assert all(0 <= left <= 4 and share < 0.5 and covers for left, share, covers in found)


def test_the_bars_of_the_panel_have_a_title_with_their_unit_or_are_not_there(page):
    emulate(page, 1400)
    figure = page.find_element("id", "panel-histogram")
    assert figure.text.startswith(
        "Results by their largest error, in units in the last place (ulp)"
    )
    page.execute_script(
        "const it = document.getElementById('filter-verdict'); it.value = 'not supported';"
        "it.dispatchEvent(new Event('change'));"
    )
    assert figure.text == ""
