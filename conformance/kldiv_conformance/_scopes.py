"""Scopes of flags: the vectors in which a bug shows, in which of their results, and how."""

import math
from dataclasses import dataclass
from functools import cache
from itertools import product

from kldiv_conformance._evidence import OPERANDS, Place, Symptoms
from kldiv_conformance._kinds import (
    ENDS,
    EVEN,
    GIVEN,
    HEATED,
    LOGITS,
    SCALED,
    STATES,
    TABLES,
    TAILS,
    UNSCALED,
    Where,
    adds_up_in_half,
    among,
    argument,
    at_end,
    both,
    differ,
    flagged,
    has,
    has_a_rest,
    has_any_axis,
    has_axis,
    has_mask,
    has_probabilities,
    in_log_space,
    is_empty,
    is_half,
    is_heated,
    is_js,
    is_kl,
    is_loss,
    is_masked,
    is_masked_mean,
    is_mixed,
    is_of_logits,
    is_of_states,
    is_own,
    is_scaled,
    is_sparse,
    is_true,
    is_without_axes,
    of_either,
    of_probabilities,
    reduces,
    tail_is,
    upstream,
    without_samples,
    would_feel_an_epsilon,
)
from kldiv_conformance._raises import OF_ERRORS
from kldiv_conformance._vector import Vector
from kldiv_conformance._vectors import notes, vectors

GRADIENT = frozenset({"d_input", "d_target"})
VALUE = frozenset({"value"})
ALL = VALUE | GRADIENT
EVERY = ALL | {"raises", "d_weight"}
# A bug of a value shows in its derivatives if a library differentiates, else in values alone.
VALUES = (VALUE, ALL, VALUE | {"d_target"}, VALUE | {"d_input"})
OF_STATES = tuple(map(frozenset, (("d_input", "d_weight"), ("d_input",), ("d_weight",))))
DERIVATIVES = (GRADIENT, frozenset({"d_input"}), frozenset({"d_target"}))
FINITE = frozenset({"slight", "gross"})
NUMBERS = frozenset({"slight", "gross", "nan", "infinite", "bounded", "unequal", "shape"})
# A factor that is forgotten is no error of rounding.
FACTOR = NUMBERS - {"slight"}
# Bugs that show by NaN alone, and by NaN or an infinity, as their words say.
OF_NAN = (
    *("UnderflowingExp", "ZeroTargetInfiniteInput", "ZeroTarget", "ZeroLogTarget"),
    "MaskedVocabularyGradient",
)
OF_INFINITIES = ("Overflow",)
NOT_A_NUMBER, NOT_FINITE = frozenset({"nan"}), frozenset({"nan", "infinite"})
LEFT_OUT = (NUMBERS - {"nan"}) | {"hidden", "zero", "dtype"}


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

    @property
    def is_sharp(self) -> bool:
        """Whether it shows in one way alone."""
        return self.symptoms is not None and len(self.symptoms) == 1

    def explains(self, found: Symptoms) -> bool:
        """Whether the bug shows like this."""
        if "raised" in found:
            return self.flag in OF_ERRORS
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


SIGNS: dict[str, Sign] = {
    "Formula": Sign((is_loss, is_own), symptoms=FACTOR, telltale="none"),
    "ArgumentOrder": Sign((is_loss,), telltale="reversed"),
    "NaturalLog": Sign((of_probabilities,), telltale="base"),
    "LogTarget": Sign((in_log_space, both(is_own, is_true("log_target")))),
    "TwoTables": Sign((flagged("TwoTables"), both(is_own, has_probabilities)), (EVERY,)),
    "Generalized": Sign((flagged("Generalized"), both(is_own, is_true("generalized"))), (EVERY,)),
    "Sum": Sign(
        (
            without_samples(reduces("sum")),
            without_samples(reduces("sum", "mean", "batchmean")),
        ),
        symptoms=NUMBERS,
    ),
    "Mean": Sign((without_samples(reduces("mean")),), symptoms=NUMBERS),
    "BatchMean": Sign(
        (without_samples(reduces("batchmean")), reduces("batchmean")), symptoms=NUMBERS
    ),
    "BatchOfWords": Sign(among(flagged("BatchOfWords")), symptoms=NUMBERS),
    "Empty": Sign((flagged("Empty"), is_empty), (EVERY,)),
    "ZeroDimensional": Sign((flagged("ZeroDimensional"), is_without_axes), (EVERY,)),
    "HalfPrecision": Sign((is_half, both(is_half, is_loss), both(is_half, is_of_logits))),
    "MixedDtypes": Sign((is_mixed,)),
    "InputGradient": Sign((is_loss, is_own), (frozenset({"d_input"}),), LEFT_OUT),
    "TargetGradient": Sign(
        (is_loss, is_own, of_probabilities, in_log_space), (frozenset({"d_target"}),), LEFT_OUT
    ),
    "GradientReduction": Sign(
        (reduces("sum", "mean", "batchmean"), reduces("mean", "batchmean")), (GRADIENT,), FACTOR
    ),
    "Upstream": Sign((upstream,), DERIVATIVES, FACTOR),
    "OwnUpstream": Sign(among(flagged("OwnUpstream")), DERIVATIVES, FACTOR),
    "MissingValue": Sign((flagged("MissingValue"),), symptoms=frozenset({"hidden"})),
    "NegativeTarget": Sign((flagged("NegativeTarget"),), symptoms=frozenset({"hidden", "gross"})),
    "SignedZero": Sign((flagged("SignedZero"),), (VALUE,), frozenset({"zero"})),
    "SampleAxis": Sign((both(has_axis, reduces("mean", "batchmean")), has_axis), symptoms=FINITE),
    "SampleMask": Sign(among(has_mask), symptoms=NUMBERS | {"zero"}),
    "NamedAxes": Sign(among(has_any_axis), symptoms=NUMBERS),
    "SameBits": Sign((flagged("SameBits"),), (EVERY,), frozenset({"slight"})),
    "MaskedGarbage": Sign(
        (flagged("MaskedGarbage"), *among(has_mask)),
        (*VALUES, EVERY),
        frozenset({"nan", "infinite"}),
    ),
    "MaskedMean": Sign((is_masked_mean,)),
    "LogitsFormula": Sign((is_of_logits, is_kl, is_js, LOGITS), symptoms=FACTOR),
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
    "SparseTeacher": Sign((is_sparse, both(is_of_states, has("indices"))), symptoms=FACTOR),
    "SparseTail": Sign(
        (has_a_rest, *(both(has_a_rest, tail_is(one)) for one in TAILS)), symptoms=NUMBERS
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
    "MaskedGradient": Sign((is_masked, is_masked_mean, has_mask), DERIVATIVES),
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
    **{flag: Sign((flagged(flag),), (EVERY,), NOT_A_NUMBER) for flag in OF_NAN},
    **{flag: Sign((flagged(flag),), (EVERY,), NOT_FINITE) for flag in OF_INFINITIES},
}


@cache
def scopes() -> tuple[Scope, ...]:
    """Every way in which the bug of any flag shows."""
    found = []
    for flag in sorted(notes()):
        sign = SIGNS.get(flag) or Sign((flagged(flag),), (EVERY,))
        wrong = sign.symptoms or frozenset()
        of_numbers = "gross" in wrong and wrong <= NUMBERS
        ways = {places(*one, of_numbers) for one in product(sign.kinds, sign.results)}
        found += [Scope(flag, way, sign.symptoms, sign.telltale, len(ways)) for way in ways]
    return tuple(found)


def places(kind: Where, results: frozenset[str], of_numbers: bool) -> frozenset[Place]:
    """Results of vectors of a kind; `of_numbers` those alone that a wrong number would change."""
    return frozenset(
        (vector.id, result)
        for vector in vectors()
        if kind(vector)
        for result in (*(vector.results or ("raises",)), OPERANDS)
        if result in results and (not of_numbers or has_numbers(vector, result))
    )


def has_numbers(vector: Vector, result: str) -> bool:
    """Whether a result has a number that a wrong factor would change."""
    right = vector.results.get(result)
    return right is not None and any(math.isfinite(it) and it != 0 for it in right.values)


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
