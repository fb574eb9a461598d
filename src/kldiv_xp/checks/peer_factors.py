"""Options of other libraries that multiply or divide a loss, or weigh a mixture."""

# Options that may be meant, all of one entry if there are several, and what to do.
Meant = tuple[tuple[str, str], ...]

# Where a loss takes `indices`, with which there is no mixture.
WITHOUT_PLACES = ", and leave `indices` out if there are any"
MIXTURE: Meant = (
    ("beta", "pass beta={value}, the weight of the target{whole}"),
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
        f"pass beta={{value}} {IF_MIXED}{{whole}}, or leave it out and pass upstream={{value}} "
        f"{IF_ADDED}",
    ),
    (
        "beta",
        f"pass beta={{value}} {IF_MIXED}{{whole}}, or leave it out and multiply the loss by "
        f"{{value}} {IF_ADDED}",
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
# A loss of logits gives losses of samples, which weights of classes have no place in.
OF_EACH_CLASS = "if they weigh samples; if they weigh classes,"
OF_HEAT = "the logarithms of softmax(logits / temperature)"
NO_LOGITS_THERE = (
    "; a `target` of probabilities goes there as it is, with log_target=False, and one of "
    "log-probabilities as it is"
)
BY_ROWS = "a loss for each sample, or with axis=() a term for each class"
BY_TERMS = "a term for each class, or with axis=-1 a loss for each sample"
AS_UPSTREAM = "pass reduction='none', and what it multiplies the losses by as `upstream`"
MULTIPLIED = "pass reduction='none', and multiply what it gives"
WEIGHTED: Meant = (
    (
        "temperature upstream",
        f"{AS_UPSTREAM}, {OF_EACH_CLASS} pass them, times temperature**2 where that scales the "
        f"loss, so to {{tables}}, of {OF_HEAT} with log_target=True{{terms}}, of which its "
        f"gradients are{NO_LOGITS_THERE}",
    ),
    (
        "temperature",
        f"{MULTIPLIED}, {OF_EACH_CLASS} multiply what {{tables}} gives of {OF_HEAT} with "
        "log_target=True and reduction='none'{terms}, and by temperature**2 where that scales it"
        f"{NO_LOGITS_THERE}",
    ),
    ("generalized upstream", f"{AS_UPSTREAM}: {BY_TERMS}"),
    ("upstream", f"{AS_UPSTREAM}: {BY_ROWS}"),
    ("generalized reduction", f"{MULTIPLIED}: {BY_TERMS}"),
    ("reduction", f"{MULTIPLIED}: {BY_ROWS}"),
)
IN_NATS: Meant = (
    ("upstream", "leave it out, and pass upstream=1 / log(base): the loss is in nats"),
    ("", "leave it out, and divide the loss, which is in nats, by log(base)"),
)
OF_SQUARE: Meant = (
    (
        "scale_by_temperature_squared",
        "pass scale_by_temperature_squared={value}",
    ),
    ("", "leave it out: there is no temperature"),
)
