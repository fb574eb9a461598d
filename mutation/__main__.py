"""Change the source in every small way, and write down what no test notices."""

import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from mutation.tests_server import LIMIT, started

HERE = Path(__file__).parent
ROOT = HERE.parent
GROUPS: dict[str, Any] = tomllib.loads((HERE / "modules.toml").read_text())
SEVERAL: dict[str, list[str]] = GROUPS.pop("several")
MODULES = {module: name for name, group in GROUPS.items() for module in group["modules"]}
SURVIVORS = HERE / "survivors.toml"

# Of `X | None` in an annotation; the package has this operator nowhere else but in masks.
CONFIGURATION = """
[cosmic-ray]
module-path = {module!r}
timeout = {timeout}
excluded-modules = []
test-command = {command!r}
[cosmic-ray.distributor]
name = "local"
[cosmic-ray.filters.operators-filter]
exclude-operators = ["core/ReplaceBinaryOperator_BitOr_.*"]
"""


@click.command()
@click.argument("modules", nargs=-1, type=click.Choice(sorted(MODULES)))
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Survivors, as JSON lines.")
@click.option("--line", "-l", "lines", type=int, multiple=True, help="Change these lines alone.")
@click.option("--workers", "-w", default=os.cpu_count(), show_default=True, help="At a time.")
def main(
    modules: tuple[str, ...], output: Path | None, lines: tuple[int, ...], workers: int
) -> None:
    """Mutate MODULES, or all, and fail if one survives that survivors.toml does not explain."""
    names = modules or tuple(MODULES)
    unexplained = 0
    with started() as server, ThreadPoolExecutor(workers) as executor:
        every = executor.map(partial(outcomes, server, lines), names)
        for module, found in zip(names, every, strict=True):
            survivors = [one for one in found if one["outcome"] == "survived"]
            unexplained += show(module, len(found), survivors)
            if output is not None:
                with output.open("a") as file:
                    file.writelines(
                        f"{json.dumps({'module': module, **one})}\n" for one in survivors
                    )
    sys.exit(1 if unexplained else 0)


def show(module: str, count: int, survivors: list[dict[str, Any]]) -> int:
    """Print what became of the mutants of a module; returns how many are not explained."""
    new = [one for one in survivors if not is_explained(module, one["change"])]
    killed, equivalent = count - len(survivors), len(survivors) - len(new)
    score = killed / max(1, count - equivalent) * 100
    click.echo(
        f"{module}: {killed} of {count} mutants killed, {equivalent} explained, {len(new)} not; "
        f"{score:.1f} % of those that can be"
    )
    for one in new:
        click.echo(f"  {one['line']}: {one['change']}")
    return len(new)


def is_explained(module: str, change: str) -> bool:
    """Whether survivors.toml gives the reason why no test can notice a change."""
    reasons = tomllib.loads(SURVIVORS.read_text())["equivalent"]
    return any(
        module in one.get("modules", [module]) and re.search(one["change"], change)
        for one in reasons
    )


def copied(folder: Path) -> Path:
    """A copy of what the tests need, since the source is changed in place."""
    leave = shutil.ignore_patterns("__pycache__")
    for name in ("src", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=leave)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, folder)
    (folder / "conformance").mkdir()
    return folder


def outcomes(server: str, lines: tuple[int, ...], module: str) -> list[dict[str, Any]]:
    """Each mutant of a module, or of some lines of it, and what the tests made of it."""
    with TemporaryDirectory() as folder:
        copy = copied(Path(folder))
        command = [sys.executable, "-ISE", str(HERE / "ask.py"), server, *arguments(module)]
        source = f"src/kldiv_xp/{module.replace('.', '/')}.py"
        configuration = CONFIGURATION.format(
            module=source, command=shlex.join(command), timeout=LIMIT + 30.0
        )
        (copy / "session.toml").write_text(configuration)
        call = partial(subprocess.run, cwd=copy, check=True)
        call(command)
        call(["cosmic-ray", "init", "session.toml", "session.sqlite"])
        call(["cr-filter-operators", "session.sqlite", "session.toml"])
        if lines:
            keep(lines, copy / "session.sqlite")
        call(["cosmic-ray", "exec", "session.toml", "session.sqlite"])
        return list(read(copy / "session.sqlite"))


def keep(lines: tuple[int, ...], path: Path) -> None:
    """Drop the mutants of other lines from a session."""
    with sqlite3.connect(path) as connection:
        places = connection.execute("SELECT job_id, start_pos_row FROM mutation_specs")
        dropped = [(job,) for job, line in places if line not in lines]
        for table in ("mutation_specs", "work_items", "work_results"):
            connection.executemany(f"DELETE FROM {table} WHERE job_id = ?", dropped)  # noqa: S608


def arguments(module: str) -> list[str]:
    """Arguments of pytest: the tests to run."""
    group = GROUPS[MODULES[module]]
    names = [file for name in group["modules"][module] for file in SEVERAL.get(name, [name])]
    tests = [f"tests/{name}.py" for name in names]
    return ["-x", "-q", "-p", "no:cacheprovider", "-k", group["select"], *tests]


QUERY = """
SELECT start_pos_row, lower(test_outcome), diff FROM mutation_specs
JOIN work_results USING (job_id) WHERE worker_outcome = 'NORMAL' ORDER BY start_pos_row
"""


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Mutants of a session: line, outcome, and the change as 'old -> new'."""
    with sqlite3.connect(path) as connection:
        for line, outcome, diff in connection.execute(QUERY):
            yield {"line": line, "outcome": outcome, "change": change(diff)}


def change(diff: str) -> str:
    """The lines of a diff that differ, on one line."""
    lines = diff.splitlines()[3:]
    old, new = (
        " ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+"
    )
    return f"{old} -> {new}"


if __name__ == "__main__":
    main(prog_name="python -m mutation")
