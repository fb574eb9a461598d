"""Measure on Cubed: worker processes read a Zarr store, each within its memory limit."""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cubed

from benchmarks.distributed.records import measure_stores
from benchmarks.distributed.stores import grow
from kldiv_xp import js_div_with_logits, kl_div, kl_div_with_logits

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "batchmean": lambda *arrays: kl_div(*arrays, reduction="batchmean"),
    "logits": kl_div_with_logits,
    "Jensen-Shannon of logits": js_div_with_logits,
}
WORKERS = 2


class Events(cubed.Callback):
    """Tasks that have ended, and the most memory that a worker held at the end of one."""

    def __init__(self) -> None:
        self.tasks = self.peak = 0

    def on_task_end(self, event: Any) -> None:
        """Count a task."""
        self.tasks += event.num_tasks
        self.peak = max(self.peak, event.peak_measured_mem_end or 0)


def written(folder: Path) -> int:
    """Bytes of the files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def measured(store: str, name: str, limit: int) -> dict[str, Any]:
    """Time, memory, tasks and bytes written for one result."""
    with tempfile.TemporaryDirectory(prefix="kldiv_xp-") as folder:
        spec = cubed.Spec(
            work_dir=folder,
            allowed_mem=limit,
            reserved_mem=limit // 4,
            executor_name="processes",
            executor_options={"max_workers": WORKERS},
        )
        operands = [cubed.from_zarr(f"{store}/{one}", spec=spec) for one in ("log_q", "p")]
        events, started = Events(), time.perf_counter()
        FUNCTIONS[name](*operands).compute(callbacks=[events])
        return {
            "seconds": [time.perf_counter() - started],
            "peak": events.peak,
            "tasks": events.tasks,
            "chunks": operands[0].npartitions,
            "written": written(Path(folder)),
        }


def plan(store: str, rows: int, columns: int, limit: int, chunk: int) -> Iterator[dict[str, Any]]:
    """A record for every function: chunks of whole rows, then of a quarter of them."""
    for layout, width in (("batch", columns), ("vocabulary", columns // 4)):
        folder = f"{store}/{layout}"
        grow(folder, rows, columns, (chunk // width, width))
        for name in FUNCTIONS:
            yield {
                "engine": "cubed",
                "workers": WORKERS,
                "layout": layout,
                "function": name,
                "rows": rows,
                "columns": columns,
                "chunk": chunk,
                **measured(folder, name, limit),
            }


if __name__ == "__main__":
    measure_stores(plan)
