"""The goals of the benchmark: cases, peers, bound and floor of each."""

from benchmarks.cases import BARE, HAND, LOOP
from benchmarks.targets import Target

REDUCED = ("large float32", "large sum", "large mean")
ZEROS = ("large half zero", "large one-hot")
LAYOUTS = ("contiguous", "strided", "broadcast", "memmap")
FAST = (("NumPy with fast", "ours-numpy-fast"), ("torch eager with fast", "ours-torch-fast"))
PLAIN = (("NumPy", "ours-numpy"), ("torch eager", "ours-torch"))
BARE_TORCH, BARE_JAX = BARE
FLOORS = {
    BARE_TORCH: "logarithms and exponentials in the compiler's vectors, and for 'none' and "
    "derivatives the memory that they are written to",
    BARE_JAX: "the same of XLA",
    LOOP: "the memory that is read and written, and the instructions of a logarithm in vectors",
    HAND: "NumPy's functions, each of which reads and writes a block in the cache; at 32 x 10 what "
    "NumPy and torch take for a call",
    "by hand": "`np.log`, `np.subtract` and `np.vecdot`, see above",
    "by hand, one thread": "the same on one thread",
    "terms by hand": "`np.log`, `np.subtract` and `np.multiply`, and fresh memory for the result",
}
"""What bounds each floor."""


def fast(label: str, peer: str) -> list[Target]:
    """Goals of the compiled loops, of one library."""
    return [
        Target(
            promise=f"{label}, sum, mean and batchmean: faster than eager F.kl_div",
            over="torch", under=peer, cases=REDUCED, at_least=14, floor=LOOP,
        ),
        Target(
            promise=f"{label}, batchmean: time of reading both operands once",
            over=peer, under="reading", cases=("large float32",), at_most=2,
            floor=LOOP,
        ),
        Target(
            promise=f"{label}, 'none': time of reading both operands and writing a result",
            over=peer, under="writing", cases=("large none",), at_most=1.3, floor=LOOP,
        ),
        Target(
            promise=f"{label}, both derivatives: time of reading both and writing two, twice",
            over=peer, under="writing", cases=("large gradients",), at_most=1.3, floor=LOOP,
        ),
        Target(
            promise=f"{label}, half zero, one-hot, log_target, a mask: time of dense",
            over=peer, under=peer, cases=(*ZEROS, "large log_target", "large masked"),
            against="large float32", at_most=1.15, floor=LOOP,
        ),
        Target(
            promise=f"{label}, a sum for each row: time of one sum",
            over=peer, under=peer, cases=("large rows",), against="large sum", at_most=1.1,
            floor=LOOP,
        ),
    ]  # fmt: skip


def fast_on_torch() -> list[Target]:
    """Goals of the compiled loops beside what torch compiles."""
    peer = "ours-torch-fast"
    return [
        Target(
            promise="torch eager with fast, float16 and bfloat16: time of float32",
            over=peer, under=peer, cases=("large float16", "large bfloat16"),
            against="large float32", at_most=1, floor=LOOP,
        ),
        *(
            Target(
                promise=f"torch eager with fast, {loss} of logits, {way}: time of torch.compile",
                over=peer, under="torch-compile", cases=(case,), at_most=0.8,
                floor=BARE_TORCH,
            )
            for loss, name in (("KL", "large logits"), ("Jensen-Shannon", "large JS"))
            for way, case in (("forward", name), ("with backward", f"{name} backward"))
        ),
    ]  # fmt: skip


def plain() -> list[Target]:
    """Goals without the extra."""
    return [
        Target(
            promise="NumPy, sum, mean and batchmean: faster than eager F.kl_div",
            over="torch", under="ours-numpy", cases=REDUCED, at_least=14, floor="by hand",
        ),
        Target(
            promise="NumPy, batchmean: time of reading both operands once",
            over="ours-numpy", under="reading", cases=("large float32",), at_most=1.6,
            floor="by hand",
        ),
        Target(
            promise="NumPy, one thread: faster than eager F.kl_div",
            over="torch", under="ours-numpy-1", cases=("large float32",), at_least=8,
            floor="by hand, one thread",
        ),
        Target(
            promise="NumPy, log_target: faster than eager F.kl_div",
            over="torch", under="ours-numpy", cases=("large log_target",), at_least=6,
            floor=HAND,
        ),
        Target(
            promise="NumPy, 'none': faster than NumPy as in a textbook",
            over="numpy", under="ours-numpy", cases=("large none",), at_least=2,
            floor="terms by hand",
        ),
        *(
            Target(
                promise=f"{label}, targets half zero or one-hot: time of dense ones",
                over=peer, under=peer, cases=ZEROS, against="large float32", at_most=2.5,
            )
            for label, peer in PLAIN
        ),
        Target(
            promise="torch eager, forward: faster than eager F.kl_div",
            over="torch", under="ours-torch", cases=("large float32",), at_least=9,
            floor="by hand",
        ),
        Target(
            promise="torch eager, forward and backward: faster than eager F.kl_div",
            over="torch", under="ours-torch", cases=("large backward",), at_least=3.5,
        ),
        *(
            Target(
                promise=f"torch eager from logits, {way}: faster than log_softmax and F.kl_div",
                over="torch", under="ours-torch", cases=(case,), at_least=bound, floor=HAND,
            )
            for way, case, bound in (
                ("forward", "large logits", 3), ("with backward", "large logits backward", 2)
            )
        ),
        *(
            Target(
                promise=f"{label}, 32 x 10: time of eager F.kl_div",
                over=peer, under="torch", cases=("tiny float32",), at_most=bound, floor=HAND,
            )
            for (label, peer), bound in zip(PLAIN, (1.2, 1.6), strict=True)
        ),
    ]  # fmt: skip


def compiled() -> list[Target]:
    """Goals under torch.compile: never slower than F.kl_div there."""
    cases = ("float32", "float64", "bfloat16", "log_target", "masked", "backward")
    return [
        *(
            Target(
                promise=f"torch.compile, {case}: faster than F.kl_div under torch.compile",
                over="torch-compile", under="ours-torch-compile", cases=(f"large {case}",),
                at_least=1, floor=BARE_TORCH,
            )
            for case in cases
        ),
        *(
            Target(
                promise=f"{label}, {way}: faster than log_softmax and F.kl_div there",
                over="torch-compile", under=peer, cases=(case,), at_least=1, floor=BARE_TORCH,
            )
            for label, peer in (
                ("torch.compile from logits", "ours-torch-compile"),
                ("torch.compile with fast from logits", "ours-torch-compile-fast"),
            )
            for way, case in (
                ("forward", "large logits"), ("with backward", "large logits backward")
            )
        ),
    ]  # fmt: skip


def jitted() -> list[Target]:
    """Goals under jax.jit."""
    against_optax = (
        ("sum", "large float32", 4),
        ("a sum for each row", "large rows", 4),
        ("value_and_grad", "large backward", 1),
        ("from logits", "large logits", 2),
        ("from logits, value_and_grad", "large logits backward", 1.5),
    )
    against_dense = (
        ("targets half zero or one-hot", ZEROS, 1.2),
        ("float16 and bfloat16", ("large float16", "large bfloat16"), 2),
    )
    return [
        *(
            Target(
                promise=f"jax.jit, {what}: faster than Optax jitted",
                over="optax", under="ours-jax", cases=(case,), at_least=bound, floor=BARE_JAX,
            )
            for what, case, bound in against_optax
        ),
        *(
            Target(
                promise=f"jax.jit, {what}: time of dense float32",
                over="ours-jax", under="ours-jax", cases=cases, against="large float32",
                at_most=bound, floor=BARE_JAX,
            )
            for what, cases, bound in against_dense
        ),
    ]  # fmt: skip


def memory() -> list[Target]:
    """Goals of extra memory."""
    return [
        *(
            Target(
                promise=f"{label}, {layout} operands: extra memory",
                over=peer, cases=(f"memory {layout}",), at_most=16, memory=True,
            )
            for label, peer in (PLAIN[0], FAST[0])
            for layout in LAYOUTS
        ),
        *(
            Target(
                promise=f"{label} from logits: extra memory",
                over=peer, cases=("memory logits",), at_most=16, memory=True,
            )
            for label, peer in (*PLAIN, *FAST)
        ),
    ]  # fmt: skip


TARGETS = (
    *(target for one in FAST for target in fast(*one)),
    *fast_on_torch(),
    *plain(),
    *compiled(),
    *jitted(),
    *memory(),
)
