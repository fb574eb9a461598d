"""Facts that the numbers depend on: the GPU, its driver, the libraries; no name of a machine."""

from typing import Any


def machine() -> dict[str, str]:
    """Name, memory and capability of the first GPU, driver and compilers, as far as torch knows."""
    try:
        import torch
    except ImportError:
        return {"GPU": "unknown: torch is not installed"}
    if not torch.cuda.is_available():
        return {"GPU": "none: torch sees no CUDA device"}
    card: Any = torch.cuda.get_device_properties(0)
    return {
        "GPU": card.name,
        "memory": f"{card.total_memory / 2**30:.0f} GiB",
        "compute capability": f"{card.major}.{card.minor}",
        "multiprocessors": str(card.multi_processor_count),
        "second-level cache": f"{card.L2_cache_size / 2**20:.0f} MiB",
        "CUDA of torch": str(torch.version.cuda),
        **drivers(),
    }


def drivers() -> dict[str, str]:
    """CUDA that the driver has, as far as CuPy knows."""
    try:
        import cupy
    except ImportError:
        return {}
    runtime = cupy.cuda.runtime
    return {
        "CUDA of the driver": str(runtime.driverGetVersion()),
        "CUDA of CuPy": str(runtime.runtimeGetVersion()),
    }
