"""Draft of a vector, as a group writes it; everything else follows from it."""

from dataclasses import dataclass

from generate import reference
from kldiv_conformance._formats import Format

Flag = bool | None
Upstream = float | tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A call: operands, options, and why it is worth making.

    Attributes
    ----------
    input, target : tuple of float
        Values, representable in the dtype of the operand.
    shape, target_shape : tuple of int, optional
        Shape of both operands, and of the target where it differs; one axis by default.
    input_dtype, target_dtype : str, optional
        Dtype of an operand that has not the promoted dtype of both.
    result_dtype : str, optional
        Dtype of the result that the call asks for by `dtype`.
    legacy : tuple, optional
        ``size_average, reduce``, passed even if they are None.
    axis : int or tuple of int, optional
        Axes of one sample; anything else where the call must raise.
    where, where_shape : tuple, optional
        Mask, in the shape of the operands unless it has its own: that of samples, or 1 along them.
    where_dtype, where_container : str, optional
        What a mask is that is no array of bools.
    log_input, generalized : bool
        Another form of the loss than torch's, where they are not True and False.
    reproducible : bool
        Asks for the same bits everywhere.
    upstream : float or tuple of float, optional
        Asks for the gradient, of the loss times a number or of its elements times one each.
    raises : str, optional
        Name of the exception that the call must raise.
    """

    comment: str
    flags: tuple[str, ...]
    input: tuple[float, ...]
    target: tuple[float, ...]
    shape: tuple[int, ...] | None = None
    target_shape: tuple[int, ...] | None = None
    dtype: str = "float64"
    input_dtype: str | None = None
    target_dtype: str | None = None
    result_dtype: str | None = None
    reduction: object = "none"
    log_target: object = False
    log_input: bool = True
    generalized: bool = False
    reproducible: bool = False
    legacy: tuple[object, object] | None = None
    axis: object = None
    where: tuple[bool, ...] | None = None
    where_shape: tuple[int, ...] | None = None
    where_dtype: str | None = None
    where_container: str | None = None
    upstream: Upstream | None = None
    raises: str | None = None
    input_container: str | None = None
    target_container: str | None = None

    @property
    def is_sampled(self) -> bool:
        """Whether terms are summed over axes first, or some of them left out."""
        return self.axis is not None or self.where is not None

    @property
    def is_of_another_form(self) -> bool:
        """Whether it is not torch's loss."""
        return not self.log_input or self.generalized

    @property
    def result(self) -> str:
        """Dtype of the result."""
        return self.result_dtype or self.dtype

    @property
    def working(self) -> Format:
        """Format to compute in: no narrower than the operands, the result, and float32."""
        return reference.working(
            reference.promoted(reference.working(self.dtype).name, self.result)
        )

    @property
    def dtypes(self) -> tuple[str, str]:
        """Dtypes of input and target."""
        return self.input_dtype or self.dtype, self.target_dtype or self.dtype

    @property
    def factor(self) -> float:
        """Number that the derivatives of a reduced loss are multiplied by."""
        if not isinstance(self.upstream, int | float):
            message = f"`upstream` must be one number here; got {self.upstream}."
            raise TypeError(message)
        return self.upstream

    @property
    def shapes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Shapes of input and target."""
        shape = (len(self.input),) if self.shape is None else self.shape
        return shape, shape if self.target_shape is None else self.target_shape
