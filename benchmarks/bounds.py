"""Limits of the machine in a run: arithmetic in the cache, memory, page faults."""

from typing import Any

from benchmarks.results import Results

# From what size on glibc maps an allocation afresh, whatever was freed before:
# DEFAULT_MMAP_THRESHOLD_MAX where a long has 64 bits.
MAPPED_AFRESH = 32 << 20

# float32 in a block of 1 MiB.
BLOCK_ELEMENTS = (1 << 20) // 4

REDUCED = ("large float32", "large sum", "large mean")
OF_A_SUM = ("np.log", "np.subtract", "np.vecdot")
OF_TERMS = ("np.log", "np.subtract", "np.multiply")


def bounds(results: Results) -> dict[str, Any]:
    """All that the section says; what was not measured is missing in it."""
    return {
        "numpy": floor(results),
        "terms": floor_of_terms(results),
        "faults": faults(results),
        "shares": shares(results),
    }


def floor(results: Results) -> dict[str, Any] | None:
    """Nanoseconds for an element: of the parts, of their sum, and of what is made of them."""
    kernels = results.entry("kernels", "kernels")
    measured = {
        name: per_element(results, "large float32", peer)
        for name, peer in (
            ("alone", "ours-numpy-1"), ("threaded", "ours-numpy"), ("reading", "reading"),
            ("theirs", "torch"),
        )
    }  # fmt: skip
    if not kernels or None in measured.values():
        return None
    parts = {name: kernels[name]["median"] / BLOCK_ELEMENTS * 1e9 for name in OF_A_SUM}
    total, reading = sum(parts.values()), measured["reading"]
    by_hand = {
        name: kernels[kernel]["median"] / results.size("large float32") * 1e9
        for name, kernel in (("hand_alone", "by hand, one thread"), ("hand", "by hand"))
    }
    divided = total / threads(results)
    quickest = [time for case in REDUCED if (time := per_element(results, case, "torch"))]
    return {
        **measured,
        **by_hand,
        "quickest": min(quickest),
        "parts": parts,
        "total": total,
        "threads": threads(results),
        "divided": divided,
        "least": max(divided, reading),
        "binding": "arithmetic" if divided > reading else "memory",
    }


def floor_of_terms(results: Results) -> dict[str, float] | None:
    """Nanoseconds for an element of 'none': of its memory, of all parts, by hand, of the peers."""
    kernels = results.entry("kernels", "kernels")
    ours, textbook = (per_element(results, "large none", peer) for peer in ("ours-numpy", "numpy"))
    if not kernels or ours is None or textbook is None:
        return None
    size = results.size("large none")
    fresh, by_hand = (
        kernels[kernel]["median"] / size * 1e9 for kernel in ("fresh memory", "terms by hand")
    )
    inside = sum(kernels[name]["median"] for name in OF_TERMS) / BLOCK_ELEMENTS * 1e9
    least = inside / threads(results) + fresh
    return {"fresh": fresh, "hand": by_hand, "least": least, "ours": ours, "textbook": textbook}


def threads(results: Results) -> int:
    """Threads that kldiv_xp uses by default."""
    return min(int(results.document["machine"]["processors used"]), 4)


def per_element(results: Results, case: str, peer: str) -> float | None:
    """Nanoseconds for an element."""
    time = results.time(case, peer)
    return None if time is None else time / results.size(case) * 1e9


def faults(results: Results) -> list[dict[str, Any]]:
    """Page faults and time of eager F.kl_div at each shape, and ours beside it."""
    found = []
    for case in ("wide float32", "large float32"):
        for peer in ("torch", "torch-kept", "ours-torch"):
            entry = results.entry(case, peer)
            if "median" in entry:
                found.append(
                    {
                        "shape": " x ".join(map(str, results.document["cases"][case]["shape"])),
                        "peer": peer,
                        "temporary": results.size(case) * 4 / 2**20,
                        "faults": entry["faults"] / results.size(case) * 1e3,
                        "time": per_element(results, case, peer),
                    }
                )
    return found


def shares(results: Results) -> list[float]:
    """Part of the time of F.kl_div at the larger shape that is for fresh memory, in each round."""
    case = "large float32"
    ratios = results.ratio((case, "torch-kept"), (case, "torch"))
    if results.size(case) * 4 <= MAPPED_AFRESH or not ratios:
        return []
    return sorted(1 - ratio for ratio in ratios)
