"""Numbers that results are multiplied with and divided by: of the options, and of the shapes."""

import math
from typing import Any, NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.namespaces import is_torch_tensor


class Scale(NamedTuple):
    """A number of the options over a number of terms; None where there is none of the kind.

    They are not made one number: the second comes from a shape, may be symbolic, and may be 0.
    Nothing is left out where one of them is 1, since a traced function is called with other shapes.
    """

    number: float | None = None
    parts: int | None = None

    def times(self, xp: Namespace, array: Array) -> Array:
        """Array times the scale; by one number where the size is at hand, so that 12 / 12 is 1."""
        number, parts = self.number, self.parts
        if number is not None and type(parts) is int:
            return xp.multiply(array, self.number_at_hand())
        if parts is not None:
            array = xp.divide(array, as_float(parts))
        return array if number is None else xp.multiply(array, number)

    def number_at_hand(self) -> float:
        """The scale itself, for sizes that are at hand; NaN for the mean of nothing."""
        number = 1.0 if self.number is None else float(self.number)
        parts = 1 if self.parts is None else self.parts
        return number / parts if parts else math.nan


def as_float(size: Any) -> Any:
    """Size as a float, where it is a number, be it symbolic, and no tensor.

    JAX takes no int of more than 32 bits, and ONNX divides no float by an int ("Type parameter (T)
    of Optype (Div) bound to different types").  torch.jit.trace has sizes that are tensors.
    """
    return size * 1.0 if type(size) is int or not is_torch_tensor(size) else size


def divided(xp: Namespace, array: Array, *, parts: int | None) -> Array:
    """Sum over the divisor, if there is one."""
    return array if parts is None else scaled_sum(xp, array, Scale(None, parts))


def scaled_sum(xp: Namespace, array: Array, scale: Scale) -> Array:
    """Sum times a scale, in its own type.

    In torch's forward mode the derivative of a 0-d float32 tensor times a number is float64, that
    of a tensor with an axis is not.
    """
    # What is traced has no axes. torch reshapes no DTensor to none in inference mode.
    if getattr(array, "ndim", 1) or not is_torch_tensor(array) or hasattr(array, "placements"):
        return scale.times(xp, array)
    return xp.reshape(scale.times(xp, xp.reshape(array, (1,))), ())
