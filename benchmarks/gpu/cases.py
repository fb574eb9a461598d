"""What is measured on a GPU: shapes, types, forward alone or with the derivative."""

from dataclasses import asdict, dataclass
from math import prod

ITEM_SIZE = {"float32": 4, "float16": 2, "bfloat16": 2}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One loss of one pair of operands; log-probabilities and probabilities of softmax rows."""

    shape: tuple[int, int]
    dtype: str
    backward: bool = False
    log_target: bool = False
    samples: int = 50

    @property
    def name(self) -> str:
        """What a table calls it."""
        rows, columns = self.shape
        space = ", log_target" if self.log_target else ""
        way = "forward and backward" if self.backward else "forward"
        return f"{rows} x {columns} {self.dtype}{space}, {way}"

    @property
    def operand_bytes(self) -> int:
        """Memory of one operand."""
        return prod(self.shape) * ITEM_SIZE[self.dtype]

    def to_json(self) -> dict[str, object]:
        """As a document holds it."""
        return asdict(self)


FULL = ((4096, 32000), (4096, 128256))
DRY = ((4, 300),)


def cases(*, dry_run: bool) -> list[Case]:
    """All that is measured; in a dry run the same of a few elements."""
    samples = 3 if dry_run else 50
    return [
        Case(shape=shape, dtype=dtype, backward=backward, log_target=log_target, samples=samples)
        for shape in (DRY if dry_run else FULL)
        for dtype in ITEM_SIZE
        for log_target, backward in ((False, False), (False, True), (True, False))
    ]
