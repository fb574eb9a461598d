"""One peer in a process of its own: cases come in, measurements go out, a JSON line each."""

import json
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

from benchmarks.gpu.cases import Case
from benchmarks.gpu.clocks import Host
from benchmarks.gpu.peers import PEERS, Peer

Line = dict[str, Any]


def main(name: str, *, dry_run: bool) -> None:
    """Answer for a peer until there are no more cases, or say at once why it cannot."""
    replies, sys.stdout = sys.stdout, sys.stderr  # what a library prints is not a reply
    warnings.simplefilter("ignore")

    def reply(line: Line) -> None:
        replies.write(f"{json.dumps(line)}\n")
        replies.flush()

    try:
        peer = PEERS[name]
        if dry_run:
            from benchmarks.gpu import stand_in

            stand_in.install(peer.library)
        versions, prepare = ({} if dry_run else peer.versions()), peer.load()
        clock = Host() if dry_run else peer.clock()
    except Exception as error:  # a library without its device fails in many ways
        reply({"skip": first_line(error)})
        return
    reply({"versions": versions, "clock": clock.flushed})
    for line in sys.stdin:
        case = Case(**json.loads(line))
        reply(answer(peer, prepare, clock, case))
        clock.free()


def answer(peer: Peer, prepare: Any, clock: Any, case: Case) -> Line:
    """Times and peak memory of a case, or the first line of what went wrong."""
    reason = peer.why_not(case)
    if reason:
        return {"skip": reason}
    try:
        if peer.is_compiled:
            function = ready(prepare, case)
            with alone():
                return measured(peer, clock, case, function)
        with alone():
            return measured(peer, clock, case, ready(prepare, case))
    except ImportError as error:
        return {"skip": first_line(error)}
    except Exception as error:  # whatever it is, the others go on
        return {"error": first_line(error)}


def ready(prepare: Any, case: Case) -> Any:
    """Function to time, after two calls in which it is compiled."""
    function = prepare(case)
    function()
    function()
    return function


def measured(peer: Peer, clock: Any, case: Case, function: Any) -> Line:
    """Times and peak memory."""
    function()
    return {
        "samples": [clock.sample(function) for _ in range(case.samples)],
        "peak": clock.peak(function),
        "bytes": peer.bytes_moved(case),
    }


@contextmanager
def alone() -> Iterator[None]:
    """Nobody else's work is on the device, as long as all of them wait for this file."""
    with Path(tempfile.gettempdir(), "kldiv_xp_gpu.lock").open("w") as file:
        flock(file, LOCK_EX)
        yield


def first_line(error: Exception) -> str:
    """Error in one line."""
    return f"{type(error).__name__}: {error}".splitlines()[0]


if __name__ == "__main__":
    main(sys.argv[1], dry_run="--dry-run" in sys.argv[2:])
