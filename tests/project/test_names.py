"""One name, one definition: a text search finds it."""

import ast
import importlib.util
from collections import defaultdict
from itertools import chain
from pathlib import Path

# Names that several modules offer on purpose, so that a caller need not know which one it has.
INTERFACES = {
    "public classes, of a framework each": {
        *("JSDivLoss", "JSDivWithLogitsLoss", "KLDivLoss", "KLDivWithLogitsLoss"),
    },
    "what core asks of a backend": {
        *("terms", "samples", "loss", "gradient", "with_derivatives", "check_memory"),
        "count",
        *("divergences", "row_derivatives", "rows_with_derivatives", "linear_divergences"),
        *("linear_gradient", "sparse_gradient", "sparse_with_gradient"),
        *(
            "sparse_divergences",
            "sum_of_divergences",
            "ENTRIES",
            "apply_to_rows",
            "apply_to_results",
            "divergences_at_arrays",
            "placed_mask",
        ),
    },
    "what a call with the same bits asks of a backend": {
        *("value", "derivatives", "bounds_of", "sums_of_part"),
    },
    "what eager torch asks of host memory and of a device": {
        *(
            "terms_of",
            "samples_of",
            "loss_of",
            "derivatives_of",
            "divergences_of",
            "row_derivatives_of",
            "rows_with_derivatives_of",
            "with_derivatives_of",
        ),
    },
    "functions of the chunks of a lazy library": {
        *("CHUNKS", "Chunks", "call_quietly", "chunkwise", "elementwise", "on_chunks"),
    },
    "loops over host memory, of NumPy and compiled": {
        *(
            "fill_terms",
            "fill_derivatives",
            "fill_row_derivatives",
            "fill_with_derivatives",
            "sums",
            "sums_over",
        ),
    },
    "kernels, of CUDA and of LLVM": {
        *("Kernel", "Plan", "kernel_source", "launch_on_stream", "planned"),
        *("elements_plan", "rows_plan", "sums_plan"),
    },
    "functions of mathematics": {"exp", "log"},
}
# Still defined twice, with different meanings: to be renamed.
LEFT = {
    *("Arrays", "Asked", "BITS_OF_LEAST", "BLOCK", "Block", "Context", "DEFAULTS"),
    *("DIGITS", "Derivatives", "Divergence", "Functions", "LOG_OF_ZERO", "Loss", "NOT_TWICE"),
    *("Output", "PLAIN_TYPES", "R", "Rows", "SHIFT", "Threads"),
    *("centred", "check_number", "checked", "compiled_rows", "completed", "cut"),
    *("derivative", "derivative_of", "derivatives_of_block", "derivatives_of_logits"),
    *("divergence_of", "divided", "divisor_of", "each", "factor_of", "factors_of"),
    *("fake_derivatives", "fake_rows", "fill", "has_factors", "in_blocks", "integers"),
    *("is_faster", "known", "largest", "last_bits", "linear_loss", "logarithms", "over"),
    *("plain_derivative", "polynomial", "power_of_parts", "quotient", "reduced", "resolved"),
    *("rounded", "rounded_derivatives", "rounded_terms", "row_sum", "rows"),
    *("rows_and_tangents", "rows_of", "rows_of_block", "rows_of_logits", "scaled"),
    *("selected", "shown", "times", "times_square", "unrounded", "way_of"),
    *("widened", "with_gradient"),
}


FOLDER = Path(importlib.util.find_spec("kldiv_xp").origin).parent


def targets(node):
    """Names that a statement defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign | ast.AnnAssign):
        stored = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = chain.from_iterable(map(ast.walk, stored))
        return [
            one.id for one in names if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
        ]
    return []


def definitions():
    """Modules that define each name."""
    found = defaultdict(set)
    for path in sorted(FOLDER.rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            for name in targets(node):
                found[name].add(str(path.relative_to(FOLDER)))
    return {name: modules for name, modules in found.items() if not name.startswith("__")}


def test_a_name_is_defined_in_one_module():
    several = {name: sorted(modules) for name, modules in definitions().items() if len(modules) > 1}
    expected = LEFT.union(*INTERFACES.values())
    assert {name: modules for name, modules in several.items() if name not in expected} == {}


def test_the_table_of_interfaces_lists_what_several_modules_offer():
    found = definitions()
    named = set().union(*INTERFACES.values())
    assert {name for name in named if len(found.get(name, ())) < 2} == set()
