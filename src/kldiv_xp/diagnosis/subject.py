"""The loss that a diagnosis is about: what its operands are taken for."""

from dataclasses import dataclass

from kldiv_xp._typing import Array, InputKind, TargetKind
from kldiv_xp.formula.logit_arrays import JSOfArray
from kldiv_xp.formula.logits import JS, KL, Divergence


@dataclass(frozen=True)
class Subject:
    """A loss: of log-probabilities, or of logits, times the square of the temperature if scaled."""

    target_is: TargetKind
    divergence: Divergence | JSOfArray | None = None
    scaled: bool = False

    @property
    def input_is(self) -> InputKind:
        """What input is taken for."""
        return "log_probabilities" if self.divergence is None else "logits"

    @property
    def log_target(self) -> bool:
        """Whether target is taken for log-probabilities."""
        return self.target_is == "log_probabilities"

    @property
    def temperature(self) -> float | Array:
        """What logits are divided by."""
        return 1.0 if self.divergence is None else self.divergence.temperature

    def kind_of(self, operand: str) -> str:
        """What an operand is taken for."""
        return self.input_is if operand == "input" else self.target_is

    @property
    def needs_support(self) -> str | None:
        """The operand that must have a probability wherever the other one has, if one must."""
        if not isinstance(self.divergence, JS | JSOfArray):
            return "input"
        if not isinstance(self.divergence, JS):
            return None
        ends: dict[float, str] = {0.0: "input", 1.0: "target"}
        return ends.get(self.divergence.beta)


def of_log_probabilities(*, log_target: bool) -> Subject:
    """The loss of `kl_div`."""
    return Subject("log_probabilities" if log_target else "probabilities")


def of_logits(target_is: TargetKind) -> Subject:
    """The loss of `kl_div_with_logits` with its defaults."""
    return Subject(target_is, KL(1.0, target_is))
