"""The page of runs in a browser: its matrix, its keys and its links."""

import pytest
from conformance_page import LONG, cells

pytest.importorskip("selenium.webdriver")

from selenium.webdriver.common.keys import Keys

# A run of two losses is written for them, and a browser started.
pytestmark = pytest.mark.slow


def press(page, *keys):
    page.switch_to.active_element.send_keys(*keys)


def enter(page):
    """Focus the one cell that the tab key stops at."""
    page.execute_script("document.querySelector('#matrix button[tabindex=\"0\"]').focus()")


def place(page):
    return cells(page).index(page.switch_to.active_element)


@pytest.mark.long
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
    images = page.find_elements("css selector", ".charts figure svg")
    assert len(images) == 4
    assert all(
        "Vectors by their largest error in ulp. 0: " in image.get_attribute("aria-label")
        for image in images
    )


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


def test_the_matrix_stands_first_and_then_what_would_explain_the_failures(page):
    headings = [heading.text for heading in page.find_elements("css selector", "h2")]
    assert headings[:2] == ["Which vectors fail", "What would explain the failures"]
    explained = page.find_element("id", "suspects").text
    assert "every wrong number is 2 times the right one." in explained


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
