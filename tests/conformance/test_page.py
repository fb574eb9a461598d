import shutil

import pytest

from kldiv_conformance._pages import write_pages
from kldiv_conformance._report import collect
from kldiv_conformance._run import run_all
from kldiv_conformance._summary import summary

webdriver = pytest.importorskip("selenium.webdriver")
from selenium.webdriver.common.keys import Keys  # noqa: E402 - after the skip

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
  node.checkVisibility() && !node.closest("svg, #close")
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


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    runs = [
        collect(list(run_all(["numpy", "array-api-strict"], name)), name)
        for name in ("numpy:subtract", "kldiv_xp:kl_div")
    ]
    return write_pages(summary(runs), tmp_path_factory.mktemp("page"))[1]


@pytest.fixture
def page(browser, path):
    browser.get(path.as_uri())
    yield browser
    assert browser.get_log("browser") == []


def cells(page):
    return page.find_elements("css selector", "#matrix tbody button")


def press(page, *keys):
    page.switch_to.active_element.send_keys(*keys)


def place(page):
    return cells(page).index(page.switch_to.active_element)


def test_page_loads_nothing_but_itself(page):
    loaded = page.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
    assert [name for name in loaded if not name.startswith("data:")] == []


def test_matrix_has_a_row_for_each_implementation_and_backend(page):
    assert len(page.find_elements("css selector", "#matrix tbody tr")) == 4
    first = page.find_element("css selector", "#matrix tbody th").text
    assert first.startswith("numpy:subtract")


def test_click_on_a_cell_lists_its_vectors_worst_first(page):
    cells(page)[0].click()
    rows = page.find_elements("css selector", "#panel-vectors li")
    assert rows[0].find_element("css selector", ".verdict").text == "failure"
    assert "ordinary_0" in rows[0].text
    assert page.find_element("css selector", "#panel-histogram svg").is_displayed()


def test_every_row_has_a_histogram_that_can_be_read_aloud(page):
    images = page.find_elements("css selector", "#matrix svg")
    assert len(images) == 4
    assert all("Vectors by ulp. 0: " in image.get_attribute("aria-label") for image in images)


def test_only_one_cell_is_a_stop_of_the_tab_key(page):
    assert [cell.get_attribute("tabindex") for cell in cells(page)].count("0") == 1


def test_arrows_home_and_end_move_through_the_matrix(page):
    width = len(page.find_elements("css selector", "#matrix tbody tr:first-child button"))
    press(page, Keys.TAB)
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
    press(page, Keys.TAB)
    press(page, Keys.ARROW_RIGHT)
    press(page, Keys.ENTER)
    assert page.switch_to.active_element.get_attribute("id") == "panel-title"
    assert cells(page)[1].get_attribute("aria-expanded") == "true"
    press(page, Keys.ESCAPE)
    assert not page.find_element("id", "panel").is_displayed()
    assert place(page) == 1
    assert cells(page)[1].get_attribute("aria-expanded") == "false"


def test_flag_of_a_vector_leads_to_its_note(page):
    cells(page)[0].click()
    page.find_element("css selector", "#panel-vectors a").click()
    note = page.execute_script("return document.querySelector(':target').id")
    assert note.startswith("flag-")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_the_contrast_that_wcag_aa_asks_for(page, scheme):
    feature = {"name": "prefers-color-scheme", "value": scheme}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    cells(page)[-1].click()
    count, least = page.execute_script(CONTRAST)
    assert count > 500
    assert least >= 4.5
