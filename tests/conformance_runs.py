"""Files of runs over a few vectors, judged in this process."""

import json

from kldiv_conformance import ADAPTERS, Implementation, find, judge, vectors
from kldiv_conformance._lines import FORMAT_VERSION
from kldiv_conformance._report import collect


def lines_of(name, backends, identifiers):
    """Lines of a run of losses, one for each backend, over some vectors."""
    header = {
        "kind": "header",
        "format": FORMAT_VERSION,
        "implementation": f"{name}:kl_div",
        "name": name,
        "backends": list(backends),
        "vectors": len(identifiers),
        "part": {"chosen_by": "--vector", "of": len(vectors()), "ids": list(identifiers)},
        "started": "2026-01-01T00:00:00Z",
        "python": "3.11",
        "platform": "Linux x86_64",
    }
    lines = [header]
    for backend, loss in backends.items():
        lines.append({"kind": "backend", "backend": backend, "versions": {}, "skipped": None})
        lines += [outcome(name, backend, loss, identifier) for identifier in identifiers]
        lines.append({"kind": "end", "backend": backend})
    return [*lines, {"kind": "footer", "outcomes": len(backends) * len(identifiers)}]


def outcome(name, backend, loss, identifier):
    """Line of one vector."""
    implementation = Implementation(name, loss)
    found = judge(find(identifier), ADAPTERS[backend], implementation)
    return {**found.to_json(), "backend": backend}


def report_of(name, backends, identifiers):
    return collect(lines_of(name, backends, identifiers), name)


def written(path, name, backends, identifiers):
    """Path of the file of a run."""
    lines = lines_of(name, backends, identifiers)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return str(path)
