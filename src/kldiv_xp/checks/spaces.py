"""Spaces of the operands of a loss: logits, probabilities or log-probabilities."""

from typing import Any

from kldiv_xp.formula.form import Form


def space_of(loss: Any, name: str) -> str:
    """Space of an operand of a loss; "" for measures, which need not sum to 1, and others."""
    if isinstance(loss, Form):
        of_logs = loss.log_input if name == "input" else loss.log_target
        given = "log_probabilities" if of_logs else "probabilities"
        return "" if loss.generalized and not of_logs else given
    if loss is None or name not in {"input", "target"}:
        return ""
    kind: str = getattr(loss, "target_is", "logits")
    return kind if name == "target" else "logits"
