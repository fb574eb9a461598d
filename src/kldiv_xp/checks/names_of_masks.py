"""Remedies for masks by other libraries' names; some libraries set them True at padding."""

from kldiv_xp._typing import Array
from kldiv_xp.checks.peer_factors import Meant
from kldiv_xp.checks.peer_options import IGNORED
from kldiv_xp.core.dtypes import is_kind
from kldiv_xp.core.namespaces import is_array, namespace_of

PARTS_OF_NAMES = ("mask", "pad")
AN_ARRAY = "where=, an array of bools that is True at what has a part in the loss"


def meant_by_mask(name: str, value: object) -> Meant:
    """Remedies for an option that is named like a mask; () if it is not."""
    if not any(part in name.lower() for part in PARTS_OF_NAMES):
        return ()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return IGNORED
    code = AN_ARRAY if isinstance(value, str | bool) else where_of(name, value)
    return ("where", f"pass {code}"), ("", f"leave it out, and pass {code}, with the operands")


def where_of(name: str, value: object) -> str:
    """Code for a mask in both of the senses that it may have, the likelier one first.

    Those of torch's attention are True at padding, and those of tokenizers are 1 at tokens.
    """
    kept, padded = senses(name, value)
    return f"{padded}, or {kept}" if "pad" in name.lower() else f"{kept}, or {padded}"


def senses(name: str, value: object) -> tuple[str, str]:
    """Code for a mask that tells what has a part, and for one that tells padding."""
    kept, padded = "if it is True at what has a part in the loss", "if it is True at padding"
    if not is_array(value):
        return f"where={name} {kept}", f"its negation {padded}"
    array: Array = value
    if is_kind(namespace_of(array), array.dtype, "bool"):
        return f"where={name} {kept}", f"where=~{name} {padded}"
    return (
        f"where={name} != 0 if it is 0 at what is left out",
        f"where={name} == 0 if it is 0 at what has a part in the loss",
    )
