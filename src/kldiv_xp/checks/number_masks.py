"""Remedies for masks of numbers: lengths, weights, labels, and what is added to logits."""

from typing import Any

from kldiv_xp._typing import Array, Namespace, Shape
from kldiv_xp.checks.ignored_labels import ignored_of_type, label_left_out, values_at_hand
from kldiv_xp.checks.remedies import say
from kldiv_xp.checks.shape_remedies import squeezed
from kldiv_xp.checks.spreading import placements, spread_codes
from kldiv_xp.core.dtypes import is_kind
from kldiv_xp.core.namespaces import known_shape

# Masks that are added to logits hold 0 and no more than this.
MOST_THAT_IS_ADDED = -1000
ANY_NUMBERS = (
    "pass {x} != 0 if it is 0 at what is left out, {x} == 0 if it is 0 at what has a part, as a "
    "mask that is added to logits is, or {x} != {ignored} if it holds labels and {ignored} is left "
    "out"
)
PLACES_OF_MASK = "pass the mask of bools itself if these are its places"
OF_ENTRIES = (
    "; if it holds weights of single entries, leave it out, pass axis=() and reduction='none', and "
    "multiply what that gives"
)
ONES = "pass {x} != 0 if it is 0 at what is left out, or {x} == 0 if it is 1 at padding"
LENGTHS = "pass {code} if it holds lengths, "
WEIGHTS = (
    "; if it holds weights{made}, leave it out, pass reduction='none', and divide the sum of what "
    "that gives times {w} by {total} (of a gradient, pass upstream={w} / {total} too)"
)
# Sequences and their tokens.
AXES_OF_TOKENS = 2


def for_numbers(xp: Namespace, where: Array, allowed: list[Shape]) -> str:
    """Remedy for a mask of numbers: a comparison, by its values where they are at hand."""
    code = "where.dequantize()" if getattr(where, "is_quantized", False) else "where"
    remedy, losses = for_values(values_at_hand(where)), shape_of_losses(allowed)
    if remedy not in (ANY_NUMBERS, ONES):
        return remedy.format(x=code)
    is_any, ignored = remedy == ANY_NUMBERS, ignored_of_type(xp, where)
    remedy = remedy.format(x=code, ignored=ignored)
    if is_kind(xp, where.dtype, "integral"):
        if not any(placements(one, known_shape(where)) for one in allowed):
            return f"{PLACES_OF_MASK}, {remedy.removeprefix('pass ')}"
        lengths = for_lengths(xp, known_shape(where), tokens_of(losses, allowed))
        return lengths + remedy.removeprefix("pass ") if lengths else remedy
    if not is_any:
        return remedy
    is_float = is_kind(xp, where.dtype, "real floating")
    entries, *of_samples = allowed
    is_of_entries = len(of_samples) == len(("axis", "none")) and known_shape(where) == entries
    of_weights = OF_ENTRIES if is_of_entries else for_weights(xp, known_shape(where), losses)
    return remedy + of_weights * is_float


def shape_of_losses(allowed: list[Shape]) -> Shape:
    """Shape of what reduction='none' gives, of the shapes that a mask may have."""
    return min(allowed, key=len)


def tokens_of(losses: Shape, allowed: list[Shape]) -> Shape:
    """Shape of the samples; of single elements, the shape without that of the entries."""
    is_of_elements = len(allowed) == 1
    return losses[:-1] if is_of_elements else losses


def for_lengths(xp: Namespace, where: Shape, tokens: Shape) -> str:
    """First part of a remedy for integers, one of each sequence; "" for other shapes."""
    if len(tokens) != AXES_OF_TOKENS or None in tokens or where not in (tokens[:1], (tokens[0], 1)):
        return ""
    column = "where[:, None]" if len(where) == 1 else "where"
    return LENGTHS.format(code=say(xp, "up_to", column, y="where", n=tokens[1]))


def for_weights(xp: Namespace, where: Shape, losses: Shape) -> str:
    """Last part of a remedy for floats that fit the losses, which may be weights; else ""."""
    if where == losses:
        return WEIGHTS.format(made="", w="where", total=say(xp, "total", "where"))
    if None in (*where, *losses):
        return ""
    if squeezed(where) == squeezed(losses):
        codes = [say(xp, "reshaped", "where", shape=losses)]
    else:
        codes = spread_codes(xp, "where", losses, where, placements(losses, where))
    made = ", make them " + ", or ".join(f"w = {code}" for code in codes)
    return WEIGHTS.format(made=made, w="w", total=say(xp, "total", "w")) if codes else ""


def for_values(values: Any) -> str:
    """The same for values that are at hand, or None."""
    if values is None or values.dtype.kind not in "iuf" or not values.size:
        return ANY_NUMBERS
    low, high = values.min(), values.max()
    if (low, high) in ((0, 1), (1, 1)) and ((values == 0) | (values == 1)).all():
        return ONES
    if high == 0 and low <= MOST_THAT_IS_ADDED and values.dtype.kind == "f":
        return (
            "pass {x} == 0, which is where a mask that is added to logits leaves them as they are"
        )
    left_out = label_left_out(values)
    if left_out is not None:
        return f"pass {{x}} != {left_out}, if these are labels and those of {left_out} are left out"
    return ANY_NUMBERS
