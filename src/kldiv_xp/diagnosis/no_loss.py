"""Rules about operands that the loss does not depend on: of one entry, or with nothing selected."""

from kldiv_xp.checks.missing_entries import both_of_two
from kldiv_xp.checks.not_given import OPERANDS
from kldiv_xp.diagnosis.evidence import LOGS, PROBABILITIES, Evidence
from kldiv_xp.diagnosis.report import Finding


def nothing_selected(evidence: Evidence) -> Finding | None:
    """Finding about a mask that is False everywhere."""
    if evidence.found.selected != 0:
        return None
    message = (
        "`where` selects nothing, so that the loss is 0 whatever the operands hold: pass a mask "
        "that is True at what has a part in the loss, such as ~where if it is True at padding."
    )
    return Finding("nothing-selected", "where", (), None, 0, message)


def single_entry(evidence: Evidence) -> Finding | None:
    """Finding about distributions of one entry, as of a model that gives one logit for two classes.

    Those of tables may be meant as they are, if the only entry is 1, or lie along other axes.
    """
    samples = max(evidence.found.samples.values())
    if evidence.size != 1 or not samples or evidence.subject.generalized:
        return None
    operand, held = "input", "the logit"
    consequence = "whose softmax is 1, so that the loss does not depend on it"
    if evidence.subject.divergence is None:
        if is_whole(evidence) or lie_elsewhere(evidence):
            return None
        operand = next(name for name in OPERANDS if not is_one(evidence, name))
        consequence, held = "which is not 1", "the probability"
    start = f"`{operand}` has a single entry along {evidence.along}"
    if evidence.subject.layers:
        start = "`weight` makes a single logit of each sample"
    message = (
        f"{start}, {consequence}: if it is {held} of the second of two classes, pass "
        f"{for_both_classes(evidence)}."
    )
    return Finding("single-entry", operand, (), None, samples, message)


def is_whole(evidence: Evidence) -> bool:
    """Whether the only entry of every sample is 1."""
    return all(is_one(evidence, name) for name in OPERANDS)


def is_one(evidence: Evidence, name: str) -> bool:
    """Whether the only entry of every sample of an operand is a probability of 1."""
    return evidence.is_space(name, what_adds_up(evidence, name))


def lie_elsewhere(evidence: Evidence) -> bool:
    """Whether an operand adds up to 1 along other axes."""
    return any(
        evidence.elsewhere(name, what_adds_up(evidence, name)) is not None for name in OPERANDS
    )


def what_adds_up(evidence: Evidence, name: str) -> str:
    """Whether the entries of a table add up to 1, or their exponentials."""
    return PROBABILITIES if evidence.subject.kind_of(name) == "probabilities" else LOGS


def for_both_classes(evidence: Evidence) -> str:
    """The library's code for both classes, of operands or of the layers that make logits."""
    layers, is_sparse = evidence.subject.layers, evidence.subject.tail is not None
    codes = [both_of_two(evidence.xp, name, "logits", "joined", 0) for name in layers]
    names = [] if layers else ["input"]
    names += [] if "target_weight" in layers else ["target"]
    for name in names:
        kind = str(evidence.subject.kind_of(name))
        codes.append(both_of_two(evidence.xp, name, kind, "joined", evidence.axes[0]))
    *first, last = codes
    end = ""
    if is_sparse:
        end = f" to kl_div_with_logits, with target_is={evidence.subject.target_is!r}"
        end = ", without `indices` and `tail`" if layers else end
    return f"{', '.join(first)} and {last}{end}"
