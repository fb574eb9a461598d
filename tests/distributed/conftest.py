"""Tests that need several processes or devices run when asked for by their folder."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
REASON = "minutes on several processes and devices, run by: nox -s distributed"


def pytest_collection_modifyitems(config, items):
    asked = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    if any(path == FOLDER or FOLDER in path.parents for path in asked):
        return
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=REASON))
