"""Divergences of logits that options ask for."""

from kldiv_xp._typing import Array, Axis, Tail, TargetKind
from kldiv_xp.checks.arrays import type_name
from kldiv_xp.checks.handed_values import as_number
from kldiv_xp.checks.numbers import is_number
from kldiv_xp.checks.options import check_form, check_tail, check_target_kind
from kldiv_xp.checks.scalars import beta_of, plain_number_within, temperature_of
from kldiv_xp.checks.switches import is_whole_array
from kldiv_xp.core.namespaces import is_array, known_shape, namespace_of
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logit_arrays import JSOfArray
from kldiv_xp.formula.logits import JS, KL, JSOfGiven
from kldiv_xp.formula.sparse import SparseKL


def kl_of(input: Array, temperature: object, target_is: TargetKind, axis: Axis = -1) -> KL:
    """Divergence that the options ask for."""
    check_target_kind(target_is)
    return KL(temperature_of(temperature, input, axis), target_is)


def js_of(
    input: Array, temperature: object, beta: object, target_is: TargetKind, axis: Axis = -1
) -> JS | JSOfArray | JSOfGiven:
    """Divergence that the options ask for."""
    check_target_kind(target_is)
    weight, divisor = beta_of(beta, input, axis), temperature_of(temperature, input, axis)
    if target_is != "logits":
        return JSOfGiven(divisor, beta_at_hand(weight), target_is)
    return JS.of(divisor, weight) if isinstance(weight, float) else JSOfArray(divisor, weight)


def of_heads(
    input: Array,
    temperature: object,
    beta: object,
    target_is: TargetKind,
    tail: Tail,
    *,
    sparse: bool,
    gradient: bool = False,
) -> KL | JS | JSOfGiven | SparseKL:
    """Divergence of logits that are made in blocks: of numbers alone."""
    check_tail(tail)
    for name, number in (("beta", beta), ("temperature", temperature)):
        refuse_number_of_another_library(name, number, input)
    divergence = js_of(input, temperature, beta, target_is)
    if isinstance(divergence, JSOfArray):
        raise TypeError(of_blocks("beta", beta, "", "js_div_with_logits"))
    if not isinstance(divergence.temperature, float):
        loss = "kl_div_with_logits" if divergence.beta == 0 else "js_div_with_logits"
        loss = f"sparse_{loss}" if sparse else loss
        divided = for_traced_temperature(target_is, gradient=gradient)
        raise TypeError(of_blocks("temperature", temperature, divided, loss))
    if sparse:
        return of_sparse(divergence.temperature, divergence.beta, target_is, tail)
    if tail != "bucket":
        message = (
            f"`tail` says how the rest of a vocabulary is taken; got {tail!r} without `indices`: "
            "pass the places of the teacher's entries, or leave it out."
        )
        raise ValueError(message)
    if divergence.beta == 0:
        return KL(divergence.temperature, target_is)
    return divergence


def of_sparse(temperature: float, beta: float, target_is: TargetKind, tail: Tail) -> SparseKL:
    """Divergence from a teacher known in part, of which there is no mixture."""
    if beta == 0:
        return SparseKL(temperature, target_is, tail)
    message = (
        f"`beta` must be 0 where `indices` name the teacher's entries; got {beta!r}: leave it out, "
        "or pass a target for the whole vocabulary without `indices`."
    )
    raise ValueError(message)


def refuse_number_of_another_library(name: str, number: object, input: Array) -> None:
    """Refuse an array that would be no number either once its library is that of the operands."""
    if is_number(number) or not (is_whole_array(number) and is_array(input)):
        return
    if namespace_of(number) is not namespace_of(input) and known_shape(number) == ():
        raise TypeError(of_blocks(name, number, "", ""))


def of_blocks(name: str, value: object, if_traced: str, loss: str) -> str:
    """Sentence that refuses an array."""
    learned = f"; if it is learned, make the logits and call {loss}, which takes an array"
    return (
        f"`{name}` must be a number where logits are made in blocks; got an array: pass "
        f"{as_number(name, value)}{if_traced}{learned * bool(loss)}."
    )


def for_traced_temperature(target_is: TargetKind, *, gradient: bool) -> str:
    """How to do what a temperature does, if its value is not at hand.

    The target is a constant, so that this does not differentiate with respect to it. Probabilities
    are not divided by it, nor are their logarithms.
    """
    both = "`input`, `bias`, `target` and `target_bias`"
    divided = f", or divide {both if target_is == 'logits' else '`input` and `bias`'} by it"
    result = ", and multiply the loss by its square unless scale_by_temperature_squared=False"
    if gradient:
        result = ", and their derivatives too" + result.replace("loss", "loss and derivatives")
    return divided + result


def js_form(log_input: bool, log_target: bool, beta: object) -> Form:
    """Jensen-Shannon divergence of tables that the options ask for."""
    check_form(Form(log_input, log_target))
    if is_number(beta) or isinstance(beta, type) or not is_array(beta):
        return Form(log_input, log_target, beta=plain_number_within("beta", beta))
    message = (
        "`beta` must be a real number from 0 to 1 (no bool); got "
        f"{type_name(beta)}: pass {as_number('beta', beta)}, or "
        "logits to js_div_with_logits, which takes an array and which log-probabilities are."
    )
    raise TypeError(message)


def beta_at_hand(weight: float | Array) -> float:
    """Weight of a target that is given; refuse an array whose value nobody reads."""
    if isinstance(weight, float):
        return weight
    message = (
        "`beta` must be a number where `target` holds probabilities or their logarithms; got an "
        f"array: pass {as_number('beta', weight)}, or at a temperature of 1 logits in both, which "
        "log-probabilities are."
    )
    raise TypeError(message)
