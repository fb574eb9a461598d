"""Writes the files of vectors, or proves that they are what it would write."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from generate.canonical import file_text
from generate.groups import GROUPS

FOLDER = Path(__file__).parents[1] / "kldiv_conformance" / "vectors"


def arguments() -> argparse.Namespace:
    """Parsed command line."""
    parser = argparse.ArgumentParser(prog="generate", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if a file is not up to date"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the files are")
    return parser.parse_args()


def texts(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Path and content of every file."""
    for group in GROUPS:
        text = file_text(group.name, group.about, group.prefix, group.drafts())
        yield folder / f"{group.name}.json", text.encode("ascii")


def stale(folder: Path) -> list[str]:
    """Names of files that differ from what would be written."""
    return [
        path.name
        for path, content in texts(folder)
        if not path.exists() or path.read_bytes() != content
    ]


def main() -> int:
    """Exit status: 1 if `--check` found a difference."""
    options = arguments()
    if not options.check:
        for path, content in list(texts(options.folder)):
            path.write_bytes(content)
        return 0
    names = stale(options.folder)
    if names:
        sys.stderr.write(
            f"{', '.join(names)} in {options.folder} is not what the generator writes: run it "
            "without --check, and look at the difference.\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
