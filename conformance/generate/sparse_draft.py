"""A draft: the call with a sparse teacher that a group describes."""

from dataclasses import dataclass, replace
from typing import Any

from generate.draft import Draft


@dataclass(frozen=True, kw_only=True)
class SparseDraft(Draft):
    """A call of the divergence from a teacher's top entries; `axis` is one int.

    Attributes
    ----------
    indices : tuple of int
        Places of the target's entries along the axis, in the target's shape.
    indices_dtype : str, optional
        Dtype of the places, where it is not int64.
    tail : str
        How the rest of the vocabulary is taken: 'bucket', 'zero' or 'renormalize'.
    temperature, scale, target_is
        As of a draft with logits.
    """

    function: str = "sparse_kl_div_with_logits"
    indices: tuple[int, ...] = ()
    indices_dtype: str | None = None
    axis: object = -1
    reduction: object = "batchmean"
    temperature: Any = 1.0
    scale: Any = True
    target_is: Any = "log_probabilities"
    tail: Any = "bucket"

    @property
    def of_teacher(self) -> Draft:
        """The same as if the target were the input: its shape is that of the indices."""
        return replace(self, shape=self.shapes[1], target_shape=None)

    @property
    def options(self) -> dict[str, object]:
        """Arguments that only such calls have, floats as `float.hex` writes them."""
        named = {
            "temperature": self.temperature,
            "scale_by_temperature_squared": self.scale,
            "target_is": self.target_is,
            "tail": self.tail,
        }
        return {
            name: value.hex() if isinstance(value, float) else value
            for name, value in named.items()
        }
