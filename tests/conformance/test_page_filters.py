"""The page of runs in a browser: which vectors its filters list."""

import pytest

from kldiv_conformance._vectors import find, groups, vectors

pytest.importorskip("selenium.webdriver")

from selenium.webdriver.support.ui import WebDriverWait

# A run of two losses is written for them, and a browser started.
pytestmark = pytest.mark.slow


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


@pytest.mark.long
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


@pytest.mark.long
def test_filter_of_an_implementation_and_more_vectors_than_a_screen(page):
    choose(page, "verdict", "")
    choose(page, "implementation", "kldiv_xp:kl_div")
    assert len(listed(page)) == 100
    page.find_element("id", "more").click()
    assert len(listed(page)) == 200
    assert verdicts(page) == {"pass", "not supported"}


def test_every_vector_has_a_link_that_shows_it_whatever_the_filters_are(page, page_path):
    hidden = vectors("zeros_and_infinities")[20].id
    page.get("about:blank")  # else the address differs in its end alone, and nothing is loaded
    page.get(f"{page_path.as_uri()}#vector-{hidden}")
    target = page.find_element("id", f"vector-{hidden}")
    WebDriverWait(page, 10).until(lambda _: target.is_displayed())
    assert len(target.find_elements("css selector", "li")) == 4
    choose(page, "verdict", "failure")
    page.execute_script("location.hash = 'vector-ordinary_003'")
    WebDriverWait(page, 10).until(lambda _: "ordinary_003" in listed(page))
    link = page.find_element("css selector", "#panel-vectors li > a")
    assert link.get_attribute("href").endswith(f"#vector-{link.text}")
