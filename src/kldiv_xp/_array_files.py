"""Arrays of NumPy out of files, mapped into memory where the format allows it."""

from pathlib import Path

import numpy as np

from kldiv_xp._typing import Array

SEVERAL = (".npz", ".safetensors")


def load(name: str) -> Array:
    """Array of a file: 'a.npy', 'a.npz:name' or 'a.safetensors:name'.

    Raises
    ------
    ValueError
        If the format is unknown, or the name of the array is missing or wrong.
    OSError
        If there is no such file.
    """
    path, key = name, ""
    if Path(name).suffix not in {".npy", *SEVERAL}:
        path, _, key = name.rpartition(":")
    suffix = Path(path).suffix
    if suffix == ".npy":
        return np.load(path, mmap_mode="r", allow_pickle=False)
    if suffix == ".npz":
        with np.load(path, allow_pickle=False) as archive:
            return archive[chosen(path, key, list(archive.files))]
    if suffix == ".safetensors":
        return from_safetensors(path, key)
    message = f"A file of arrays must end in .npy, .npz or .safetensors; got {name!r}: convert it."
    raise ValueError(message)


def from_safetensors(path: str, key: str) -> Array:
    """One array of a file of safetensors."""
    from safetensors import safe_open

    with safe_open(path, framework="np") as archive:
        return archive.get_tensor(chosen(path, key, list(archive.keys())))


def chosen(path: str, key: str, names: list[str]) -> str:
    """Name of the array that is meant: the one that was given, or the only one there is."""
    if not names:
        message = f"A file of arrays must hold one; got {path} with none: save it again."
        raise ValueError(message)
    if not key and len(names) == 1:
        return names[0]
    if key not in names:
        message = (
            f"The name of an array in {path} must be one of {', '.join(sorted(names))}; got "
            f"{key!r}: write it behind the file, {path}:{sorted(names)[0]}."
        )
        raise ValueError(message)
    return key
