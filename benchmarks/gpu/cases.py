"""Cases that are measured on a GPU: shapes, types, forward alone or with the derivative."""

from dataclasses import asdict, dataclass
from math import prod
from typing import Any

ITEM_SIZE = {"float32": 4, "float16": 2, "bfloat16": 2}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One loss of one pair of operands; log-probabilities and probabilities of softmax rows."""

    shape: tuple[int, int]
    dtype: str
    backward: bool = False
    log_target: bool = False
    loss: str = "kl_div"
    samples: int = 20

    @property
    def name(self) -> str:
        """Name in a table."""
        rows, columns = self.shape
        space = ", log_target" if self.log_target else ""
        way = "forward and backward" if self.backward else "forward"
        return f"{self.loss}, {rows} x {columns} {self.dtype}{space}, {way}"

    @property
    def of_logits(self) -> bool:
        """Whether the operands are logits."""
        return self.loss != "kl_div"

    @property
    def is_linear(self) -> bool:
        """Whether the logits are products of hidden states and weights."""
        return self.loss == "linear_kl_div"

    @property
    def is_sparse(self) -> bool:
        """Whether the teacher is known at some indices."""
        return self.loss == "sparse_kl_div_with_logits"

    @property
    def options(self) -> dict[str, Any]:
        """Arguments of the loss."""
        space = {} if self.of_logits else {"log_target": self.log_target}
        return {"reduction": "batchmean", **space}

    @property
    def is_small(self) -> bool:
        """Whether peers that are compiled for each case, which takes seconds, are measured too."""
        is_special = self.log_target or self.is_linear or self.is_sparse
        return self.shape[1] < LARGE and self.dtype != "float16" and not is_special

    @property
    def operand_bytes(self) -> int:
        """Memory of one operand."""
        return prod(self.shape) * ITEM_SIZE[self.dtype]

    def to_json(self) -> dict[str, object]:
        """As a document holds it."""
        return asdict(self)


LARGE = 100_000
HIDDEN = 2048
"""Size of the hidden states of a linear case."""
KNOWN = 32
"""Entries of each row that a sparse teacher knows."""

FULL = ((4096, 32000), (4096, 128256))
DRY = ((4, 300),)
OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"backward": True},
    {"log_target": True},
    {"loss": "kl_div_with_logits"},
    {"loss": "kl_div_with_logits", "backward": True},
    {"loss": "js_div_with_logits"},
    {"loss": "js_div_with_logits", "backward": True},
)


def cases(*, dry_run: bool) -> list[Case]:
    """All that is measured; in a dry run the same of a few elements."""
    samples = 3 if dry_run else 15
    shapes = DRY if dry_run else FULL
    linear = {"loss": "linear_kl_div", "backward": True, "dtype": "bfloat16"}
    sparse = {"loss": "sparse_kl_div_with_logits", "backward": True}
    return [
        *(
            Case(shape=shape, dtype=dtype, samples=samples, **options)
            for options in OPTIONS
            for shape in (shapes[:1] if "log_target" in options else shapes)
            for dtype in ITEM_SIZE
        ),
        *(Case(shape=shape, samples=samples, **linear) for shape in shapes),
        *(
            Case(shape=shape, dtype=dtype, samples=samples, **sparse)
            for shape in shapes
            for dtype in ("float32", "bfloat16")
        ),
    ]
