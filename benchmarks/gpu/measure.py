"""Each peer in a process of its own, asked for one case after the other; one measures at a time."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from statistics import quantiles
from typing import Any

from benchmarks.gpu.cases import Case
from benchmarks.gpu.checks import ENVIRONMENT
from benchmarks.gpu.peers import PEERS
from benchmarks.rounds import ROOT

Line = dict[str, Any]


def measure(
    planned: list[Case], names: Sequence[str], tick: Callable[[str], None], *, dry_run: bool
) -> Iterator[Line]:
    """How each peer greeted, and what came of each case for it, as soon as it has ended."""
    with ThreadPoolExecutor(1 if dry_run else len(names)) as pool:
        asked = {pool.submit(ask, name, planned, dry_run=dry_run): name for name in names}
        for future in as_completed(asked):
            (greeting, answers), name = future.result(), asked[future]
            tick(PEERS[name].label)
            pairs = zip(planned, answers, strict=False)
            yield {
                "peers": {name: {"label": PEERS[name].label, **greeting}},
                "measured": {case.name: {name: answer} for case, answer in pairs},
            }


def ask(name: str, planned: list[Case], *, dry_run: bool) -> tuple[Line, list[Line]]:
    """Greeting of a peer, and its answers; a process that dies says no more."""
    command = [sys.executable, "-m", "benchmarks.gpu.worker", name]
    done = subprocess.run(  # noqa: S603 - our own module
        [*command, *(["--dry-run"] if dry_run else [])],
        cwd=ROOT,
        env={**os.environ, **ENVIRONMENT},
        input="".join(f"{json.dumps(case.to_json())}\n" for case in planned),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if not lines:
        end = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return {"skip": f"its process ended with status {done.returncode}: {end}"}, []
    greeting, *answers = lines
    return greeting, [summed_up(answer) for answer in answers]


def summed_up(answer: Line) -> Line:
    """Answer with quartiles in the place of samples."""
    if "samples" not in answer:
        return answer
    samples = answer.pop("samples")
    return {**answer, "quartiles": quantiles(samples, n=4), "count": len(samples)}
