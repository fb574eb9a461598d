"""docs/gpu.md: what is proven without a GPU and how, what is not, and what a run on one found."""

import json
from pathlib import Path
from typing import Any

from benchmarks.gpu.cases import Case, cases
from benchmarks.gpu.peers import PEERS
from benchmarks.gpu.syncs import METHODS
from benchmarks.gpu.targets import TARGETS, Target, bandwidth, seconds
from benchmarks.markdown import significant, write_by_template

Line = dict[str, Any]
MIB = 1 << 20
COPIES = {"torch": "copy-torch", "cupy": "copy-cupy", "jax": "copy-torch"}


def write_page(document: Line | None, path: Path, kernels: Line | None = None) -> None:
    """Write the page of a run, or of none."""
    write_by_template(
        "gpu",
        path,
        {},
        kernels=kernels,
        run=document and {**document, "tables": tables(document), "targets": rows(document)},
        planned=TARGETS,
        peers=PEERS,
        methods=METHODS,
    )


def read(path: Path) -> Line | None:
    """Results of a run, or None where there are none."""
    found: Line | None = json.loads(path.read_text("utf-8")) if path.exists() else None
    return found


def rows(document: Line) -> list[Line]:
    """The table of targets."""
    planned = cases(dry_run=document["dry_run"])
    return [row(target, target.readings(planned, document["measured"])) for target in TARGETS]


def row(target: Target, values: dict[str, float]) -> Line:
    """A target, its worst case and the verdict."""
    if not values:
        return {"target": target, "measured": "-", "case": "-", "verdict": "not measured"}
    worst = target.worst(values)
    case = next(name for name, value in values.items() if value == worst)
    verdict = "yes" if target.is_met(worst) else "**no**"
    measured = f"{significant(worst)}{target.unit}"
    return {"target": target, "measured": measured, "case": case, "verdict": verdict}


def tables(document: Line) -> list[Line]:
    """A table for each case, a row for each peer."""
    planned = cases(dry_run=document["dry_run"])
    return [
        {"name": case.name, "rows": [line(case, peer, document) for peer in PEERS]}
        for case in planned
    ]


def line(case: Case, peer: str, document: Line) -> Line:
    """What was measured of a peer in a case, or why nothing was."""
    entries = document["measured"][case.name]
    label = PEERS[peer].label
    time = seconds(entries, peer)
    if time is None:
        entry = {**document["peers"][peer], **entries.get(peer, {})}
        return {
            "label": label,
            "missing": entry.get("error") or entry.get("skip") or "not measured",
        }
    rate = bandwidth(entries, peer) or 0.0
    best = bandwidth(entries, COPIES[PEERS[peer].library])
    peak = entries[peer]["peak"]
    reference = seconds(entries, "torch")
    return {
        "label": label,
        "missing": None,
        "time": f"{significant(time * 1e3)} ms",
        "rate": f"{significant(rate / 1e9)} GB/s",
        "share": f"{significant(100 * rate / best)} %" if best else "-",
        "ratio": f"{significant(reference / time)}x" if reference else "-",
        "peak": "-" if peak is None else f"{significant(peak / MIB)} MiB",
    }
