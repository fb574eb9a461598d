"""Results of a run as one JSON document: collected, written, read and looked up."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.cases import Case
from benchmarks.peers import PEERS

Line = dict[str, Any]
Record = tuple[str, str, Line]

FORMAT_VERSION = 1

# The case, and the peer, that measures NumPy's functions by themselves.
KERNELS = "kernels"


def document(
    header: Line, cases: Iterable[Case], greetings: dict[str, Line], records: list[Record]
) -> Line:
    """All of a run."""
    gathered: dict[str, dict[str, list[Line]]] = defaultdict(lambda: defaultdict(list))
    for case, peer, line in records:
        gathered[case][peer].append(line)
    peers = {
        name: {"label": PEERS[name].label, **greeting, "packages": PEERS[name].packages}
        for name, greeting in greetings.items()
    }
    measured = {
        case: {peer: summary(lines) for peer, lines in by_peer.items()}
        for case, by_peer in gathered.items()
    }
    described = {case.name: asdict(case) for case in cases}
    return {
        "format": FORMAT_VERSION,
        **header,
        "peers": peers,
        "cases": described,
        "measured": measured,
    }


def summary(lines: list[Line]) -> Line:
    """Median and quartiles of the samples of all rounds, and the median of each round."""
    if any("samples" not in line for line in lines):
        odd = next(line for line in lines if "samples" not in line)
        if "kernels" in odd:
            names = odd["kernels"]
            return {name: summary([line["kernels"][name] for line in lines]) for name in names}
        return odd
    samples = [sample for line in lines for sample in line["samples"]]
    lower, middle, upper = quantiles(samples, n=4, method="inclusive")
    return {
        "median": middle,
        "quartiles": [lower, upper],
        "samples": len(samples),
        "rounds": [median(line["samples"]) for line in lines],
        "faults": median(line["faults"] for line in lines),
    }


@dataclass(frozen=True)
class Results:
    """A document, with what a page asks of it; None for what was not measured."""

    document: Line

    def entry(self, case: str, peer: str) -> Line:
        """Results of a peer, or of one of NumPy's kernels, or an empty entry."""
        entries: Line = self.document["measured"].get(case, {})
        found: Line = entries.get(peer) or entries.get(KERNELS, {}).get(peer, {})
        return found

    def time(self, case: str, peer: str) -> float | None:
        """Median seconds of one call."""
        return self.entry(case, peer).get("median")

    def ratio(self, over: tuple[str, str], under: tuple[str, str]) -> list[float]:
        """Time of one (case, peer) over that of another in each round, sorted; or nothing."""
        pair = [self.entry(*which).get("rounds", []) for which in (over, under)]
        return sorted(a / b for a, b in zip(*pair, strict=False))

    def memory(self, case: str, peer: str) -> int | None:
        """Bytes of peak memory beyond the operands."""
        return self.entry(case, peer).get("bytes")

    def failures(self) -> list[Line]:
        """Entries that tell of an error."""
        entries = [*self.document["peers"].values()]
        entries += [e for by_peer in self.document["measured"].values() for e in by_peer.values()]
        return [entry for entry in entries if "error" in entry]

    def peers(self) -> dict[str, Line]:
        """Label, packages and versions of each peer, or the error of one that cannot run."""
        found: dict[str, Line] = self.document["peers"]
        return found

    def sweep(self) -> list[str]:
        """Names of the cases of operands of all sizes."""
        return [name for name in self.document["cases"] if name.startswith("sweep ")]

    def versions(self) -> dict[str, str]:
        """Version of each package that was measured."""
        found: dict[str, str] = {}
        for peer in self.document["peers"].values():
            found |= peer.get("versions", {})
        return dict(sorted(found.items()))

    def size(self, case: str) -> int:
        """Number of elements of an operand."""
        rows, columns = self.document["cases"][case]["shape"]
        return int(rows) * int(columns)


def write(found: Line, path: Path) -> None:
    """Write a document where others can read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def read_others(path: Path) -> list[Results]:
    """Results of other machines, which lie beside a file: results.avx512.json."""
    return [read(one) for one in sorted(path.parent.glob(f"{path.stem}.*{path.suffix}"))]


def read(path: Path) -> Results:
    """Results of a file."""
    found = json.loads(path.read_text(encoding="utf-8"))
    if found.get("format") != FORMAT_VERSION:
        message = (
            f"{path} must have format {FORMAT_VERSION}; got {found.get('format')!r}: "
            "measure again with this version."
        )
        raise ValueError(message)
    return Results(found)
