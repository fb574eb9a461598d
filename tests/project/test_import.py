"""Modules that importing the package loads: their count stands for the time that it takes."""

import subprocess
import sys

# Of the standard library, beyond what array_api_compat itself imports.
ALLOWED = {
    "_contextvars",
    "_weakrefset",
    "contextvars",
    "copy",
    "dataclasses",
    "numbers",
    "threading",
    "weakref",
}


def imported(statement, after="pass"):
    """Modules that a statement loads in a fresh interpreter which has done something else."""
    program = (
        f"import sys; {after}; before = set(sys.modules); {statement};"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def root(name):
    return name.partition(".")[0]


def test_importing_loads_a_few_modules_of_the_standard_library_and_our_own():
    loaded = imported("import kldiv_xp", after="import array_api_compat")
    others = {name for name in loaded if root(name) != "kldiv_xp"}
    assert others <= ALLOWED


def test_importing_loads_nothing_installed_but_array_api_compat():
    installed = {root(name) for name in imported("import kldiv_xp")} - sys.stdlib_module_names
    assert installed == {"array_api_compat", "kldiv_xp"}


def test_importing_loads_no_bridge():
    loaded = imported("import kldiv_xp")
    assert not [name for name in loaded if name.startswith("kldiv_xp.backends.")]
    rooms = {".".join(name.split(".")[:2]) for name in loaded}
    assert not rooms & {"kldiv_xp.cuda", "kldiv_xp.cli"}


def test_everything_that_loads_is_counted():
    assert "json" in imported("import json")
    assert imported("import json", after="import json") == set()
