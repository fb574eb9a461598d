"""The groups, in the order in which a reader meets them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from generate.draft import Draft
from generate.groups import (
    bits,
    cancellation,
    forms,
    gradients,
    half,
    hidden_states,
    invalid,
    legacy,
    log_target,
    logits,
    nearly_equal,
    operand_kinds,
    option_pairs,
    ordinary,
    rare_calls,
    reductions,
    result_dtypes,
    samples_and_masks,
    sizes,
    sparse_teachers,
    tables,
    tiny,
    zeros,
)


@dataclass(frozen=True)
class Group:
    """A file of vectors: its name, the prefix of its ids, what it is about, and its drafts."""

    name: str
    prefix: str
    about: str
    drafts: Callable[[], Iterator[Draft]]


GROUPS = (
    Group("ordinary", "ordinary", ordinary.ABOUT, ordinary.drafts),
    Group("zeros_and_infinities", "zeros", zeros.ABOUT, zeros.drafts),
    Group("tiny_and_huge", "tiny", tiny.ABOUT, tiny.drafts),
    Group("log_target", "log_target", log_target.ABOUT, log_target.drafts),
    Group("reductions", "reductions", reductions.ABOUT, reductions.drafts),
    Group("half_precision", "half", half.ABOUT, half.drafts),
    Group("legacy_arguments", "legacy", legacy.ABOUT, legacy.drafts),
    Group("cancellation", "cancellation", cancellation.ABOUT, cancellation.drafts),
    Group("gradients", "gradients", gradients.ABOUT, gradients.drafts),
    Group("samples_and_masks", "samples", samples_and_masks.ABOUT, samples_and_masks.drafts),
    Group("forms", "forms", forms.ABOUT, forms.drafts),
    Group("logits", "logits", logits.ABOUT, logits.drafts),
    Group("nearly_equal", "nearly_equal", nearly_equal.ABOUT, nearly_equal.drafts),
    Group("sparse_teachers", "sparse", sparse_teachers.ABOUT, sparse_teachers.drafts),
    Group("tables", "tables", tables.ABOUT, tables.drafts),
    Group("hidden_states", "hidden_states", hidden_states.ABOUT, hidden_states.drafts),
    Group("sizes", "sizes", sizes.ABOUT, sizes.drafts),
    Group("result_dtypes", "dtype", result_dtypes.ABOUT, result_dtypes.drafts),
    Group("option_pairs", "pairs", option_pairs.ABOUT, option_pairs.drafts),
    Group("operand_kinds", "kinds", operand_kinds.ABOUT, operand_kinds.drafts),
    Group("rare_calls", "rare", rare_calls.ABOUT, rare_calls.drafts),
    Group("bits", "bits", bits.ABOUT, bits.drafts),
    Group("invalid_arguments", "invalid", invalid.ABOUT, invalid.drafts),
)
