"""One peer in a process of its own: a case comes in, measurements go out, a JSON line each."""

import json
import sys
import warnings
from typing import Any, TextIO

from benchmarks.cases import Case
from benchmarks.clock import extra_memory, timed
from benchmarks.operands import operands
from benchmarks.peers import PEERS, Prepare

Line = dict[str, Any]


def main(name: str) -> None:
    """Answer for a peer until there are no more cases, or say at once why it cannot."""
    replies, sys.stdout = sys.stdout, sys.stderr  # what a library prints is not a reply
    warnings.simplefilter("ignore")
    try:
        prepare, versions = PEERS[name].load(), PEERS[name].versions()
    except ImportError as error:
        reply(replies, {"skip": str(error)})
        return
    reply(replies, {"versions": versions})
    for line in sys.stdin:
        reply(replies, answer(prepare, Case(**json.loads(line))))


def reply(replies: TextIO, line: Line) -> None:
    """Write a line and see to it that it arrives."""
    replies.write(f"{json.dumps(line)}\n")
    replies.flush()


def answer(prepare: Prepare, case: Case) -> Line:
    """Measurements, or the first line of an error."""
    try:
        function = prepare(case, *operands(case))
        if case.kind == "memory":
            return extra_memory(function)
        if "kernels" in case.peers:
            return {"kernels": function()}
        return timed(function, case.budget)
    except Exception as error:  # whatever it is, the others go on
        return {"error": f"{type(error).__name__}: {error}".splitlines()[0]}


if __name__ == "__main__":
    main(sys.argv[1])
