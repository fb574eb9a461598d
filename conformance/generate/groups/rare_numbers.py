"""Teachers of as many entries as are usual, upstream derivatives of loss scaling, tiny p."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from generate.draft import Draft
from generate.groups.rare_draws import LINEAR, LOGITS, SPARSE, TABLES, call
from generate.groups.rare_rows import BLOCK, teachers
from generate.operands import softmax

# What is known of the words, and whether indices have 32 bits.
TEACHERS = ((50, 80, "int32"), (130, 160, None))
# Twice the largest power of 2 of float16, from which loss scaling starts.
SCALE = 131072.0
TINY = (-90.0, -75.0, -0.5)


def drafts() -> Iterator[Draft]:
    """Vectors of many entries, large upstream derivatives and tiny probabilities."""
    rng = Random("rare numbers")  # noqa: S311 - not for secrets
    yield from many_entries(rng)
    for function in (*TABLES, *LOGITS, SPARSE, LINEAR):
        given = {"dtype": "float32", "reduction": "sum", "upstream": SCALE}
        said = "an upstream derivative beyond the range of float16"
        yield call(function, said, ("Upstream",), rng, (2, 4), **given)
    draft = call("kl_div", "tiny p", (), rng, (3,), log_target=True, upstream=1.5)
    yield replace(draft, target=TINY, flags=("TargetGradient", "InputGradient", "LogTarget"))


def many_entries(rng: Random) -> Iterator[Draft]:
    """Teachers known at 50 and at 130 words, some by indices of 32 bits."""
    for known, words, dtype in TEACHERS:
        rows = [tuple(softmax(rng, 1, words)[:known]) for _ in range(2)]
        said = f"{known} entries of {words}"
        draft = teachers(said, (BLOCK,), rng, rows, words, dtype="float32")
        yield replace(draft, indices_dtype=dtype)
    row = tuple(softmax(rng, 1, words)[:known])
    given = {"tail": "renormalize", "reduction": "sum", "upstream": 1.5, "dtype": "float32"}
    yield teachers(said, (BLOCK, "SparseGradient"), rng, [row], words, **given)
