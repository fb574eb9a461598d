"""Forms of the mathematics that rows of logits get, read off the divergences themselves."""

from functools import partial
from typing import Any

from kldiv_xp.formula.js_of_given import JSOfGiven
from kldiv_xp.formula.kl_of_logits import KL
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.logits import JS

DIVERGENCES = {
    "KL": KL(1.0, "logits"),
    "KL, of a target that is given": KL(1.0, "probabilities"),
    "JS, beta 0.5": JS.of(1.0, 0.5),
    "JS, another beta": JS.of(1.0, 0.3),
    "JS, of a target that is given": JSOfGiven(1.0, 0.5, "probabilities"),
}
WANTED = {"value": None, "input's derivative": 0, "target's derivative": 1}


def forms() -> list[dict[str, str]]:
    """A row for each divergence, and for what is wanted of it where that differs."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for name, divergence in DIVERGENCES.items():
        for wanted, place in WANTED.items():
            blocks = [way for _, way in divergence.attempts(place)]
            ways = blocks, in_loops(divergence, place), divergence.ways(place)
            rows.setdefault((name, *map(chain, ways)), []).append(wanted)
    columns = "divergence", "blocks", "loops", "kernels"
    return [
        dict(zip(columns, row, strict=True), wanted=", ".join(wanted))
        for row, wanted in rows.items()
    ]


def chain(ways: list[Any]) -> str:
    """Forms in the order in which they are tried."""
    return " → ".join(dict.fromkeys(map(word, ways)))


def in_loops(divergence: Any, place: int | None) -> list[Any]:
    """Those of the compiled loops: for values a cheap one and the last, else the last alone."""
    ways = divergence.ways(place)
    return [ways[0], ways[-1]] if place is None else ways[-1:]


def word(way: Any) -> str:
    """A form in a word: of rows far apart or close, without guards, or right for every row."""
    function = way.func if isinstance(way, partial) else way
    options = way.keywords if isinstance(way, partial) else {}
    name = function.__name__
    if name == "js_of_logarithms":
        return "far"
    for kind in ("close", "near", "far"):
        if name.startswith(kind):
            return kind
    return "unguarded" if options.get("guard") is Guard.NONE else "full"
