"""The entry point: the command line, or what it lacks to run."""

import sys

EXTRA = ("click", "jinja2", "jsonschema", "numpy", "rich")

try:
    from kldiv_conformance._command_line import main
except ModuleNotFoundError as error:
    lacking = str(error.name).partition(".")[0]
    if lacking not in EXTRA:
        raise

    def main(**_: object) -> int:  # type: ignore[misc]
        """Say what is missing; the exit code is 2."""
        sys.stderr.write(
            f"kldiv-conformance needs {lacking}, which is not installed: pip install {lacking}, "
            "or in a clone pip install '.[conformance]' for all that it needs.\n"
        )
        return 2


if __name__ == "__main__":
    sys.exit(main(prog_name="kldiv-conformance"))
