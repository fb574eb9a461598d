"""Gradients and classes with options of a wrong type or out of range, as their functions'."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from checks.refusals import of_switch
from hostile.row import Raises, Row, pair

OF_LOGITS = ("kl_div_with_logits_gradient", "js_div_with_logits_gradient")
GRADIENTS = ("kl_div_gradient", "js_div_gradient", *OF_LOGITS)
CLASSES = ("KLDivWithLogitsLoss", "JSDivWithLogitsLoss", "JSDivLoss")
ONE_OF = "`reduction` must be one of 'none', 'mean', 'sum', 'batchmean'; got"
MEANT = {"avg": ": did you mean 'mean'?", None: ": did you mean 'none'?"}


def rows() -> Iterator[Row]:
    yield from gradients()
    yield from gradients_of_logits()
    yield from classes()


def refused(name: str, call: str, value: object, kind: type[Exception], sentence: str) -> Row:
    """Row of a call with one wrong option."""
    make = tuple if call in CLASSES else pair
    return Row(f"{name}={value!r}", call, make, Raises(kind, sentence), {name: value})


def gradients() -> Iterator[Row]:
    for call in GRADIENTS:
        for flag in (1, None, "True", np.True_):
            sentence = of_switch("return_value", flag)
            yield refused("return_value", call, flag, TypeError, sentence)
        for reduction in ("avg", None, 1):
            yield refused(
                "reduction",
                call,
                reduction,
                ValueError,
                f"{ONE_OF} {reduction!r}{MEANT.get(reduction, '.')}",
            )
        sentence = (
            "`upstream` must be a real number (no bool) or an array of the library of `input`; got "
            "str: pass float(...) or asarray(...) of it."
        )
        if call != "kl_div_gradient":
            yield refused("upstream", call, "1", TypeError, sentence)


def gradients_of_logits() -> Iterator[Row]:
    for call in OF_LOGITS:
        for value in (0, -1.0, math.nan, math.inf):
            sentence = (
                "`temperature` must be a positive finite real number (no bool) or a 0-d array of "
                f"one in the library of `input`; got {value!r}: pass temperature=1.0, "
                "which leaves the logits as they are."
            )
            yield refused("temperature", call, value, ValueError, sentence)
        name = "scale_by_temperature_squared"
        sentence = f"`{name}` must be True or False; got 1: pass bool(...) of it."
        yield refused(name, call, 1, TypeError, sentence)
    for value in (-0.1, 2, math.nan):
        sentence = (
            "`beta` must be a real number from 0 to 1 (no bool) or a 0-d array of one in the "
            f"library of `input`; got {value!r}: pass beta=0.5, the Jensen-Shannon divergence."
        )
        yield refused("beta", OF_LOGITS[1], value, ValueError, sentence)


def classes() -> Iterator[Row]:
    beta = (
        "`beta` must be a real number from 0 to 1 (no bool); got 2: pass beta=0.5, the "
        "Jensen-Shannon divergence."
    )
    temperature = (
        "`temperature` must be a positive finite real number (no bool); got 0: pass "
        "temperature=1.0, which leaves the logits as they are."
    )
    wrong: dict[str, tuple[Any, type[Exception], str, tuple[str, ...]]] = {
        "reduction": ("avg", ValueError, f"{ONE_OF} 'avg'{MEANT['avg']}", CLASSES),
        "axis": (
            "x", TypeError, "`axis` must be None, an int or a tuple of ints; got 'x': pass an int, "
            "axis=-1 for the last one.", CLASSES
        ),
        "temperature": (0, ValueError, temperature, CLASSES[:2]),
        "beta": (2, ValueError, beta, CLASSES[1:]),
        "log_input": (
            1, TypeError, "`log_input` must be True or False; got 1: pass bool(...) of it.",
            CLASSES[2:],
        ),
    }  # fmt: skip
    for name, (value, kind, sentence, calls) in wrong.items():
        for call in calls:
            yield refused(name, call, value, kind, sentence)
    for call in CLASSES:
        sentence = f"`dim` is no option of {call}; got 1: pass axis=1."
        yield refused("dim", call, 1, TypeError, sentence)
