"""Options of other libraries' losses, and what is passed here instead."""

from kldiv_xp.checks.names_of_operands import LOGARITHM, LOGITS
from kldiv_xp.checks.peer_factors import (
    IN_NATS,
    MIXTURE,
    MIXTURE_OR_PART,
    PART_OF_LOSS,
    SUM,
    WEIGHTED,
    Meant,
)

HEAT: Meant = (
    ("temperature", "pass temperature={value}"),
    ("reduction", f"{LOGITS}, with temperature={{value}}"),
)
NORMALISED: Meant = (
    ("temperature", "leave it out: the softmax of logits adds up to 1"),
    (
        "log_input",
        "leave it out, and divide probabilities by their sum along the axis of a distribution, or "
        "take log_softmax of logits",
    ),
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
SYMMETRIC: Meant = (
    ("beta", "pass beta=0.5, the Jensen-Shannon divergence, which is symmetric"),
    ("reproducible", "call {js}, which is symmetric"),
    ("", "leave it out: no symmetric loss takes a teacher that is known in part"),
)
REVERSE: Meant = (
    ("beta", "pass beta=1.0, the divergence in the other direction"),
    ("reproducible", "call {js}, with beta=1.0, the divergence in the other direction"),
    ("", "leave it out: a teacher that is known in part has no other direction"),
)
INSERTED: Meant = (("reduction", "pass reduction='none', and insert the axis"),)
LAST_AXIS = ("target_bias", "leave it out: the distributions are along the last axis of the logits")
ONE_AXIS = ("axis", "pass axis={value}")
LABELLED = "pass where={name} != -100 with the operands"
HARD = "if it tells what is left out; if its cross-entropy is wanted, add that to the loss"
LABELS: Meant = (
    ("input_is", LABELLED),
    ("log_input", f"{LABELLED}, axis=-1 and reduction='mean', {HARD}"),
    ("reduction", f"{LABELLED} and reduction='mean', {HARD}"),
)
IGNORED: Meant = (("", "leave it out, and pass where=labels != {value} with the operands"),)
UNCLAMPED: Meant = (("", "leave it out: a target of 0 contributes 0, and nothing needs clamping"),)
SMOOTHED: Meant = (
    ("tail", "call kl_div_with_logits, which takes the smoothed probabilities of all classes"),
    (
        "target_is",
        "leave it out, and pass the smoothed probabilities as `target`, with "
        "target_is='probabilities'",
    ),
    ("", "leave it out, and pass the smoothed probabilities as `target`"),
)
OF_TARGET = "target_is= tells whether `target` is logits, probabilities or their logarithms"
OF_STATES = ("target_bias", f"leave it out: `input` is hidden states, and {OF_TARGET}")
LEFT_OUT_OF_LOGITS = ("temperature", f"leave it out: `input` is logits, and {OF_TARGET}")
TAKEN_AS_LOGITS: Meant = (
    ("input_is", "pass input_is='logits'"),
    OF_STATES,
    ("log_input", LOGITS),
    LEFT_OUT_OF_LOGITS,
)
NO_LOGITS: Meant = (
    ("log_input", "pass log_input=False, with probabilities as `input`"),
    OF_STATES,
    (
        "target_is",
        "pass target_is='probabilities' and the logarithm of the probabilities as `input`, which "
        "is logits",
    ),
    ("", "leave it out"),
)
PRIVATE: Meant = (("", "leave it out: blocks are cut by themselves"),)
# Options that may be meant, the first one that there is, and what to do; "" where there is none.
MEANT: dict[str, Meant] = {
    **dict.fromkeys(("dim", "dims", "axes"), (ONE_AXIS, LAST_AXIS)),
    "axis": (LAST_AXIS,),
    **dict.fromkeys(("T", "tau", "temp", "temperature"), HEAT),
    "log_target": (("target_is", "pass target_is='log_probabilities'"),),
    **dict.fromkeys(("size_average", "reduce"), (("reduction", "pass reduction='mean'"),)),
    **dict.fromkeys(("keepdims", "keepdim"), INSERTED),
    **dict.fromkeys(("weight", "weights", "sample_weight"), WEIGHTED),
    "num_items_in_batch": SUM,
    **dict.fromkeys(("beta", "jsd_beta"), MIXTURE),
    "alpha": MIXTURE_OR_PART,
    **dict.fromkeys(("loss_weight", "weight_soft_loss", "kd_weight"), PART_OF_LOSS),
    **dict.fromkeys(("normalize", "normalise", "normalized", "normalised"), NORMALISED),
    **dict.fromkeys(("log_prob", "log_probs"), IN_LOGARITHMS),
    **dict.fromkeys(("symmetric", "symmetrized"), SYMMETRIC),
    **dict.fromkeys(("reverse", "reverse_kl", "reversed"), REVERSE),
    "check": (("", "leave it out, and call the loss within `with kldiv_xp.checking():`"),),
    **dict.fromkeys(("ignore_index", "pad_token_id", "padding_idx"), IGNORED),
    "base": IN_NATS,
    **dict.fromkeys(("labels", "label", "true_labels", "shift_labels"), LABELS),
    **dict.fromkeys(("eps", "epsilon", "clip", "clamp"), UNCLAMPED),
    **dict.fromkeys(("label_smoothing", "smoothing"), SMOOTHED),
    **dict.fromkeys(("chunk_size", "num_chunks", "block_size"), PRIVATE),
    **dict.fromkeys(("grad_output", "grad"), (("upstream", "pass upstream={value}"),)),
    **dict.fromkeys(("from_logits", "logits", "is_logits", "use_logits"), TAKEN_AS_LOGITS),
    "log_input": (("temperature", "leave it out: log-probabilities are logits"),),
}
OMITTED: Meant = (("", "leave it out"),)
# What it meant that it was off.
OFF: dict[str, Meant] = {
    "log_target": (("target_is", "pass target_is='probabilities'"),),
    "size_average": (("reduction", "pass reduction='sum'"),),
    "reduce": (("reduction", "pass reduction='none'"),),
    **dict.fromkeys(("keepdims", "keepdim", "check"), OMITTED),
    **dict.fromkeys(("normalize", "normalise", "normalized", "normalised"), OMITTED),
    **dict.fromkeys(("symmetric", "symmetrized", "reverse", "reverse_kl", "reversed"), OMITTED),
    **dict.fromkeys(("log_prob", "log_probs"), IN_PROBABILITIES),
    **dict.fromkeys(("from_logits", "logits", "is_logits", "use_logits"), NO_LOGITS),
    "log_input": (LOGARITHM,),
}
# What an option of one loss is called by another, where that depends on its value.
OF_VALUES: dict[tuple[str, str], Meant] = {
    ("input_is", "logits"): TAKEN_AS_LOGITS,
    ("input_is", "log_probabilities"): OMITTED,
    ("input_is", "probabilities"): (("log_input", "pass log_input=False"), OF_STATES, LOGARITHM),
    ("target_is", "logits"): (("log_target", LOGITS),),
    ("target_is", "log_probabilities"): (("log_target", "pass log_target=True"),),
    ("target_is", "probabilities"): (("log_target", "leave it out"),),
}
