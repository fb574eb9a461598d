"""Arrays of NumPy in memory of any kind, of any size, and of subclasses."""

from collections.abc import Iterator

import numpy as np
from hostile.row import (
    INPUT,
    SUM,
    TARGET,
    Gives,
    Raises,
    Row,
    derivative,
    module,
    sums,
    terms,
)

import kldiv_xp

TERMS = np.array(TARGET) * (np.log(TARGET) - np.array(INPUT))


class Watching(np.ndarray):
    """A subclass that does what its parent does."""


def misaligned(values: list) -> np.ndarray:
    memory = np.zeros(33, dtype="uint8")[1:].view("float64").reshape(2, 2)
    memory[...] = values
    return memory


def read_only(values: list) -> np.ndarray:
    array = np.array(values)
    array.flags.writeable = False
    return array


LAYOUTS = {
    "negative strides": lambda v: np.array(v)[::-1, ::-1].copy()[::-1, ::-1],
    "misaligned memory": misaligned,
    "the other byte order": lambda v: np.array(v, dtype=">f8"),
    "columns": np.asfortranarray,
    "read-only memory": read_only,
    "memory of every second element": lambda v: np.repeat(np.array(v), 2, axis=1)[:, ::2],
    "memory of a record": lambda v: np.rec.fromarrays([np.array(v)], names="p").p,
    "a subclass": lambda v: np.array(v).view(Watching),
    "a record array of floats": lambda v: np.array(v).view(np.recarray),
}


def rows() -> Iterator[Row]:
    for name, make in LAYOUTS.items():

        def pair(m=make):
            return m(INPUT), m(TARGET)

        yield Row(name, terms, pair, Gives(TERMS))
        yield Row(name, module, pair, Gives(SUM))
        yield Row(name, derivative, pair, Gives(-np.array(TARGET)))
    yield from shapes()
    yield from sizes()


def shapes() -> Iterator[Row]:
    spread = "nothing is broadcast silently, so pass {0} = numpy.broadcast_to({0}, {1})"
    for left, right, remedy in (
        ((4, 2), (2,), spread.format("target", (4, 2))),
        ((), (1,), "pass target.reshape(())"),
        ((2, 2), (2, 2, 1), "pass target.reshape((2, 2))"),
        ((0, 2), (2, 0), "pass target.transpose((1, 0))"),
    ):
        yield Row(
            f"shapes {left} and {right}",
            sums,
            lambda a=left, b=right: (np.ones(a), np.ones(b)),
            Raises(
                ValueError,
                f"`input` and `target` must have the same shape; got {left} and {right}: {remedy}.",
            ),
        )
    for shape in ((0,), (0, 3), (3, 0), (2, 0, 2)):

        def empty(s=shape):
            return np.ones(s), np.ones(s)

        yield Row(f"no elements in shape {shape}", sums, empty, Gives(0.0))
        yield Row(f"no elements in shape {shape}", terms, empty, Gives(np.ones(shape)))
        yield Row(
            f"mean of no elements in shape {shape}",
            "kl_div",
            empty,
            Gives(np.nan, warns=kldiv_xp.KLDivWarning),
        )
    for function in ("kl_div_with_logits", "js_div_with_logits"):
        yield Row(
            "no samples",
            function,
            lambda: (np.ones((0, 3)), np.ones((0, 3))),
            Gives(np.ones(0)),
            {"reduction": "none"},
        )
        yield Row(
            "samples without elements",
            function,
            lambda: (np.ones((2, 0)), np.ones((2, 0))),
            Raises(
                ValueError,
                "`input` must have at least one logit along `axis`; got the shape (2, 0), whose "
                "axis 1 is empty: leave the loss out, or name another axis.",
            ),
        )
        yield Row(
            "numbers without an axis",
            function,
            lambda: (np.array(1.0), np.array(1.0)),
            Raises(
                ValueError,
                "`axis` must name axes of the operands, which have 0; got -1: pass the numbers "
                "of a distribution along one.",
            ),
        )


def sizes() -> Iterator[Row]:
    """More elements than 32 bits can count; only those that are selected or empty cost time."""
    many = 2**31 + 2

    def broadcast():
        return np.broadcast_to(np.float32(-1), many), np.broadcast_to(np.float32(0.5), (1, many))

    yield Row(
        "2**31 elements beside another shape",
        sums,
        broadcast,
        Raises(
            ValueError,
            f"`input` and `target` must have the same shape; got ({many},) and (1, {many}): "
            f"pass target.reshape(({many},)).",
        ),
    )
    yield Row(
        "2**31 ints",
        sums,
        lambda: (np.broadcast_to(np.int8(1), many),) * 2,
        Raises(
            TypeError,
            "`input` must have a real floating-point dtype; got int8: if these are counts, take "
            "the logarithms of their shares: numpy.log(input / input.sum(axis=-1, keepdims=True)).",
        ),
    )
    yield Row(
        "2**31 elements",
        sums,
        lambda: tuple(
            np.broadcast_to(np.full(2**18, value, dtype="float32"), (2**13 + 1, 2**18))
            for value in (-1, 1)
        ),
        Gives(2.0**31 + 2.0**18, dtype="float32"),
    )
    yield Row(
        "2**50 by 0 elements",
        sums,
        lambda: (np.broadcast_to(np.empty((1, 0)), (2**50, 0)),) * 2,
        Gives(0.0),
    )
