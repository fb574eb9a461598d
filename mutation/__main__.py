"""Change the source in every small way, and write down what no test notices."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

HERE = Path(__file__).parent
ROOT = HERE.parent
MODULES: dict[str, list[str]] = tomllib.loads((HERE / "modules.toml").read_text())
SURVIVORS = HERE / "survivors.toml"

# Of `X | None` in an annotation; the package has this operator nowhere else but in masks.
CONFIGURATION = """
[cosmic-ray]
module-path = {module!r}
timeout = 40.0
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
def main(modules: tuple[str, ...], output: Path | None) -> None:
    """Mutate MODULES, or all, and fail if one survives that survivors.toml does not explain."""
    unexplained = 0
    for module in modules or MODULES:
        with TemporaryDirectory() as folder:
            copy = copied(Path(folder))
            found = list(outcomes(copy, module))
        survivors = [one for one in found if one["outcome"] == "survived"]
        new = [one for one in survivors if not is_explained(module, one["change"])]
        unexplained += len(new)
        click.echo(summary(module, len(found), survivors, new))
        for one in new:
            click.echo(f"  {one['line']}: {one['change']}")
        if output is not None:
            with output.open("a") as lines:
                lines.writelines(json.dumps({"module": module, **one}) + "\n" for one in survivors)
    sys.exit(1 if unexplained else 0)


def is_explained(module: str, change: str) -> bool:
    """Whether survivors.toml gives the reason why no test can notice a change."""
    reasons = tomllib.loads(SURVIVORS.read_text())["equivalent"]
    return any(
        module in one.get("modules", [module]) and re.search(one["change"], change)
        for one in reasons
    )


def summary(module: str, count: int, survivors: list[Any], new: list[Any]) -> str:
    """A line about a module."""
    killed, equivalent = count - len(survivors), len(survivors) - len(new)
    score = killed / max(1, count - equivalent) * 100
    return (
        f"{module}: {killed} of {count} mutants killed, {equivalent} explained, {len(new)} not; "
        f"{score:.1f} % of those that can be"
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


def outcomes(folder: Path, module: str) -> Iterator[dict[str, Any]]:
    """Each mutant of a module, and what the tests made of it."""
    path = f"src/kldiv_xp/{module}.py"
    tests = " ".join(f"tests/{name}.py" for name in MODULES[module])
    command = f"{sys.executable} -m pytest -x -q -p no:cacheprovider {tests}"
    (folder / "session.toml").write_text(CONFIGURATION.format(module=path, command=command))
    # The source of a mutant may be as long as the original, and as old by the clock of the files.
    environment = os.environ | {
        "PYTHONPATH": str(folder / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HYPOTHESIS_PROFILE": "short",
    }
    options: dict[str, Any] = {"cwd": folder, "env": environment}
    subprocess.run(command.split(), check=True, capture_output=True, **options)  # noqa: S603 - our own
    for step in (["cosmic-ray", "init"], ["cr-filter-operators"], ["cosmic-ray", "exec"]):
        files = ["session.sqlite", "session.toml"]
        ordered = files if step[0].startswith("cr-") else files[::-1]
        subprocess.run([*step, *ordered], check=True, **options)  # noqa: S603 - our own
    yield from read(folder / "session.sqlite")


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
