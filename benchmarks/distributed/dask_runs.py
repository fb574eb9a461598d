"""Measure on Dask: worker processes read a Zarr store, then one process without Dask."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Any

import dask
import dask.array as da
import zarr
from distributed import Client, LocalCluster

from benchmarks.distributed.memory import forget_peak, peak
from benchmarks.distributed.records import measure_stores
from benchmarks.distributed.stores import grow
from kldiv_xp import kl_div, kl_div_gradient, kl_div_with_logits

STORED_IN = (128, 8192)
LAYOUTS = ("batch", "vocabulary")
PARTS = (4, 2)


def squares(*arrays: Any) -> Any:
    """Sums of squares of both derivatives, row by row: all of them made, and none sent."""
    derivatives = kl_div_gradient(*arrays, reduction="batchmean")
    return sum((derivative * derivative).sum(axis=1) for derivative in derivatives)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sum": partial(kl_div, reduction="sum"),
    "mean": partial(kl_div, reduction="mean"),
    "batchmean": partial(kl_div, reduction="batchmean"),
    "samples": partial(kl_div, reduction="none", axis=-1),
    "gradient": squares,
    "logits": kl_div_with_logits,
}


def chunks_of(layout: str, elements: int, columns: int) -> tuple[int, int]:
    """Chunks of so many elements: whole rows, or a quarter of them."""
    width = columns if layout == "batch" else columns // 4
    return elements // width, width


def sent(dask_worker: Any) -> int:
    """Bytes that a worker has got from others."""
    return sum(entry["total"] for entry in dask_worker.transfer_incoming_log)


def measured(client: Client, operands: list[Any], function: Callable[..., Any]) -> dict[str, Any]:
    """Time, memory, tasks and traffic of one result."""
    (result,) = dask.optimize(function(*operands))
    client.run(forget_peak)
    before = sum(client.run(sent).values())
    started = time.perf_counter()
    result.compute()
    return {
        "seconds": [time.perf_counter() - started],
        "peak": max(client.run(peak).values()),
        "tasks": len(dict(result.__dask_graph__())),
        "chunks": operands[0].npartitions,
        "sent": sum(client.run(sent).values()) - before,
    }


def cluster_runs(
    folder: str, workers: int, limit: int, elements: int, names: list[str]
) -> Iterator[dict[str, Any]]:
    """A record for every layout and function."""
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            memory_limit=limit,
            dashboard_address=":0",
            local_directory=folder,
        ) as cluster,
        Client(cluster) as client,
    ):
        rows, columns = zarr.open_array(f"{folder}/p").shape
        for layout, name in product(LAYOUTS, names):
            chunks = chunks_of(layout, elements, columns)
            operands = [da.from_zarr(f"{folder}/{one}", chunks=chunks) for one in ("log_q", "p")]
            yield {
                "engine": "dask",
                "workers": workers,
                "layout": layout,
                "function": name,
                "rows": rows,
                "columns": columns,
                "chunk": elements,
                **measured(client, operands, FUNCTIONS[name]),
            }


def single_runs(folder: str) -> Iterator[dict[str, Any]]:
    """A record for every function in this process, which reads both operands whole."""
    for name, function in FUNCTIONS.items():
        forget_peak()
        started = time.perf_counter()
        arrays = [zarr.open_array(f"{folder}/{which}")[:] for which in ("log_q", "p")]
        read = time.perf_counter() - started
        function(*arrays)
        yield {
            "engine": "numpy",
            "workers": 1,
            "layout": "memory",
            "function": name,
            "rows": len(arrays[0]),
            "columns": arrays[0].shape[1],
            "seconds": [time.perf_counter() - started],
            "reading": read,
            "peak": peak(),
        }
        del arrays


def plan(folder: str, rows: int, columns: int, limit: int, chunk: int) -> Iterator[dict[str, Any]]:
    """All records, on a store that grows: of parts, of everything, and without Dask."""
    fewer = ["sum", "samples", "logits"]
    for part in PARTS:
        grow(folder, rows // part, columns, STORED_IN)
        yield from cluster_runs(folder, 1, limit, chunk, fewer)
        yield from cluster_runs(folder, 2, limit, chunk, fewer)
        if part == PARTS[0]:
            yield from cluster_runs(folder, 2, limit, chunk // 4, fewer)
    grow(folder, rows, columns, STORED_IN)
    yield from cluster_runs(folder, 2, limit, chunk, list(FUNCTIONS))
    yield from single_runs(folder)


if __name__ == "__main__":
    measure_stores(plan)
