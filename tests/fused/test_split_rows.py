"""Rows whose parts lie apart: stage after stage, the parts give the results of whole rows."""

from dataclasses import replace
from functools import partial
from itertools import pairwise
from threading import Barrier, Thread

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

from kldiv_xp import js_div_with_logits_gradient, kl_div_with_logits_gradient
from kldiv_xp.calls.divergences import js_of, kl_of
from kldiv_xp.core.scale import Scale
from kldiv_xp.fused import choice, engine

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")

ROWS, CLASSES = 8, 150
CUTS = {"whole": [], "in two": [70], "uneven": [1, 97, 100], "with nothing": [0, 33, 33, 150]}
MASK = np.arange(ROWS)[:, np.newaxis] % 3 > 0
ABOVE = np.linspace(-1, 2, ROWS)[:, np.newaxis]

LOSSES = {
    "KL": {},
    "KL at 2": {"temperature": 2.0, "scale_by_temperature_squared": False},
    "KL at 3, squared": {"temperature": 3.0},
    "KL of p": {"target_is": "probabilities"},
    "KL of log p": {"target_is": "log_probabilities", "temperature": 3.0},
    "JS": {"beta": 0.5},
    "JS at 3, squared": {"beta": 0.3, "temperature": 3.0},
    "JS of one weight": {"beta": 0.01},
    "forward": {"beta": 0.0},
    "reverse": {"beta": 1.0},
    "JS of p": {"beta": 0.3, "target_is": "probabilities"},
}
# The value (None), and derivatives with respect to input and target, in calls of their own.
PLACES = [[None], [0], [1], [0, 1], [None, 0, 1]]


def operands(options, dtype="float64"):
    """Rows far apart, near and alike, and such that hold -inf, or that alone, or NaN."""
    random = np.random.default_rng(7)
    x, t = 3 * random.normal(size=(2, ROWS, CLASSES))
    t[1], t[2] = x[1] * 1.0001, x[2]
    x[3, ::3] = t[3, ::3] = t[4, 9] = -np.inf
    x[5] = -np.inf
    x[6, 5] = np.nan
    if "target_is" in options:
        t -= np.log(np.exp(t).sum(axis=-1, keepdims=True))
    if options.get("target_is") == "probabilities":
        t = np.exp(t)
    return x.astype(dtype), t.astype(dtype)


def divergence_of(x, options):
    """What the loss with these options computes of every row."""
    kind, temperature = options.get("target_is", "logits"), options.get("temperature", 1.0)
    beta = options.get("beta")
    found = kl_of(x, temperature, kind) if beta is None else js_of(x, temperature, beta, kind)
    return replace(found, scaled=options.get("scale_by_temperature_squared", True))


class Meeting:
    """Parts of rows that exchange numbers, and what they have exchanged."""

    def __init__(self, parts):
        self.barrier, self.numbers = Barrier(parts), [None] * parts
        self.exchanges = []

    def exchanged(self, part, numbers, kind):
        self.numbers[part] = numbers
        if not part:
            self.exchanges.append((kind, len(numbers)))
        self.barrier.wait(60)
        joined = (np.maximum if kind == "max" else np.add).reduce(self.numbers)
        self.barrier.wait(60)
        return joined


def by_parts(options, cuts, arrays, places, *, mask=(), upstream=()):
    """Results at some places, put together, and what the parts have exchanged for them."""
    bounds = [0, *cuts, arrays[0].shape[-1]]
    pieces = [[one[:, slice(*ends)] for one in arrays] for ends in pairwise(bounds)]
    meeting, divergence = Meeting(len(pieces)), divergence_of(arrays[0], options)
    found = [[new_result(place, piece) for place in places] for piece in pieces]

    def work(part):
        by_place = dict(zip(places, found[part], strict=True))
        results = [by_place.get(place) for place in (0, 1, None)]
        wanted, given = (0 in places, 1 in places, None in places), (*pieces[part], *mask)
        loops = arrays[0].dtype.type, lambda: 1
        exchanged = partial(meeting.exchanged, part)
        with np.errstate(all="ignore"):
            numbers = engine.numbers_of_rows(np, given, divergence, wanted, *loops, exchanged)
            engine.fill_split_rows(np, given, numbers, Scale(), upstream, results, *loops)

    threads = [Thread(target=work, args=(part,)) for part in range(len(pieces))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return [list(parts) for parts in zip(*found, strict=True)], meeting.exchanges


def new_result(place, piece):
    """Array for divergences, or for a derivative."""
    first = piece[0]
    return np.empty(len(first), first.dtype) if place is None else np.empty_like(piece[place])


def of_whole_rows(monkeypatch, options, arrays, **others):
    """Divergences and derivatives of whole rows, without compiled loops."""
    monkeypatch.setenv(choice.FUSED_VARIABLE, "0")
    function = js_div_with_logits_gradient if "beta" in options else kl_div_with_logits_gradient
    value, *both = function(*arrays, reduction="none", return_value=True, **options, **others)
    return {None: value, **dict(enumerate(both))}


def assert_close(places, found, expected, **near):
    """Every part has all divergences, and the derivatives of its classes."""
    for place, parts in zip(places, found, strict=True):
        for one in parts if place is None else [np.concatenate(parts, axis=-1)]:
            np.testing.assert_allclose(one, expected[place], **near)


@pytest.mark.few(4, 7)
@pytest.mark.parametrize("cuts", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("options", LOSSES.values(), ids=LOSSES)
def test_parts_of_rows_give_the_results_of_whole_rows(monkeypatch, options, cuts):
    arrays = operands(options)
    expected = of_whole_rows(monkeypatch, options, arrays)
    for places in PLACES:
        found, _ = by_parts(options, cuts, arrays, places)
        assert_close(places, found, expected, rtol=1e-9, atol=1e-14)


def test_parts_may_lie_class_by_class_or_repeat_one_row(monkeypatch):
    x, t = operands({})
    arrays = np.asfortranarray(x), np.broadcast_to(t[0], t.shape)
    expected = of_whole_rows(monkeypatch, {}, arrays)
    found, _ = by_parts({}, CUTS["uneven"], arrays, [None, 0, 1])
    assert_close([None, 0, 1], found, expected, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("options", [LOSSES["KL at 3, squared"], LOSSES["JS"]], ids=str)
def test_masks_and_cotangents_of_rows_go_with_every_part(monkeypatch, options):
    arrays = operands(options)
    others = {"where": MASK, "upstream": ABOVE[:, 0]}
    expected = of_whole_rows(monkeypatch, options, arrays, **others)
    given = {"mask": [MASK], "upstream": [ABOVE]}
    for places in ([1], [None, 0, 1]):
        found, _ = by_parts(options, CUTS["in two"], arrays, places, **given)
        assert_close(places, found, expected, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("options", [LOSSES["KL"], LOSSES["JS"]], ids=str)
def test_sums_of_float32_are_as_exact_as_those_of_whole_rows(monkeypatch, options):
    """Many small terms beside a large one round alike, if they are summed up one by one."""
    t = np.zeros((6, 32000))
    x = t.copy()
    x[:, 0] = [0.01, 1, -5, 12, 20, 30]
    arrays = [one.astype("float32") for one in (x, t)]
    exact = of_whole_rows(monkeypatch, options, (x, t))
    found, _ = by_parts(options, [20000], arrays, [None, 0, 1])
    for place, parts in zip((0, 1), found[1:], strict=True):
        error = np.linalg.norm(np.concatenate(parts, axis=-1) - exact[place], axis=-1)
        assert np.all(error <= 7e-7 * np.linalg.norm(exact[place], axis=-1))


# Which numbers of each row parts exchange, for the value and with the derivative by the input.
EXCHANGES = {
    "KL": (
        [("max", 2), ("sum", 2), ("sum", 1)],
        [("max", 2), ("sum", 3), ("sum", 2)],
    ),
    "KL of p": (
        [("max", 1), ("sum", 1), ("sum", 1)],
        [("max", 1), ("sum", 1), ("sum", 1), ("sum", 1)],
    ),
    "JS": (
        [("max", 2), ("sum", 2), ("sum", 2), ("sum", 2), ("sum", 1)],
        [("max", 2), ("sum", 2), ("max", 2), ("sum", 5), ("max", 1), ("sum", 4), ("sum", 2)],
    ),
}


@pytest.mark.parametrize("name", EXCHANGES)
def test_parts_exchange_all_numbers_of_a_stage_at_once(name):
    arrays = operands(LOSSES[name])
    for places, expected in zip(([None], [None, 0]), EXCHANGES[name], strict=True):
        _, exchanges = by_parts(LOSSES[name], [70], arrays, places)
        assert exchanges == expected
