"""Remedies for distributions with other entries: what is cut, what is padded, what is left out."""

from kldiv_xp._typing import Axis, Namespace, Shape
from kldiv_xp.checks.remedies import say
from kldiv_xp.checks.spaces import space_of

# What an entry holds that is not there, if that is not 0.
ABSENT = {"logits": "-inf", "log_probabilities": "-inf"}
OF_TOP_K = "pass their indices too, to sparse_kl_div_with_logits"
# What makes the sum 1 again.
WHOLE = {
    "probabilities": "divide `{name}` by its sum{along}",
    "log_probabilities": "subtract its logsumexp{along} from `{name}`",
}


def for_sizes(left: Shape, right: Shape, loss: object, of_entries: Axis = -1) -> str:
    """Remedy for different sizes of vocabularies, of batches, or of several axes.

    The entries of a distribution are along an axis, the last one if none or several are named.
    """
    differing = [axis for axis, size in enumerate(left) if (size,) != right[axis : axis + 1]]
    if len(left) != len(right) or len(differing) != 1:
        return "pass the same samples and entries in both"
    (axis,) = differing
    small = min(left[axis] or 0, right[axis] or 0)
    index = ":, " * axis + f":{small}"
    if not isinstance(of_entries, int):
        of_entries = -1
    if axis != of_entries % len(left):
        return f"keep the same {small} entries of both along axis {axis}, e.g. with [{index}]"
    index = f"..., :{small}" if axis == len(left) - 1 else index
    short = "input" if left[axis] == small else "target"
    if loss is None or set(spaces_of(loss)) == {"logits"}:
        of_top_k = short == "target" and 2 * small <= (left[axis] or 0)
        return for_vocabularies(index, short, of_top_k=of_top_k)
    return for_tables(index, short, loss, along_axis(axis, len(left)))


def for_vocabularies(index: str, short: str, *, of_top_k: bool) -> str:
    """Remedy for logits of two vocabularies."""
    cut = f"cut the logits of both to the shared entries with [{index}] before any softmax"
    if of_top_k:
        cut = f"if these are the top-k of a teacher, {OF_TOP_K}; if not, {cut}"
    padded = "pad those of `target` with -inf"
    if short == "input":
        padded = "pad those of `input` with -inf and set the same entries of `target` to -inf"
    return f"{cut}, or {padded}"


def along_axis(axis: int, ndim: int) -> str:
    """The axis of a sum in words, if it is not the last one."""
    return f" along axis {axis}" * (axis != ndim - 1)


def for_tables(index: str, short: str, loss: object, along: str) -> str:
    """Remedy for tables, or a table beside logits, of two lengths."""
    spaces = dict(zip(("input", "target"), spaces_of(loss), strict=True))
    padded = f"pad the shorter, `{short}`, with {ABSENT.get(spaces[short], '0')}"
    if short == "input" and getattr(loss, "beta", None) is None:
        padded += ", which makes the loss infinite if `target` is above 0 there"
    kept = {one: WHOLE[space] for one, space in spaces.items() if space in WHOLE}
    wholes = [whole.format(name=one, along=along) for one, whole in kept.items()]
    cut = f"keep the shared entries of both with [{index}]"
    return f"{padded}, or {cut}" + (f" and {', and '.join(wholes)}" if wholes else "")


def spaces_of(loss: object) -> tuple[str, str]:
    """Spaces of both operands of a loss."""
    return space_of(loss, "input"), space_of(loss, "target")


def for_single_entries(
    xp: Namespace,
    loss: object,
    of_logits: bool,
    where: str = "where",
    input: str = "input",
    along: str = "",
) -> str:
    """How single entries are left out, after a remedy for a mask of them; "" if it is not known."""
    if of_logits:
        return (
            "; to leave out single entries, make the logits, set these to -inf in both, and call "
            "kl_div_with_logits"
        )
    if loss is None:
        return ""
    code, kind = say(xp, "selected", where, y=input), space_of(loss, "target")
    both = f"make their logits -inf in both operands, e.g. {code}"
    of_target = f"{ABSENT.get(kind, '0')} what `target` has at them"
    if hasattr(loss, "tail"):
        both = (
            f"make their logits -inf in `input`, e.g. {code}, and {of_target}, with "
            "tail='renormalize'"
        )
    elif kind in WHOLE:
        whole = WHOLE[kind].format(name="target", along=along)
        both = f"make their logits -inf in `input`, e.g. {code}, and {of_target}, and {whole}"
    return f"; to leave out single entries, {both}"


def for_known_entries(
    xp: Namespace, loss: object, where: str = "where", target: str = "target"
) -> str:
    """How entries of a teacher that is known in part are left out; "" of another loss."""
    if not hasattr(loss, "tail"):
        return ""
    absent = ABSENT.get(space_of(loss, "target"), "0")
    code = f", {say(xp, 'selected', where, y=target)}" * (absent != "0")
    return f"; to leave out single entries, pass {absent} at them in `target`{code}"


def for_given_target(expected: Shape, found: Shape) -> str:
    """Remedy for a target of another shape than the logits that the student's layer makes."""
    hidden = "pass the teacher's hidden states with target_weight="
    size, rows = found[-1:] or (0,), expected[-1:]
    if len(found) != len(expected) or found[:-1] != expected[:-1] or None in (*size, *rows):
        return f"pass the same samples in both, or {hidden}"
    parts = "or the places of top-k values with indices="
    # Sizes of hidden states are mostly far below those of vocabularies.
    if 2 * (size[0] or 0) <= (rows[0] or 0):
        return f"{hidden}, {parts}"
    cut = f"`target` with [..., :{rows[0]}] before any softmax"
    if (size[0] or 0) < (rows[0] or 0):
        cut = f"`weight` with [:{size[0]}], and `bias` if there is one"
    return f"{hidden}, {parts}, or cut another vocabulary to the shared entries, {cut}"
