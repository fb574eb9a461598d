"""What two operands are together, told from their types once and remembered."""

from dataclasses import dataclass, replace
from importlib import import_module
from types import ModuleType

from kldiv_xp._array_api import (
    is_autocast,
    is_being_compiled,
    limits,
    plain_library,
    plain_namespace,
    promoted_dtype,
    working_dtype,
)
from kldiv_xp._array_checks import check_layouts, is_dense, is_float
from kldiv_xp._backends import Facts, facts_about, full_name
from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp._validation import check_devices, check_operands, check_shapes

# Of the type in which bridges add up, which is not enough for NumPy's longdouble.
BITS_OF_BRIDGES = 64


@dataclass(frozen=True, slots=True)
class Operands:
    """Library of two operands, and the types to compute in and to return."""

    xp: Namespace
    facts: Facts
    bridge: ModuleType | None
    dtype: DType
    working: DType


_remembered: dict[tuple[object, ...], Operands] = {}


def examine(input: Array, target: Array) -> Operands:
    """Check two operands and say what they are together; raises as `check_operands` does."""
    compiled = is_being_compiled(input)
    operands = None if compiled else remembered(*kinds(input, target))
    if operands is None:
        xp = check_operands(input, target)
        operands = describe(xp, *kinds(input, target), compiled=compiled)
    else:
        check_again(operands, input, target)
    narrow = operands.dtype != operands.working and operands.facts.has_autocast
    if narrow and is_autocast(operands.xp, input):
        return replace(operands, dtype=operands.working)
    return operands


def check_again(operands: Operands, input: Array, target: Array) -> None:
    """Check of two operands what their types, which are known, do not say."""
    xp, facts = operands.xp, operands.facts
    if facts.has_layouts and not (is_dense(xp, input) and is_dense(xp, target)):
        check_layouts(xp, input=input, target=target)
    if input.shape != target.shape:
        check_shapes(input, target)
    if facts.forbids_mixed_devices and input.device != target.device:
        check_devices(xp, input=input, target=target)


def kinds(input: object, target: object) -> tuple[type, type, DType, DType]:
    """Types and dtypes of two operands."""
    dtypes = getattr(input, "dtype", None), getattr(target, "dtype", None)
    return type(input), type(target), *dtypes


def remembered(left: type, right: type, left_dtype: DType, right_dtype: DType) -> Operands | None:
    """Operands of plain types of one library and real floating-point dtypes; None of others."""
    xp = plain_namespace(left)
    if xp is None or plain_namespace(right) is not xp:
        return None
    key = (left, right, left_dtype, right_dtype)
    if key not in _remembered:
        if not all(is_float(xp, dtype) for dtype in (left_dtype, right_dtype)):
            return None
        operands = describe(xp, *key)
        # NumPy's dtypes are equal whatever metadata they carry, which is the caller's own.
        if any(getattr(dtype, "metadata", None) for dtype in (left_dtype, right_dtype)):
            return operands
        _remembered[key] = operands
    return _remembered[key]


def describe(
    xp: Namespace,
    left: type,
    right: type,
    left_dtype: DType,
    right_dtype: DType,
    *,
    compiled: bool = False,
) -> Operands:
    """What operands of these types are together."""
    facts = facts_about(xp)
    bridge = facts.bridge_of_compiler if compiled else facts.bridge
    if facts.bridge_takes_plain_types_only and not (plain_library(left) and plain_library(right)):
        bridge = facts.bridges_of_subclasses.get(full_name(left)) if left is right else None
    dtype = promoted_dtype(xp, left_dtype, right_dtype)
    if limits(xp, dtype).bits > BITS_OF_BRIDGES and not facts.bridge_adds_up_in_any_type:
        bridge = None
    return Operands(
        xp=xp,
        facts=facts,
        bridge=load_bridge(bridge) if bridge else None,
        dtype=dtype,
        working=working_dtype(xp, dtype),
    )


def load_bridge(name: str) -> ModuleType:
    """Module of a bridge; torch.compile can trace an import statement, but no `import_module`."""
    if name == "_torch_graph":
        from kldiv_xp import _torch_graph

        return _torch_graph
    if name == "_torch_shards":
        from kldiv_xp import _torch_shards

        return _torch_shards
    return import_module(f"kldiv_xp.{name}")
