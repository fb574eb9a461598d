"""The names that signatures use for arrays, namespaces and reductions."""

from typing import Any, Literal, TypeAlias, TypeVar

# No static type covers the arrays of every library, so the inside of the package says `Array`
# for the reader, and the public functions promise the caller his own type back.
Array: TypeAlias = Any
ArrayT = TypeVar("ArrayT")
Namespace: TypeAlias = Any
DType: TypeAlias = Any

Axes: TypeAlias = tuple[int, ...]
# None stands for a size that a lazy library does not know yet.
Shape: TypeAlias = tuple[int | None, ...]
Axis: TypeAlias = int | tuple[int, ...] | None
InputKind: TypeAlias = Literal["log_probabilities", "probabilities", "logits"]
TargetKind: TypeAlias = Literal["logits", "probabilities", "log_probabilities"]
Tail: TypeAlias = Literal["bucket", "zero", "renormalize"]
Reduction: TypeAlias = Literal["none", "mean", "sum", "batchmean"]
