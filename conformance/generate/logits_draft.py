"""What a group says about a call with logits."""

from dataclasses import dataclass

from generate.draft import Draft


@dataclass(frozen=True, kw_only=True)
class LogitsDraft(Draft):
    """A call of a divergence that is given logits; `axis` is one int.

    Attributes
    ----------
    function : str
        Name of the divergence: 'kl_div_with_logits' or 'js_div_with_logits'.
    temperature : float
        What logits are divided by.
    scale : bool
        Whether the divergence is multiplied by the square of the temperature.
    beta : float
        Weight of the target's divergence from the mixture; of the second function alone.
    target_is : str
        What the target holds; of the first function alone.
    """

    function: str = "kl_div_with_logits"
    axis: int | tuple[int, ...] | None = -1
    reduction: object = "batchmean"
    temperature: float = 1.0
    scale: bool = True
    beta: float = 0.5
    target_is: str = "logits"

    @property
    def options(self) -> dict[str, object]:
        """Arguments that only such calls have, floats as `float.hex` writes them."""
        named: dict[str, object] = {
            "temperature": self.temperature.hex(),
            "scale_by_temperature_squared": self.scale,
        }
        if self.function == "js_div_with_logits":
            return named | {"beta": self.beta.hex()}
        return named | {"target_is": self.target_is}
