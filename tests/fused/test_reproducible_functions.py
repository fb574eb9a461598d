"""Functions as lines have the bits of the formula, with or without fused multiply-adds."""

import numpy as np
import pytest

from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.formula import reproducible_functions as formula
from kldiv_xp.fused import reproducible_functions as lines

XP = namespace_of(np.empty(0))
choice = pytest.importorskip("kldiv_xp.fused.choice")


class Unfused:
    """The operations of lines on arrays of NumPy, one rounding after the other."""

    add, subtract, multiply, divide = np.add, np.subtract, np.multiply, np.divide
    integer_add, integer_subtract, shift_left = np.add, np.subtract, np.left_shift
    less, round = np.less, np.rint

    def where(self, condition, x, y):
        return np.where(condition, x, y)

    def bits(self, x):
        return x.view("int64")

    def value(self, x):
        return np.asarray(x).view("float64")

    def shift_down(self, x, digits):
        return np.right_shift(x, digits)

    def fma(self, x, y, z):
        return x * y + z

    def whole(self, x):
        return np.rint(x), self.bits(np.rint(x) + lines.SHIFT)

    def polynomial(self, z, first, *others):
        value = first
        for other in others:
            value = value * z + other
        return value


def compiled(name):
    engine = choice.engine_module()
    if engine is None:
        pytest.skip("The compiler of the loops is not installed.")
    from kldiv_xp.fused.plans import Traced
    from kldiv_xp.fused.reproducible_loops import fill

    def of(numbers):
        result = np.empty(numbers.size)
        fill(Traced(one_function, (name,)), ("x",), (numbers,), {"r": result})
        return result

    return of


def one_function(name):
    return lambda xp, _, x: (getattr(lines, name)(xp, x),)


def unfused(name):
    return lambda numbers: getattr(lines, name)(Unfused(), numbers)


WAYS = pytest.mark.parametrize("way", [compiled, unfused])


@pytest.mark.few(1, 1)
@WAYS
def test_logarithms_of_every_mantissa_have_the_bits_of_the_formula(way):
    function = way("log")
    for part in np.array_split(np.arange(126 << 23, 127 << 23, dtype="int32"), 64):
        numbers = part.view("float32").astype("float64")
        assert (function(numbers) == formula.log(XP, numbers)).all()


@WAYS
def test_logarithms_of_every_exponent_have_the_bits_of_the_formula(way):
    numbers = np.concatenate([np.ldexp([1.0, 1.25, 1.75], e) for e in range(-126, 128)])
    assert (way("log")(numbers) == formula.log(XP, numbers)).all()


@WAYS
def test_every_power_of_parts_has_the_bits_of_the_formula(way):
    k = np.arange(-32254.0, 32769.0)
    assert (way("power_of_parts")(k) == formula.power_of_parts(XP, k)).all()


@WAYS
def test_exponentials_have_the_bits_of_the_formula(way):
    rng = np.random.default_rng(0)
    numbers = rng.uniform(-90, formula.LOG_OF_LARGEST, 200_000)
    numbers = np.append(numbers, [0.0, formula.LOG_OF_TINY, -1e-300, -np.inf])
    with np.errstate(all="ignore"):
        assert (way("exp")(numbers) == formula.exp(XP, numbers)).all()
