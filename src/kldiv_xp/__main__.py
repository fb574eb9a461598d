"""python -m kldiv_xp: the command line, if what it is made of is installed."""

import sys
from importlib.util import find_spec

NEEDED = ("click", "numpy", "rich")

if __name__ == "__main__":
    missing = [package for package in NEEDED if find_spec(package) is None]
    if missing:
        sys.stderr.write(
            f"The command line needs {', '.join(missing)}, which is not installed: pip install "
            f"{' '.join(missing)}, or in a clone pip install '.[cli]' for all that it may need.\n"
        )
        sys.exit(2)
    from kldiv_xp.cli.main import main

    main(prog_name="python -m kldiv_xp")
