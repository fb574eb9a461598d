"""The page of four runs, and the browser that shows it."""

import shutil

import pytest
from conformance_runs import report_of

from kldiv_conformance._pages import write_pages
from kldiv_conformance._summary import summary
from kldiv_conformance._vectors import groups, vectors
from kldiv_xp import kl_div

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
LONG = "a_library.with_a_long_name.and_many_parts.kl_divergence_from_log_probabilities"
SOME = [vector.id for group in groups() for vector in [*vectors(group)[:24], *vectors(group)[-4:]]]


def doubled(input, target, *, reduction, log_target):
    return 2 * kl_div(input, target, reduction=reduction, log_target=log_target)


def started_browser(profile):
    """Chromium, with its profile in a folder; or a skip where it is missing."""
    webdriver = pytest.importorskip("selenium.webdriver")
    paths = shutil.which("chromium"), shutil.which("chromedriver")
    if None in paths:
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = paths[0]
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options, webdriver.ChromeService(paths[1]))


def written_page(folder):
    """Path of the page of a right and a wrong loss on two backends."""
    runs = [
        report_of(name, {"numpy": loss, "array-api-strict": loss}, SOME)
        for name, loss in ((LONG, doubled), ("kldiv_xp:kl_div", kl_div))
    ]
    for run in runs:
        for line in run.backends:
            line["versions"] = {"a-package-of-some-name": "12.13.0+cpu", "numpy": "2.4.0"}
    return write_pages(summary(runs), folder)[1]


def is_loaded(browser):
    return browser.execute_script("return document.readyState === 'complete'")


def cells(page):
    return page.find_elements("css selector", "#matrix tbody button")
