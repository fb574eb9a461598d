"""The page of a right and a wrong loss, and what a browser shows of it."""

from conformance_runs import report_of

from kldiv_conformance._pages import write_pages
from kldiv_conformance._summary import summary
from kldiv_conformance._vectors import groups, vectors
from kldiv_xp import kl_div

LONG = "a_library.with_a_long_name.and_many_parts.kl_divergence_from_log_probabilities"
SOME = [vector.id for every in map(vectors, groups()) for vector in [*every[:24], *every[24:][-4:]]]


def doubled(input, target, *, reduction, log_target):
    return 2 * kl_div(input, target, reduction=reduction, log_target=log_target)


def written_page(folder):
    """Path of the page of both losses on two backends."""
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
