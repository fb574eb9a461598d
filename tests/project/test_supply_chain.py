"""Packages that CI installs are pinned, and those that users install are few."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
CONSTRAINTS = ROOT / ".ci" / "constraints.txt"

if not CONSTRAINTS.exists():
    pytest.skip(".ci/ is not in this source tree", allow_module_level=True)

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CI_GROUPS = ("torch", "tests", "docs", "lint", "build", "wheel-tests")


def group(name):
    """Requirements of a dependency group, and of those that it includes."""
    for entry in PROJECT["dependency-groups"][name]:
        if isinstance(entry, dict):
            yield from group(entry["include-group"])
        else:
            yield Requirement(entry)


def required():
    of_users = PROJECT["project"]["optional-dependencies"]["conformance"]
    yield from map(Requirement, PROJECT["project"]["dependencies"] + of_users)
    yield from map(Requirement, PROJECT["build-system"]["requires"])
    for name in CI_GROUPS:
        yield from group(name)


def lines():
    return [line for line in CONSTRAINTS.read_text().splitlines() if not line.startswith("#")]


def pins():
    """Version of each package."""
    split = (line.split("==") for line in lines())
    return {canonicalize_name(name): Version(version) for name, version in split}


@pytest.mark.parametrize("requirement", {str(one): one for one in required()}.values(), ids=str)
def test_ci_installs_a_pinned_version_of_what_is_required(requirement):
    assert pins()[canonicalize_name(requirement.name)] in requirement.specifier


def test_constraints_are_exact_versions_and_name_no_host():
    assert all(re.fullmatch(r"[\w.-]+==[\w.!]+", line) for line in lines())


def test_ci_uses_the_constraints():
    text = (ROOT / ".ci" / "run").read_text()
    assert text.index("PIP_CONSTRAINT=") < text.index("pip install")


def test_session_that_writes_the_constraints_resolves_the_groups_that_are_tested_here():
    assert f"CI_GROUPS = {CI_GROUPS!r}".replace("'", '"') in (ROOT / "noxfile.py").read_text()


def test_users_need_one_package():
    assert [Requirement(one).name for one in PROJECT["project"]["dependencies"]] == [
        "array-api-compat"
    ]
