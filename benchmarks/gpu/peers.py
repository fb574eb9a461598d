"""The table of what is measured on a GPU: name, place, clock and packages of each peer."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from benchmarks.gpu import clocks
from benchmarks.gpu.cases import Case

Prepare = Callable[[Case], Callable[[], object]]


@dataclass(frozen=True)
class Peer:
    """One implementation, measured in a process of its own."""

    label: str
    place: str
    clock: type[Any]
    packages: tuple[str, ...]
    dtypes: tuple[str, ...] = ("float32", "float16", "bfloat16")
    passes_in_backward: int = 2
    """Operands read or written beyond those of the forward pass, at best, where it has one."""

    is_compiled: bool = False
    """Whether each case is compiled for seconds, during which others may be measured."""

    takes_all: bool = True
    """Whether it is measured in all cases, and not in those of `Case.is_small` alone."""

    takes_linear: bool = False
    """Whether losses of hidden states are measured too."""

    takes_sparse: bool = False
    """Whether losses with a teacher known at some indices are measured too."""

    @property
    def library(self) -> str:
        """Library of its arrays."""
        return self.place.partition("_")[0]

    def why_not(self, case: Case) -> str | None:
        """Reason why a case is not measured, or None."""
        if case.dtype not in self.dtypes:
            return f"no {case.dtype}"
        if case.is_linear:
            return None if self.takes_linear else "no hidden states"
        if case.is_sparse:
            return None if self.takes_sparse else "no teacher known in part"
        return None if self.takes_all or case.is_small else "not measured in this case"

    def load(self) -> Prepare:
        """Function that turns a case into what is timed."""
        module, function = self.place.split(":")
        found: Prepare = getattr(import_module(f"benchmarks.gpu.{module}"), function)
        return found

    def versions(self) -> dict[str, str]:
        """Versions of the packages that it consists of."""
        from importlib.metadata import PackageNotFoundError, version

        for package in self.packages:
            import_module(package)
        found = {}
        for package in self.packages:
            try:
                found[package] = version(NAMES.get(package, package))
            except PackageNotFoundError:
                found[package] = "from its source tree"
        return found

    def bytes_moved(self, case: Case) -> int:
        """Bytes that must be read and written at least."""
        if case.is_linear:
            return 0  # a product of matrices decides
        if self.place.endswith(":copy"):
            return 2 * case.operand_bytes
        if case.is_sparse:
            return 3 * case.operand_bytes  # read for the value, read and written for the derivative
        least = max(self.passes_in_backward, 3 if case.of_logits else 2)
        extra = least if case.backward else 0
        return (2 + extra) * case.operand_bytes


NAMES = {"kldiv_xp": "kldiv-xp", "liger_kernel": "liger-kernel", "cupy": "cupy-cuda13x"}
NARROW_CUPY = ("float32", "float16")

# The forward pass reads two operands. The gradient with respect to the input reads one operand and
# writes one; for logits it reads two and writes one.
PEERS = {
    "copy-torch": Peer("a copy on the device, torch", "torch_peers:copy", clocks.Torch, ("torch",)),
    "torch": Peer(
        "torch (F.kl_div), eager", "torch_peers:theirs", clocks.Torch, ("torch",),
        takes_all=False, takes_linear=True, takes_sparse=True,
    ),
    "torch-compile": Peer(
        "torch (F.kl_div), torch.compile", "torch_peers:theirs_compiled", clocks.Torch, ("torch",),
        is_compiled=True, takes_all=False,
    ),
    "liger": Peer(
        "Liger (LigerKLDIVLoss, LigerJSD)", "torch_peers:liger", clocks.Torch,
        ("torch", "liger_kernel"), takes_linear=True,
    ),
    "ours-torch": Peer(
        "kldiv_xp on torch, eager", "torch_peers:ours", clocks.Torch, ("kldiv_xp", "torch"),
        is_compiled=True, takes_linear=True, takes_sparse=True,
    ),
    "ours-torch-blocks": Peer(
        "kldiv_xp on torch, eager, without a compiler", "torch_peers:ours_in_blocks", clocks.Torch,
        ("kldiv_xp", "torch"),
    ),
    "ours-torch-compile": Peer(
        "kldiv_xp on torch, torch.compile", "torch_peers:ours_compiled", clocks.Torch,
        ("kldiv_xp", "torch"), is_compiled=True, takes_all=False,
    ),
    "copy-cupy": Peer(
        "a copy on the device, CuPy", "cupy_peers:copy", clocks.CuPy, ("cupy",), NARROW_CUPY
    ),
    "cupy": Peer(
        "CuPy as in a textbook", "cupy_peers:textbook", clocks.CuPy, ("cupy",), NARROW_CUPY,
        passes_in_backward=4, takes_all=False,
    ),
    # kl_div, and kl_div_gradient, which reads both operands and writes both derivatives.
    "ours-cupy": Peer(
        "kldiv_xp on CuPy", "cupy_peers:ours", clocks.CuPy, ("kldiv_xp", "cupy"), NARROW_CUPY,
        passes_in_backward=4, is_compiled=True,
    ),
    "optax": Peer(
        "optax.losses.kl_divergence, jitted", "jax_peers:optax_loss", clocks.JAX, ("optax", "jax"),
        is_compiled=True, takes_all=False,
    ),
    "ours-jax": Peer(
        "kldiv_xp on JAX, jitted", "jax_peers:ours", clocks.JAX, ("kldiv_xp", "jax"),
        is_compiled=True, takes_all=False,
    ),
}  # fmt: skip
