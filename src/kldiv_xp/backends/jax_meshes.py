"""Rows that lie on a mesh of JAX whose axes are explicit: what becomes of them XLA decides."""

from collections.abc import Callable
from typing import Any

import jax

from kldiv_xp._typing import Array


def on_rows(function: Callable[..., Array], rows: Array, *operands: object) -> Array:
    """Result of a function, a number for every row, sharded like the rows.

    In explicit axes JAX decides of each step where its result lies, and refuses a scatter, a
    product over a sharded axis, and blocks of rows that it cannot share.
    """
    sharding = explicit_sharding(rows)
    if sharding is None:
        return function(*operands)
    spec = jax.sharding.PartitionSpec(*sharding.spec[:-1])
    placed = jax.sharding.NamedSharding(sharding.mesh, spec)
    found: Array = jax.sharding.auto_axes(function, out_sharding=placed)(*operands)
    return found


def explicit_sharding(rows: Array) -> Any:
    """Sharding over a mesh with explicit axes, which older versions do not have; or None."""
    sharding = getattr(jax.typeof(rows), "sharding", None) if hasattr(jax, "typeof") else None
    kinds = getattr(getattr(sharding, "mesh", None), "axis_types", None) or ()
    if "Explicit" not in [kind.name for kind in kinds]:
        return None
    return sharding if isinstance(rows, jax.core.Tracer) else rows.sharding
