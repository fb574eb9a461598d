"""The kernels whose text is kept in golden/; `python tests/golden_kernels.py` writes it anew."""

from pathlib import Path

from kldiv_xp.cuda.c_types import DeviceOperand
from kldiv_xp.cuda.loss_kernels import (
    source_of_derivatives,
    source_of_divergences,
    source_of_row_and_derivatives,
    source_of_row_derivatives,
    source_of_sums,
    source_of_terms,
    source_of_terms_with_derivatives,
    source_of_totals,
)
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logits import JS, KL
from kldiv_xp.tracing.losses import RESULTS, SYMBOL_NAMES, TERMS_OUTPUT, TOTAL, UPSTREAM

FOLDER = Path(__file__).parent / "golden"
P, LOG_P = Form(), Form(log_target=True)
Q, LOG_Q_AND_P = Form(log_input=False), Form(log_target=True, generalized=True)
GENERALIZED = Form(log_input=False, generalized=True)


FOUR, EIGHT, TWO, EVEN = 4, 8, 2, True
AS_SUM, AS_TERMS = True, False


def operands(*dtypes, names=SYMBOL_NAMES, rows=()):
    return tuple(
        DeviceOperand(name, dtype, name not in rows)
        for name, dtype in zip(names, dtypes, strict=False)
    )


def total(dtype):
    return (DeviceOperand(TOTAL, dtype, in_rows=False),)


def terms(dtype):
    return (DeviceOperand(TERMS_OUTPUT, dtype),)


def by(dtype, *names):
    return tuple(DeviceOperand(name, dtype) for name in names or RESULTS)


def golden():
    """Name to text: sums, terms, derivatives and rows of logits, of every type, masked or not."""
    wide, half = operands("float32", "float32"), operands("float16", "float16")
    bfloat = operands("bfloat16", "bfloat16")
    masked = operands("bfloat16", "float32", "bool", rows="w")
    above = operands(
        "float64", "float64", "bool", "float64", names=(*SYMBOL_NAMES, UPSTREAM), rows=UPSTREAM
    )
    upstream = (*wide, DeviceOperand(UPSTREAM, "float32", in_rows=False))
    flat, groups, strided = (1, 0), (1, 2), (3, 0)
    one = "float32"
    return {
        "sums_float32": source_of_sums(P, one, wide, total("float64"), flat, FOUR),
        "sums_bfloat16_log_target_masked": source_of_sums(
            LOG_P, one, masked, total(one), groups, EIGHT
        ),
        "sums_float32_log_input": source_of_sums(Q, one, wide, total(one), flat, 1),
        "sums_float32_generalized": source_of_sums(GENERALIZED, one, wide, total(one), flat, FOUR),
        "totals_float16": source_of_totals(
            "float64", operands("float64", names=("s",)), total("float16"), flat, TWO
        ),
        "derivatives_float64_log_input_masked": source_of_derivatives(
            Q, 3, (True, True), "float64", above, by("float64"), flat, 1
        ),
        "derivatives_float32_generalized_log_target": source_of_derivatives(
            LOG_Q_AND_P, 2, (True, True), one, wide, by(one), flat, FOUR
        ),
        "terms_float16": source_of_terms(P, one, half, terms("float16"), flat, EIGHT),
        "terms_bfloat16_log_target": source_of_terms(
            LOG_P, one, bfloat, terms("bfloat16"), strided, 1
        ),
        "derivatives_float64_masked": source_of_derivatives(
            P, 3, (True, True), "float64", above, by("float64"), (2, 0), TWO
        ),
        "derivatives_float32_log_target": source_of_derivatives(
            LOG_P, 2, (True, False), one, wide, by(one, "by_input"), flat, FOUR
        ),
        "sums_and_derivatives_float32": source_of_terms_with_derivatives(
            P, 2, AS_SUM, one, wide, by(one) + total("float64"), groups, FOUR
        ),
        "terms_and_derivatives_bfloat16": source_of_terms_with_derivatives(
            LOG_P, 2, AS_TERMS, one, bfloat, by("bfloat16") + terms("bfloat16"), flat, EIGHT
        ),
        "kl_and_derivatives_float32": source_of_row_and_derivatives(
            KL(2.0, "probabilities"), 2, one, wide, by(one) + total(one), flat, FOUR, EVEN
        ),
        "kl_of_logits_float32": source_of_divergences(
            KL(2.0, "logits"), one, wide, total(one), flat, FOUR, EVEN
        ),
        "js_of_logits_bfloat16": source_of_divergences(
            JS.of(1.0, 0.5), one, bfloat, total(one), flat, EIGHT, EVEN
        ),
        "derivatives_of_logits_float32": source_of_row_derivatives(
            KL(1.0, "logits"), 2, (True, False), one, upstream, by(one, "by_input"), flat, FOUR
        ),
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in golden().items():
        (FOLDER / f"{name}.cu").write_text(text)
