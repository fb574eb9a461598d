"""docs/gpu.md: what is proven without a GPU and how, what is not, and what a run on one found."""

import json
from pathlib import Path
from typing import Any

from benchmarks.gpu.cases import Case, cases
from benchmarks.gpu.peers import PEERS
from benchmarks.gpu.syncs import METHODS
from benchmarks.gpu.targets import TARGETS, Target, bandwidth, faster, seconds
from benchmarks.markdown import significant, write_by_template

Line = dict[str, Any]
MIB = 1 << 20
LOGITS = "kl_div_with_logits"
COPIES = {"torch": "copy-torch", "cupy": "copy-cupy", "jax": "copy-torch"}


def write_page(document: Line | None, path: Path, kernels: Line | None = None) -> None:
    """Write the page of a run, or of none."""
    write_by_template(
        "gpu",
        path,
        {},
        kernels=kernels,
        run=document
        and {
            **document,
            "tables": tables(document),
            "targets": rows(document),
            "share": share(document),
        },
        planned=TARGETS,
        peers=PEERS,
        methods=METHODS,
    )


def read(path: Path) -> Line | None:
    """Results of a run, or None where there are none."""
    found: Line | None = json.loads(path.read_text("utf-8")) if path.exists() else None
    return found


def share(document: Line) -> tuple[float, float] | None:
    """Least and largest share of the time of Liger's kernels that KL of eager logits takes."""
    measured = document.get("measured", {})
    read = faster("ours-torch", "liger")
    planned = [one for one in cases(dry_run=document["dry_run"]) if one.loss == LOGITS]
    found = [value for one in planned if (value := read(one, measured.get(one.name, {})))]
    return (1 / max(found), 1 / min(found)) if found else None


def rows(document: Line) -> list[Line]:
    """The table of targets."""
    planned = cases(dry_run=document["dry_run"])
    return [
        row(target, target.readings(planned, document.get("measured", {}))) for target in TARGETS
    ]


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
    """A table for each loss: a row for each case, a column for each peer that was measured."""
    planned = cases(dry_run=document["dry_run"])
    losses = list(dict.fromkeys(case.loss for case in planned))
    return [table(loss, [one for one in planned if one.loss == loss], document) for loss in losses]


def table(loss: str, planned: list[Case], document: Line) -> Line:
    """Times and extra memory of a loss, and why the other peers have none."""
    found = {peer: [cell(case, peer, document) for case in planned] for peer in PEERS}
    shown = [peer for peer, cells in found.items() if any(one["time"] != "-" for one in cells)]
    return {
        "name": loss,
        "labels": [PEERS[peer].label for peer in shown],
        "rows": [
            {
                "case": case.name.removeprefix(f"{loss}, "),
                "cells": [found[peer][at] for peer in shown],
            }
            for at, case in enumerate(planned)
        ],
        "missing": {
            PEERS[peer].label: found[peer][0]["why"] for peer in PEERS if peer not in shown
        },
    }


def cell(case: Case, peer: str, document: Line) -> Line:
    """Time, share of the bandwidth of a copy and extra memory of a peer, or why there are none."""
    entries = document.get("measured", {}).get(case.name, {})
    time = seconds(entries, peer)
    if time is None:
        entry = {**document.get("peers", {}).get(peer, {}), **entries.get(peer, {})}
        why = entry.get("error") or entry.get("skip") or "not measured"
        return {"time": "-", "peak": "-", "why": why}
    rate = bandwidth(entries, peer) or 0.0
    best = bandwidth(entries, COPIES[PEERS[peer].library])
    share = f", {significant(100 * rate / best)} %" if rate and best else ""
    peak = entries[peer]["peak"]
    return {
        "time": f"{significant(time * 1e3)} ms{share}",
        "peak": "-" if peak is None else f"{significant(peak / MIB)} MiB",
        "why": None,
    }
