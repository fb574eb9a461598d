"""Compiled kernels on disk, so that a new process does not compile what another has compiled."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

CACHE_FOLDER_VARIABLE = "KLDIV_XP_CACHE_DIR"
"""The cache folder; an empty value switches the cache off."""


def cached(compile: Callable[[], bytes], *what: str) -> bytes:
    """Compiled code, from the cache if it is there; `what` is source, compiler and options."""
    path = path_of(*what)
    if path is None:
        return compile()
    with suppress(OSError):
        code = path.read_bytes()
        if code:
            return code
    code = compile()
    with suppress(OSError):  # a disk that is full, or may not be written, keeps nobody from it
        write_whole_file(path, code)
    return code


def path_of(*what: str) -> Path | None:
    """Cache file of a source, a compiler and its options; None without a cache folder."""
    folder = os.environ.get(CACHE_FOLDER_VARIABLE, default_folder())
    if not folder:
        return None
    digest = hashlib.sha256("\0".join(what).encode()).hexdigest()
    return Path(folder) / f"{digest}.cubin"


def default_folder() -> str:
    """The user's cache folder, or "" without a home directory."""
    with suppress(RuntimeError):
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return str(Path(home) / "kldiv_xp")
    return ""


def write_whole_file(path: Path, code: bytes) -> None:
    """Write a file atomically: other processes see all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(code)
    Path(file.name).replace(path)
