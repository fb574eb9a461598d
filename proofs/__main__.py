"""Prove it on this machine: `python -m proofs`; ends with 1 where anything does not hold."""

import sys

from proofs.distances import exponentials, logarithms
from proofs.libraries import results, ways

# Of a float64, in which products are exact that feed sums.
MOST_BITS = 53


def say(line: str) -> None:
    """Write a line."""
    sys.stdout.write(f"{line}\n")


def main() -> int:
    """Print what was found, and whether it is enough."""
    holds = True
    for name, found in (("logarithms", logarithms()), ("exponentials", exponentials())):
        enough = found["distance"] > found["guess"]
        enough = enough and found["bits of products"] <= MOST_BITS
        holds = holds and enough
        numbers = ", ".join(f"{key} {value:.1f}" for key, value in found.items())
        say(f"{name}: {numbers}: {'enough' if enough else 'NOT ENOUGH'}")
    digests = set()
    for name, way in ways():
        found = results(way)
        digests.add(found["digest"])
        holds = holds and found["exponents are exact"]
        say(f"{name}: {found}")
    holds = holds and len(digests) == 1
    say("All guesses are rounded to the same numbers." if holds else "The proof FAILS.")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
