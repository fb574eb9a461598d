"""The names that signatures use for arrays, namespaces and reductions."""

from typing import Any, Literal, Never, Protocol, TypeAlias, TypeVar

# No static type covers the arrays of every library, so the inside of the package says `Array`
# for the reader, and the public functions promise the caller his own type back.
Array: TypeAlias = Any
Namespace: TypeAlias = Any
DType: TypeAlias = Any
# Of options that a function has not: type checkers refuse every one of them.
NoOption: TypeAlias = Never

SelectedT_co = TypeVar("SelectedT_co", covariant=True)
ComparedT = TypeVar("ComparedT")


class Operand(Protocol[SelectedT_co, ComparedT]):
    """An array whose comparisons are masks of one type, and whose selections have another.

    The type of masks tells libraries apart.  It both comes out and goes in, so that no checker
    widens it to a union of the masks of two libraries.
    """

    @property
    def shape(self) -> Any:
        """Sizes of the axes."""

    @property
    def dtype(self) -> Any:
        """Type of the elements."""

    def __lt__(self, other: float, /) -> ComparedT:
        """Mask of what is less than a number."""

    def __getitem__(self, key: ComparedT, /) -> SelectedT_co:
        """Elements that an index selects: an array of the same library and dtype, of any shape."""


ArrayT = TypeVar("ArrayT")
TargetT = TypeVar("TargetT")
MaskT = TypeVar("MaskT")

Axes: TypeAlias = tuple[int, ...]
# None stands for a size that a lazy library does not know yet.
Shape: TypeAlias = tuple[int | None, ...]
Axis: TypeAlias = int | tuple[int, ...] | None
InputKind: TypeAlias = Literal["log_probabilities", "probabilities", "logits"]
TargetKind: TypeAlias = Literal["logits", "probabilities", "log_probabilities"]
Tail: TypeAlias = Literal["bucket", "zero", "renormalize"]
Reduction: TypeAlias = Literal["none", "mean", "sum", "batchmean"]
