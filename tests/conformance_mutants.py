"""Texts of losses, the mutants that are made from them, and what the suite says of each."""

import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kldiv_conformance import ADAPTERS, Implementation, judge, vectors

HERE = Path(__file__).parent / "conformance"
# Each text with its backend, and how many vectors of each flag are asked for: JAX compiles for
# every shape, so that all of them take minutes.
BACKENDS = {
    "textbook": ("numpy", None),
    "textbook_logits": ("numpy", None),
    "textbook_near": ("numpy", None),
    "textbook_sparse": ("numpy", None),
    "textbook_tables": ("numpy", None),
    "textbook_hidden": ("numpy", None),
    "textbook_torch": ("torch", None),
    "textbook_torch_logits": ("torch", None),
    "textbook_jax": ("jax", 2),
    "textbook_jax_logits": ("jax", 2),
    "published_torch": ("torch", None),
    "published_jax": ("jax", 2),
}
NEAR, NOISE = "textbook_near", "NearlyEqualLogits"
FUNCTIONS = (
    *("kl_div", "kl_div_with_logits", "js_div_with_logits"),
    *("sparse_kl_div_with_logits", "js_div", "linear_kl_div"),
)


@dataclass(frozen=True)
class Mutant:
    """A text with one bug, and the flag that stands for it."""

    book: str
    name: str
    old: str
    new: str
    flag: str

    @property
    def text(self):
        original = text_of(self.book)
        assert self.old in original
        return original.replace(self.old, self.new, 1)


def text_of(book):
    return (HERE / f"{book}.py").read_text(encoding="utf-8")


def mutants():
    """All of them, by their text and name."""
    for book in BACKENDS:
        table = "_".join(["mutants", *book.replace("textbook", "").split("_")]).replace("__", "_")
        stored = tomllib.loads((HERE / f"{table.rstrip('_')}.toml").read_text(encoding="utf-8"))
        for mutant in stored["mutant"]:
            yield Mutant(book, **mutant)


def outcomes(book, text, asked):
    """Verdicts on a text by vectors."""
    scope = {"__name__": "mutant"}
    exec(compile(text, book, "exec"), scope)
    implementation = Implementation(
        "mutant", scope.get("kl_div"), scope.get("kl_div_gradient"), scope
    )
    adapter = ADAPTERS[BACKENDS[book][0]]
    return [judge(vector, adapter, implementation).to_json() for vector in asked]


def judged(mutant):
    """Verdicts on a mutant."""
    return outcomes(mutant.book, mutant.text, needed(mutant.book))


@cache
def needed(book):
    """Vectors that a mutant is judged by.

    What a plain text gets wrong without a mutation is no evidence of one: XLA flushes subnormal
    numbers.  A published loss keeps its faults.
    """
    asked = of_functions(book)
    if book.startswith("published"):
        return asked
    lines = outcomes(book, text_of(book), asked)
    return [
        vector
        for vector, line in zip(asked, lines, strict=True)
        if line["verdict"] in {"pass", "not supported"}
    ]


@cache
def of_functions(book):
    """Vectors that call a function of a text; only plain NumPy checks its arguments.

    One text alone is for divergences that nearly vanish, of which every other makes noise; none has
    divergences of logits with specified bits.
    """
    backend, most = BACKENDS[book]
    text = text_of(book)
    called = [name for name in FUNCTIONS if f"def {name}(" in text]
    group = "nearly_equal" if book == NEAR else None
    asked = [vector for vector in vectors(group) if (vector.function or "kl_div") in called]
    asked = [it for it in asked if not (it.function and "reproducible" in it.arguments)]
    if book != NEAR:
        asked = [vector for vector in asked if NOISE not in vector.flags]
    if backend != "numpy":
        asked = [vector for vector in asked if vector.kind != "invalid"]
    return asked if most is None else few_of_each_flag(asked, most)


def few_of_each_flag(asked, most):
    """Vectors among which each flag stands some times, for values and for gradients."""
    count, chosen = Counter(), []
    for vector in asked:
        keys = [(vector.function, vector.kind, flag) for flag in vector.flags]
        if any(count[key] < most for key in keys):
            chosen.append(vector)
            count.update(keys)
    return chosen
