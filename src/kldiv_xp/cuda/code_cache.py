"""Compiled kernels on disk, so that a new process does not compile what another has compiled."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

CACHE_FOLDER_VARIABLE = "KLDIV_XP_CACHE_DIR"
"""The folder; where it is empty, nothing is kept."""


def cached(compile: Callable[[], bytes], *what: str) -> bytes:
    """Code that was compiled from what is given, at any time before or now."""
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
    """File of the code of a text, a compiler and its options."""
    folder = os.environ.get(CACHE_FOLDER_VARIABLE, default_folder())
    if not folder:
        return None
    digest = hashlib.sha256("\0".join(what).encode()).hexdigest()
    return Path(folder) / f"{digest}.cubin"


def default_folder() -> str:
    """Folder for what a user's programs may lose, or none where there is no home."""
    with suppress(RuntimeError):
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return str(Path(home) / "kldiv_xp")
    return ""


def write_whole_file(path: Path, code: bytes) -> None:
    """Write a file that no other process sees before it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(code)
    Path(file.name).replace(path)
