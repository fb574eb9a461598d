"""Check random calls for some minutes; what fails is saved, and can be run again."""

import argparse
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import conftest  # noqa: F401 - it prepares the libraries as for the tests
from array_libraries import BACKENDS

import kldiv_xp
from fuzz.checks import CHECKS, applies
from fuzz.session import Pair, Tally, attempt, load, replay, table

FOLDER = Path("fuzz-failures")
# A pair that has failed so often has said what there is to say.
FAILURES_OF_A_PAIR = 3


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("minutes", nargs="?", type=float, default=20.0)
    parser.add_argument("--backend", action="append", choices=BACKENDS, help="all by default")
    parser.add_argument("--check", action="append", choices=CHECKS, help="all by default")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**9)
    parser.add_argument("--examples", type=int, default=50, help="calls of one round of a pair")
    parser.add_argument("--replay", type=Path, help="a file of fuzz-failures/, to run it again")
    return parser.parse_args()


def pairs(options: argparse.Namespace) -> Iterator[Pair]:
    """Checks and backends that there are to be combined."""
    for name in options.backend or BACKENDS:
        reason = BACKENDS[name].skip_reason()
        if reason is not None:
            print(f"skipped {name}: {reason}")
            continue
        for check in options.check or CHECKS:
            if applies(check, BACKENDS[name]):
                yield Pair(check, BACKENDS[name])


def fuzz(options: argparse.Namespace) -> int:
    """Number of failures."""
    tallies = {pair: Tally() for pair in pairs(options)}
    print(f"seed {options.seed}: {len(tallies)} pairs for {options.minutes:g} minutes", flush=True)
    end = time.monotonic() + options.minutes * 60
    while time.monotonic() < end:
        going = [pair for pair in tallies if len(tallies[pair].failures) < FAILURES_OF_A_PAIR]
        if not going:
            break
        # Whoever has had the least time is next: torch.compile takes a hundred times as long.
        pair = min(going, key=lambda pair: tallies[pair].seconds)
        tally = tallies[pair]
        attempt(pair, options.seed + tally.rounds, options.examples, tally, FOLDER)
    print(table(tallies))
    return sum(len(tally.failures) for tally in tallies.values())


def main() -> int:
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", kldiv_xp.KLDivWarning)
    # torch.compile instantiates torch.autograd.Function itself when it traces one.
    warnings.filterwarnings("ignore", ".*should not be instantiated", DeprecationWarning)
    options = arguments()
    if options.replay is not None:
        replay(load(options.replay))
        return 0
    return min(fuzz(options), 1)


if __name__ == "__main__":
    sys.exit(main())
