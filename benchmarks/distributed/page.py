"""The page about the engines of many machines: tables and a model, by the template."""

import json
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.distributed.model import (
    Model,
    Record,
    collective_amounts,
    dask_amounts,
    elements,
    fitted,
)
from benchmarks.markdown import seconds, significant, write_by_template

NODES = (1, 2, 4, 10, 100, 1000)
SHORTEST = 1e-9
PER_NODE = 2**24
PER_TASK = 2**22
# Elements of each operand that a node reads from its store: 64 GiB of both.
DASK_PER_NODE = 2**33


def write_page(results: Path, path: Path) -> None:
    """Write the page of these results."""
    document = json.loads(results.read_text(encoding="utf-8"))
    filters = {
        "size": size,
        "between": between,
        "middle": middle,
        "traffic": traffic,
    }
    write_by_template(
        "distributed",
        path,
        filters,
        **document,
        **views(document["records"], document["machine"]["processors used"]),
        nodes=NODES,
    )


def views(records: list[Record], processors: int) -> dict[str, Any]:
    """Values that the template shows of the records."""
    by_engine: dict[str, list[Record]] = {}
    for record in records:
        by_engine.setdefault(record["engine"], []).append(record)
    shown: dict[str, Any] = {"cores": processors, "per_node": PER_NODE, "per_task": PER_TASK}
    if "dask" in by_engine:
        shown["dask"] = dask_view(by_engine, processors)
    if "cubed" in by_engine:
        shown["cubed"] = by_engine["cubed"]
    for engine in ("dtensor", "jax"):
        if engine in by_engine:
            shown[engine] = collective_view(by_engine[engine], processors)
    return shown


def dask_view(by_engine: dict[str, list[Record]], processors: int) -> dict[str, Any]:
    """Tables and model of Dask."""
    model = fitted(by_engine["dask"], partial(dask_amounts, cores=processors))
    full = max(record["rows"] for record in by_engine["dask"])
    alone = {record["function"]: record for record in by_engine["numpy"]}
    rows = [one for one in by_engine["dask"] if one["rows"] == full and one["workers"] > 1]
    return {
        "model": model,
        "full": rows,
        "alone": alone,
        "tasks": max(one["tasks"] / one["chunks"] for one in rows),
        "largest": {
            f"{name}, {layout}": dask_prediction(model, rows, name, layout)
            for name, layout in (("sum", "batch"), ("samples", "vocabulary"), ("logits", "batch"))
        },
    }


def dask_prediction(
    model: Model, rows: list[Record], name: str, layout: str
) -> list[tuple[float, float, float]]:
    """Time for so many nodes, each with the same amount of data, in chunks of 16 MiB."""
    (record,) = [r for r in rows if (r["function"], r["layout"]) == (name, layout)]
    tasks = record["tasks"] / record["chunks"] * DASK_PER_NODE / PER_TASK
    of_a_node = {"call": 1, "task in a worker": tasks, f"{name}, {layout}": DASK_PER_NODE}
    return [model.predict({**of_a_node, "task": tasks * nodes}) for nodes in NODES]


def collective_view(records: list[Record], processors: int) -> dict[str, Any]:
    """Tables and model of an engine whose workers run one program."""
    # A single process of torch computes on plain tensors, in another way.
    several = [one for one in records if one["workers"] > 1 or one["engine"] == "jax"]
    model = fitted(several, partial(collective_amounts, cores=processors))
    largest = max(map(elements, records))
    full = [r for r in records if elements(r) == largest and r["function"] != "nothing"]
    table: dict[tuple[str, str], dict[int, Record]] = {}
    for record in full:
        key = record["function"], record["layout"]
        table.setdefault(key, {})[record["workers"]] = record
    return {
        "model": model,
        "table": table,
        "largest": {
            f"{name}, {layout}": collective_prediction(model, table[name, layout], name, layout)
            for name, layout in (
                ("batchmean", "batch"),
                ("samples", "vocabulary"),
                ("logits", "vocabulary"),
                ("logits, gradient", "vocabulary"),
            )
        },
    }


def collective_prediction(
    model: Model, row: dict[int, Record], name: str, layout: str
) -> list[tuple[float, float, float]]:
    """Time for so many nodes, each with the same number of elements and one core."""
    example = row[max(row)]
    shape = {"rows": PER_NODE, "columns": 1, "workers": 1}
    return [
        model.predict(
            {
                **collective_amounts({**example, **shape}, 1),
                "step": collective_amounts({**example, "workers": nodes}, 1)["step"],
            }
        )
        for nodes in NODES
    ]


def traffic(record: Record) -> str:
    """Collectives of a call, with the numbers that each adds up."""
    found = record["collectives"]
    if not found:
        return "none"
    return ", ".join(f"{len(sizes)} {kind} of {added(sizes)}" for kind, sizes in found.items())


def added(sizes: list[int]) -> str:
    """Numbers that collectives add up; once where those of all blocks are the same."""
    several = len(sizes) > 1 and len({*sizes}) == 1
    return f"{sizes[0]} each" if several else " + ".join(map(str, sizes))


def size(value: float) -> str:
    """Bytes with a unit."""
    if value >= 2**30:
        return f"{significant(value / 2**30)} GiB"
    return f"{significant(value / 2**20)} MiB" if value >= 2**20 else f"{value / 2**10:.0f} KiB"


def between(values: tuple[float, float, float]) -> str:
    """Time, and in brackets between what it lies in nine of ten draws."""
    middle, low, high = (seconds(value) if value > SHORTEST else "0" for value in values)
    return f"{middle} ({low} to {high})"


def middle(record: Record) -> float:
    """Median time."""
    return median(record["seconds"])
