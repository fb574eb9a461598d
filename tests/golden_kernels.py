"""The kernels whose text is kept in golden/; `python tests/golden_kernels.py` writes it anew."""

from pathlib import Path

from kldiv_xp.cuda.c_types import Operand
from kldiv_xp.cuda.loss_kernels import (
    NAMES,
    UPSTREAM,
    source_of_slopes,
    source_of_sums,
    source_of_terms,
)
from kldiv_xp.formula.form import Form

FOLDER = Path(__file__).parent / "golden"
P, LOG_P = Form(), Form(log_target=True)
Q, LOG_Q_AND_P = Form(log_input=False), Form(log_target=True, generalized=True)
GENERALIZED = Form(log_input=False, generalized=True)


def operands(*dtypes, names=NAMES):
    return tuple(map(Operand, names, dtypes))


def golden():
    """Name to text: sums, terms and derivatives, in both spaces, of every type, masked or not."""
    wide, narrow = ("float32", "float32"), ("float16", "float16")
    both = operands("float64", "float64", "bool", "float64", names=(*NAMES, UPSTREAM))
    return {
        "sums_float32": source_of_sums(P, "float32", wide, "float32", (1, 1)),
        "sums_bfloat16_log_target_masked": source_of_sums(
            LOG_P, "float32", ("bfloat16", "float32", "bool"), "float32", (1, 2)
        ),
        "sums_float32_log_input": source_of_sums(Q, "float32", wide, "float32", (1, 1)),
        "sums_float32_generalized": source_of_sums(GENERALIZED, "float32", wide, "float32", (1, 1)),
        "slopes_float64_log_input_masked": source_of_slopes(
            Q, (True, True), "float64", both, ("float64", "float64"), 1
        ),
        "slopes_float32_generalized_log_target": source_of_slopes(
            LOG_Q_AND_P, (True, True), "float32", operands(*wide), ("float32", "float32"), 1
        ),
        "terms_float16": source_of_terms(P, "float32", operands(*narrow), ("float16",), 1),
        "terms_bfloat16_log_target": source_of_terms(
            LOG_P, "float32", operands("bfloat16", "bfloat16"), ("bfloat16",), 3
        ),
        "slopes_float64_masked": source_of_slopes(
            P, (True, True), "float64", both, ("float64", "float64"), 2
        ),
        "slopes_float32_log_target": source_of_slopes(
            LOG_P, (True, False), "float32", operands(*wide), ("float32",), 1
        ),
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in golden().items():
        (FOLDER / f"{name}.cu").write_text(text)
