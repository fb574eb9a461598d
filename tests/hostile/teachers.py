"""Tables, teachers known at some indices, and hidden states that are not what they must be."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from checks.refusals import of_switch
from hostile.row import INPUT, Gives, Raises, Row, pair

import kldiv_xp

SPARSE, LINEAR = "sparse_kl_div_with_logits", "linear_kl_div"
GRADIENTS = f"{SPARSE}_gradient", f"{LINEAR}_gradient"
LOGITS = [[1.0, 2.0, 3.0, 0.0], [0.5, -1.0, 2.0, 1.0]]
PLACES: list[Any] = [[3, 1], [0, 2]]
LOG_P: list[Any] = np.log([[0.5, 0.25], [0.125, 0.5]]).tolist()
Make = Callable[[], tuple[Any, ...]]


def rows() -> Iterator[Row]:
    yield from tables()
    yield from sparse()
    yield from linear()
    yield from gradients()


def tables() -> Iterator[Row]:
    for name in ("js_div", "js_div_gradient"):
        for flag in (1, None, "True", np.True_):
            sentence = of_switch("log_input", flag)
            options = {"log_input": flag}
            yield Row(f"log_input={flag!r}", name, pair, Raises(TypeError, sentence), options)
        for beta in (-0.1, 2, math.nan, math.inf):
            sentence = (
                f"`beta` must be a real number from 0 to 1 (no bool); got {beta!r}: pass "
                "beta=0.5, the Jensen-Shannon divergence."
            )
            yield Row(f"beta={beta!r}", name, pair, Raises(ValueError, sentence), {"beta": beta})
        for beta in ("0.5", None, True, 1j):
            meant = {"0.5": "pass beta=0.5", None: "leave it out"}.get(
                beta, "pass beta=0.5, the Jensen-Shannon divergence"
            )
            sentence = f"`beta` must be a real number from 0 to 1 (no bool); got {beta!r}: {meant}."
            yield Row(f"beta={beta!r}", name, pair, Raises(TypeError, sentence), {"beta": beta})
    expected = kldiv_xp.js_div(*pair(), beta=1.0)
    yield Row("beta=np.int8(1)", "js_div", pair, Gives(expected), {"beta": np.int8(1)})


def teacher(places: list[Any] = PLACES, log_p: list[Any] = LOG_P, dtype: str = "int64") -> Make:
    return lambda: (np.array(LOGITS), np.array(places, dtype=dtype), np.array(log_p))


def sparse() -> Iterator[Row]:
    named = "as a top-k function returns them"
    wrong: dict[str, tuple[Make, type[Exception], str]] = {
        "indices that are floats": (
            teacher(dtype="float64"), TypeError,
            "`indices` must have an integer dtype; got float64: pass the places of the teacher's "
            f"entries along `axis`, {named} beside the values."),
        "values of another shape": (
            teacher(log_p=[[-1.0], [-1.0]]), ValueError,
            "`indices` and `target` must have the same shape; got (2, 2) and (2, 1): pass both "
            f"{named}."),
        "no entries": (
            teacher([[], []], [[], []]), ValueError,
            "`indices` must name from 1 to 4 places of a sample, each once; got 0: pass the most "
            "probable entry of each sample at least, or leave the loss out."),
        "other samples": (
            teacher(PLACES[:1], LOG_P[:1]), ValueError,
            "`indices` must have the shape of `input` but for the size along axis 1; got (1, 2) "
            "where `input` has (2, 4): pass the same samples in both, and name the axis of one "
            "distribution with axis=."),
    }  # fmt: skip
    for name, (make, kind, sentence) in wrong.items():
        yield Row(name, SPARSE, make, Raises(kind, sentence))
    for tail in ("top", None, 1, ["bucket"]):
        end = ": did you mean 'bucket'?" if tail == ["bucket"] else "."
        sentence = f"`tail` must be one of 'bucket', 'zero', 'renormalize'; got {tail!r}{end}"
        yield Row(f"tail={tail!r}", SPARSE, teacher(), Raises(ValueError, sentence), {"tail": tail})
    logits = Raises(
        ValueError,
        "tail='bucket' needs the teacher's probabilities, which 2 of its logits do not tell: take "
        "log_softmax of all of its logits before the top-k, and pass "
        "target_is='log_probabilities', or pass tail='renormalize'.",
    )
    yield Row("logits of some", SPARSE, teacher(), logits, {"target_is": "logits"})
    expected = getattr(kldiv_xp, SPARSE)(*teacher()())
    yield Row("indices of 8 bits", SPARSE, teacher(dtype="uint8"), Gives(expected))


def heads(weight: list[Any], target: list[Any]) -> Make:
    return lambda: (np.array(INPUT), np.array(weight), np.array(target))


def linear() -> Iterator[Row]:
    weight = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    target = [[0.5, 1.0, 0.0], [1.0, 0.0, 2.0]]
    shape = (
        "`weight` must have the shape (vocabulary, 2), whose second size is the last of `input`; "
        "got (2, 3) where `input` has (2, 2): pass the weight of the last linear layer as "
        "torch.nn.Linear holds it, transposed if it is stored the other way."
    )
    turned = np.transpose(weight).tolist()
    yield Row("a weight by columns", LINEAR, heads(turned, target), Raises(ValueError, shape))
    for value in (-1, 1.5, math.nan):
        sentence = (
            "`beta` must be a real number from 0 to 1 (no bool) or a 0-d array of one in the "
            f"library of `input`; got {value!r}: pass beta=0.5, the Jensen-Shannon divergence."
        )
        outcome = Raises(ValueError, sentence)
        yield Row(f"beta={value!r}", LINEAR, heads(weight, target), outcome, {"beta": value})
    places = {"indices": np.array([[0], [1]]), "target_is": "probabilities"}
    known = heads(weight, [[0.5], [0.25]])
    for tail in ("top", None):
        sentence = f"`tail` must be one of 'bucket', 'zero', 'renormalize'; got {tail!r}."
        outcome = Raises(ValueError, sentence)
        yield Row(f"tail={tail!r}", LINEAR, known, outcome, places | {"tail": tail})
    mixed = Raises(
        ValueError,
        "`beta` must be 0 where `indices` name the teacher's entries; got 0.5: leave it out, or "
        "pass a target for the whole vocabulary without `indices`.",
    )
    yield Row("a mixture of a sparse teacher", LINEAR, known, mixed, places | {"beta": 0.5})
    floats = Raises(
        TypeError,
        "`indices` must have an integer dtype; got float64: pass the places of the teacher's "
        "entries along `axis`, as a top-k function returns them beside the values.",
    )
    yield Row("indices that are floats", LINEAR, known, floats, {"indices": np.zeros((2, 1))})
    bias = Raises(
        ValueError,
        "`target_bias` must come with `target_weight`; got it alone: pass both, with the "
        "teacher's hidden states as `target`.",
    )
    options = {"target_bias": np.zeros(3)}
    yield Row("a bias alone", LINEAR, heads(weight, target), bias, options)


def gradients() -> Iterator[Row]:
    """As their losses, and with options of their own."""
    weight, target = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [[0.5, 1.0, 0.0], [1.0, 0.0, 2.0]]
    makes = dict(zip(GRADIENTS, (teacher(), heads(weight, target)), strict=True))
    for row in [*sparse(), *linear()]:
        if isinstance(row.outcome, Raises):
            called = f"{row.function}_gradient"
            yield Row(row.name, called, row.make, row.outcome, row.options)
    for call, make in makes.items():
        for flag in (1, None, "True", np.True_):
            sentence = of_switch("return_value", flag)
            options = {"return_value": flag}
            yield Row(f"return_value={flag!r}", call, make, Raises(TypeError, sentence), options)
        text = (
            "`upstream` must be a real number (no bool) or an array of the library of `input`; got "
            "str: pass float(...) or asarray(...) of it."
        )
        yield Row("upstream='1'", call, make, Raises(TypeError, text), {"upstream": "1"})
        shape = (
            "`upstream` must have the shape of the loss, (2,) for 'none' and () otherwise; got "
            "(2,) with reduction='batchmean': pass reduction='none', or a number."
        )
        options = {"upstream": np.ones(2)}
        yield Row("upstream of samples", call, make, Raises(ValueError, shape), options)
