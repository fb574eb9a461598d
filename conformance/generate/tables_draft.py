"""A draft: the Jensen-Shannon divergence of two tables that a group describes."""

from dataclasses import dataclass

from generate.draft import Draft


@dataclass(frozen=True, kw_only=True)
class TablesDraft(Draft):
    """A call of the Jensen-Shannon divergence of tables; `axis` is as of a draft, or None.

    Attributes
    ----------
    beta : float
        Weight of the target's divergence from the mixture.
    """

    function: str = "js_div"
    axis: object = -1
    reduction: object = "batchmean"
    beta: float = 0.5

    @property
    def options(self) -> dict[str, object]:
        """Arguments of such calls, floats as `float.hex` writes them."""
        return {
            "log_input": self.log_input,
            "log_target": self.log_target,
            "beta": self.beta.hex(),
            "axis": self.axis,
        }
