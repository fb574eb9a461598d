"""Facts about the machine that numbers depend on, without its name."""

import os
import platform
from pathlib import Path

import numpy as np

from benchmarks.peers_numpy import processors

CPU_INFO = Path("/proc/cpuinfo")
CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def machine() -> dict[str, str | int]:
    """Processor, caches, memory, system and Python."""
    return {
        "processor": processor(),
        "vector instructions": vectors(),
        "processors used": processors(),
        "caches of a core": ", ".join(caches()) or "unknown",
        "memory": f"{memory_bytes() / 2**30:.0f} GiB" if memory_bytes() else "unknown",
        "huge pages": chosen(HUGE_PAGES),
        "C library": " ".join(platform.libc_ver()).strip() or "unknown",
        "load before it began": load(),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
    }


def load() -> str:
    """Processes that others kept running in the last minute, on average."""
    return f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown"


def processor() -> str:
    """Model of the processor."""
    if CPU_INFO.exists():
        for line in CPU_INFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def vectors() -> str:
    """The widest vector instructions that NumPy finds, of those that make a difference to it."""
    found = np._core._multiarray_umath.__cpu_features__
    return next((label for name, label in VECTORS.items() if found.get(name)), "unknown")


VECTORS = {"AVX512F": "AVX-512", "AVX2": "AVX2", "SVE": "SVE", "ASIMD": "NEON"}


def caches() -> list[str]:
    """Level, kind and size of each cache: "L2 1024K"."""
    found = []
    for index in sorted(CACHES.glob("index*")):
        level, kind, size = ((index / name).read_text().strip() for name in FIELDS)
        if kind != "Instruction":
            found.append(f"L{level} {size}")
    return found


FIELDS = ("level", "type", "size")


def memory_bytes() -> int:
    """Physical memory, 0 if the system does not say."""
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 0


def chosen(path: Path) -> str:
    """The word in brackets of a setting of the kernel."""
    if not path.exists():
        return "unknown"
    return path.read_text().partition("[")[2].partition("]")[0]
