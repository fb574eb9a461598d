"""Arrays of NumPy that hold no real floating-point numbers, or such of an unusual type."""

from collections.abc import Iterator

import numpy as np
from hostile.row import FUNCTIONS, INPUT, SUM, TARGET, Gives, Raises, Row, derivative, sums, terms

from kldiv_xp.checks.number_masks import ANY_NUMBERS

BAD = {
    "object": lambda: np.array(TARGET, dtype=object),
    "a ragged list in an array of objects": lambda: np.array([[0.4, 0.6], [0.1]], dtype=object),
    "strings": lambda: np.array([["0.4", "0.6"], ["0.1", "0.9"]]),
    "bytes": lambda: np.array([[b"0.4", b"0.6"], [b"0.1", b"0.9"]]),
    "strings of any length": lambda: np.array(
        [["0.4", "0.6"], ["0.1", "0.9"]], dtype=np.dtypes.StringDType()
    ),
    "times": lambda: np.zeros((2, 2), dtype="M8[s]"),
    "durations": lambda: np.zeros((2, 2), dtype="m8[ns]"),
    "records": lambda: np.zeros((2, 2), dtype=[("p", "f8"), ("q", "f8")]),
    "raw memory": lambda: np.zeros((2, 2), dtype="V8"),
    "bools": lambda: np.ones((2, 2), dtype=bool),
    "signed bytes": lambda: np.ones((2, 2), dtype="int8"),
    "long ints": lambda: np.ones((2, 2), dtype="int64"),
    "unsigned ints": lambda: np.ones((2, 2), dtype="uint16"),
}
COMPLEX = {
    "complex numbers": lambda: np.ones((2, 2), dtype="complex128"),
    "short complex numbers": lambda: np.ones((2, 2), dtype="complex64"),
}


COUNTS = ("signed bytes", "long ints", "unsigned ints")
COUNTS_AS_LOGITS = ("long ints", "unsigned ints")
NO_NUMBERS = ("times", "durations", "raw memory")


def remedy(name: str, place: str) -> str:
    """Remedy for an array of a type that holds no floats."""
    code = f'{place}.astype("float32")'
    if name in COMPLEX:
        return f"take its real part, {place}.real"
    if name in NO_NUMBERS:
        return "pass probabilities or their logarithms in an array of floats"
    if name == "records":
        return f'pass one of its fields, e.g. {place}["p"]'
    if name in COUNTS:
        return counts(place, logits=name in COUNTS_AS_LOGITS and place == "target")
    if "ragged" in name:
        return (
            f"pad its rows to one length and take numpy.stack({place}), then convert it with {code}"
        )
    is_log = name == "bools" and place == "input"
    convert = f"if these are one-hot labels, take their logarithms: numpy.log({code})"
    return convert if is_log else f"convert it with {code}"


def counts(place: str, *, logits: bool = False) -> str:
    """Remedy for counts in the place of log-probabilities, of logits, or of probabilities."""
    shares = f"{place} / {place}.sum(axis=-1, keepdims=True)"
    if logits:
        return (
            f"if these are one-hot labels or counts, pass their shares, {shares}, with "
            f"target_is='probabilities'; if they are logits, convert it with "
            f'{place}.astype("float32")'
        )
    if place == "target":
        return f"if these are one-hot labels or counts, divide them by their sum: {shares}"
    return f"if these are counts, take the logarithms of their shares: numpy.log({shares})"


def rows() -> Iterator[Row]:
    for number, (name, make) in enumerate((BAD | COMPLEX).items()):
        for place, shift in (("input", 0), ("target", 2)):
            sentence = (
                f"`{place}` must have a real floating-point dtype; got {make().dtype}: "
                f"{remedy(name, place)}."
            )
            yield Row(
                f"{name} as {place}",
                FUNCTIONS[(number + shift) % 5],
                lambda m=make, p=place: (
                    (m(), np.array(TARGET)) if p == "input" else (np.array(INPUT), m())
                ),
                Raises(TypeError, sentence),
            )
    yield from masks()
    yield from upstream()
    yield Row(
        "long doubles",
        sums,
        lambda: (np.array(INPUT, np.longdouble), np.array(TARGET, np.longdouble)),
        Gives(SUM, dtype=str(np.dtype(np.longdouble))),
    )
    yield Row(
        "two types of floats",
        sums,
        lambda: (np.array(INPUT, "float32"), np.array(TARGET)),
        Gives(SUM),
    )


def masks() -> Iterator[Row]:
    for name, dtype in (("ints", "int64"), ("floats", "float32"), ("objects", object)):
        remedy = (
            "pass where != 0 if it is 0 at what is left out, or where == 0 if it is 1 at padding"
        )
        if dtype is object:
            remedy = ANY_NUMBERS.format(x="where", ignored=-100)
        yield Row(
            f"a mask of {name}",
            lambda x, t, where: terms(x, t, where=where),
            lambda d=dtype: (np.array(INPUT), np.array(TARGET), np.ones((2, 2), dtype=d)),
            Raises(
                TypeError,
                "`where` must be a mask of bools, True at what has a part in the loss; got "
                f"{np.dtype(dtype)}: {remedy}.",
            ),
        )


def upstream() -> Iterator[Row]:
    yield Row(
        "an upstream derivative of ints",
        lambda x, t, upstream: derivative(x, t, upstream=upstream),
        lambda: (np.array(INPUT), np.array(TARGET), np.ones((2, 2), dtype=int)),
        Raises(
            TypeError,
            "`upstream` must have a real floating-point dtype; got int64: convert it with "
            'upstream.astype("float32").',
        ),
    )
    for value in (np.array(2), np.int64(2), np.float64(2), np.float32(2)):
        yield Row(
            f"an upstream derivative {value!r}",
            lambda x, t, upstream: derivative(x, t, upstream=upstream),
            lambda v=value: (np.array(INPUT), np.array(TARGET), v),
            Gives(-2 * np.array(TARGET)),
        )
    yield Row(
        "an upstream derivative of another shape",
        lambda x, t, upstream: derivative(x, t, upstream=upstream),
        lambda: (np.array(INPUT), np.array(TARGET), np.ones(1)),
        Raises(
            ValueError,
            "`upstream` must have the shape of the loss, (2, 2) for 'none' and () otherwise; got "
            "(1,) with reduction='sum': pass a number.",
        ),
    )
