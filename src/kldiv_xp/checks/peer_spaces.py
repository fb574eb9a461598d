"""Spaces of operands by other libraries' options, and how each is said here."""

from kldiv_xp.checks.names_of_operands import LOGARITHM, LOGITS
from kldiv_xp.checks.peer_factors import Meant

OMITTED: Meant = (("", "leave it out"),)
# What a loss of logits takes `target` for, if it is not said.
OF_TARGETS = "target_is='probabilities', or 'log_probabilities' if `target` holds logarithms"
GIVEN_AS_LOGITS = f"{LOGITS}, with {OF_TARGETS}"
HEAT: Meant = (
    ("temperature", "pass temperature={value}"),
    (
        "reduction",
        f"{LOGITS}, with temperature={{value}}, where both operands are logits unless target_is "
        "says 'probabilities' or 'log_probabilities'",
    ),
)


def heat_of(operand: str, bias: str, other: str, of_logarithms: str, in_part: str) -> Meant:
    """Remedies for the temperature of one operand: that of a loss divides both."""
    same = f"temperature={{value}} if {other} has the same temperature"
    own = "leave `temperature` out, and divide each operand by its own: pass"
    apart = f"{own} {operand} / {{value}} as `{operand}`"
    chained = "divide their derivatives by {value}"
    both = f"pass {same}; if not, "
    with_bias = f"{both}{apart}, and {bias} / {{value}} as `{bias}`"
    return (
        ("target_bias upstream", f"{with_bias}, and {chained}"),
        ("target_bias", f"{with_bias}{of_logarithms}"),
        ("tail upstream", f"{both}{own} {in_part}, and {chained}"),
        ("tail", f"{both}{own} {in_part}"),
        ("temperature upstream", f"{both}{apart}{of_logarithms}, and {chained}"),
        ("temperature", f"{both}{apart}{of_logarithms}"),
        ("upstream", f"{LOGITS}, with {same}; if not, {apart}, and {chained}"),
        ("reduction", f"{LOGITS}, with {same}; if not, {apart}"),
    )


HEAT_OF_STUDENT = heat_of("input", "bias", "the teacher", "", "input / {value} as `input`")
# Of a teacher that is known in part, the rest is not known at another temperature.
HEAT_OF_TEACHER = heat_of(
    "target",
    "target_bias",
    "the student",
    ", or the logarithm of probabilities / {value}, with target_is='logits'",
    "the log_softmax of all the teacher's logits / {value}, at `indices`, as `target`",
)
# torchmetrics: its flag is for both operands, and the target is the first of them.
IN_LOGARITHMS: Meant = (
    ("log_target", "pass log_target=True, with the target as the second operand"),
    ("target_is", "pass target_is='log_probabilities', with the target as the last operand"),
)
IN_PROBABILITIES: Meant = (
    ("log_target", "pass log_input=False, with the target as the second operand"),
    ("target_bias", "pass target_is='probabilities', with the target as the last operand"),
    (
        "target_is",
        "pass target_is='probabilities' and the logarithm of the probabilities as `input`, which "
        "is logits",
    ),
)
ON_PROBABILITIES = "leave it out, and pass the smoothed probabilities as `target`, with "
SMOOTHED: Meant = (
    (
        "tail reduction target_bias",
        f"{ON_PROBABILITIES}target_is='probabilities', and neither `indices` nor `target_weight`",
    ),
    (
        "tail reduction",
        "call {dense}, which takes the smoothed probabilities of all classes as `target`, with "
        "target_is='probabilities'",
    ),
    ("log_target", f"{ON_PROBABILITIES}log_target=False"),
    ("target_is", f"{ON_PROBABILITIES}target_is='probabilities'"),
)
OF_TARGET = "target_is= tells whether `target` is logits, probabilities or their logarithms"
OF_STATES = ("target_bias", f"leave it out: `input` is hidden states, and {OF_TARGET}")
LEFT_OUT_OF_LOGITS = ("temperature", f"leave it out: `input` is logits, and {OF_TARGET}")
TAKEN_AS_LOGITS: Meant = (
    ("input_is", "pass input_is='logits'"),
    OF_STATES,
    ("log_input", GIVEN_AS_LOGITS),
    LEFT_OUT_OF_LOGITS,
)
NO_LOGITS: Meant = (
    ("log_input", "pass log_input=False, with probabilities as `input`"),
    OF_STATES,
    (
        "target_is",
        f"pass the logarithm of the probabilities as `input`, which is logits, and {OF_TARGETS}",
    ),
    ("", "leave it out"),
)
# What an option of one loss is called by another, where that depends on its value.
OF_VALUES: dict[tuple[str, str], Meant] = {
    ("input_is", "logits"): TAKEN_AS_LOGITS,
    ("input_is", "log_probabilities"): OMITTED,
    ("input_is", "probabilities"): (("log_input", "pass log_input=False"), OF_STATES, LOGARITHM),
    ("target_is", "logits"): (("log_target", LOGITS),),
    ("target_is", "log_probabilities"): (("log_target", "pass log_target=True"),),
    ("target_is", "probabilities"): (("log_target", "pass log_target=False"),),
}
