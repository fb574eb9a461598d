"""Scopes of flags: the vectors in which a bug shows, in which of their results, and how."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from kldiv_conformance._evidence import OPERANDS, Place, Symptoms
from kldiv_conformance._vector import Vector
from kldiv_conformance._vectors import notes, vectors

HALF = {"float16", "bfloat16"}
OF_LOGITS = ("kl_div_with_logits", "js_div_with_logits")
GRADIENT = frozenset({"d_input", "d_target"})
VALUE = frozenset({"value"})
ALL = VALUE | GRADIENT
EVERY = ALL | {"raises", "d_weight"}
# A bug of a value shows in its derivatives if a library differentiates, else in values alone.
VALUES = (VALUE, ALL, VALUE | {"d_target"}, VALUE | {"d_input"})
OF_STATES = tuple(map(frozenset, (("d_input", "d_weight"), ("d_input",), ("d_weight",))))
DERIVATIVES = (GRADIENT, frozenset({"d_input"}), frozenset({"d_target"}))
FINITE = frozenset({"slight", "gross"})
EVEN = 0.5
SPACES = ("log_input", "log_target")
NUMBERS = frozenset({"slight", "gross", "nan", "infinite", "bounded", "raised", "shape"})
Where = Callable[[Vector], bool]


@dataclass(frozen=True)
class Scope:
    """One way in which the bug of a flag shows.

    Attributes
    ----------
    places : frozenset
        Results of vectors in which it shows.
    symptoms : frozenset of str or None
        How it shows; None for in any way.
    telltale : str or None
        Formula whose numbers must be seen; 'none' for no such formula, None if it does not matter.
    ways : int
        In how many ways it may show.
    """

    flag: str
    places: frozenset[Place]
    symptoms: Symptoms | None
    telltale: str | None
    ways: int

    def explains(self, found: Symptoms) -> bool:
        """Whether the bug shows like this."""
        return bool(found if self.symptoms is None else found & self.symptoms)


@dataclass(frozen=True)
class Sign:
    """Knowledge of a bug.

    Attributes
    ----------
    kinds : tuple of callable
        What holds of the vectors in which it shows: one of these.
    results : tuple of frozenset of str
        In which of their results it shows: one of these.
    symptoms : frozenset of str or None
        How it shows; None for in any way.
    telltale : str or None
        Formula whose numbers must be seen; 'none' for no such formula, None if it does not matter.
    """

    kinds: tuple[Where, ...]
    results: tuple[frozenset[str], ...] = VALUES
    symptoms: Symptoms | None = None
    telltale: str | None = None


def is_of_another_form(vector: Vector) -> bool:
    """Whether the loss is not torch's."""
    return bool({"log_input", "generalized", "reproducible"} & set(vector.arguments))


def is_loss(vector: Vector) -> bool:
    """Whether torch's loss is called."""
    is_torchs = not is_of_another_form(vector)
    return vector.function is None and vector.kind != "invalid" and is_torchs


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


def is_mixed(vector: Vector) -> bool:
    """Whether the operands have different dtypes."""
    return vector.kind != "invalid" and vector.input.dtype != vector.target.dtype


def has_axis(vector: Vector) -> bool:
    """Whether a loss is asked for samples."""
    return is_loss(vector) and vector.arguments.get("axis") is not None


def is_masked(vector: Vector) -> bool:
    """Whether something is selected by a mask, and something is not."""
    return (
        vector.kind != "invalid"
        and vector.where is not None
        and "NothingSelected" not in vector.flags
    )


def is_masked_mean(vector: Vector) -> bool:
    """Whether the mean of what is selected is asked for."""
    return is_masked(vector) and vector.arguments["reduction"] == "mean"


def both(*kinds: Where) -> Where:
    """Whether all of them hold."""
    return lambda vector: all(kind(vector) for kind in kinds)


def upstream(vector: Vector) -> bool:
    """Whether an upstream derivative would be missed."""
    return vector.upstream not in {None, 1.0}


def flagged(flag: str) -> Where:
    """Whether a vector has a flag."""
    return lambda vector: flag in vector.flags


def of_either(*kinds: Where) -> tuple[Where, ...]:
    """Kinds of vectors of both divergences from logits, and of one of them."""
    return tuple(both(kind, one) for kind in kinds for one in (is_of_logits, is_kl, is_js))


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

SIGNS: dict[str, Sign] = {
    "Formula": Sign((is_loss,), symptoms=NUMBERS - {"slight"}, telltale="none"),
    "ArgumentOrder": Sign((is_loss,), telltale="reversed"),
    "NaturalLog": Sign((of_probabilities,), telltale="base"),
    "LogTarget": Sign((in_log_space,)),
    "Sum": Sign(
        (
            without_samples(reduces("sum")),
            without_samples(reduces("sum", "mean", "batchmean")),
        ),
        symptoms=NUMBERS,
    ),
    "Mean": Sign((without_samples(reduces("mean")),), symptoms=NUMBERS),
    "BatchMean": Sign((without_samples(reduces("batchmean")), reduces("batchmean"))),
    "HalfPrecision": Sign((is_half, both(is_half, is_loss), both(is_half, is_of_logits))),
    "MixedDtypes": Sign((is_mixed,)),
    "InputGradient": Sign((is_loss,), (frozenset({"d_input"}),)),
    "TargetGradient": Sign((is_loss, of_probabilities, in_log_space), (frozenset({"d_target"}),)),
    "GradientReduction": Sign(
        (reduces("sum", "mean", "batchmean"), reduces("mean", "batchmean")), (GRADIENT,)
    ),
    "Upstream": Sign((upstream,), DERIVATIVES),
    "MissingValue": Sign((flagged("MissingValue"),), symptoms=frozenset({"hidden"})),
    "NegativeTarget": Sign((flagged("NegativeTarget"),), symptoms=frozenset({"hidden", "gross"})),
    "SignedZero": Sign((flagged("SignedZero"),), (VALUE,), frozenset({"zero"})),
    "SampleAxis": Sign((both(has_axis, reduces("mean", "batchmean")), has_axis), symptoms=FINITE),
    "MaskedMean": Sign((is_masked_mean,)),
    "LogitsFormula": Sign((is_of_logits, is_kl, is_js, LOGITS), symptoms=NUMBERS - {"slight"}),
    "LogitsGradient": Sign((is_of_logits, is_kl, is_js, LOGITS), DERIVATIVES),
    "Temperature": Sign(
        (
            *of_either(HEATED, both(HEATED, SCALED), both(HEATED, UNSCALED)),
            both(is_sparse, is_heated),
            both(is_sparse, is_heated, is_scaled),
        )
    ),
    "TemperatureGradient": Sign(
        of_either(HEATED, both(HEATED, SCALED), both(HEATED, UNSCALED)), DERIVATIVES
    ),
    "GivenTarget": Sign((GIVEN,), symptoms=FINITE),
    "SparseTeacher": Sign(
        (is_sparse, both(is_of_states, has("indices"))), symptoms=NUMBERS - {"slight"}
    ),
    "SparseTail": Sign(
        (has_a_rest, *(both(has_a_rest, tail_is(one)) for one in ("bucket", "zero", "renormalize")))
    ),
    "SparseGradient": Sign((is_sparse, has_a_rest), DERIVATIVES),
    "MixtureOfTables": Sign(TABLES, symptoms=NUMBERS),
    "MixtureOfTablesGradient": Sign(TABLES, DERIVATIVES),
    "HiddenStates": Sign(STATES, (VALUE, VALUE | {"d_input", "d_weight"}), NUMBERS),
    "HiddenStatesGradient": Sign(STATES, OF_STATES),
    "Unnormalised": Sign(
        (flagged("Unnormalised"), lambda vector: GIVEN(vector) or "Unnormalised" in vector.flags),
        (*VALUES, *DERIVATIVES),
    ),
    "ClampedOperands": Sign(
        (
            flagged("ClampedOperands"),
            lambda vector: bool({"ClampedOperands", "NegativeTarget"} & set(vector.flags)),
        ),
    ),
    "MaskedGradient": Sign((is_masked, is_masked_mean), DERIVATIVES),
    "MixtureWeights": Sign(
        (
            argument("beta", lambda beta: beta not in {0.0, 0.5, 1.0}),
            argument("beta", lambda beta: beta != EVEN),
        )
    ),
    "DivergenceEnds": Sign(
        (ENDS, *(both(end, differ) for end in (ENDS, at_end(0.0), at_end(1.0))))
    ),
    "HalfAccumulator": Sign(
        (adds_up_in_half, both(is_half, is_loss, reduces("sum", "mean", "batchmean")))
    ),
    "HalfOverflow": Sign((flagged("HalfOverflow"),), symptoms=frozenset({"infinite"})),
    "Epsilon": Sign(
        (
            would_feel_an_epsilon,
            flagged("Epsilon"),
            *(both(would_feel_an_epsilon, one) for one in (is_loss, is_of_logits)),
        ),
        (VALUE, ALL, VALUE | {"d_target"}),
        frozenset({"slight", "gross"}),
    ),
    "OverwrittenOperand": Sign((flagged("OverwrittenOperand"),), (frozenset({OPERANDS}),)),
}


@cache
def scopes() -> tuple[Scope, ...]:
    """Every way in which the bug of any flag shows."""
    found = []
    for flag in sorted(notes()):
        sign = SIGNS.get(flag) or Sign((flagged(flag),), (EVERY,))
        ways = {places(kind, results) for kind in sign.kinds for results in sign.results}
        found += [Scope(flag, way, sign.symptoms, sign.telltale, len(ways)) for way in ways]
    return tuple(found)


def places(kind: Where, results: frozenset[str]) -> frozenset[Place]:
    """Results of vectors of a kind."""
    return frozenset(
        (vector.id, result)
        for vector in vectors()
        if kind(vector)
        for result in (*(vector.results or ("raises",)), OPERANDS)
        if result in results
    )


# Bugs that show on operands which every training meets, and not at the edges alone.
PLAIN = frozenset(
    {
        *("Formula", "ArgumentOrder", "NaturalLog", "LogTarget", "Sum", "Mean", "BatchMean"),
        *("InputGradient", "TargetGradient", "GradientReduction", "Upstream", "ZeroTarget"),
        *("LogitsFormula", "LogitsGradient", "Temperature", "TemperatureGradient"),
        *("GivenTarget", "MixtureWeights", "DivergenceEnds", "Epsilon"),
        *("TwoTables", "Generalized"),
    }
)
