"""Vocabularies of language models, and hidden states as wide as theirs, in every function."""

import math
from collections.abc import Iterator

from generate.draft import Draft
from generate.edges import edges, filled
from generate.groups.sizes_of_logits import FLAG, logits
from generate.groups.sizes_of_tables import PROBABILITIES, operands
from generate.groups.sizes_of_teachers import HIGH, LOW, OURS, layer, sparse
from generate.groups.sizes_of_teachers import PROBABILITIES as OF_WORDS
from generate.linear_draft import LinearDraft
from generate.tables_draft import TablesDraft

# A large vocabulary, and one whose derivatives are asked.
LARGE, USUAL = 151936, 32003
DEPTH, FEW = 770, 3
GRADIENT = {"reduction": "sum", "upstream": 1.0}
ASKED = ((LARGE, {"reduction": "sum"}), (USUAL, GRADIENT))


def drafts() -> Iterator[Draft]:
    """A value and the derivatives of every function."""
    for size, options in ASKED:
        said = f"{'The loss' if size == LARGE else 'Gradient'} of {size} words, in float32"
        given = {"dtype": "float32", **options}
        for function in ("kl_div_with_logits", "js_div_with_logits"):
            comment = f"{said}, {function}."
            yield logits(comment, (1, size), function=function, **given)
        tables = operands((1, size), PROBABILITIES)
        yield TablesDraft(comment=f"{said}, of two tables.", flags=(FLAG,), **tables, **given)
        named = tuple(edges(size)[::-2][: len(OF_WORDS)])
        teacher = {"target": OF_WORDS[: len(named)], "target_shape": (1, len(named))}
        student = {"input": filled(size, (-16.0,), OURS), "indices": named}
        comment = f"{len(named)} of {size} words are named, in float32."
        yield sparse(comment, (1, size), **student, **teacher, **given)
    yield of_hidden_states()
    for options in ({"reduction": "none"}, GRADIENT):
        yield deep(**options)


def of_hidden_states() -> LinearDraft:
    """A layer of many words."""
    return LinearDraft(
        comment=f"Of a hidden state and a layer of {USUAL} words, in float32.",
        flags=(FLAG,),
        input=(1.0, 0.5),
        shape=(1, 2),
        weight=layer(USUAL, LOW),
        weight_shape=(USUAL, 2),
        target=filled(USUAL, (-10.0,), HIGH),
        target_shape=(1, USUAL),
        dtype="float32",
        reduction="sum",
    )


def deep(**options: object) -> LinearDraft:
    """Wide hidden states, whose elements at the edges of blocks dominate every logit."""
    said = "Gradient by" if "upstream" in options else "Of"
    shapes = {"shape": (2, DEPTH), "weight_shape": (FEW, DEPTH), "target_shape": (2, FEW)}
    sizes = {name: math.prod(shape) for name, shape in shapes.items()}
    special = tuple(1.0 + 0.25 * number for number in range(9))
    return LinearDraft(
        comment=f"{said} two hidden states of {DEPTH} numbers and {FEW} words, in float32.",
        flags=(FLAG,),
        input=filled(sizes["shape"], (0.0625,), special),
        weight=filled(sizes["weight_shape"], (0.03125,), (0.5, -0.25, 0.75)),
        target=(0.25, -0.75, 0.5, 1.0, 0.0, -1.5),
        dtype="float32",
        **shapes,
        **options,
    )
