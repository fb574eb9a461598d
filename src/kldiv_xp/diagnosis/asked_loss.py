"""The loss that a diagnosis is asked about, by the options that it takes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple, SupportsFloat

from kldiv_xp._typing import Array, Axis, InputKind, Reduction, TargetKind
from kldiv_xp.calls.divergences import js_form, js_of, kl_of
from kldiv_xp.calls.reduction import check_reduction
from kldiv_xp.calls.with_logits import check_temperature
from kldiv_xp.diagnosis.question import subject_of
from kldiv_xp.diagnosis.report import Report
from kldiv_xp.diagnosis.scan import read_scalar
from kldiv_xp.diagnosis.subject import Subject, subject_of_form
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logit_arrays import JSOfArray
from kldiv_xp.formula.logits import Divergence

Number = SupportsFloat | Array


class Asked(NamedTuple):
    """Options of a diagnosis; None is what was left out."""

    form: Form
    input_is: InputKind | None
    target_is: TargetKind | None
    beta: Number | None
    temperature: Number | None
    scaled: bool | None
    reduction: Reduction | None

    @property
    def of_logits(self) -> "Asked":
        """The same about a loss of logits, unless another one was named."""
        return self if self.input_is is not None else self._replace(input_is="logits")

    @property
    def is_scaled(self) -> bool:
        """Whether the loss of logits is multiplied by the square of the temperature."""
        return True if self.scaled is None else self.scaled

    def subject(self, input: Array, axis: Axis = -1) -> Subject:
        """The loss of two operands; refuse contradictory options."""
        softens = self.temperature is not None or self.scaled is not None
        asked = self.of_logits if softens and self.form.log_input else self
        subject = subject_of(asked.form, asked.input_is, asked.target_is)
        if subject.divergence is None:
            asked.refuse_softening(subject.input_is)
            return asked.of_tables(subject)
        temperature, kind = asked.number("temperature", 1.0), subject.target_is
        axis = -1 if axis is None else axis
        divergence: Divergence | JSOfArray = kl_of(input, temperature, kind, axis)
        if asked.beta is not None:
            divergence = js_of(input, temperature, asked.beta, kind, axis)
        check_temperature(divergence.temperature, asked.is_scaled)
        return Subject(kind, divergence, asked.is_scaled)

    def of_tables(self, subject: Subject) -> Subject:
        """The loss of two tables: with a beta the Jensen-Shannon divergence."""
        if self.beta is None:
            return subject
        if subject.generalized:
            message = (
                "`generalized` must be left out where `beta` is given; got True: js_div needs "
                "samples that add up to 1, so leave out beta for masses."
            )
            raise ValueError(message)
        form = subject.form
        return subject_of_form(js_form(form.log_input, form.log_target, self.beta))

    def refuse_softening(self, input_is: InputKind) -> None:
        """Refuse the options of a temperature beside what none divides."""
        named = {"temperature": self.temperature, "scale_by_temperature_squared": self.scaled}
        for name, value in named.items():
            if value is not None:
                message = (
                    f"`{name}` must be left out where `input` holds "
                    f"{input_is.replace('_', '-')}; got {value!r}: pass input_is='logits' and "
                    "logits, which log-probabilities are."
                )
                raise ValueError(message)

    def number(self, name: str, default: float) -> Number:
        """A number that was given, or the default of the loss."""
        given: Number | None = getattr(self, name)
        return default if given is None else given

    def told(self, report: Report) -> Report:
        """The report with the options that were given for its loss."""
        if self.reduction is not None:
            check_reduction(self.reduction)
        numbers = {"beta": self.beta, "temperature": self.temperature}
        options: dict[str, object] = {
            name: read_scalar(value) for name, value in numbers.items() if value is not None
        }
        if self.scaled is not None:
            options["scale_by_temperature_squared"] = self.scaled
        if self.reduction is not None:
            options["reduction"] = self.reduction
        return replace(report, options=options)


def asked_about(report: Report) -> Asked:
    """The options that a report answers."""
    options: Mapping[str, Any] = report.options
    return Asked(
        Form(),
        report.input_is,
        report.target_is,
        options.get("beta"),
        options.get("temperature"),
        options.get("scale_by_temperature_squared"),
        None,
    )
