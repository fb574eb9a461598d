"""What a run says about its own limits: arithmetic in the cache, memory, page faults."""

from typing import Any

from benchmarks.results import Results

# From what size on glibc maps an allocation afresh, whatever was freed before:
# DEFAULT_MMAP_THRESHOLD_MAX where a long has 64 bits.
MAPPED_AFRESH = 32 << 20


def bounds(results: Results) -> dict[str, Any]:
    """All that the section says; what was not measured is missing in it."""
    return {"numpy": floor(results), "faults": faults(results), "share": share(results)}


def floor(results: Results) -> dict[str, Any] | None:
    """Nanoseconds for an element: of the parts, of their sum, and of what is made of them."""
    kernels = results.entry("kernels", "kernels")
    alone, threaded, reading = (
        per_element(results, "large float32", peer)
        for peer in ("ours-numpy-1", "ours-numpy", "reading")
    )
    if not kernels or alone is None or threaded is None or reading is None:
        return None
    elements = (1 << 20) / 4
    parts = {name: entry["median"] / elements * 1e9 for name, entry in kernels.items()}
    total, threads = sum(parts.values()), results.document["machine"]
    divided = total / min(threads["processors used"], 8)
    return {
        "parts": parts,
        "total": total,
        "divided": divided,
        "reading": reading,
        "alone": alone,
        "threaded": threaded,
        "least": max(divided, reading),
        "binding": "arithmetic" if divided > reading else "memory",
    }


def per_element(results: Results, case: str, peer: str) -> float | None:
    """Nanoseconds for an element."""
    time = results.time(case, peer)
    return None if time is None else time / results.size(case) * 1e9


def faults(results: Results) -> list[dict[str, Any]]:
    """Page faults and time of eager F.kl_div at each shape, and ours beside it."""
    found = []
    for case in ("wide float32", "large float32"):
        for peer in ("torch", "ours-torch"):
            entry = results.entry(case, peer)
            if "median" in entry:
                found.append(
                    {
                        "shape": " x ".join(map(str, results.document["cases"][case]["shape"])),
                        "peer": peer,
                        "temporary": results.size(case) * 4 / 2**20,
                        "afresh": results.size(case) * 4 > MAPPED_AFRESH,
                        "faults": entry["faults"] / results.size(case) * 1e3,
                        "time": per_element(results, case, peer),
                    }
                )
    return found


def share(results: Results) -> float | None:
    """Part of the time of F.kl_div at the larger shape that it does not take at the smaller."""
    if results.size("large float32") * 4 <= MAPPED_AFRESH:
        return None
    wide, large = (per_element(results, f"{name} float32", "torch") for name in ("wide", "large"))
    return None if wide is None or large is None else 1 - wide / large
