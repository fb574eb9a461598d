"""Cases that are measured, each with its peers."""

from dataclasses import dataclass, replace
from math import prod

Shape = tuple[int, int]

FULL_SHAPES = {"large": (512, 32000), "wide": (64, 128256), "middle": (1024, 100), "tiny": (32, 10)}
QUICK_SHAPES = {"large": (32, 1000), "wide": (8, 4008), "middle": (64, 100), "tiny": (32, 10)}

COMPILED = ("torch-compile", "ours-torch-compile")
# The extra changes losses of logits alone.
COMPILED_LOGITS = (*COMPILED, "ours-torch-compile-fast")
COMPILED_ALWAYS = ("large float32", "large backward", "large logits", "memory contiguous")
# The expression of the definition, summed: without a guard, and of one type.
BARE = ("bare-torch-compile", "bare-jax")
HAND = "by-hand"
# The same by Numba, where our loops are compiled too.
LOOP = "bare-loop"
COMPILED_AT_LEISURE = ("large", "sweep", "wide float32", "wide backward")
JITTED = ("optax", "keras", "ours-jax")
FROM_NUMPY = (
    *("scipy", "numexpr", "numba", "numpy"),
    *("ours-numpy", "ours-numpy-1", "ours-numpy-fast"),
)
EAGER_TORCH = ("torch", "ours-torch", "ours-torch-fast")
EVERYONE = ("reading", *EAGER_TORCH, *COMPILED, *JITTED, *FROM_NUMPY)
OURS = tuple(peer for peer in EVERYONE if peer.startswith("ours"))
LOG_TARGETS = tuple(peer for peer in EVERYONE if peer not in {"keras", "scipy", "reading"})
FAST = ("ours-numpy-fast", "ours-torch-fast")
FROM_LOGITS = (
    *(*EAGER_TORCH, *COMPILED_LOGITS, "optax", "ours-jax"),
    *("ours-numpy", "ours-numpy-fast", *BARE, HAND),
)
# Nobody else has a Jensen-Shannon loss: torch's is written by hand, and compiled.
MIXTURES = (*COMPILED_LOGITS, "ours-torch", "ours-torch-fast", "ours-jax")
DIFFERENTIABLE = (*EAGER_TORCH, *COMPILED, "optax", "keras", "ours-jax")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One call of a loss, measured on some peers."""

    name: str
    shape: Shape
    peers: tuple[str, ...]
    dtype: str = "float32"
    reduction: str = "batchmean"
    log_target: bool = False
    zeros: str = "no"
    logits: bool = False
    lacking: bool = False
    beta: float | None = None
    rows: bool = False
    masked: bool = False
    backward: bool = False
    gradients: bool = False
    layout: str = "contiguous"
    kind: str = "time"
    budget: float = 0.25

    @property
    def size(self) -> int:
        """Number of elements of an operand."""
        return prod(self.shape)


def cases(
    shapes: dict[str, Shape], largest: int, budget: float, *, compiles: bool = True
) -> list[Case]:
    """Every case, memory last; what takes torch.compile long only if it `compiles`."""
    found = [case for name in ("large", "wide") for case in of_shape(name, shapes[name])]
    found += [
        *details(shapes),
        *from_logits(shapes["large"], shapes["middle"]),
        *sweep(largest),
        *memory(shapes["large"]),
    ]
    return [
        replace(
            case,
            budget=case.budget * budget,
            peers=tuple(
                peer
                for peer in case.peers
                if "torch-compile" not in peer or is_compiled(case, compiles)
            ),
        )
        for case in found
    ]


def is_compiled(case: Case, compiles: bool) -> bool:
    """Whether a case is worth a graph of torch.compile, which takes seconds to build."""
    leisurely = compiles and case.name.startswith(COMPILED_AT_LEISURE)
    return leisurely or case.name in COMPILED_ALWAYS


def of_shape(name: str, shape: Shape) -> list[Case]:
    """Softmax pairs of one shape, forward and backward."""
    half = tuple(peer for peer in EVERYONE if peer not in {"numexpr", "numba", "scipy", "reading"})
    half = (*half, BARE[1], LOOP)
    brain = tuple(peer for peer in half if peer not in FROM_NUMPY)
    logs = (*LOG_TARGETS, *BARE, HAND, LOOP)
    return [
        Case(name=f"{name} float32", shape=shape, peers=(*EVERYONE, *BARE, LOOP, "torch-kept")),
        Case(name=f"{name} float64", shape=shape, peers=(*EVERYONE, *BARE), dtype="float64"),
        Case(name=f"{name} float16", shape=shape, peers=half, dtype="float16"),
        Case(name=f"{name} bfloat16", shape=shape, peers=brain, dtype="bfloat16"),
        Case(name=f"{name} log_target", shape=shape, peers=logs, log_target=True),
        Case(name=f"{name} backward", shape=shape, peers=(*DIFFERENTIABLE, *BARE), backward=True),
    ]


def details(shapes: dict[str, Shape]) -> list[Case]:
    """Reductions, samples, masks, zero targets, gradients without autograd, tiny operands."""
    large, small = shapes["large"], shapes["tiny"]
    eager = ("torch", "ours-numpy", "ours-torch")
    summed = (*eager, *FAST, LOOP)
    zeros = ("torch", *OURS, LOOP)
    terms = (*summed, "numpy", "writing", "ours-numpy-1", BARE[0])
    others = ("torch", *COMPILED, "optax", "bare-jax", "ours-jax", "ours-numpy", "ours-torch")
    rows = Case(
        name="large rows", shape=large, peers=(*others, *FAST, LOOP), reduction="none", rows=True
    )
    return [
        rows,
        replace(rows, name="large masked", rows=False, reduction="sum", masked=True),
        Case(
            name="large gradients",
            shape=large,
            peers=("writing", "ours-numpy", *FAST, LOOP),
            gradients=True,
        ),
        Case(name="large sum", shape=large, peers=summed, reduction="sum"),
        Case(name="large mean", shape=large, peers=summed, reduction="mean"),
        Case(name="large half zero", shape=large, peers=zeros, zeros="half"),
        Case(name="large one-hot", shape=large, peers=zeros, zeros="one-hot"),
        Case(name="large none", shape=large, peers=terms, reduction="none"),
        Case(name="tiny float32", shape=small, peers=(*eager, HAND)),
        Case(name="kernels", shape=large, peers=("kernels",), budget=0.5),
    ]


def from_logits(shape: Shape, middle: Shape) -> list[Case]:
    """Cases of two operands of logits: forward, with backward, and peak memory.

    Also rows of a hundred classes, and a vocabulary of which a seventh is -inf.
    """
    forward = Case(name="large logits", shape=shape, peers=FROM_LOGITS, logits=True)
    peers = tuple(peer for peer in FROM_LOGITS if peer not in FROM_NUMPY)
    eager = (*EAGER_TORCH, "ours-numpy", "ours-numpy-fast")
    backward = replace(forward, name="large logits backward", peers=peers, backward=True)
    return [
        forward,
        backward,
        replace(forward, name="large logits lacking", lacking=True),
        replace(forward, name="middle logits", shape=middle, peers=eager),
        replace(backward, name="middle logits backward", shape=middle, peers=EAGER_TORCH),
        *(
            replace(case, name=case.name.replace("logits", "JS"), beta=0.5)
            for case in (
                replace(forward, peers=MIXTURES),
                replace(backward, peers=MIXTURES),
            )
        ),
        replace(forward, name="memory logits", peers=eager, kind="memory"),
    ]


def sweep(largest: int) -> list[Case]:
    """float32 from a thousand elements upwards, in rows of a thousand."""
    sizes = [10**power for power in range(3, 9) if 10**power <= largest]
    return [
        Case(name=f"sweep {size}", shape=(size // 1000, 1000), peers=EVERYONE, budget=0.08)
        for size in sizes
    ]


def memory(shape: Shape) -> list[Case]:
    """Peak memory: of everyone, and of ours where NumPy does not hold the operands in one piece."""
    peers = tuple(peer for peer in EVERYONE if peer != "reading")
    first = Case(name="memory contiguous", shape=shape, peers=peers, kind="memory")
    others = ("strided", "broadcast", "memmap")
    ours = replace(first, peers=("ours-numpy", "ours-numpy-fast"))
    return [first, *(replace(ours, name=f"memory {way}", layout=way) for way in others)]
