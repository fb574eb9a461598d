"""Options of a wrong type or out of range."""

import math
import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import numpy as np
from checks.refusals import of_switch
from hostile.row import SUM, Gives, Raises, Row, derivative, limited, module, pair, sums

import kldiv_xp

FLAGS = [1, 0, None, "True", 1.0, [True], np.True_, np.ones(()) == 1]
MEANT = {
    "avg": ": did you mean 'mean'?",
    "SUM": ": did you mean 'sum'?",
    "None": ": did you mean 'none'?",
    **dict.fromkeys(("b'sum'", "['sum']"), ": did you mean 'sum'?"),
    **dict.fromkeys(("b'logits'", "['logits']"), ": did you mean 'logits'?"),
    "logit": ": did you mean 'logits'?",
}
REDUCTIONS = ["avg", "SUM", "", None, 1, b"sum", ["sum"], ("none", "sum"), True]
LEGACY = [1, 0, "mean", np.False_, [False]]
NO_INTS = ["x", 0.0, True, [0], {0}, (0, 1.0), (None,), ((0,), 1), np.True_, np.ones(())]
INTS_MEANT = {
    "0.0": "0", "[0]": "(0,)", "{0}": "0", "(0, 1.0)": "(0, 1)", "((0,), 1)": "(0, 1)"
}  # fmt: skip
NO_AXES = [2, -3, (0, 2), 2**70]
TEMPERATURES = [0, 0.0, -0.0, -1.0, math.nan, math.inf, -math.inf, 10**400]
NO_NUMBERS = ["2", None, True, [1.0], 1j, Decimal(2), dict, {0.5}]
NUMBERS = [np.array(1.0), np.array(1), np.float32(1), np.int8(1), Fraction(1), 1]
BETAS = [-0.1, 1.5, math.nan, math.inf, -1, 2, 10**400]
MASK = (
    "pass where=mask != 0 if it is 0 at what is left out, or where=mask == 0 if it is 0 at what "
    "has a part in the loss"
)
BY_ROWS = (
    "; a mask of distributions comes with axis=-1 where you give no axis: reduction='mean' then "
    "divides by the number of distributions"
)
OF_ROWS = dict.fromkeys(("kl_div", "kl_div_gradient", "diagnose"), BY_ROWS)
TARGETS = ["logit", "", None, 1, b"logits", ["logits"]]


def rows() -> Iterator[Row]:
    yield from flags()
    yield from reductions()
    yield from axes()
    yield from numbers()
    yield from limits()
    yield from other_names()


def flags() -> Iterator[Row]:
    for number, flag in enumerate(FLAGS):
        function = [sums, module, derivative][number % 3]
        for name in ("log_target", "log_input", "generalized"):
            outcome = Raises(TypeError, of_switch(name, flag))
            yield Row(f"{name}={flag!r}", function, pair, outcome, {name: flag})
        name = "scale_by_temperature_squared"
        function = ["kl_div_with_logits", "js_div_with_logits"][number % 2]
        yield Row(
            f"{name}={flag!r}",
            function,
            pair,
            Raises(TypeError, of_switch(name, flag)),
            {name: flag},
        )
    for flag in LEGACY:
        for name, off in (("size_average", "sum"), ("reduce", "none")):
            meant = "mean" if flag == 1 else off
            remedy = f"leave it out, and pass reduction={meant!r}"
            if isinstance(flag, str):
                remedy = "pass a reduction by keyword, reduction='mean'"
            sentence = f"`{name}` must be True, False or None; got {flag!r}: {remedy}."
            yield Row(f"{name}={flag!r}", "kl_div", pair, Raises(TypeError, sentence), {name: flag})
            yield Row(
                f"{name}={flag!r}", "KLDivLoss", tuple, Raises(TypeError, sentence), {name: flag}
            )


def reductions() -> Iterator[Row]:
    functions = ["kl_div", "kl_div_gradient", "kl_div_with_logits", "js_div_with_logits"]
    for number, reduction in enumerate(REDUCTIONS):
        sentence = (
            f"`reduction` must be one of 'none', 'mean', 'sum', 'batchmean'; got {reduction!r}"
            f"{MEANT.get(str(reduction), '.')}"
        )
        outcome, options = Raises(ValueError, sentence), {"reduction": reduction}
        yield Row(f"reduction={reduction!r}", functions[number % 4], pair, outcome, options)
        yield Row(f"reduction={reduction!r}", "KLDivLoss", tuple, outcome, options)


def axes() -> Iterator[Row]:
    for number, axis in enumerate(NO_INTS):
        told = INTS_MEANT.get(repr(axis))
        sentence = f"`axis` must be None, an int or a tuple of ints; got {axis!r}"
        is_array = isinstance(axis, np.ndarray) and axis.shape == ()
        no_int = (
            ": pass int(...) of it." if is_array else ": pass an int, axis=-1 for the last one."
        )
        sentence += f": pass axis={told}." if told else no_int
        function = [sums, derivative, "kl_div_with_logits", module][number % 4]
        if function == "kl_div_with_logits" and isinstance(axis, tuple | list):
            function = sums
        yield Row(f"axis={axis!r}", function, pair, Raises(TypeError, sentence), {"axis": axis})
    for number, axis in enumerate(NO_AXES):
        sentence = (
            f"`axis` must name axes of the operands, which have 2; got {axis!r}: count them from "
            "0, or from -1 at the end."
        )
        function = [sums, derivative, module][number % 3]
        yield Row(f"axis={axis!r}", function, pair, Raises(ValueError, sentence), {"axis": axis})
    twice = "`axis` must name each axis once; got (0, -2) for operands with 2 axes: pass axis=(0,)."
    yield Row("axis=(0, -2)", sums, pair, Raises(ValueError, twice), {"axis": (0, -2)})
    for axis in ((0,), (), (0, 1)):
        told = {
            (0,): ": pass axis=0",
            (): ": pass axis=-1, the last one",
            (0, 1): ": reshape the operands so that these axes are one, and pass that",
        }[axis]
        sentence = f"`axis` must be an int, the axis of one distribution; got {axis!r}{told}."
        outcome = Raises(TypeError, sentence)
        yield Row(f"axis={axis!r}", "js_div_with_logits", pair, outcome, {"axis": axis})
    none = Raises(
        TypeError,
        "`axis` must be an int, the axis of one distribution; got None: pass axis=-1, the last "
        "one.",
    )
    yield Row(
        "axis=None",
        "kl_div_with_logits",
        pair,
        none,
        {"axis": None},
    )
    yield Row("no axis of a sample", sums, pair, Gives(SUM), {"axis": ()})


def told(value: object) -> str:
    """The temperature that is told: the number that is meant, or 1."""
    if isinstance(value, list | set):
        (value,) = value
        return str(value)
    meant = isinstance(value, str | Decimal)
    return str(float(value)) if meant else "1.0, which leaves the logits as they are"


def told_share(value: object) -> str:
    """What is told of a weight of a mixture."""
    if value is None:
        return "leave it out"
    is_one = isinstance(value, list | set)
    return f"pass beta={told(value) if is_one else '0.5, the Jensen-Shannon divergence'}"


def numbers() -> Iterator[Row]:
    functions = ["kl_div_with_logits", "js_div_with_logits"]
    for kind, values in ((ValueError, TEMPERATURES), (TypeError, NO_NUMBERS)):
        for number, value in enumerate(values):
            sentence = (
                "`temperature` must be a positive finite real number (no bool) or a 0-d array of "
                f"one in the library of `input`; got {value!r}: pass temperature={told(value)}."
            )
            options = {"temperature": value}
            name = f"temperature={value!r}"
            yield Row(name, functions[number % 2], pair, Raises(kind, sentence), options)
    for kind, values in ((ValueError, BETAS), (TypeError, NO_NUMBERS)):
        for value in values:
            sentence = (
                "`beta` must be a real number from 0 to 1 (no bool) or a 0-d array of one in the "
                f"library of `input`; got {value!r}: {told_share(value)}."
            )
            outcome = Raises(kind, sentence)
            yield Row(f"beta={value!r}", "js_div_with_logits", pair, outcome, {"beta": value})
    for value in NUMBERS:
        for function, name in ((functions[0], "temperature"), (functions[1], "beta")):
            expected = getattr(kldiv_xp, function)(*pair(), **{name: 1.0})
            yield Row(f"{name}={value!r}", function, pair, Gives(expected), {name: value})
    for kind in TARGETS:
        sentence = (
            "`target_is` must be one of 'logits', 'probabilities', 'log_probabilities'; got "
            f"{kind!r}{'.' if kind is None else MEANT.get(str(kind), '.')}"
        )
        outcome = Raises(ValueError, sentence)
        yield Row(f"target_is={kind!r}", functions[0], pair, outcome, {"target_is": kind})
    for value in ("1", [1.0], 1j, True):
        remedy = "pass float(...) or asarray(...) of it"
        if value == 1j:
            remedy = "take its real part, upstream.real"
        elif isinstance(value, list):
            remedy = "convert it with numpy.asarray(upstream, dtype=input.dtype)"
        sentence = (
            "`upstream` must be a real number (no bool) or an array of the library of `input`; got "
            f"{type(value).__name__}: {remedy}."
        )
        yield Row(
            f"upstream={value!r}",
            derivative,
            pair,
            Raises(TypeError, sentence),
            {"upstream": value},
        )


def limits() -> Iterator[Row]:
    for limit in (None, 2.0, "2", True, [2], np.int64(2), math.nan):
        sentence = f"`limit` must be an int; got {limit!r}: pass the number of threads."
        yield Row(f"limit={limit!r}", limited, lambda n=limit: (n,), Raises(TypeError, sentence))
    for limit in (0, -1, -(2**70)):
        sentence = f"`limit` must be at least 1; got {limit}: 1 computes in the calling thread."
        yield Row(f"limit={limit}", limited, lambda n=limit: (n,), Raises(ValueError, sentence))


def other_names() -> Iterator[Row]:
    losses = ("kl_div", "js_div", "kl_div_with_logits", "js_div_with_logits")
    ends = ("", "_gradient")
    for call in (*(f"{loss}{end}" for loss in losses for end in ends), "diagnose"):
        for name, value, remedy in (
            ("dim", -1, "pass axis=-1"),
            ("mask", np.ones((2, 2)), MASK),
        ):
            got = "numpy.ndarray" if name == "mask" else repr(value)
            of_rows = OF_ROWS.get(call, "") if name == "mask" else ""
            sentence = f"`{name}` is no option of {call}; got {got}: {remedy}{of_rows}."
            yield Row(name, call, pair, Raises(TypeError, sentence), {name: value})
    for name, value in (("nonsense", None), ("input_", [1.0])):
        got = "list" if isinstance(value, list) else repr(value)
        sentence = re.compile(rf"`{name}` is no option of js_div; got {got}: leave it out.*\.")
        yield Row(name, "js_div", pair, Raises(TypeError, sentence), {name: value})
