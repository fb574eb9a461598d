"""Options of other libraries that multiply or divide a loss, or weigh a mixture."""

# Options that may be meant, all of one entry if there are several, and what to do.
Meant = tuple[tuple[str, str], ...]

MIXTURE: Meant = (
    ("beta", "pass beta={value}, the weight of the target"),
    ("reproducible", "call {js}, with beta={value}"),
)
PART_OF_LOSS: Meant = (
    ("upstream", "leave it out, and pass upstream={value}"),
    ("reduction", "leave it out, and multiply the loss by {value}"),
)
# An alpha is the one or the other.
IF_MIXED = "if it is the weight of the target in a mixture"
IF_ADDED = "if it is the share of the loss in a sum"
MIXTURE_OR_PART: Meant = (
    (
        "beta upstream",
        f"pass beta={{value}} {IF_MIXED}, or leave it out and pass upstream={{value}} {IF_ADDED}",
    ),
    (
        "beta",
        f"pass beta={{value}} {IF_MIXED}, or leave it out and multiply the loss by {{value}} "
        f"{IF_ADDED}",
    ),
    (
        "reproducible upstream",
        f"leave it out, and pass upstream={{value}} {IF_ADDED}, or call {{js}}, with "
        f"beta={{value}}, {IF_MIXED}",
    ),
    (
        "reproducible reduction",
        f"leave it out, and multiply the loss by {{value}} {IF_ADDED}, or call {{js}}, with "
        f"beta={{value}}, {IF_MIXED}",
    ),
    *PART_OF_LOSS,
)
SUM: Meant = (
    ("upstream", "pass reduction='sum' and upstream=1 / {value}"),
    ("reduction", "pass reduction='sum', and divide the loss by {value}"),
)
WEIGHTED: Meant = (
    ("upstream", "pass reduction='none', and what it multiplies the losses by as `upstream`"),
    ("reduction", "pass reduction='none', and multiply what it gives"),
)
IN_NATS: Meant = (
    ("upstream", "leave it out, and pass upstream=1 / log(base): the loss is in nats"),
    ("", "leave it out, and divide the loss, which is in nats, by log(base)"),
)
