"""Draft of a vector for a loss of logits, as a group writes it."""

from dataclasses import dataclass
from typing import Any

from generate.draft import Draft


@dataclass(frozen=True, kw_only=True)
class LogitsDraft(Draft):
    """A call of a divergence that is given logits; `axis` is one int.

    Where the call must raise, an option may be anything.

    Attributes
    ----------
    function : str
        Name of the divergence: 'kl_div_with_logits' or 'js_div_with_logits'.
    temperature : float
        Temperature that divides the logits.
    scale : bool
        Whether the divergence is multiplied by the square of the temperature.
    beta : float
        Weight of the target's divergence from the mixture; of the second function alone.
    target_is : str
        What the target holds.
    nearly_equal : bool
        Whether the bound is relative to a divergence of logits that nearly agree.
    """

    function: str = "kl_div_with_logits"
    axis: object = -1
    reduction: object = "batchmean"
    temperature: Any = 1.0
    scale: Any = True
    beta: Any = 0.5
    target_is: Any = "logits"
    nearly_equal: bool = False

    @property
    def options(self) -> dict[str, object]:
        """Arguments that only such calls have, floats as `float.hex` writes them."""
        named = {
            "temperature": self.temperature,
            "scale_by_temperature_squared": self.scale,
        }
        is_mixed = self.function == "js_div_with_logits"
        if is_mixed:
            named["beta"] = self.beta
        if not is_mixed or self.target_is != "logits":
            named["target_is"] = self.target_is
        if self.reproducible:
            named["reproducible"] = True
        return {
            name: value.hex() if isinstance(value, float) else value
            for name, value in named.items()
        }
