"""Rules about operands that the loss does not depend on: of one entry, or with nothing selected."""

from kldiv_xp.checks.missing_entries import both_of_two
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
    is_logits = evidence.subject.divergence is not None
    if not is_logits and (is_whole(evidence) or lie_elsewhere(evidence)):
        return None
    consequence = "whose softmax is 1, so that the loss does not depend on it"
    held = "the logit" if is_logits else "the probability"
    message = (
        f"`input` has a single entry along {evidence.along}, "
        f"{consequence if is_logits else 'which is not 1'}: if it is {held} of the second of two "
        f"classes, pass {both_classes(evidence, 'input')} and {both_classes(evidence, 'target')}."
    )
    return Finding("single-entry", "input", (), None, samples, message)


def is_whole(evidence: Evidence) -> bool:
    """Whether the only entry of every sample is 1."""
    return all(
        evidence.is_space(name, what_adds_up(evidence, name)) for name in ("input", "target")
    )


def lie_elsewhere(evidence: Evidence) -> bool:
    """Whether an operand adds up to 1 along other axes."""
    names = "input", "target"
    return any(evidence.elsewhere(name, what_adds_up(evidence, name)) is not None for name in names)


def what_adds_up(evidence: Evidence, name: str) -> str:
    """Whether the entries of a table add up to 1, or their exponentials."""
    return PROBABILITIES if evidence.subject.kind_of(name) == "probabilities" else LOGS


def both_classes(evidence: Evidence, name: str) -> str:
    """The library's code for two classes, of which the operand holds the second one."""
    kind = str(evidence.subject.kind_of(name))
    return both_of_two(evidence.xp, name, kind, "joined", evidence.axes[0])
