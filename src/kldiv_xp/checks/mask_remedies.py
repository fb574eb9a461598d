"""Remedies for masks: of other shapes, and those that arrays have of their own."""

from collections.abc import Mapping

from kldiv_xp._typing import Array, Axis, Namespace, Shape
from kldiv_xp.checks.axes import check_axis_of, check_single, one_axis, resolve_axis
from kldiv_xp.checks.entry_remedies import along_axis, for_known_entries, for_single_entries
from kldiv_xp.checks.mask_sizes import for_other_sizes, missing_axes
from kldiv_xp.checks.remedies import say
from kldiv_xp.checks.shape_remedies import has_several_orders, permuted, rearranged
from kldiv_xp.checks.spaces import space_of
from kldiv_xp.checks.spreading import inserted_axes, placements, spread_codes
from kldiv_xp.core.namespaces import known_shape, namespace_of

# Operands whose entries a mask of the loss leaves out.
MASKED_BY_WHERE = {"input", "target"}
AXES_OF_SQUARE = 2
JOINED = "joined by & to a mask that you pass"


def has_mask_of_its_own(operand: object) -> bool:
    """Whether an array comes with a mask, as those of numpy.ma and Dask's chunks of them."""
    is_masked = hasattr(operand, "mask") and hasattr(operand, "filled")
    return is_masked or hasattr(operand, "get_mask") or is_of_masked_chunks(operand)


def is_of_masked_chunks(operand: object) -> bool:
    """Whether this is an array of Dask whose chunks have masks."""
    chunk = getattr(operand, "_meta", None)
    return hasattr(chunk, "mask") and hasattr(chunk, "filled")


def for_masks_of_their_own(
    name: str, operands: Mapping[str, Array], loss: object = None, axis: Axis = -1
) -> str:
    """Remedy for a masked array, and for the other operand of the loss where both are masked.

    One after the other, the second mask would replace the first. Of logits a mask leaves out
    samples, and no entries.
    """
    masked = [one for one in operands if one in MASKED_BY_WHERE]
    masked = [one for one in masked if has_mask_of_its_own(operands[one])]
    if name == "where" or name not in masked:
        data, _, filled = parts_of_masked(name, operands[name])
        return f"pass {filled if name == 'where' else data}"
    shape = known_shape(operands[name])
    check_axis_of(loss, axis, len(shape))
    parts = [parts_of_masked(one, operands[one])[:2] for one in masked]
    data, xp = " and ".join(one for one, _ in parts), namespace_of(operands[name])
    if space_of(loss, "input") == "logits":
        check_single(axis)
        samples = " & ".join(of_samples(mask, axis) for _, mask in parts)
        given = f"pass {data}, with where={samples}, {JOINED}"
        along = along_axis(one_axis(axis, len(shape)), len(shape)) if shape else ""
        single = for_masked_entries(xp, loss, masked, parts, along)
        single *= "weight" not in operands
        return f"if whole samples are masked, {given}{single}"
    where = " & ".join(mask for _, mask in parts)
    axes = () if axis is None else resolve_axis(axis, len(shape))
    spread = f", as {inserted_axes(xp, 'where', axes, len(shape))} if that is of samples"
    given = f"pass {data}, and say what has a part in the loss by where={where}"
    return f"{given}, {JOINED}{spread * bool(axes)}"


def of_samples(mask: str, axis: Axis) -> str:
    """Code for a mask of the samples in which another mask selects an entry."""
    return f"({mask}).any({axis})" if mask.startswith("~") else f"{mask}.any({axis})"


def for_masked_entries(
    xp: Namespace, loss: object, masked: list[str], parts: list[tuple[str, str]], along: str
) -> str:
    """How single entries of logits are left out that arrays of the operands mask.

    A teacher that is known in part has other entries than the logits.
    """
    (data, mask), is_in_part = parts[0], hasattr(loss, "tail")
    if is_in_part and masked == ["target"]:
        return for_known_entries(xp, loss, mask, data).replace(" single", " masked")
    where = mask if is_in_part else " & ".join(one for _, one in parts)
    single = for_single_entries(xp, loss, of_logits=False, where=where, input=data, along=along)
    return single.replace(" single", " masked")


def parts_of_masked(name: str, array: Array) -> tuple[str, str, str]:
    """Code for the data of a masked array, for what its mask leaves, and for both in a mask."""
    if hasattr(array, "get_mask"):
        data, mask = f"{name}.get_data()", f"{name}.get_mask()"
        return data, mask, f"{data} & {mask}"
    if is_of_masked_chunks(array):
        data, mask, filled = (
            f"dask.array.ma.{one}" for one in ("getdata", "getmaskarray", "filled")
        )
        return f"{data}({name})", f"~{mask}({name})", f"{filled}({name}, False)"
    if hasattr(array, "unmasked"):
        return f"{name}.unmasked", f"~{name}.mask", f"{name}.filled(False)"
    return f"{name}.data", f"~numpy.ma.getmaskarray({name})", f"{name}.filled(False)"


def for_mask(
    xp: Namespace,
    entries: Shape,
    where: Shape,
    allowed: list[Shape],
    loss: object = None,
    *,
    of_logits: bool = False,
) -> str:
    """Remedy for a mask of none of the allowed shapes; the entries have a shape of their own."""
    several = [one for one in allowed if has_several_orders(one, where)]
    for shape in allowed:
        axes = missing_axes(shape, where)
        if axes is not None:
            inserted = inserted_axes(xp, "where", axes, len(shape))
            return f"pass {permuted(xp, 'where', several[0], where) if several else inserted}"
    single = for_single_entries(xp, loss, of_logits, along=along_samples(entries, allowed))
    is_vocabulary = entries not in allowed and is_of_vocabulary(where, entries, allowed)
    for shape in allowed:
        if None not in shape and (ways := placements(shape, where)):
            turned = turned_samples(xp, where, [one for one in allowed if one != shape])
            named = is_vocabulary or bool(turned)
            codes = spread_codes(xp, "where", shape, where, ways, named=named)
            return f"pass {', or '.join(codes)}{turned}{single * is_vocabulary}"
    if remedy := for_padding(xp, where, entries, allowed):
        is_cut = remedy.endswith("]")
        return remedy + (single if where == entries else for_known_entries(xp, loss) * is_cut)
    if is_vocabulary:
        return f"to leave out samples pass a mask of them{single}"
    for shape in allowed:
        if code := rearranged(xp, "where", shape, where):
            return f"pass {code}"
    return for_other_sizes(xp, where, entries, allowed, loss)


def turned_samples(xp: Namespace, where: Shape, allowed: list[Shape]) -> str:
    """Last part of a remedy for a mask that may be of samples whose axes have another order."""
    for shape in allowed:
        if None not in shape and (code := permuted(xp, "where", shape, where)):
            return f", or {code} if it is of the samples {shape}, with its axes in another order"
    return ""


def along_samples(entries: Shape, allowed: list[Shape]) -> str:
    """The axis of the entries in words, by the size of a mask of samples along it."""
    kept = next((one for one in allowed if len(one) == len(entries) and one != entries), entries)
    off = [at for at, (size, one) in enumerate(zip(entries, kept, strict=True)) if size != one]
    return along_axis(off[0], len(entries)) if len(off) == 1 else ""


def for_padding(xp: Namespace, where: Shape, entries: Shape, allowed: list[Shape]) -> str:
    """Remedy that makes a mask of samples of one with an axis more, or "".

    A mask of what each token attends to tells by its diagonal which tokens are padding: the first
    column would be that of the first token, to which all attend.
    """
    batch, tokens = entries[:1], entries[1:2]
    is_of_heads = len(where) > len(entries) and where[:1] + where[2:] == batch + tokens * 2
    if (*entries[:-1], 1) in allowed and is_of_heads:
        return f"for padding pass {say(xp, 'diagonal', 'where[:, 0, ...]')}"
    index = one_of_sample(where, entries, allowed)
    if index.endswith(":, :1") and len(where) > AXES_OF_SQUARE and where[-1] == where[-2]:
        return f"for padding pass {say(xp, 'diagonal', 'where')}"
    same = index.split(", ").index(":1") if index else 0
    return f"if it is the same along axis {same} pass where[{index}]" if index else ""


def one_of_sample(where: Shape, entries: Shape, allowed: list[Shape]) -> str:
    """Index of the first entry of every sample in a mask of entries, or ""; of one sample none."""
    for shape in allowed:
        sizes = list(zip(shape, where, entries, strict=False))
        fits = all(one == size or (size == 1 and every != 1 and one) for size, one, every in sizes)
        if fits and len(shape) == len(where) == len(entries):
            return ", ".join(":1" if size == 1 else ":" for size in shape)
    return ""


def is_of_vocabulary(where: Shape, entries: Shape, allowed: list[Shape]) -> bool:
    """Whether a mask names the last axis of the operands alone, which is that of the entries."""
    is_last = (*entries[:-1], 1) in allowed
    return is_last and where[-1:] == entries[-1:] and set(where[:-1]) <= {1}
