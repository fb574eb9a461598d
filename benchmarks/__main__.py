"""The command line: run, report."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.cases import FULL_SHAPES, QUICK_SHAPES, Case, cases
from benchmarks.machine import machine
from benchmarks.page import write_page
from benchmarks.peers import PEERS
from benchmarks.plots import write_plots
from benchmarks.results import Line, document, read, read_others, write
from benchmarks.rounds import ROOT, Record, take_round

PAGE = ROOT / "docs" / "performance.md"
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group()
def main() -> None:
    """Measure kldiv_xp and its peers side by side, and write a page about it."""


@main.command()
@click.option("--quick", is_flag=True, help="Everything once, on small operands: to test it.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--budget", default=1.0, show_default=True, help="Factor on the measuring time.")
@click.option("--largest", default=10**8, show_default=True, help="Elements in the sweep, at most.")
@click.option("--peer", "-p", multiple=True, type=click.Choice(list(PEERS)), help="Not all.")
@click.option("--output", "-o", default=PAGE.parent, type=FOLDER, help="Folder of the page.")
def run(
    quick: bool, rounds: int, budget: float, largest: int, peer: tuple[str, ...], output: Path
) -> None:
    """Measure, write results.json, and the page from it."""
    shapes = QUICK_SHAPES if quick else FULL_SHAPES
    rounds, budget, largest = (1, budget / 50, 10**4) if quick else (rounds, budget, largest)
    chosen = [*dict.fromkeys(("torch", *peer))] if peer else list(PEERS)
    header: Line = {
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "quick": quick,
        "rounds": rounds,
        "machine": machine(),
    }
    started = time.monotonic()
    planned = cases(shapes, largest, budget, compiles=not quick)
    greetings, records = measure([planned] if quick else turns(planned, rounds), chosen)
    header["minutes"] = round((time.monotonic() - started) / 60, 1)
    path = output / "performance" / "results.json"
    write(document(header, planned, greetings, records), path)
    publish(path, output)


def turns(planned: list[Case], rounds: int) -> list[list[Case]]:
    """Cases of each round; memory in one of its own, in processes that have freed nothing yet."""
    timed = [case for case in planned if case.kind == "time"]
    return [*[timed] * rounds, [case for case in planned if case.kind == "memory"]]


def measure(planned: list[list[Case]], peers: list[str]) -> tuple[dict[str, Line], list[Record]]:
    """How the peers greeted, and the records of all rounds."""
    greetings: dict[str, Line] = {}
    records: list[Record] = []
    with progress(sum(map(len, planned))) as tick:
        for turn, cases_of_turn in enumerate(planned):
            greeted, found = take_round(turn, cases_of_turn, peers, tick)
            greetings = {**greeted, **greetings}
            records += found
    return greetings, records


@contextmanager
def progress(total: int) -> Iterator[object]:
    """A bar; what it yields is told what is measured now, or nothing when a case is done."""
    columns = (TextColumn("{task.description:<40}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), transient=True) as bar:
        task = bar.add_task("the peers start", total=total)

        def tick(what: str) -> None:
            bar.update(task, **({"description": what} if what else {"advance": 1}))

        yield tick


@main.command()
@click.option("--output", "-o", default=PAGE.parent, type=FOLDER, help="Folder of the page.")
def report(output: Path) -> None:
    """Write the page and its pictures again, from results.json alone."""
    path = output / "performance" / "results.json"
    if not path.exists():
        message = f"{path} must exist; got no such file: measure with `run` first."
        raise click.UsageError(message)
    publish(path, output)


def publish(path: Path, output: Path) -> None:
    """Write the page and its pictures, and say where they are."""
    results = read(path)
    write_plots(results, path.parent)
    write_page(results, output / PAGE.name, read_others(path))
    for made in (path, output / PAGE.name):
        click.echo(made)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
