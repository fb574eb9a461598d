"""Remedies for masks by other libraries' names; some libraries set them True at padding."""

from kldiv_xp._typing import Array
from kldiv_xp.checks.ignored_labels import ignored_of_type, values_at_hand
from kldiv_xp.checks.number_masks import ANY_NUMBERS, for_values
from kldiv_xp.checks.peer_factors import Meant
from kldiv_xp.checks.peer_masks import IGNORED, OF_ROWS
from kldiv_xp.core.dtypes import is_kind
from kldiv_xp.core.namespaces import is_array, namespace_of

PARTS_OF_NAMES = ("mask", "pad")
AN_ARRAY = "where=, an array of bools that is True at what has a part in the loss"


def meant_by_mask(name: str, value: object) -> Meant:
    """Remedies for an option that is named like a mask; () if it is not."""
    if not any(part in name.lower() for part in PARTS_OF_NAMES):
        return ()
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and "mask" not in name.lower():
        return IGNORED
    code = AN_ARRAY if isinstance(value, str | int | float) else where_of(name, value)
    of_rows = f"; a mask of distributions comes with {OF_ROWS}"
    return (
        ("generalized where reduction", f"pass {code}{of_rows}"),
        ("generalized where", f"pass {code}; a mask of distributions comes with {{axis}}"),
        ("where", f"pass {code}"),
        ("generalized reduction", f"leave it out, and pass {code}, with the operands{of_rows}"),
        ("", f"leave it out, and pass {code}, with the operands"),
    )


def where_of(name: str, value: object) -> str:
    """Code for a mask in both of the senses that it may have, the likelier one first.

    Those of torch's attention are True at padding, and those of tokenizers are 1 at tokens.
    """
    kept, padded = senses(name, value)
    both = f"{padded}, or {kept}" if "pad" in name.lower() else f"{kept}, or {padded}"
    if not is_array(value) or is_of_bools(value):
        return both
    told = for_values(values_at_hand(value))
    if "if these are labels" in told:
        return f"where={told.removeprefix('pass ').format(x=name)}"
    label = ignored_of_type(namespace_of(value), value)
    of_labels = f", or where={name} != {label} if it holds labels and {label} is left out"
    return both + of_labels * (told == ANY_NUMBERS)


def senses(name: str, value: object) -> tuple[str, str]:
    """Code for a mask that tells what has a part, and for one that tells padding."""
    kept, padded = "if it is True at what has a part in the loss", "if it is True at padding"
    if not is_array(value):
        return f"where={name} {kept}", f"its negation {padded}"
    if is_of_bools(value):
        return f"where={name} {kept}", f"where=~{name} {padded}"
    return (
        f"where={name} != 0 if it is 0 at what is left out",
        f"where={name} == 0 if it is 0 at what has a part in the loss",
    )


def is_of_bools(array: Array) -> bool:
    """Whether an array holds bools."""
    return is_kind(namespace_of(array), array.dtype, "bool")
