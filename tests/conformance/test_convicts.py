from dataclasses import dataclass
from pathlib import Path

import pytest

from kldiv_conformance import ADAPTERS, Implementation, judge, vectors
from kldiv_conformance._suspects import certain, suspects

TEXTBOOK = (Path(__file__).parent / "textbook.py").read_text()


@dataclass(frozen=True)
class Mutant:
    """One change of the textbook's text, and the flag that must be named for it."""

    name: str
    old: str
    new: str
    flag: str


LOG_P = "np.log(np.where(zero, 1, t))\n    x"
P = "p = np.exp(t) if log_target else t\n    zero = p == 0\n    log_p"
TERMS = "terms = p * (log_p - x)"
ZERO = "return np.where(terms == 0, 0, terms)"
TOTAL = "total = np.sum(terms, dtype=wide)"
DIVIDED = "total / divisor(resolved_reduction, input)"
MEAN = "return input.size or math.nan"
BATCHMEAN = "return input.shape[0] or math.nan"
FACTOR = "wide.type(upstream) / divisor(reduction, input)"
GUARDED_SLOPE = "        by_target = np.where(zero & ~np.isnan(x), 0, by_target)\n"
SELECTED_TERMS = "terms = np.where(chosen, terms, 0)"
SAMPLES = "chosen if axis is None else np.any(chosen, axis=axis)"
COUNT = "return int(np.sum(samples)) or 1"
BROADCAST = "return np.broadcast_to(True if where is None else where, terms.shape)"
SAMPLE_SUM = "terms = np.sum(terms, axis=axis)"
SELECTED_SLOPES = "(np.where(chosen, gradient, 0) for gradient in gradients)"
SAMPLE_FACTOR = "wide.type(upstream / sample_divisor(reduction, chosen, axis))"
MUTANTS = [
    Mutant("sign", TERMS, "terms = p * (x - log_p)", "Formula"),
    Mutant("logarithm to base 2", LOG_P, "np.log2(np.where(zero, 1, t))\n    x", "NaturalLog"),
    Mutant("swapped arguments", TERMS, "terms = np.exp(x) * (x - log_p)", "ArgumentOrder"),
    Mutant("forgotten factor", TERMS, "terms = log_p - x", "Formula"),
    Mutant("missing zero guard", LOG_P, "np.log(t)\n    x", "ZeroTarget"),
    Mutant("unguarded log target", "np.where(zero, 0, t) if", "t if", "ZeroLogTarget"),
    Mutant(
        "unguarded infinite input",
        "np.where(zero & np.isinf(x), 0, x)\n    terms",
        "x\n    terms",
        "ZeroTargetInfiniteInput",
    ),
    Mutant("hidden NaN", TERMS, "terms = np.where(p > 0, p * (log_p - x), 0)", "MissingValue"),
    Mutant(
        "hidden negative target",
        P,
        P.replace("else t", "else np.where(t < 0, 0, t)"),
        "NegativeTarget",
    ),
    Mutant("clamp at 1e-7", LOG_P, "np.log(np.maximum(t, 1e-7))\n    x", "ClampedOperands"),
    Mutant("epsilon in the logarithm", LOG_P, "np.log(t + 1e-8)\n    x", "ClampedOperands"),
    Mutant(
        "clamp of the input", TERMS, "terms = p * (log_p - np.maximum(x, -100))", "InfiniteInput"
    ),
    Mutant("clamp at zero", TERMS, "terms = np.maximum(p * (log_p - x), 0)", "Formula"),
    Mutant("terms taken apart", TERMS, "terms = p * log_p - p * x", "Overflow"),
    Mutant(
        "ratio of probabilities",
        TERMS,
        "terms = p * np.log(np.where(zero, 1, p / np.exp(x)))",
        "Cancellation",
    ),
    Mutant("ignored log_target", P, "log_target = False\n    " + P, "LogTarget"),
    Mutant("negative zero", ZERO, "return np.where(terms == 0, -0.0, terms)", "SignedZero"),
    Mutant("mean for batchmean", BATCHMEAN, MEAN, "BatchMean"),
    Mutant("batch of the last axis", BATCHMEAN, BATCHMEAN.replace("[0]", "[-1]"), "BatchMean"),
    Mutant("batchmean for mean", MEAN, "return (*input.shape, 1)[0] or math.nan", "Mean"),
    Mutant("a term too few", TOTAL, "total = np.sum(terms.ravel()[:-1], dtype=wide)", "Sum"),
    Mutant("empty mean of 0", MEAN, "return input.size or 1", "Empty"),
    Mutant(
        "float16 accumulation",
        TOTAL,
        "total = np.cumsum([0, *terms.ravel()], dtype=dtype)[-1].astype(wide)",
        "HalfAccumulator",
    ),
    Mutant(
        "sum rounded before division",
        DIVIDED,
        "total.astype(dtype) / divisor(resolved_reduction, input)",
        "HalfOverflow",
    ),
    Mutant(
        "each step in 16 bits",
        "wide = np.promote_types(dtype, np.float32)",
        "wide = dtype",
        "HalfPrecision",
    ),
    Mutant(
        "narrower dtype",
        "dtype = np.promote_types(input.dtype, target.dtype)",
        "dtype = input.dtype",
        "MixedDtypes",
    ),
    Mutant(
        "double division",
        DIVIDED,
        f"{DIVIDED} / (len(input) if reduction == 'batchmean' != resolved_reduction else 1)",
        "DoubleDivision",
    ),
    Mutant(
        "legacy flags ignored",
        "if size_average is None and reduce is None:",
        "if True:",
        "LegacyArguments",
    ),
    Mutant(
        "broadcasting",
        "if input.shape != target.shape:",
        "if not np.broadcast_shapes(input.shape, target.shape):",
        "ShapeMismatch",
    ),
    Mutant("unknown reduction is sum", "raise ValueError(reduction)", "pass", "UnknownReduction"),
    Mutant("integers", 'kind != "f"', 'kind not in "fiub"', "NotRealFloating"),
    Mutant("lists", "if not isinstance(operand, np.ndarray):", "if operand is None:", "NotAnArray"),
    Mutant("gradient sign", "by_input = -p", "by_input = p", "InputGradient"),
    Mutant("gradient without the 1", "0, x) + 1", "0, x)", "TargetGradient"),
    Mutant("gradient not divided", FACTOR, "wide.type(upstream)", "GradientReduction"),
    Mutant("upstream ignored", FACTOR, FACTOR.replace("upstream", "1"), "Upstream"),
    Mutant("gradient unguarded at zero", GUARDED_SLOPE, "", "ZeroTargetGradient"),
    Mutant("mean over elements", SAMPLES, "chosen", "SampleAxis"),
    Mutant("mask multiplies", SELECTED_TERMS, "terms = terms * chosen", "MaskedGarbage"),
    Mutant("mean over all samples", COUNT, "return samples.size or 1", "MaskedMean"),
    Mutant("mean over whole samples", SAMPLES, SAMPLES.replace("any", "all"), "MaskedMean"),
    Mutant("mean of nothing selected", COUNT, "return np.sum(samples)", "NothingSelected"),
    Mutant("any axis is the last", SAMPLE_SUM, "terms = np.sum(terms, axis=-1)", "NamedAxes"),
    Mutant(
        "axis of nothing but one",
        SAMPLE_SUM,
        "terms = np.sum(terms, axis=axis[0] if isinstance(axis, tuple) else axis)",
        "NamedAxes",
    ),
    Mutant(
        "mask of samples ignored",
        BROADCAST,
        "where = None if where is None or where.shape != terms.shape else where\n    " + BROADCAST,
        "SampleMask",
    ),
    Mutant(
        "mask multiplies the gradient",
        SELECTED_SLOPES,
        "(chosen * gradient for gradient in gradients)",
        "MaskedGradient",
    ),
    Mutant(
        "gradient divided by all samples",
        SAMPLE_FACTOR,
        SAMPLE_FACTOR.replace("chosen", "np.ones_like(chosen)"),
        "MaskedGradient",
    ),
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
    assert mutant.old in TEXTBOOK
    judged = outcomes(TEXTBOOK.replace(mutant.old, mutant.new, 1))
    named = [suspect.flag for suspect in suspects(judged)[:5] + certain(judged)]
    assert mutant.flag in named
