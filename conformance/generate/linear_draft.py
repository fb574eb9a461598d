"""A draft: the call with hidden states that a group describes."""

from dataclasses import dataclass, replace

from generate.draft import Draft


@dataclass(frozen=True, kw_only=True)
class LinearDraft(Draft):
    """A call of the divergence from hidden states, which are the rows of `input`.

    Attributes
    ----------
    weight, weight_shape : tuple
        Weight of the last layer, and its shape, vocabulary and width.
    bias, target_bias : tuple of float
        Biases of the layers; empty where a layer has none.
    target_weight, target_weight_shape : tuple
        The same of the teacher, whose hidden states are `target` then; empty without it.
    indices : tuple of int
        Places of the target's entries, in its shape; empty for a target of all words.
    indices_dtype : str, optional
        Dtype of the places, where it is not int64.
    tail : str
        With `indices`, how the rest of the vocabulary is taken.
    temperature, scale, beta, target_is
        As of a draft with logits.
    """

    function: str = "linear_kl_div"
    axis: object = -1
    reduction: object = "batchmean"
    weight: tuple[float, ...]
    weight_shape: tuple[int, ...]
    bias: tuple[float, ...] = ()
    target_weight: tuple[float, ...] = ()
    target_weight_shape: tuple[int, ...] = ()
    target_bias: tuple[float, ...] = ()
    indices: tuple[int, ...] = ()
    indices_dtype: str | None = None
    tail: str = "bucket"
    temperature: float = 1.0
    scale: bool = True
    beta: float = 0.0
    target_is: str = "logits"

    @property
    def of_teacher(self) -> Draft:
        """The same as if the target were the input."""
        return replace(self, shape=self.shapes[1], target_shape=None)

    @property
    def layers(self) -> dict[str, tuple[tuple[int, ...], tuple[float, ...]]]:
        """Shape and values of the weights and biases that there are."""
        size = self.weight_shape[:1]
        every = {
            "weight": (self.weight_shape, self.weight),
            "bias": (size, self.bias),
            "target_weight": (self.target_weight_shape, self.target_weight),
            "target_bias": (size, self.target_bias),
        }
        return {name: one for name, one in every.items() if one[1]}

    @property
    def options(self) -> dict[str, object]:
        """Arguments of such calls, floats as `float.hex` writes them."""
        return {
            "temperature": self.temperature.hex(),
            "scale_by_temperature_squared": self.scale,
            "target_is": self.target_is,
            "beta": self.beta.hex(),
            **({"tail": self.tail} if self.indices else {}),
        }
