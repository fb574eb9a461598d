"""NumPy arrays from files, memory-mapped where the format allows it."""

from pathlib import Path
from typing import Any

import numpy as np

from kldiv_xp._typing import Array

SEVERAL = (".npz", ".safetensors")


def load_array(name: str) -> Array:
    """Array from a file: 'a.npy', 'a.npz:name' or 'a.safetensors:name'.

    Raises
    ------
    ValueError
        If the format is unknown, the name of the array is missing or wrong, or the file is
        damaged.
    OSError
        If there is no such file.
    ImportError
        If a package that reads the file is not installed.
    """
    path, key = name, ""
    if Path(name).suffix not in {".npy", *SEVERAL}:
        path, _, key = name.rpartition(":")
    suffix = Path(path).suffix
    if suffix not in {".npy", *SEVERAL}:
        message = (
            f"A file of arrays must end in .npy, .npz or .safetensors; got {name!r}: convert it."
        )
        raise ValueError(message)
    try:
        array = READERS[suffix](path, key)
    except (OSError, ImportError, NameOfArrayError):
        raise
    except Exception as error:
        # Damage has many names: EOFError, BadZipFile, zlib.error, RuntimeError ("is encrypted"),
        # SafetensorError, MemoryError for the size in a header.
        raise ValueError(damaged(path, str(error) or type(error).__name__)) from error
    if not isinstance(array, np.ndarray):
        raise ValueError(damaged(path, f"it holds {type(array).__name__}"))
    return array


class NameOfArrayError(ValueError):
    """The name of an array in a file is missing or wrong."""


def damaged(path: str, reason: str) -> str:
    """Message about a file that cannot be read."""
    return (
        f"A file must hold arrays of numbers that can be read; got {path} ({reason.rstrip('.')}): "
        "save it again, by numpy.save or numpy.savez."
    )


def from_npy(path: str, key: str) -> Any:
    """Array from a .npy file."""
    if key:
        message = f"A file of one array has no names in it; got {path}:{key}: write {path} alone."
        raise NameOfArrayError(message)
    return with_type(np.lib.format.open_memmap(path, mode="r"))


def from_npz(path: str, key: str) -> Any:
    """Array from a .npz archive."""
    # np.load leaves the file open where it is no archive.
    with open(path, "rb") as file, np.lib.npyio.NpzFile(file, allow_pickle=False) as archive:  # noqa: PTH123
        return with_type(archive[name_of_array(path, key, list(archive.files))])


def from_safetensors(path: str, key: str) -> Any:
    """Array from a .safetensors file."""
    from safetensors import safe_open

    with safe_open(path, framework="np") as archive:
        name = name_of_array(path, key, list(archive.keys()))
        if archive.get_slice(name).get_dtype() == "BF16":
            import ml_dtypes  # noqa: F401 - NumPy has the type from here on

        return archive.get_tensor(name)


def with_type(array: Any) -> Any:
    """The array; the void dtype under which numpy.save stores bfloat16 becomes bfloat16 again."""
    if getattr(array, "dtype", None) != np.dtype("V2"):
        return array
    import ml_dtypes

    return array.view(ml_dtypes.bfloat16)


READERS = {".npy": from_npy, ".npz": from_npz, ".safetensors": from_safetensors}


def name_of_array(path: str, key: str, names: list[str]) -> str:
    """Name of the array to read: the given one, or the only one in the file."""
    if not names:
        message = f"A file of arrays must hold one; got {path} with none: save it again."
        raise NameOfArrayError(message)
    if not key and len(names) == 1:
        return names[0]
    if key not in names:
        message = (
            f"The name of an array in {path} must be one of {', '.join(sorted(names))}; got "
            f"{key!r}: write it behind the file, {path}:{sorted(names)[0]}."
        )
        raise NameOfArrayError(message)
    return key
