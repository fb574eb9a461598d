"""Files that are there whole, or not at all."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def check_writable(path: Path) -> None:
    """Raise ValueError unless a file can be written there; to know it, one is made beside it."""
    refused = f"{str(path)!r} cannot be written"
    if os.path.isdir(path):  # noqa: PTH112 - False, too, for a name that is too long
        message = f"{str(path)!r} is a folder: name a file in it."
        raise ValueError(message)
    if not path.parent.is_dir():
        message = f"{refused}: make the folder {str(path.parent)!r} first."
        raise ValueError(message)
    try:
        if is_special(path):
            return
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError("you have no permission")
        beside = partial(path.resolve())
        beside.touch()
        beside.unlink()
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links that are a loop
        message = f"{refused}: {getattr(error, 'strerror', None) or error}."
        raise ValueError(message) from error


def check_apart(outputs: Sequence[Path], inputs: Sequence[Path] = ()) -> None:
    """Raise ValueError if one file is to be written twice, or written and read."""
    others = [*inputs]
    for path in outputs:
        if any(same_file(path, other) for other in others) and not is_special(path):
            message = f"{str(path)!r} is named twice: name another file."
            raise ValueError(message)
        others.append(path)


def same_file(path: Path, other: Path) -> bool:
    """Whether two paths lead to one file, be it there or not."""
    return os.path.realpath(path) == os.path.realpath(other)


def is_special(path: Path) -> bool:
    """Whether it is a device or a pipe."""
    return path.exists() and not path.is_file()


def partial(path: Path) -> Path:
    """Path where a file is written before it gets its own name."""
    return path.with_name(f".kldiv-conformance-{os.getpid()}")


def write_whole(path: Path, text: str) -> None:
    """Write a file under another name, and give it its own when all is written."""
    content = text.encode("utf-8", errors="backslashreplace")
    if is_special(path):
        path.write_bytes(content)
        return
    path = path.resolve()
    beside = partial(path)
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()
