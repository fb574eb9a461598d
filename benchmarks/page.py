"""The page about a run: tables in words and numbers, by the template."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.bounds import bounds
from benchmarks.goals import FLOORS, TARGETS
from benchmarks.markdown import seconds, significant, write_by_template
from benchmarks.results import KERNELS, Results
from benchmarks.targets import MIB, Target, middle

NOT_MEASURED = "-"

# A case of each.
SHAPES = {
    **{name: f"{name} float32" for name in ("large", "wide", "tiny")},
    "middle": "middle logits",
}


def write_page(results: Results, path: Path, others: Sequence[Results] = ()) -> None:
    """Write the page of these results, with the goals of those of other machines."""
    write_by_template(
        "performance",
        path,
        {},
        **results.document,
        **helpers(results),
        results=results,
        machines=[on_machine(one) for one in (results, *others)],
        floors={
            name: reason
            for name, reason in FLOORS.items()
            if name in results.peers() or results.entry(KERNELS, name)
        },
        bounds=bounds(results),
        shapes=shapes(results),
    )


def on_machine(results: Results) -> dict[str, Any]:
    """Name of a machine, its goals, and what to expect there."""
    found, cell = results.document["machine"], helpers(results)["cell"]
    return {
        "name": f"{found['processor']}, {found['vector instructions']}",
        "targets": [row(results, target) for target in TARGETS],
        "expected": [
            expectation(results, peer)
            for peer, other in EXPECTED.items()
            if {peer, other} <= set(results.peers())
        ],
        "tiny": {peer: cell("tiny float32", peer) for peer in ("ours-numpy", "ours-torch")},
    }


# What people call, with what they would call otherwise.
EXPECTED = {
    "ours-numpy": "numpy",
    "ours-numpy-fast": "numpy",
    "ours-torch": "torch",
    "ours-torch-fast": "torch",
    "ours-torch-compile": "torch-compile",
    "ours-torch-compile-fast": "torch-compile",
    "ours-jax": "optax",
}


def expectation(results: Results, peer: str) -> dict[str, Any]:
    """Speed-up from replacing another loss by ours."""
    other = EXPECTED[peer]
    return {
        "peer": peer,
        "other": other,
        "loss": times_faster(results, "large float32", other, peer),
        "logits": times_faster(results, "large logits", other, peer),
        "size": faster_from(results, other, peer),
    }


def times_faster(results: Results, case: str, other: str, peer: str) -> str:
    """How many times as fast as the other one."""
    ratios = results.ratio((case, other), (case, peer))
    return f"{significant(middle(ratios))}x" if ratios else NOT_MEASURED


def faster_from(results: Results, other: str, peer: str) -> str:
    """Number of elements of the smallest operands from which on ours is never slower."""
    sizes = sorted(int(name.removeprefix("sweep ")) for name in results.sweep())
    least = NOT_MEASURED
    for size in reversed(sizes):
        ratios = results.ratio((f"sweep {size}", other), (f"sweep {size}", peer))
        if not ratios or middle(ratios) < 1:
            break
        least = f"{size:,}"
    return least


def row(results: Results, target: Target) -> dict[str, Any]:
    """Row of the table of targets."""
    readings = target.readings(results)
    if not readings or len(readings) < len(target.cases):
        return {"promise": target.promise, "bound": target.bound, **NOTHING}
    worst = readings[-1]
    return {
        "promise": target.promise,
        "bound": target.bound,
        "measured": reading(target, worst),
        "floor": at_floor(results, target),
        "wide": elsewhere(results, target),
        "met": verdict(target, readings),
        "verdict": target.is_met(middle(worst)),
    }


NOTHING = {
    **dict.fromkeys(("measured", "floor", "wide"), NOT_MEASURED),
    "met": "not measured",
    "verdict": None,
}


def verdict(target: Target, readings: list[list[float]]) -> str:
    """Whether the median of the worst case keeps the promise, and whether every round does."""
    if not target.is_met(middle(readings[-1])):
        return "**no**"
    every = all(target.is_met(value) for values in readings for value in values)
    return "yes" if every else "yes, not in every round"


def reading(target: Target, values: list[float]) -> str:
    """Median and range over the rounds."""
    unit = " MiB" if target.memory else "x"
    digits = [significant(value) for value in (middle(values), values[0], values[-1])]
    spread = f" ({digits[1]} to {digits[2]})" if len(values) > 1 else ""
    return f"{digits[0]}{unit}{spread}"


def at_floor(results: Results, target: Target) -> str:
    """Ratio that the floor reaches, with its name, if there is one."""
    floors = target.floors(results)
    if not floors:
        return ""
    label = results.document["peers"].get(target.floor, {}).get("label", target.floor)
    return f"{significant(middle(floors[-1]))}x, {label}"


def elsewhere(results: Results, target: Target) -> str:
    """The same ratio at the other shape, if it was measured there."""
    values = [
        results.ratio((case, target.over), (case, target.under))
        for case in (name.replace("large", "wide") for name in target.cases)
        if not target.memory and target.against is None and case.startswith("wide")
    ]
    found = [value for value in values if value]
    return reading(target, found[0]) if found else ""


def helpers(results: Results) -> dict[str, Any]:
    """Functions of a case and a peer, or of a peer, that give a few words."""

    def label(peer: str) -> str:
        return str(results.document["peers"][peer]["label"])

    def bold(peer: str) -> str:
        return f"**{label(peer)}**" if peer.startswith("ours") else label(peer)

    def spread(case: str, peer: str) -> str:
        quartiles = results.entry(case, peer).get("quartiles")
        return " to ".join(map(seconds, quartiles)) if quartiles else NOT_MEASURED

    def cell(case: str, peer: str) -> str:
        entry = results.entry(case, peer)
        if "median" not in entry:
            return "failed" if "error" in entry else NOT_MEASURED
        ratios = results.ratio((case, "torch"), (case, peer))
        faster = f" ({significant(middle(ratios))}x)" if ratios else ""
        return f"{seconds(entry['median'])}{faster}"

    def grown(case: str, peer: str) -> str:
        found = results.memory(case, peer)
        return NOT_MEASURED if found is None else f"{significant(found / MIB)} MiB"

    return {"label": label, "bold": bold, "spread": spread, "cell": cell, "grown": grown}


def shapes(results: Results) -> dict[str, str]:
    """The shapes, for people."""
    found = results.document["cases"]
    return {
        name: " x ".join(map(str, found[case]["shape"]))
        for name, case in SHAPES.items()
        if case in found
    }
