from dataclasses import dataclass
from pathlib import Path

import pytest
from kldiv_conformance import ADAPTERS, Implementation, judge, vectors
from kldiv_conformance._suspects import suspects

TEXTBOOK = (Path(__file__).parent / "textbook.py").read_text()


@dataclass(frozen=True)
class Mutant:
    """One change of the textbook's text, and the flag that must be named for it."""

    name: str
    old: str
    new: str
    flag: str


LOG_P = "log_p = np.where(zero, 0, t) if log_target else np.log(np.where(zero, 1, t))\n    x ="
TERMS = "terms = p * (log_p - x)"
BY_TARGET = "by_target = np.where(zero & ~np.isnan(x), 0, by_target)"
TOTAL = "total = np.sum(terms, dtype=wide)"
MUTANTS = [
    Mutant("sign", TERMS, "terms = p * (x - log_p)", "Formula"),
    Mutant("log2", TERMS, "terms = p * (log_p / np.log(2) - x)", "NaturalLog"),
    Mutant("swapped arguments", TERMS, "terms = np.exp(x) * (x - log_p)", "ArgumentOrder"),
    Mutant("forgotten factor", TERMS, "terms = log_p - x", "Formula"),
    Mutant(
        "missing zero guard",
        LOG_P,
        "log_p = t if log_target else np.log(t)\n    x =",
        "ZeroTarget",
    ),
    Mutant("missing zero guard in log space",
        "zero = p == 0\n    log_p", "zero = (p == 0) & (not log_target)\n    log_p", "ZeroLogTarget"),
    Mutant("unguarded infinite input", "    x = np.where(zero & np.isinf(x), 0, x)\n", "",
           "ZeroTargetInfiniteInput"),
    Mutant("hidden NaN", TERMS, "terms = np.where(p > 0, p * (log_p - x), 0)", "MissingValue"),
    Mutant("hidden negative target", "p = np.exp(t) if log_target else t\n    zero = p == 0",
           "p = np.exp(t) if log_target else np.where(t < 0, 0, t)\n    zero = p == 0",
           "NegativeTarget"),
    Mutant("clamp at 1e-7", "np.log(np.where(zero, 1, t))\n    x", "np.log(np.maximum(t, 1e-7))\n    x",
           "ClampedOperands"),
    Mutant("epsilon before the logarithm", "np.log(np.where(zero, 1, t))\n    x", "np.log(t + 1e-8)\n    x",
           "ClampedOperands"),
    Mutant("clamp of the input", TERMS, "terms = p * (log_p - np.maximum(x, -100))", "InfiniteInput"),
    Mutant("clamp at zero", TERMS, "terms = np.maximum(p * (log_p - x), 0)", "Unnormalised"),
    Mutant("terms taken apart", TERMS, "terms = p * log_p - p * x", "Overflow"),
    Mutant("ratio of probabilities", TERMS, "terms = np.where(zero, p * (log_p - x), p * np.log(p / np.exp(x)))",
           "Cancellation"),
    Mutant("ignored log_target", "p = np.exp(t) if log_target else t\n    zero = p == 0\n    log_p = np.where(zero, 0, t) if log_target else",
           "p = t\n    zero = p == 0\n    log_p =", "LogTarget"),
    Mutant("negative zero", "return np.where(terms == 0, 0, terms)", "return np.where(terms == 0, -0.0, terms)", "SignedZero"),
    Mutant("mean for batchmean", "return input.shape[0] or math.nan", "return input.size or math.nan",
           "BatchMean"),
    Mutant("batch of the last axis", "input.shape[0] or", "input.shape[-1] or", "BatchMean"),
    Mutant("batchmean for mean", "return input.size or math.nan", "return (*input.shape, 1)[0] or math.nan", "Mean"),
    Mutant("sum of all but the last term", TOTAL, "total = np.sum(terms.ravel()[:-1], dtype=wide)", "Sum"),
    Mutant("empty mean of 0", "return input.size or math.nan", "return input.size or 1", "Empty"),
    Mutant("float16 accumulation", TOTAL, "total = np.add.accumulate(terms.astype(dtype).ravel())[-1] if terms.size else wide.type(0)", "HalfAccumulator"),
    Mutant("sum rounded before division", TOTAL, "total = np.sum(terms, dtype=wide).astype(dtype)", "HalfOverflow"),
    Mutant("each step in 16 bits", "terms = pointwise(input.astype(wide), target.astype(wide), log_target)",
           "terms = pointwise(input.astype(dtype), target.astype(dtype), log_target)", "HalfPrecision"),
    Mutant("narrower dtype", "dtype = np.promote_types(input.dtype, target.dtype)", "dtype = input.dtype", "MixedDtypes"),
    Mutant("double division", "total / divisor(reduction, input)",
           "total / divisor(reduction, input) / (input.shape[0] if asked == 'batchmean' != reduction else 1)", "DoubleDivision"),
    Mutant("legacy flags ignored", "if size_average is None and reduce is None:", "if True:", "LegacyArguments"),
    Mutant("broadcasting", "if input.shape != target.shape:", "if np.broadcast_shapes(input.shape, target.shape) is None:", "ShapeMismatch"),
    Mutant("unknown reduction is mean", "raise ValueError(reduction)", "pass", "UnknownReduction"),
    Mutant("integers", 'operand.dtype.kind != "f"', 'operand.dtype.kind not in "fiub"', "NotRealFloating"),
    Mutant("gradient sign", "by_input = -p", "by_input = p", "InputGradient"),
    Mutant("gradient without the 1", "0, x) + 1", "0, x)", "TargetGradient"),
    Mutant("gradient not divided", "factor = wide.type(upstream) / divisor(reduction, input)", "factor = wide.type(upstream)", "GradientReduction"),
    Mutant("upstream ignored", "wide.type(upstream) /", "wide.type(1) /", "Upstream"),
    Mutant("gradient unguarded at zero", f"        {BY_TARGET}\n", "", "ZeroTargetGradient"),
]


def outcomes(text):
    scope = {}
    exec(compile(text, "mutant", "exec"), scope)
    implementation = Implementation("mutant", scope["kl_div"], scope["kl_div_gradient"])
    judged = (judge(vector, ADAPTERS["numpy"], implementation) for vector in vectors())
    return [outcome.to_json() for outcome in judged]


def test_the_textbook_passes_every_vector():
    wrong = [line for line in outcomes(TEXTBOOK) if line["verdict"] == "failure"]
    assert [f"{line['id']}: {line['detail']}" for line in wrong] == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_wrong_implementation_is_convicted_and_its_flag_is_named(mutant):
    assert TEXTBOOK.count(mutant.old) == 1
    found = suspects(outcomes(TEXTBOOK.replace(mutant.old, mutant.new)))
    assert mutant.flag in [suspect.flag for suspect in found[:5]], found
