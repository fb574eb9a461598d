"""Rows that lie on a mesh of JAX: in parts of a shard_map, or along axes that are explicit."""

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


def varying_alike(operands: Any) -> Any:
    """Operands of a tree, each marked as another one on each device where one of them is.

    Within `jax.shard_map` JAX asks that a derivative varies over the axes of its operand, and adds
    it up over the devices where it has marked an operand by itself.
    """
    leaves = jax.tree.leaves(operands)
    axes = frozenset().union(*map(varying_axes, leaves))

    def marked(array: Array) -> Array:
        missing = tuple(sorted(axes - varying_axes(array)))
        if not missing:
            return array
        mark = getattr(jax.lax, "pcast", None)  # older versions have pvary alone
        return mark(array, missing, to="varying") if mark else jax.lax.pvary(array, missing)

    return jax.tree.map(marked, operands) if axes else operands


def varying_axes(array: Array) -> frozenset[str]:
    """Axes of a shard_map over which an array varies, as far as JAX keeps account of them."""
    kind = jax.typeof(array) if hasattr(jax, "typeof") else None
    kind = getattr(kind, "manual_axis_type", kind)
    found: frozenset[str] = getattr(kind, "varying", getattr(kind, "vma", frozenset()))
    return found


def explicit_sharding(rows: Array) -> Any:
    """Sharding over a mesh with explicit axes, which older versions do not have; or None."""
    sharding = getattr(jax.typeof(rows), "sharding", None) if hasattr(jax, "typeof") else None
    kinds = getattr(getattr(sharding, "mesh", None), "axis_types", None) or ()
    if "Explicit" not in [kind.name for kind in kinds]:
        return None
    return sharding if isinstance(rows, jax.core.Tracer) else rows.sharding
