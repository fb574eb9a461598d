"""Names that other libraries have for the operands, and how each is passed here."""

import re
from collections.abc import Mapping

from kldiv_xp.checks.peer_factors import Meant

LOGITS = "pass logits to {logits}"
LOGARITHM = ("temperature", "pass the logarithm of the probabilities as `input`, which is logits")
AS_INPUT = "pass it as `input`, by its place"
AS_TARGET = "pass it as `target`, by its place"
# Of hidden states: what takes tables or logits instead.
NO_STATES = ("target_bias", "call kl_div_with_logits, which takes logits")
STUDENT: Meant = (("", AS_INPUT),)
STUDENT_LOGITS: Meant = (
    ("input_is", f"{AS_INPUT}, with input_is='logits'"),
    (
        "log_input",
        f"{LOGITS}, where `target` is logits too unless target_is says 'probabilities' or "
        "'log_probabilities'",
    ),
    NO_STATES,
    ("", AS_INPUT),
)
STUDENT_LOGARITHMS: Meant = (NO_STATES, ("", AS_INPUT))
STUDENT_PROBABILITIES: Meant = (
    ("log_input", f"{AS_INPUT}, with log_input=False"),
    ("target_bias", "call kl_div, which takes probabilities with log_input=False"),
    LOGARITHM,
)
TEACHER: Meant = (("", AS_TARGET),)
TEACHER_LOGITS: Meant = (
    ("target_is", f"{AS_TARGET}, with target_is='logits'"),
    ("log_target", LOGITS),
)
TEACHER_LOGARITHMS: Meant = (
    ("log_target", f"{AS_TARGET}, with log_target=True"),
    ("target_is", f"{AS_TARGET}, with target_is='log_probabilities'"),
)
TEACHER_PROBABILITIES: Meant = (
    ("log_target", AS_TARGET),
    ("target_is", f"{AS_TARGET}, with target_is='probabilities'"),
)
OF_HEADS = ("reduction", "call linear_kl_div, which takes hidden states and last layers")
HIDDEN = "pass the {of} hidden states as `{name}`, by their place"
STUDENT_HIDDEN: Meant = (
    ("target_bias", HIDDEN.format(of="student's", name="input")),
    OF_HEADS,
)
TEACHER_HIDDEN: Meant = (
    ("target_bias", HIDDEN.format(of="teacher's", name="target")),
    OF_HEADS,
)
HEAD: Meant = (("target_bias", "pass it as `weight`, by its place"), OF_HEADS)
TEACHER_HEAD: Meant = (("target_weight", "pass target_weight={value}"), OF_HEADS)
PREDICTIONS = ("pred", "preds", "prediction", "predictions", "output", "outputs")
NAMES_OF_OPERANDS: dict[str, Meant] = {
    **dict.fromkeys(("student", "student_output", "student_outputs", *PREDICTIONS), STUDENT),
    **dict.fromkeys(("student_logits", "logits", "logits_student"), STUDENT_LOGITS),
    **dict.fromkeys(("log_predictions", "log_q", "log_probs", "logprobs"), STUDENT_LOGARITHMS),
    **dict.fromkeys(("student_log_probs", "student_logprobs"), STUDENT_LOGARITHMS),
    **dict.fromkeys(("q", "qk", "y_pred", "student_probs", "probs"), STUDENT_PROBABILITIES),
    **dict.fromkeys(("teacher", "teacher_output", "teacher_outputs"), TEACHER),
    **dict.fromkeys(("teacher_logits", "target_logits", "logits_teacher"), TEACHER_LOGITS),
    **dict.fromkeys(("log_p", "log_targets", "target_log_probs"), TEACHER_LOGARITHMS),
    **dict.fromkeys(("teacher_log_probs", "teacher_logprobs"), TEACHER_LOGARITHMS),
    **dict.fromkeys(("p", "pk", "y_true", "targets", "soft_targets"), TEACHER_PROBABILITIES),
    **dict.fromkeys(("teacher_probs", "target_probs"), TEACHER_PROBABILITIES),
    **dict.fromkeys(("hidden_states", "student_input", "student_hidden_states"), STUDENT_HIDDEN),
    **dict.fromkeys(("teacher_input", "teacher_hidden_states"), TEACHER_HIDDEN),
    **dict.fromkeys(("lm_head", "lm_head_weight", "student_weight", "student_lm_head"), HEAD),
    "student_bias": (("bias", "pass bias={value}"), OF_HEADS),
    **dict.fromkeys(("teacher_weight", "teacher_head", "teacher_lm_head"), TEACHER_HEAD),
    "teacher_bias": (("target_bias", "pass target_bias={value}"), OF_HEADS),
    **dict.fromkeys(("bias", "target_weight", "target_bias"), (OF_HEADS,)),
}
IN_ORDER = ("input", "indices", "weight", "target")
AS_OPERAND = re.compile(
    r"pass (?P<what>.*) as `(?P<place>\w+)`, (by (its|their) place|which is logits)"
    r"(, with (?P<option>.*))?"
)


def for_operands(remedies: Mapping[str, str], to: str = "", of_class: str = "") -> str:
    """Remedy for several operands under other names, of the remedy for each; "" for fewer.

    Whoever passes the first one by its place passes the others so too, and is told no more.
    """
    found = {name: AS_OPERAND.fullmatch(remedy) for name, remedy in remedies.items()}
    parts = {one["place"]: (name, one) for name, one in found.items() if one}
    is_first = next(iter(found.values())) is not None
    if not is_first or len(parts) < max(sum(map(bool, found.values())), len(("one", "another"))):
        return ""
    *most, last = [
        f"{'the logarithm of ' * one['what'].startswith('the log')}`{name}` as `{place}`"
        for place, (name, one) in sorted(parts.items(), key=lambda part: IN_ORDER.index(part[0]))
    ]
    options = [one["option"] for _, one in parts.values() if one["option"]]
    told = f"pass {', '.join(most)} and {last}, by their places"
    if of_class:
        return f"{told}, to what {to or of_class}({', '.join(options)}) makes"
    return told + f", to {to}" * bool(to) + f", with {' and '.join(options)}" * bool(options)
