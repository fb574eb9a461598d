"""The loss that a diagnosis is about: the meaning of its operands."""

from dataclasses import dataclass

from kldiv_xp._typing import Array, InputKind, Tail, TargetKind
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logit_arrays import JSOfArray
from kldiv_xp.formula.logits import JS, KL, Divergence, JSOfGiven


@dataclass(frozen=True)
class Subject:
    """A loss of `kl_div` or of logits; `scaled` by the square of the temperature."""

    target_is: TargetKind
    divergence: Divergence | JSOfArray | None = None
    scaled: bool = False
    log_input: bool = True
    generalized: bool = False
    beta: float | None = None
    """Weight of the target in a Jensen-Shannon divergence of probabilities, else None."""
    tail: Tail | None = None
    """Treatment of the rest of a sparse teacher; None for a full one."""
    layers: tuple[str, ...] = ()
    """Names of the weights and biases that make the logits of hidden states."""

    @property
    def loss(self) -> str:
        """Name of the function."""
        if self.layers:
            return "linear_kl_div"
        if self.divergence is None:
            return "kl_div" if self.beta is None else "js_div"
        kind = "kl" if isinstance(self.divergence, KL) else "js"
        return f"{'' if self.tail is None else 'sparse_'}{kind}_div_with_logits"

    @property
    def input_is(self) -> InputKind:
        """Kind of `input`."""
        if self.divergence is not None:
            return "logits"
        return "log_probabilities" if self.log_input else "probabilities"

    @property
    def log_target(self) -> bool:
        """Whether `target` holds log-probabilities."""
        return self.target_is == "log_probabilities"

    @property
    def form(self) -> Form:
        """Form of the loss of `kl_div`."""
        return Form(self.log_input, self.log_target, self.generalized, self.beta)

    @property
    def temperature(self) -> float | Array:
        """Temperature that divides the logits."""
        return 1.0 if self.divergence is None else self.divergence.temperature

    @property
    def is_partial(self) -> bool:
        """Whether a target's probabilities may sum to less than 1."""
        return self.tail is not None and self.target_is != "logits"

    def kind_of(self, operand: str) -> str:
        """Kind of an operand."""
        return self.input_is if operand == "input" else self.target_is

    @property
    def needs_support(self) -> str | None:
        """The operand that needs a probability wherever the other has one, or None."""
        if isinstance(self.divergence, JSOfArray):
            return None
        beta = self.divergence.beta if isinstance(self.divergence, JS | JSOfGiven) else self.beta
        ends: dict[float | None, str] = {None: "input", 0.0: "input", 1.0: "target"}
        return ends.get(beta)


def subject_of_form(form: Form) -> Subject:
    """Subject for a loss of `kl_div`."""
    target_is: TargetKind = "log_probabilities" if form.log_target else "probabilities"
    return Subject(
        target_is, log_input=form.log_input, generalized=form.generalized, beta=form.beta
    )


def subject_of_logits(target_is: TargetKind) -> Subject:
    """Subject for `kl_div_with_logits` with its defaults."""
    return Subject(target_is, KL(1.0, target_is))
