"""How a function of arrays is run: in one working type, quietly, on their device; knows no KL."""

import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import cast, is_kind, native
from kldiv_xp.core.facts import Facts, facts_about
from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.core.programs import functions_for


def run(function: Callable[..., Array], dtype: DType, result_dtype: DType, *arrays: Array) -> Array:
    """Result of ``function(xp, *arrays)``, computed in `dtype` and rounded once; masks stay."""
    xp = namespace_of(arrays[0])
    facts = facts_about(xp)
    with quiet(facts, arrays[0]):
        operands = [in_working_type(xp, array, dtype) for array in arrays]
        result = function(functions_for(xp, arrays[0]), *operands)
        result = cast(xp, result, native(result_dtype))
        return xp.asarray(result) if facts.zero_dimensional_is_scalar else result


def constant(facts: Facts, array: Array) -> Array:
    """Array that automatic differentiation takes for a constant."""
    if facts.constant is None:
        return array
    module, _, name = facts.constant.rpartition(".")
    return getattr(sys.modules[module], name)(array)


def in_working_type(xp: Namespace, array: Array, dtype: DType) -> Array:
    """Array in the type that is computed in; a mask stays."""
    return array if is_kind(xp, array.dtype, "bool") else cast(xp, array, dtype)


def quiet(facts: Facts, array: Array) -> AbstractContextManager[object]:
    """Context to work in: the device of `array`, or silence for NumPy's warnings."""
    if facts.needs_device_context:
        device: AbstractContextManager[object] = array.device
        return device
    numpy = sys.modules.get("numpy") if facts.computes_with_numpy else None
    return nullcontext() if numpy is None else numpy.errstate(all="ignore")


def wanted_derivatives(
    way: Callable[..., Array],
    context: Context,
    functions: Iterable[Callable[..., Array]],
    arrays: tuple[Array, ...],
    upstream: tuple[Array, ...],
    wanted: tuple[bool, bool],
) -> tuple[Array | None, Array | None]:
    """Functions of arrays and cotangents by a way such as `run`, each in its operand's type."""
    by_input, by_target = (
        way(function, context.working, native(operand.dtype), *arrays, *upstream) if want else None
        for function, operand, want in zip(functions, arrays[:2], wanted, strict=True)
    )
    return by_input, by_target
