"""Options of other libraries' losses, and what is passed here instead."""

from kldiv_xp.checks.names_of_operands import LOGARITHM
from kldiv_xp.checks.peer_factors import (
    IN_NATS,
    MIXTURE,
    MIXTURE_OR_PART,
    OF_SQUARE,
    PART_OF_LOSS,
    SUM,
    WEIGHTED,
    Meant,
)
from kldiv_xp.checks.peer_masks import IGNORED, LABELS, NOT_NUMBERS
from kldiv_xp.checks.peer_spaces import (
    HEAT,
    HEAT_OF_STUDENT,
    HEAT_OF_TEACHER,
    IN_LOGARITHMS,
    IN_PROBABILITIES,
    NO_LOGITS,
    OF_STATES,
    OMITTED,
    SMOOTHED,
    TAKEN_AS_LOGITS,
)

NORMALISED: Meant = (
    ("temperature", "leave it out: the softmax of logits adds up to 1"),
    (
        "log_input",
        "leave it out, and divide probabilities by their sum along the axis of a distribution, or "
        "take log_softmax of logits",
    ),
)
SYMMETRIC: Meant = (
    (
        "beta",
        "pass beta=0.5, the Jensen-Shannon divergence, which is symmetric{whole}, or add the "
        "losses with beta=0.0 and beta=1.0, which are both directions",
    ),
    (
        "log_target",
        "call {js}, which is symmetric, or add the loss with {swapped}, which is the other "
        "direction",
    ),
    (
        "reproducible",
        "call {js}, which is symmetric, or add its losses with beta=0.0 and beta=1.0, which are "
        "both directions",
    ),
    ("", "leave it out: no symmetric loss takes a teacher that is known in part"),
)
REVERSE: Meant = (
    ("beta", "pass beta=1.0, the divergence in the other direction{whole}"),
    ("log_target", "leave it out, and pass {swapped}, the divergence in the other direction"),
    ("reproducible", "call {js}, with beta=1.0, the divergence in the other direction"),
    ("", "leave it out: a teacher that is known in part has no other direction"),
)
INSERTED: Meant = (("reduction", "pass reduction='none', and insert the axis"),)
LAST_AXIS = ("target_bias", "leave it out: the distributions are along the last axis of the logits")
ONE_AXIS = ("axis", "pass axis={value}")
UNCLAMPED: Meant = (("", "leave it out: a target of 0 contributes 0, and nothing needs clamping"),)
# Code of a whole call names no axis, which is the last one there.
OF_CALL = "with the `axis` that you give here"
OF_PLACES: Meant = (
    ("indices", "pass indices={value}"),
    ("tail", "pass it as `indices`, by its place"),
    ("beta", "leave it out: no mixture takes a teacher that is known in part, as {sparse} does"),
    (
        "",
        f"call {{sparse}}(input, indices, target), {OF_CALL}, and logits or log-probabilities as "
        "`input`: it takes `target` for log-probabilities at these places unless target_is says "
        "otherwise",
    ),
)
# Of hidden states the teacher's layer makes the logits.
LOG_TARGET: Meant = (
    (
        "target_bias reduction",
        "pass target_is='log_probabilities', without `target_weight`, which makes logits",
    ),
    ("target_is", "pass target_is='log_probabilities'"),
)
OF_LARGEST = (
    "the values and `indices` of the {value} largest entries of each distribution of `target`"
)
TOP_K: Meant = (
    ("tail reduction target_bias", f"leave it out, and pass {OF_LARGEST}, with indices="),
    ("tail", f"leave it out, and pass {OF_LARGEST}"),
    (
        "log_target",
        "call {sparse}(input, indices, values, target_is='probabilities'), "
        f"{OF_CALL}, and {OF_LARGEST}",
    ),
    (
        "",
        "call {sparse}(input, indices, values, target_is='logits', tail='renormalize'), "
        f"{OF_CALL}, and {OF_LARGEST}",
    ),
)
OVER_DEVICES: Meant = (("", "leave it out, and average the losses over {value} yourself"),)
CHECKED: Meant = (("", "leave it out, and call the loss within `with kldiv_xp.checking():`"),)
PRIVATE: Meant = (("", "leave it out: blocks are cut by themselves"),)
TEMPERATURES = ("temperature", "temp", "tau", "T")


def of_one(*owners: str) -> list[str]:
    """Names of the temperature of one operand."""
    pairs = [(owner, one) for owner in owners for one in TEMPERATURES]
    return [name for owner, one in pairs for name in (f"{owner}_{one}", f"{one}_{owner}")]


# Options that may be meant, the first one that there is, and what to do; "" where there is none.
MEANT: dict[str, Meant] = {
    **dict.fromkeys(("dim", "dims", "axes", "softmax_dim"), (ONE_AXIS, LAST_AXIS)),
    "axis": (LAST_AXIS,),
    **dict.fromkeys(TEMPERATURES, HEAT),
    **dict.fromkeys(of_one("student", "input", "s"), HEAT_OF_STUDENT),
    **dict.fromkeys(of_one("teacher", "target", "t"), HEAT_OF_TEACHER),
    "log_target": LOG_TARGET,
    **dict.fromkeys(("indices", "topk_indices", "top_k_indices", "teacher_indices"), OF_PLACES),
    "size_average": (("reduction", "pass reduction='mean', or 'none' beside reduce=False"),),
    "reduce": (("reduction", "pass reduction='mean', or 'sum' beside size_average=False"),),
    "upstream": (("reduction", "leave it out, and multiply the loss by {value}"),),
    **dict.fromkeys(("keepdims", "keepdim"), INSERTED),
    **dict.fromkeys(("weight", "weights", "sample_weight", "sample_weights"), WEIGHTED),
    **dict.fromkeys(("class_weight", "class_weights", "pos_weight"), WEIGHTED),
    "num_items_in_batch": SUM,
    **dict.fromkeys(("beta", "jsd_beta"), MIXTURE),
    **dict.fromkeys(("alpha", "skew_alpha"), MIXTURE_OR_PART),
    **dict.fromkeys(("loss_weight", "weight_soft_loss", "kd_weight"), PART_OF_LOSS),
    **dict.fromkeys(("normalize", "normalise", "normalized", "normalised"), NORMALISED),
    **dict.fromkeys(("log_prob", "log_probs"), IN_LOGARITHMS),
    **dict.fromkeys(("symmetric", "symmetrized"), SYMMETRIC),
    **dict.fromkeys(("reverse", "reverse_kl", "reversed"), REVERSE),
    "direction": OMITTED,
    "axis_name": OVER_DEVICES,
    **dict.fromkeys(("k", "top_k", "topk"), TOP_K),
    **dict.fromkeys(("scale_by_temperature", "scale_by_temp", "scale_temperature"), OF_SQUARE),
    "check": CHECKED,
    "nan_policy": NOT_NUMBERS,
    **dict.fromkeys(("ignore_index", "pad_token_id", "padding_idx"), IGNORED),
    "base": IN_NATS,
    **dict.fromkeys(("labels", "label", "true_labels", "shift_labels"), LABELS),
    **dict.fromkeys(("eps", "epsilon", "clip", "clamp"), UNCLAMPED),
    **dict.fromkeys(("label_smoothing", "smoothing"), SMOOTHED),
    **dict.fromkeys(("chunk_size", "num_chunks", "block_size"), PRIVATE),
    **dict.fromkeys(("grad_output", "grad"), (("upstream", "pass upstream={value}"),)),
    **dict.fromkeys(("from_logits", "logits", "is_logits", "use_logits"), TAKEN_AS_LOGITS),
    "log_input": (OF_STATES, ("temperature", "leave it out: log-probabilities are logits")),
}
OF_WORDS = {
    **{("direction", word): REVERSE for word in ("reverse", "reversed", "backward")},
    ("nan_policy", "raise"): CHECKED,
    ("nan_policy", "propagate"): OMITTED,
}
# What it meant that it was off.
OFF: dict[str, Meant] = {
    "log_target": (
        (
            "target_bias reduction",
            "pass target_is='probabilities', without `target_weight`, which makes logits",
        ),
        ("target_is", "pass target_is='probabilities'"),
    ),
    "size_average": (("reduction", "pass reduction='sum', or 'none' beside reduce=False"),),
    "reduce": (("reduction", "pass reduction='none'"),),
    **dict.fromkeys(("keepdims", "keepdim", "check"), OMITTED),
    **dict.fromkeys(("normalize", "normalise", "normalized", "normalised"), OMITTED),
    **dict.fromkeys(("symmetric", "symmetrized", "reverse", "reverse_kl", "reversed"), OMITTED),
    **dict.fromkeys(("log_prob", "log_probs"), IN_PROBABILITIES),
    **dict.fromkeys(("from_logits", "logits", "is_logits", "use_logits"), NO_LOGITS),
    "log_input": (OF_STATES, LOGARITHM),
}
