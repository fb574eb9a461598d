"""Findings about linear heads and sparse teachers."""

from dataclasses import replace
from typing import Any

from kldiv_xp._typing import Array, Axes, TargetKind
from kldiv_xp.calls.kl_div import aligned
from kldiv_xp.calls.linear_heads import in_one_type
from kldiv_xp.calls.operands import examine_apart
from kldiv_xp.calls.sparse_teachers import with_sizes
from kldiv_xp.calls.with_logits import check_logits
from kldiv_xp.checks.axes import one_axis
from kldiv_xp.checks.linear_heads import check_heads, logits_shape
from kldiv_xp.checks.operands import check_where
from kldiv_xp.checks.sparse_teachers import check_indices_of
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_linear import Heads, LinearDivergence
from kldiv_xp.core.evaluate_sparse import selected_indices
from kldiv_xp.core.indices import check_indices
from kldiv_xp.core.namespaces import known_shape, namespace_of
from kldiv_xp.core.shapes import with_axis_moved
from kldiv_xp.diagnosis.findings import allowance, detached, findings_of, smallest_normal
from kldiv_xp.diagnosis.made_logits import MadeLogits, RepeatedMask, logits_at
from kldiv_xp.diagnosis.question import check_known
from kldiv_xp.diagnosis.report import Finding, Report
from kldiv_xp.diagnosis.sample_blocks import in_memory
from kldiv_xp.diagnosis.scan import Inspection, inspect
from kldiv_xp.diagnosis.subject import Subject, subject_of_logits
from kldiv_xp.formula.logits import KL
from kldiv_xp.formula.sparse import SparseKL


def report_of_sparse(
    input: Array,
    indices: Array,
    target: Array,
    divergence: SparseKL,
    axis: int | Axes,
    where: Array | None,
) -> Report:
    """Report on logits and a sparse teacher."""
    context = examine_apart(input, target, divergence, axis, indices)
    place = one_axis(axis, input.ndim)
    check_logits(known_shape(input), place)
    check_indices_of(input, indices, target, place)
    check_known(input=input, indices=indices, target=target, where=where)
    divergence = with_sizes(divergence, input.shape[place], indices.shape[place])
    if where is not None:
        check_where(input, where, (place,), divergence, of_samples=True)
        where = aligned(context, input, where, (place,))
    xp, size = context.xp, input.shape[place]
    last = [
        with_axis_moved(xp, one, place, -1)
        for one in (indices, *([] if where is None else [where]))
    ]
    chosen = checked_places(context, last[0], last[1] if where is not None else None, size)
    logits, target = detached(input), detached(target)
    student = logits_at(with_axis_moved(xp, logits, place, -1), chosen)
    student = with_axis_moved(namespace_of(student), student, -1, place)
    chosen = with_axis_moved(xp, chosen, -1, place)
    masks = [
        () if where is None else (xp.broadcast_to(where, one.shape),) for one in (input, target)
    ]
    arrays = (logits, logits, *masks[0]), (student, target, *masks[1])
    subject = subject_of_part(divergence)
    return report(
        subject, input, (place,), findings_of_part(context, arrays, chosen, (place,), subject)
    )


def report_of_heads(heads: Heads, divergence: LinearDivergence) -> Report:
    """Report on the logits of hidden states, and their target."""
    target_is: TargetKind = getattr(divergence, "target_is", "logits")
    xp = check_heads(heads, divergence)
    axes = (heads.input.ndim - 1,)
    if heads.where is not None:
        check_where(heads.input, heads.where, axes, of_samples=True, logits=logits_shape(heads))
    check_known(**heads._asdict())
    heads = in_one_type(xp, heads)
    heads = heads.changed(**{name: detached(one) for name, one in heads.named().items()})
    context = examine_apart(heads.input, heads.target)
    if heads.where is not None:
        heads = heads.changed(where=aligned(context, heads.input, heads.where, axes))
    made = MadeLogits(xp, heads.input, heads.weight, heads.bias)
    if isinstance(divergence, SparseKL):
        return report_of_part(context, heads, made, divergence)
    target = heads.target
    if heads.target_weight is not None:
        target = MadeLogits(xp, target, heads.target_weight, heads.target_bias)
    arrays = (made, target, *repeated_mask(context, heads.where, made.shape[-1]))
    subject = Subject(target_is, divergence, layers=layers_of(heads))
    return report(subject, made, axes, findings_of(context, arrays, axes, subject, most=0))


def report_of_part(
    context: Context, heads: Heads, made: MadeLogits, divergence: SparseKL
) -> Report:
    """Report on the logits of hidden states, and a sparse teacher."""
    indices: Array = heads.indices
    axes, size = (made.ndim - 1,), made.shape[-1]
    divergence = with_sizes(divergence, size, indices.shape[-1])
    chosen = checked_places(context, indices, heads.where, size)
    arrays = (
        (made, made, *repeated_mask(context, heads.where, size)),
        (made.at(chosen), heads.target, *repeated_mask(context, heads.where, indices.shape[-1])),
    )
    subject = subject_of_part(divergence, layers_of(heads))
    return report(subject, made, axes, findings_of_part(context, arrays, chosen, axes, subject))


def subject_of_part(divergence: SparseKL, layers: tuple[str, ...] = ()) -> Subject:
    """Subject for a sparse teacher."""
    beside = KL(divergence.temperature, divergence.target_is)
    return Subject(divergence.target_is, beside, tail=divergence.tail, layers=layers)


def layers_of(heads: Heads) -> tuple[str, ...]:
    """Names of the weights and biases that there are."""
    return tuple(name for name in heads.named() if name.endswith(("weight", "bias")))


def repeated_mask(context: Context, mask: Array | None, size: int) -> tuple[Any, ...]:
    """The mask broadcast to `size` entries, as a tuple; () without a mask."""
    return () if mask is None else (RepeatedMask(context.xp, mask, size),)


def checked_places(context: Context, indices: Array, where: Array | None, size: int) -> Array:
    """Indices, replaced in unselected samples; refuse those out of range or named twice."""
    if where is not None:
        indices = selected_indices(context.xp, indices, where)
    at_hand = in_memory(indices)
    check_indices(namespace_of(at_hand), at_hand, size)
    return indices


def report(subject: Subject, input: Any, axes: Axes, findings: tuple[Finding, ...]) -> Report:
    """Report of findings, without the loss."""
    kinds = subject.log_target, subject.input_is, subject.target_is
    return Report(findings, {}, tuple(input.shape), axes, *kinds, loss=subject.loss)


def findings_of_part(
    context: Context,
    arrays: tuple[Arrays, Arrays],
    indices: Array,
    axes: Axes,
    subject: Subject,
) -> tuple[Finding, ...]:
    """Findings about all logits, and about the sparse teacher beside the logits at its indices."""
    xp, (whole, part) = context.xp, arrays
    tolerance = allowance(xp, whole[0], part[1], axes)
    tiny = smallest_normal(xp, part[1])
    options = {"tiny": tiny, "tolerance": tolerance}
    everywhere = inspect(context, whole, axes, subject=subject_of_logits("logits"), **options)
    there = inspect(context, part, axes, subject=subject, **options)
    found = Inspection(tolerance)
    found.counts = {
        name: count
        for seen, of_input in ((everywhere, True), (there, False))
        for name, count in seen.counts.items()
        if name.startswith("input") == of_input
    }
    found.selected = everywhere.selected
    found.samples = {"input": everywhere.samples["input"], "target": there.samples["target"]}
    if "support" in found.counts:  # a place in the vocabulary
        count = found.counts["support"]
        word = int(indices[count.index])
        index = tuple(word if axis in axes else at for axis, at in enumerate(count.index))
        found.counts["support"] = replace(count, index=index)
    return findings_of(context, (whole[0], part[1]), axes, subject, found)
