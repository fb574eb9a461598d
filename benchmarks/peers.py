"""The table of peers: what each is called, where its function is made, what it needs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

Prepare = Callable[..., Callable[[], object]]


@dataclass(frozen=True)
class Peer:
    """One implementation that is measured, in a process of its own."""

    label: str
    place: str
    packages: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)

    def load(self) -> Prepare:
        """Function that turns a case and its operands into what is timed."""
        module, function = self.place.split(":")
        found: Prepare = getattr(import_module(f"benchmarks.{module}"), function)
        return found

    def versions(self) -> dict[str, Any]:
        """Versions of the packages that it consists of."""
        return {package: import_module(package).__version__ for package in self.packages}


# glibc neither maps an allocation of its own nor returns what is freed: no page is cleared twice.
KEEPS_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}

# The extra `fast` is there wherever Numba is.
PLAIN = {"KLDIV_XP_FUSED": "0"}

PEERS = {
    "reading": Peer("reading both operands once", "peers_numpy:reading", ("numpy",)),
    "writing": Peer("reading both operands, writing a result", "peers_numpy:writing", ("numpy",)),
    "torch": Peer("F.kl_div, eager", "peers_torch:theirs", ("torch",)),
    "torch-kept": Peer(
        "F.kl_div, eager, freed memory kept", "peers_torch:theirs", ("torch",), KEEPS_MEMORY
    ),
    "torch-compile": Peer("F.kl_div, torch.compile", "peers_torch:theirs_compiled", ("torch",)),
    "optax": Peer("optax.losses.kl_divergence, jitted", "peers_jax:optax_loss", ("optax", "jax")),
    "keras": Peer("keras.losses.kl_divergence on JAX, jitted", "peers_jax:keras_loss", ("keras",)),
    "scipy": Peer("scipy.special.rel_entr", "peers_numpy:scipy_loss", ("scipy",)),
    "numexpr": Peer("numexpr", "peers_numpy:numexpr_loss", ("numexpr",)),
    "numba": Peer("numba, a parallel loop", "peers_numba:numba_loss", ("numba",)),
    "numpy": Peer("NumPy as in a textbook", "peers_numpy:textbook", ("numpy",)),
    "bare-torch-compile": Peer(
        "the bare expression, torch.compile", "peers_torch:bare_compiled", ("torch",)
    ),
    "bare-jax": Peer("the bare expression, jax.jit", "peers_jax:bare", ("jax",)),
    "bare-loop": Peer("a bare loop by Numba", "peers_bare_loop:bare_loop", ("numba",)),
    "by-hand": Peer("NumPy's functions by hand", "peers_hand:by_hand", ("numpy",)),
    "ours-numpy": Peer("kldiv_xp on NumPy", "peers_numpy:ours", ("kldiv_xp", "numpy"), PLAIN),
    "ours-numpy-1": Peer(
        "kldiv_xp on NumPy, one thread", "peers_numpy:ours_alone", ("kldiv_xp",), PLAIN
    ),
    "ours-numpy-fast": Peer(
        "kldiv_xp[fast] on NumPy", "peers_numpy:ours", ("kldiv_xp", "llvmlite")
    ),
    "ours-torch": Peer(
        "kldiv_xp on torch, eager", "peers_torch:ours", ("kldiv_xp", "torch"), PLAIN
    ),
    "ours-torch-fast": Peer(
        "kldiv_xp[fast] on torch, eager", "peers_torch:ours", ("kldiv_xp", "llvmlite")
    ),
    "ours-torch-compile": Peer(
        "kldiv_xp on torch, torch.compile", "peers_torch:ours_compiled", ("kldiv_xp",), PLAIN
    ),
    "ours-torch-compile-fast": Peer(
        "kldiv_xp[fast] on torch, torch.compile", "peers_torch:ours_compiled", ("llvmlite",)
    ),
    "ours-jax": Peer("kldiv_xp on JAX, jitted", "peers_jax:ours", ("kldiv_xp", "jax")),
    "kernels": Peer("NumPy's functions in the cache", "kernels:kernels", ("numpy",)),
}
