"""Kinds of vectors: what holds of those in which a bug shows."""

import math
from collections.abc import Callable

from kldiv_conformance._vector import Operand, Vector

HALF = {"float16", "bfloat16"}
OF_LOGITS = ("kl_div_with_logits", "js_div_with_logits")
EVEN = 0.5
TAILS = ("bucket", "zero", "renormalize")
SPACES = ("log_input", "log_target")
Where = Callable[[Vector], bool]


def is_of_another_form(vector: Vector) -> bool:
    """Whether the loss is not torch's."""
    return bool({"log_input", "generalized", "reproducible"} & set(vector.arguments))


def is_loss(vector: Vector) -> bool:
    """Whether torch's loss is called."""
    is_torchs = not is_of_another_form(vector)
    return is_own(vector) and is_torchs


def is_own(vector: Vector) -> bool:
    """Whether the loss is called, in torch's form or another."""
    return vector.function is None and vector.kind != "invalid"


def is_beside(vector: Vector) -> bool:
    """Whether another function than the loss is called."""
    return vector.function is not None and vector.kind != "invalid"


def is_of_logits(vector: Vector) -> bool:
    """Whether a divergence from logits is called, both of them known everywhere."""
    return vector.function in OF_LOGITS and vector.kind != "invalid"


def is_of_tables(vector: Vector) -> bool:
    """Whether the divergence of two tables from their mixture is called."""
    return vector.function == "js_div" and vector.kind != "invalid"


def is_of_states(vector: Vector) -> bool:
    """Whether logits are made of hidden states."""
    return bool(vector.layers) and vector.kind != "invalid"


def has(name: str) -> Where:
    """Whether an array of some name is passed."""
    return lambda vector: name in vector.others


def has_probabilities(vector: Vector) -> bool:
    """Whether the input holds probabilities."""
    return vector.arguments.get("log_input") is False


def passes(name: str, *values: object) -> Where:
    """Whether an argument is one of some values."""
    return lambda vector: name in vector.arguments and vector.arguments[name] in values


def is_sparse(vector: Vector) -> bool:
    """Whether the teacher is known at some indices."""
    return vector.function == "sparse_kl_div_with_logits" and vector.kind != "invalid"


def tail_is(name: str) -> Where:
    """Whether the rest is taken in one way."""
    return lambda vector: vector.arguments.get("tail") == name


def has_a_rest(vector: Vector) -> bool:
    """Whether there are words that the teacher does not name, so that a tail matters."""
    return is_sparse(vector) and vector.target.shape != vector.input.shape


def is_kl(vector: Vector) -> bool:
    """Whether it is the divergence of one distribution from another."""
    return is_of_logits(vector) and vector.function == "kl_div_with_logits"


def is_js(vector: Vector) -> bool:
    """Whether it is the divergence from a mixture."""
    return is_of_logits(vector) and vector.function == "js_div_with_logits"


def in_log_space(vector: Vector) -> bool:
    """Whether the target of a loss holds logarithms."""
    return is_loss(vector) and vector.arguments.get("log_target") is True


def of_probabilities(vector: Vector) -> bool:
    """Whether the target of a loss holds probabilities."""
    return is_loss(vector) and not in_log_space(vector)


def reduces(*names: str) -> Where:
    """Whether a vector has one of these reductions, with more than one element to divide by."""

    def holds(vector: Vector) -> bool:
        legacy = {"size_average", "reduce"} & set(vector.arguments)
        return (
            vector.kind != "invalid"
            and not legacy
            and vector.arguments.get("reduction") in names
            and math.prod(vector.input.shape) > 1
        )

    return holds


def without_samples(where: Where) -> Where:
    """The same, without axes of samples and masks."""

    def holds(vector: Vector) -> bool:
        plain = vector.where is None and (vector.function or vector.arguments.get("axis") is None)
        return bool(plain) and where(vector)

    return holds


def argument(name: str, of: Callable[[object], bool]) -> Where:
    """Whether an argument of a call with logits is one of some values."""

    def holds(vector: Vector) -> bool:
        return is_of_logits(vector) and name in vector.arguments and of(vector.arguments[name])

    return holds


def is_half(vector: Vector) -> bool:
    """Whether an operand has 16 bits."""
    return vector.kind != "invalid" and bool({vector.input.dtype, vector.target.dtype} & HALF)


def is_empty(vector: Vector) -> bool:
    """Whether an operand has no element."""
    return vector.kind != "invalid" and 0 in vector.input.shape


def is_without_axes(vector: Vector) -> bool:
    """Whether the operands have no axis."""
    return vector.kind != "invalid" and not vector.input.shape


def is_mixed(vector: Vector) -> bool:
    """Whether the operands have different dtypes."""
    return vector.kind != "invalid" and vector.input.dtype != vector.target.dtype


def has_axis(vector: Vector) -> bool:
    """Whether a loss is asked for samples."""
    return is_own(vector) and vector.arguments.get("axis") is not None


def is_masked(vector: Vector) -> bool:
    """Whether something is selected by a mask, and something is not."""
    return has_mask(vector) and "NothingSelected" not in vector.flags


def is_masked_mean(vector: Vector) -> bool:
    """Whether the mean of what is selected is asked for."""
    return is_masked(vector) and vector.arguments["reduction"] == "mean"


def has_mask(vector: Vector) -> bool:
    """Whether something is left out by a mask."""
    return vector.kind != "invalid" and vector.where is not None


def has_any_axis(vector: Vector) -> bool:
    """Whether an axis is named that is not the last, or that a loss of torch does not have."""
    axis = vector.arguments.get("axis")
    plain = {None, -1} if vector.function else {None}
    return vector.kind != "invalid" and (isinstance(axis, list | tuple) or axis not in plain)


def is_true(name: str) -> Where:
    """Whether a switch is on."""
    return lambda vector: vector.arguments.get(name) is True


def both(*kinds: Where) -> Where:
    """Whether all of them hold."""
    return lambda vector: all(kind(vector) for kind in kinds)


def upstream(vector: Vector) -> bool:
    """Whether an upstream derivative would be missed."""
    return isinstance(vector.upstream, Operand) or vector.upstream not in {None, 1.0}


def flagged(flag: str) -> Where:
    """Whether a vector has a flag."""
    return lambda vector: flag in vector.flags


def of_either(*kinds: Where) -> tuple[Where, ...]:
    """Kinds of vectors of both divergences from logits, and of one of them."""
    return tuple(both(kind, one) for kind in kinds for one in (is_of_logits, is_kl, is_js))


def among(kind: Where) -> tuple[Where, ...]:
    """Vectors of a kind: those of all functions, of the loss, and of what stands beside it."""
    return kind, both(kind, is_own), both(kind, is_beside)


def at_end(end: float) -> Where:
    """Whether the mixture is one of the two distributions."""
    return argument("beta", lambda beta: beta == end)


def differ(vector: Vector) -> bool:
    """Whether the distributions are not nearly equal."""
    return not {"EqualLogits", "Cancellation"} & set(vector.flags)


def adds_up_in_half(vector: Vector) -> bool:
    """Whether the sum is too long or too large for a 16-bit accumulator."""
    return bool({"HalfAccumulator", "HalfOverflow"} & set(vector.flags))


def would_feel_an_epsilon(vector: Vector) -> bool:
    """Whether something small that is added to probabilities changes the numbers."""
    return vector.kind != "invalid" and (
        "Epsilon" in vector.flags
        or (
            {vector.input.dtype, vector.target.dtype} == {"float64"}
            and vector.arguments.get("log_target") is not True
        )
    )


def is_heated(vector: Vector) -> bool:
    """Whether the temperature is not 1."""
    return bool(vector.arguments.get("temperature", 1.0) != 1)


def is_scaled(vector: Vector) -> bool:
    """Whether the square of the temperature is wanted."""
    return vector.arguments.get("scale_by_temperature_squared") is True


HEATED = argument("temperature", lambda value: value != 1)
SCALED = argument("scale_by_temperature_squared", lambda value: value is True)
UNSCALED = argument("scale_by_temperature_squared", lambda value: value is False)
GIVEN = argument("target_is", lambda value: value != "logits")
ENDS = argument("beta", lambda beta: beta in {0.0, 1.0})
LOGITS = argument("target_is", lambda value: value == "logits")

TABLES = (
    is_of_tables,
    both(is_of_tables, passes("beta", 0.0, 1.0)),
    both(is_of_tables, lambda vector: vector.arguments["beta"] not in {0.0, EVEN, 1.0}),
    *(both(is_of_tables, passes(name, log)) for name in SPACES for log in (True, False)),
)
STATES = (
    is_of_states,
    *(both(is_of_states, has(name)) for name in ("bias", "target_weight", "indices")),
    both(is_of_states, is_heated),
    both(is_of_states, is_heated, is_scaled),
    both(is_of_states, lambda vector: vector.arguments["beta"] != 0),
)
