import io
import shutil

import numpy as np
import pytest
from conformance_runs import report_of

from kldiv_conformance._pages import write_pages
from kldiv_conformance._summary import summary
from kldiv_conformance._vectors import find, groups, notes, vectors
from kldiv_xp import kl_div

webdriver = pytest.importorskip("selenium.webdriver")
Image = pytest.importorskip("PIL.Image")
from selenium.webdriver.common.keys import Keys  # noqa: E402 - after the skip
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402 - after the skip

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1600,1000",
)
IS_COMPLETE = "return document.readyState === 'complete'"
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


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    paths = shutil.which("chromium"), shutil.which("chromedriver")
    if None in paths:
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = paths[0]
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(paths[1]))
    yield driver
    driver.quit()


LONG = "a_library.with_a_long_name.and_many_parts.kl_divergence_from_log_probabilities"
SOME = [vector.id for group in groups() for vector in [*vectors(group)[:24], *vectors(group)[-4:]]]


def doubled(input, target, *, reduction, log_target):
    return 2 * kl_div(input, target, reduction=reduction, log_target=log_target)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    runs = [
        report_of(name, {"numpy": loss, "array-api-strict": loss}, SOME)
        for name, loss in ((LONG, doubled), ("kldiv_xp:kl_div", kl_div))
    ]
    for run in runs:
        for line in run.backends:
            line["versions"] = {"a-package-of-some-name": "12.13.0+cpu", "numpy": "2.4.0"}
    return write_pages(summary(runs), tmp_path_factory.mktemp("page"))[1]


@pytest.fixture
def page(browser, path):
    browser.get("about:blank")  # a page that is loaded again may be the old one for a moment
    browser.get(path.as_uri())
    WebDriverWait(browser, 30).until(lambda _: browser.execute_script(IS_COMPLETE))
    yield browser
    assert browser.get_log("browser") == []


def cells(page):
    return page.find_elements("css selector", "#matrix tbody button")


def press(page, *keys):
    page.switch_to.active_element.send_keys(*keys)


def enter(page):
    """Focus the one cell that the tab key stops at."""
    page.execute_script("document.querySelector('#matrix button[tabindex=\"0\"]').focus()")


def place(page):
    return cells(page).index(page.switch_to.active_element)


def test_page_loads_nothing_but_itself(page):
    loaded = page.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
    assert [name for name in loaded if not name.startswith("data:")] == []


def test_matrix_has_a_row_for_each_implementation_and_backend(page):
    assert len(page.find_elements("css selector", "#matrix tbody tr")) == 4
    first = page.find_element("css selector", "#matrix tbody th code").text
    assert first.replace("\n", "") == LONG


def test_click_on_a_cell_lists_its_vectors_worst_first(page):
    cells(page)[0].click()
    rows = page.find_elements("css selector", "#panel-vectors li")
    assert rows[0].find_element("css selector", ".verdict").text == "failure"
    assert "ordinary_0" in rows[0].text
    assert page.find_element("css selector", "#panel-histogram svg").is_displayed()


def test_every_row_has_a_histogram_that_can_be_read_aloud(page):
    images = page.find_elements("css selector", "figure svg")
    assert len(images) == 4
    assert all("Vectors by ulp. 0: " in image.get_attribute("aria-label") for image in images)


def test_only_one_cell_is_a_stop_of_the_tab_key(page):
    assert [cell.get_attribute("tabindex") for cell in cells(page)].count("0") == 1


def test_arrows_home_and_end_move_through_the_matrix(page):
    width = len(page.find_elements("css selector", "#matrix tbody tr:first-child button"))
    enter(page)
    assert place(page) == 0
    for key, expected in [
        (Keys.ARROW_RIGHT, 1),
        (Keys.ARROW_DOWN, 1 + width),
        (Keys.ARROW_LEFT, width),
        (Keys.ARROW_UP, 0),
        (Keys.ARROW_UP, 0),
        (Keys.END, width - 1),
        (Keys.HOME, 0),
    ]:
        press(page, key)
        assert place(page) == expected
    press(page, Keys.CONTROL, Keys.END)
    assert place(page) == 4 * width - 1


def test_enter_opens_a_cell_and_escape_returns_to_it(page):
    enter(page)
    press(page, Keys.ARROW_RIGHT)
    press(page, Keys.ENTER)
    assert page.switch_to.active_element.get_attribute("id") == "panel-title"
    assert cells(page)[1].get_attribute("aria-expanded") == "true"
    press(page, Keys.ESCAPE)
    assert place(page) == 1
    assert cells(page)[1].get_attribute("aria-expanded") == "false"


def test_flag_of_a_vector_leads_to_its_note(page):
    cells(page)[0].click()
    page.find_element("css selector", "#panel-vectors a[href^='#flag-']").click()
    note = page.execute_script("return document.querySelector(':target').id")
    assert note.startswith("flag-")


def choose(page, name, value):
    page.execute_script(
        "const select = document.getElementById(arguments[0]); select.value = arguments[1];"
        "select.dispatchEvent(new Event('change'));",
        f"filter-{name}",
        value,
    )


def listed(page):
    items = page.find_elements("css selector", "#panel-vectors > li")
    return [item.get_attribute("id").removeprefix("vector-") for item in items]


def verdicts(page):
    return {item.text for item in page.find_elements("css selector", "#panel-vectors .verdict")}


def test_what_would_explain_the_failures_stands_first(page):
    headings = [heading.text for heading in page.find_elements("css selector", "h2")]
    assert headings[0] == "What would explain the failures"
    assert page.find_element("css selector", "#suspects li").text.endswith(notes()["Formula"].bug)


def test_failures_are_listed_at_first_and_wrong_arguments_come_after_numbers(page):
    assert verdicts(page) == {"failure"}
    assert find(listed(page)[0]).group == "ordinary"
    places = [groups().index(find(identifier).group) for identifier in listed(page)]
    assert places == sorted(places)


def test_filters_leave_what_is_asked_for(page):
    choose(page, "verdict", "pass")
    choose(page, "flag", "ZeroTarget")
    choose(page, "backend", "array-api-strict")
    assert verdicts(page) == {"pass"}
    assert all("ZeroTarget" in find(identifier).flags for identifier in listed(page))
    assert "array-api-strict" in page.find_element("css selector", "#panel-vectors li li").text
    choose(page, "group", "legacy_arguments")
    assert listed(page) == []
    assert page.find_element("id", "panel-summary").text == "No vector is like this."


@pytest.mark.slow
def test_filter_of_an_implementation_and_more_vectors_than_a_screen(page):
    choose(page, "verdict", "")
    choose(page, "implementation", "kldiv_xp:kl_div")
    assert len(listed(page)) == 100
    page.find_element("id", "more").click()
    assert len(listed(page)) == 200
    assert verdicts(page) == {"pass", "not supported"}


def test_every_vector_has_a_link_that_shows_it_whatever_the_filters_are(page, path):
    hidden = vectors("zeros_and_infinities")[20].id
    page.get("about:blank")  # else the address differs in its end alone, and nothing is loaded
    page.get(f"{path.as_uri()}#vector-{hidden}")
    target = page.find_element("id", f"vector-{hidden}")
    WebDriverWait(page, 10).until(lambda _: target.is_displayed())
    assert len(target.find_elements("css selector", "li")) == 4
    choose(page, "verdict", "failure")
    page.execute_script("location.hash = 'vector-ordinary_003'")
    WebDriverWait(page, 10).until(lambda _: "ordinary_003" in listed(page))
    link = page.find_element("css selector", "#panel-vectors li > a")
    assert link.get_attribute("href").endswith(f"#vector-{link.text}")


def test_argument_checks_stand_in_a_section_of_their_own(page):
    assert "invalid arguments" not in page.find_element("css selector", "#matrix thead").text
    checks = page.find_element("id", "checks").text
    assert "ShapeMismatch" not in page.find_element("id", "suspects").text
    assert f"{LONG} on numpy: " in checks


def test_pairs_say_what_they_agree_on(page):
    lines = [line.text for line in page.find_elements("css selector", "#agreements > ul > li")]
    assert len(lines) == 6
    ours = next(line for line in lines if line.startswith("kldiv_xp:kl_div on "))
    assert "vectors equal bit for bit; all within 2 bounds" in ours
    assert any("apart on" in line and "bounds, " in line for line in lines)


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


@pytest.mark.parametrize("width", [500, 1400, 1920])
def test_nothing_is_cut_off_and_no_word_is_broken(page, width, scheme):
    emulate(page, width, scheme)
    assert page.execute_script(CUT_OFF) == []
    assert page.execute_script(BROKEN) == []


@pytest.mark.parametrize(("width", "scrolls"), [(500, True), (1600, False), (1920, False)])
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
