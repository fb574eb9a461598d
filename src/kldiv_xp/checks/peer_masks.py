"""Labels and masks by other libraries' options: what has a part in the loss."""

from kldiv_xp.checks.ignored_labels import IGNORED_BY_TORCH, ignored_label
from kldiv_xp.checks.peer_factors import Meant
from kldiv_xp.core.namespaces import is_array, namespace_of

# Without an axis a loss of tables takes masks of terms alone; js_div has one by default.
OF_ROWS = "{axis}: reduction='mean' then divides by the number of distributions"
LABELLED = "pass where={name} != {ignored} with the operands"
HARD = "if it tells what is left out; if its cross-entropy is wanted, add that to the loss"
LABELS: Meant = (
    ("input_is", f"{LABELLED} and {{axis}}"),
    ("log_input", f"{LABELLED}{{averaged}}, {HARD}"),
    ("reduction", f"{LABELLED}{{meaned}}, {HARD}"),
)
NOT_NUMBERS: Meant = (
    (
        "log_input",
        "leave it out, and pass where=, a mask that is False at NaN, with the operands, of which "
        "nothing is divided by a new sum",
    ),
    (
        "",
        "leave it out, and pass where=, a mask that is False at samples with NaN, with the "
        "operands",
    ),
)
IGNORED: Meant = (
    (
        "generalized reduction",
        f"leave it out, and pass where=labels != {{value}} with the operands, and {OF_ROWS}",
    ),
    (
        "generalized",
        "leave it out, and pass where=labels != {value} with the operands, and {axis}",
    ),
    ("", "leave it out, and pass where=labels != {value} with the operands"),
)


def ignored_by(labels: object) -> int:
    """The label that is left out of some that are an option."""
    return ignored_label(namespace_of(labels), labels, 0) if is_array(labels) else IGNORED_BY_TORCH
