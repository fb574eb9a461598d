"""Runs of a few vectors, the kernels that they judge, and the page of runs in a browser."""

import chromium
import pytest
from conformance_commands import FEW
from conformance_page import is_loaded, written_page
from conformance_runs import written

from kldiv_conformance import _command_run
from kldiv_conformance._run import run_all


@pytest.fixture
def only_a_few_vectors(monkeypatch):
    def run_few(*arguments, **options):
        return run_all(*arguments, **{**options, "chosen": FEW})

    monkeypatch.setattr(_command_run, "run_all", run_few)


@pytest.fixture
def kernels(tmp_path, monkeypatch):
    def write(name, text):
        (tmp_path / f"{name}.py").write_text(text)
        return tmp_path

    monkeypatch.chdir(tmp_path)
    return write


@pytest.fixture
def files(tmp_path):
    """Files of runs of losses on NumPy, each over some vectors."""

    def make(**losses):
        return [
            written(tmp_path / f"{name}.jsonl", name, {"numpy": loss}, chosen)
            for name, (loss, chosen) in losses.items()
        ]

    return make


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    driver = chromium.started(tmp_path_factory.mktemp("profile"), "--window-size=1600,1000")
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def page_path(tmp_path_factory):
    return written_page(tmp_path_factory.mktemp("page"))


@pytest.fixture
def page(browser, page_path):
    from selenium.webdriver.support.ui import WebDriverWait

    browser.get("about:blank")  # a page that is loaded again may be the old one for a moment
    browser.get(page_path.as_uri())
    WebDriverWait(browser, 30).until(is_loaded)
    yield browser
    assert browser.get_log("browser") == []
