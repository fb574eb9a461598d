"""Blocks of ordinary numbers take other operations of NumPy, which have the same bits."""

from unittest.mock import patch

import numpy as np
import pytest
from array_libraries import library
from conftest import usable
from contracts.same_bits import SPECIAL_ROWS, bits, table

from kldiv_xp import kl_div, kl_div_gradient
from kldiv_xp.backends.numpy.reproducible import backend as numpy_reproducible
from kldiv_xp.backends.numpy.reproducible import blocks as numpy_reproducible_blocks
from kldiv_xp.backends.numpy.reproducible import functions
from kldiv_xp.backends.numpy.reproducible.ordinary import ordinary
from kldiv_xp.core import evaluate_reproducible
from kldiv_xp.core.evaluate_reproducible import Wanted, rounding_to
from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.formula import reproducible_functions as formula
from kldiv_xp.formula.form import Form
from kldiv_xp.fused import choice
from kldiv_xp.fused.reproducible import LOG_OF_ZERO

reproducible_loops = pytest.importorskip("kldiv_xp.fused.reproducible_loops")
XP = namespace_of(np.empty(0))
FORMS = {
    "probabilities": Form(),
    "log_target": Form(log_target=True),
    "log_input": Form(log_input=False),
    "neither": Form(log_input=False, log_target=True),
}
EVERY_FORM = pytest.mark.parametrize("name", FORMS)
# A number of each kind is put into a row, of the input or of the target.
ODD = [np.nan, np.inf, -np.inf, 0, -0.0, -1, 1e-40, -1e-40, 2**-126, -(2**-126), 1.5 * 2**-126]
ODD += [1e30, -1e30, -300, -170, -150, -90, -87.33655, 88.8, 3e38, 1, -(2**-71), 2**-149, -1e-7]


@pytest.mark.slow
def test_logarithms_of_every_mantissa_have_the_bits_of_the_formula():
    memory = functions.Memory(XP, 0)
    for exponent in (-126, 0, 127):
        first = (exponent + 127) << 23
        for part in np.array_split(np.arange(first, first + (1 << 23), dtype="int32"), 64):
            numbers = part.view("float32")
            found = functions.log(memory, numbers, "log")
            expected = formula.log(XP, numbers.astype("float64")) * functions.UNIT
            assert (found == expected).all()


def test_exponentials_have_the_bits_of_the_formula():
    rng = np.random.default_rng(0)
    numbers = [rng.uniform(formula.LOG_OF_TINY, formula.LOG_OF_LARGEST, 100_000)]
    numbers += [-rng.random(50_000) * 2.0 ** -rng.integers(0, 30, 50_000)]
    numbers += [[formula.LOG_OF_TINY, formula.LOG_OF_LARGEST, LOG_OF_ZERO]]
    numbers = np.concatenate(numbers).astype("float32")
    found = functions.exp(functions.Memory(XP, 0), numbers, "exp")
    assert (found == formula.exp(XP, numbers.astype("float64"))).all()


def rows(name):
    """Input, target and mask: rows of ordinary numbers, and such with an odd number."""
    form = FORMS[name]
    x, t, w = (one[SPECIAL_ROWS:140].copy() for one in table("log_target"))
    t[:20] = np.maximum(t[:20], -80)
    x, t = x if form.log_input else np.exp(x), t if form.log_target else np.exp(t)
    for place, odd in enumerate(ODD):
        row = 30 + 4 * place
        x[row, 7] = t[row + 1, 7] = odd
        x[row + 2, 9], t[row + 2, 9] = odd, -np.inf if form.log_target else 0
        x[row + 3, 9], t[row + 3, 9] = odd, np.roll(ODD, 1)[place]
    w[:, 9] &= np.arange(w.shape[0]) % 8 < 4
    return x, t, w


@pytest.mark.few(1, 3)
@EVERY_FORM
@pytest.mark.parametrize("fused", ["0", "1"])
def test_blocks_have_the_bits_of_the_plain_expression(name, fused, monkeypatch):
    monkeypatch.setenv(choice.FUSED_VARIABLE, fused)
    monkeypatch.setattr(reproducible_loops, "ROW_WORTH_IT", 100)
    form, (x, t, w) = FORMS[name], rows(name)
    rounding, divisor = rounding_to(XP, np.dtype("float32")), 3
    size = x.shape[1]
    with patch.object(numpy_reproducible_blocks, "BLOCK", size):
        for arrays in ((x, t), (x, t, w)):
            for axis in ((), (1,), (0,)):
                ask = arrays, Wanted(form, axis, rounding), divisor
                found, expected = (
                    module.value(*ask) for module in (numpy_reproducible, evaluate_reproducible)
                )
                assert (bits(found) == bits(expected)).all()
            upstream = np.linspace(-1, 2, x.shape[0])
            ask = arrays, Wanted(form, (1,), rounding), divisor, upstream, (True, True)
            for found, expected in zip(
                numpy_reproducible.derivatives(*ask),
                evaluate_reproducible.derivatives(*ask),
                strict=True,
            ):
                assert (bits(found) == bits(expected)).all()


@EVERY_FORM
def test_usual_blocks_are_ordinary(name):
    x, t, w = rows(name)
    memory, usual = functions.Memory(XP, 0), 0
    for row in range(x.shape[0]):
        usual += ordinary(memory, FORMS[name], x[row], t[row], w[row]) is not None
    assert usual > 60


@pytest.mark.few(3, 13)
@EVERY_FORM
@pytest.mark.parametrize("fused", ["0", "1"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_memory_of_torch_has_the_bits_of_its_own_functions(name, dtype, fused, monkeypatch):
    usable("torch")
    torch, reproducible = library("torch"), torch_backend()
    monkeypatch.setenv(choice.FUSED_VARIABLE, fused)
    x, t, _ = (one[:28] for one in rows(name))
    x, t = (torch.from_numpy(one).to(getattr(torch, dtype)) for one in (x, t))
    options = {"log_input": FORMS[name].log_input, "log_target": FORMS[name].log_target}

    def results():
        given = {**options, "reproducible": True}
        sums = [kl_div(x, t, reduction="sum", **given), kl_div(x, t, reduction="none", **given)]
        return [*sums, *kl_div_gradient(x, t, reduction="batchmean", **given)]

    found = results()
    with patch.object(reproducible, "memory_of", lambda *_: None):
        expected = results()
    for one, other in zip(found, expected, strict=True):
        assert torch.equal(one.view(torch.int16), other.view(torch.int16))


def torch_backend():
    return pytest.importorskip("kldiv_xp.backends.torch.host_reproducible")


@pytest.mark.parametrize("log_target", [False, True], ids=["p", "log p"])
@pytest.mark.parametrize(
    "options", [{"reduction": "sum"}, {"reduction": "none", "axis": 0}], ids=str
)
def test_small_tensors_of_16_bits_have_the_same_bits_with_loops(monkeypatch, options, log_target):
    """The loops leave them to NumPy, which cannot read what torch lends."""
    torch = library("torch")
    generator = torch.Generator().manual_seed(0)
    log_q, log_p = torch.randn((2, 3, 50), generator=generator).log_softmax(-1)
    target = (log_p if log_target else log_p.exp()).bfloat16()
    found = []
    for setting in "01":
        monkeypatch.setenv(choice.FUSED_VARIABLE, setting)
        student = log_q.bfloat16().requires_grad_()
        loss = kl_div(student, target, log_target=log_target, reproducible=True, **options)
        loss.sum().backward()
        found.append((loss.detach(), student.grad))
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)
