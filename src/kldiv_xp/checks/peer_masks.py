"""Labels and masks by other libraries' options: what has a part in the loss."""

from kldiv_xp.checks.peer_factors import Meant

# Without an axis a loss of tables takes masks of terms alone; js_div has one by default.
OF_ROWS = "{axis}: reduction='mean' then divides by the number of distributions"
LABELLED = "pass where={name} != -100 with the operands"
HARD = "if it tells what is left out; if its cross-entropy is wanted, add that to the loss"
LABELS: Meant = (
    ("input_is", f"{LABELLED} and {{axis}}"),
    ("log_input", f"{LABELLED}{{averaged}}, {HARD}"),
    ("reduction", f"{LABELLED}{{meaned}}, {HARD}"),
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
