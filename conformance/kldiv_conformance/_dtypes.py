"""The name of an array's dtype, however its library spells it."""

import re
from typing import Any

SPELLINGS = {
    "float16": ("half", "fp16", "f16", "f2"),
    "bfloat16": ("bf16",),
    "float32": ("float", "single", "fp32", "f32", "f4"),
    "float64": ("double", "fp64", "f64", "f8"),
}
NAMES = {spelling: name for name, others in SPELLINGS.items() for spelling in (name, *others)}


def dtype_name(array: Any) -> str:
    """Name of the dtype of an array: 'float32', for example; what is no float is as it prints.

    Understood are names (``float32``, ``Float32``, ``float``, ``double``, ``bf16``, ``<f4``) alone,
    behind a module (``torch.float32``), in quotes or brackets (``<dtype: 'float32'>``,
    ``<class 'jax.numpy.float32'>``, ``tensor(float)``), or as the dtype's attribute `name`.
    """
    dtype = array.dtype
    if dtype is float:  # of Python, which has 64 bits
        return "float64"
    printed = str(dtype)
    for text in (printed, getattr(dtype, "name", None)):
        words = re.findall(r"\w+", text) if isinstance(text, str) else []
        known = {NAMES[word.lower()] for word in words if word.lower() in NAMES}
        if len(known) == 1:
            return known.pop()
    return printed.rpartition(".")[2]
