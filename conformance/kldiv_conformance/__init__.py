"""Judges any Kullback-Leibler divergence loss by exact results.

`vectors` are the calls and what must come of them, `judge` says what came of one, and
`assert_conforms` is a whole test.
"""

import sys

# `python -m` puts the current folder first, where a json.py would be taken for Python's.
if sys.argv[:1] == ["-m"] and "kldiv_conformance" in sys.orig_argv and not sys.flags.safe_path:
    del sys.path[0]

from kldiv_conformance._adapter import Adapter
from kldiv_conformance._adapters import ADAPTERS
from kldiv_conformance._assertion import assert_conforms
from kldiv_conformance._implementations import Implementation
from kldiv_conformance._judge import judge
from kldiv_conformance._outcome import Outcome
from kldiv_conformance._vector import Note, Operand, Result, Vector
from kldiv_conformance._vectors import find, groups, notes, vectors

__all__ = [
    "ADAPTERS",
    "Adapter",
    "Implementation",
    "Note",
    "Operand",
    "Outcome",
    "Result",
    "Vector",
    "assert_conforms",
    "find",
    "groups",
    "judge",
    "notes",
    "vectors",
]
