"""Choice of a backend for arrays of two types, loaded by the name in the table of facts."""

from importlib import import_module
from types import ModuleType

from kldiv_xp._typing import DType, Namespace
from kldiv_xp.core.dtypes import limits, promoted_dtype
from kldiv_xp.core.facts import facts_about, full_name
from kldiv_xp.core.namespaces import plain_library

# Of the type in which backends add up, which is not enough for NumPy's longdouble.
BITS_OF_BACKENDS = 64


def select_backend(
    xp: Namespace,
    left: type,
    right: type,
    left_dtype: DType,
    right_dtype: DType,
    *,
    compiled: bool = False,
) -> ModuleType | None:
    """Backend for arrays of these types and dtypes, or None where only the plain expression is."""
    facts = facts_about(xp)
    name = facts.backend_of_compiler if compiled else facts.backend
    if facts.backend_takes_plain_types_only and not (plain_library(left) and plain_library(right)):
        name = facts.backends_of_subclasses.get(full_name(left)) if left is right else None
    bits = limits(xp, promoted_dtype(xp, left_dtype, right_dtype)).bits
    if bits > BITS_OF_BACKENDS and not facts.backend_adds_up_in_any_type:
        name = None
    return load_backend(name) if name else None


def load_backend(name: str) -> ModuleType:
    """Module of a backend; torch.compile can trace an import statement, but no `import_module`."""
    if name == "backends.torch.compiled":
        from kldiv_xp.backends.torch import compiled

        return compiled
    if name == "backends.torch.dtensor":
        from kldiv_xp.backends.torch import dtensor

        return dtensor
    if name == "backends.torch.reproducible":
        from kldiv_xp.backends.torch import reproducible

        return reproducible
    return import_module(f"kldiv_xp.{name}")
