"""Checks of a bitwise reproducible call."""

from typing import cast

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.checks.handed_values import as_number
from kldiv_xp.checks.remedies import module_of, say
from kldiv_xp.core.dtypes import limits
from kldiv_xp.core.facts import facts_about, full_name
from kldiv_xp.core.namespaces import is_being_compiled, plain_library
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logit_arrays import JSOfArray
from kldiv_xp.formula.logits import JS, KL, Divergence, JSOfGiven
from kldiv_xp.formula.reproducible_functions import TINY

MOST_BITS = 32


def check_reproducible(xp: Namespace, form: Form, dtype: DType, **operands: Array) -> None:
    """Refuse options and dtypes without a bitwise reproducible form."""
    if form.generalized:
        message = (
            "`generalized` must be False where `reproducible` is true, because its terms have no "
            "form with the same bits in every library: leave one of them out."
        )
        raise ValueError(message)
    check_types(xp, dtype, **operands)


def known_divergence(divergence: Divergence | JSOfArray) -> KL | JS:
    """Divergence of logits, if it has a form with the same bits everywhere."""
    check_number("temperature", divergence.temperature)
    if isinstance(divergence, KL):
        return divergence
    check_number("beta", divergence.beta)
    if isinstance(divergence, JSOfGiven):
        message = (
            "`target_is` must be 'logits' for a Jensen-Shannon divergence where `reproducible` is "
            f"true; got {divergence.target_is!r}: pass logarithms of the probabilities times "
            "`temperature`, which are such logits."
        )
        raise ValueError(message)
    if 0 < divergence.beta < TINY:
        message = (
            f"`beta` must be 0 or at least {TINY:.8g}, the least normal float32, where "
            f"`reproducible` is true; got {divergence.beta!r}: pass 1.2e-38."
        )
        raise ValueError(message)
    return cast("JS", divergence)


def check_number(name: str, value: float | Array) -> None:
    """Refuse an array, by whose reciprocal or complement libraries would differ."""
    if not isinstance(value, float):
        message = (
            f"`{name}` must be a number where `reproducible` is true; got an array: pass "
            f"{as_number(name, value)}."
        )
        raise TypeError(message)


def check_types(xp: Namespace, dtype: DType, **operands: Array) -> None:
    """Refuse dtypes, of operands and of the result, without a reproducible form."""
    for name, operand in operands.items():
        check_bits(xp, name, operand)
        check_plain(xp, name, operand)
    if limits(xp, dtype).bits > MOST_BITS:
        message = (
            f"`dtype` must have at most {MOST_BITS} bits where `reproducible` is true; got "
            f"{dtype}: pass {module_of(xp)}.float32."
        )
        raise ValueError(message)
    check_float64(xp, operands["input"])


def check_bits(xp: Namespace, name: str, operand: Array) -> None:
    """Refuse float64, since the intermediate results need more digits than the operands."""
    if limits(xp, operand.dtype).bits > MOST_BITS:
        message = (
            f"`{name}` must have at most {MOST_BITS} bits where `reproducible` is true; got "
            f"{operand.dtype}: convert it with {say(xp, 'as_float', name)}."
        )
        raise ValueError(message)


def check_plain(xp: Namespace, name: str, operand: Array) -> None:
    """Refuse subclasses of tensors, such as DTensor."""
    facts = facts_about(xp)
    if facts.has_layouts and plain_library(type(operand)) is None:
        kind = full_name(type(operand))
        remedy = "pass its values, which a DTensor has in full_tensor()"
        if kind.endswith(".FakeTensor"):
            remedy = "pass reproducible=False where there are no values, as in what is exported"
        message = (
            f"`{name}` must be a plain tensor where `reproducible` is true; got {kind}: {remedy}."
        )
        raise TypeError(message)


def check_float64(xp: Namespace, input: Array) -> None:
    """Refuse a library with float64 disabled, such as JAX by default."""
    if is_being_compiled(input) or not hasattr(xp, "__array_namespace_info__"):
        return
    try:
        names = xp.__array_namespace_info__().dtypes(kind="real floating")
    except RuntimeError:  # of an edition of the standard that has no such function
        return
    if "float64" not in names:
        message = (
            "`reproducible` computes in float64, which the library of `input` is not set to have: "
            'call jax.config.update("jax_enable_x64", True) at the start of the program.'
        )
        raise ValueError(message)
