"""Files that are there whole, or not at all."""

import os
from contextlib import suppress
from pathlib import Path


def check_writable(path: Path) -> None:
    """Raise ValueError unless a file can be written there."""
    folder = path.parent
    if path.is_dir():
        message = f"{str(path)!r} is a folder: name a file in it."
    elif not folder.is_dir():
        message = f"{str(path)!r} cannot be written: make the folder {str(folder)!r} first."
    elif not os.access(path if path.exists() else folder, os.W_OK):
        message = f"{str(path)!r} cannot be written: you have no permission."
    else:
        return
    raise ValueError(message)


def write_whole(path: Path, text: str) -> None:
    """Write a file under another name, and give it its own when all is written."""
    content = text.encode("utf-8", errors="backslashreplace")
    if path.exists() and not path.is_file():  # a device, or a pipe
        path.write_bytes(content)
        return
    path = path.resolve()
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()
