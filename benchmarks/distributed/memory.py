"""The most memory that a process held, from a moment on."""

from pathlib import Path

STATUS = Path("/proc/self/status")


def forget_peak() -> int:
    """Start to watch anew, and say how much is held now, in bytes."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return peak()


def peak() -> int:
    """Most memory held since `forget_peak`, in bytes."""
    for line in STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    message = f"{STATUS} says no VmHWM: memory can be measured on Linux only."
    raise RuntimeError(message)
