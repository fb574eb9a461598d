"""A namespace with what the array API standard of 2021.12 says, read as strictly as it can be.

Functions take arrays alone, of one kind; operators take a number of the kind of their array. Values
cannot be read, and sizes are not known where that is asked for. The arithmetic is NumPy's.
"""

import builtins
import sys
from types import SimpleNamespace

import numpy as np

KINDS = {"b": bool, "i": int, "f": float, "u": int}
OF_ONE = ("abs", "exp", "expm1", "log", "log1p", "negative", "sqrt", "square", "tanh", "isfinite")
OF_ONE += ("isinf", "isnan", "logical_not", "floor", "ones_like", "zeros_like")
OF_TWO = ("add", "subtract", "multiply", "divide", "equal", "not_equal", "less", "less_equal")
OF_TWO += ("greater", "greater_equal", "logical_and", "logical_or", "logaddexp", "matmul", "pow")
REDUCTIONS = ("sum", "max", "min", "any", "all", "mean", "prod")
OPERATORS = {
    **{f"__{name}__": name for name in ("add", "matmul", "pow")},
    "__sub__": "subtract",
    "__mul__": "multiply",
    "__truediv__": "divide",
    "__eq__": "equal",
    "__ne__": "not_equal",
    "__lt__": "less",
    "__le__": "less_equal",
    "__gt__": "greater",
    "__ge__": "greater_equal",
    "__and__": "logical_and",
    "__or__": "logical_or",
}


class Array:
    """Array of which only dtype and device are known, and the shape if it is said to be."""

    device = "somewhere"
    __hash__ = None

    def __init__(self, hidden, shape=None):
        self._hidden = np.asarray(hidden)
        self._known = shape is None
        self.ndim = self._hidden.ndim
        self.dtype = self._hidden.dtype

    @property
    def shape(self):
        return self._hidden.shape if self._known else (None,) * self.ndim

    @property
    def T(self):  # noqa: N802 - the standard's name
        assert self.ndim == 2
        return made(self._hidden.T, self)

    def __array_namespace__(self, *, api_version=None):
        return sys.modules[__name__]

    def __getitem__(self, key):
        parts = key if isinstance(key, tuple) else (key,)
        assert builtins.all(
            part is None or part is ... or isinstance(part, int | slice) for part in parts
        )
        return made(self._hidden[key], self)

    def __invert__(self):
        return made(~self._hidden, self)

    def __neg__(self):
        return made(-self._hidden, self)

    def refuse(self, *_):
        raise TypeError("this array has no value yet")

    __bool__ = __float__ = __int__ = __index__ = __complex__ = __len__ = __iter__ = refuse
    __array__ = refuse


def made(hidden, *operands):
    """Array of unknown shape if that of an operand is not known."""
    lazy = builtins.any(isinstance(one, Array) and not one._known for one in operands)
    return Array(hidden, "unknown" if lazy else None)


def hidden(*operands):
    """Values of arrays of one kind, on which alone functions are defined."""
    assert builtins.all(isinstance(one, Array) for one in operands), "functions take arrays"
    assert len({one.dtype.kind for one in operands}) == 1, "kinds do not promote"
    return [one._hidden for one in operands]


def function(name, numpy_function):
    def call(*arrays, **options):
        with np.errstate(all="ignore"):
            return made(numpy_function(*hidden(*arrays), **options), *arrays)

    call.__name__ = name
    return call


def operator(name, numpy_function, *, swapped=False):
    def call(self, other):
        if not isinstance(other, Array):
            kinds = (int, float) if self.dtype.kind == "f" else (KINDS[self.dtype.kind],)
            assert type(other) in kinds, "a number has the kind of its array"
            other = Array(np.asarray(other, dtype=self.dtype))
        pair = (other, self) if swapped else (self, other)
        return function(name, numpy_function)(*pair)

    return call


for name, named in OPERATORS.items():
    setattr(Array, name, operator(name, getattr(np, named)))
    if name not in ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"):
        reflected = operator(name, getattr(np, named), swapped=True)
        setattr(Array, f"__r{name[2:]}", reflected)

for name in (*OF_ONE, *OF_TWO, *REDUCTIONS):
    globals()[name] = function(name, getattr(np, name))

__array_api_version__ = "2021.12"
float32, float64, int32, int64 = map(np.dtype, ("float32", "float64", "int32", "int64"))
bool = np.dtype("bool")  # noqa: A001 - the standard's name
inf, nan, pi, e = np.inf, np.nan, np.pi, np.e


def where(condition, left, right, /):
    assert condition.dtype.kind == "b"
    return made(np.where(condition._hidden, *hidden(left, right)), condition, left, right)


def asarray(value, *, dtype=None, device=None):
    assert device in {None, Array.device}
    return value if isinstance(value, Array) else Array(np.asarray(value, dtype=dtype))


def astype(array, dtype, /, *, copy=True):
    return made(array._hidden.astype(dtype, copy=copy), array)


def arange(stop, /, *, dtype=None, device=None):
    assert device in {None, Array.device}
    return Array(np.arange(stop, dtype=dtype))


def concat(arrays, /, *, axis=0):
    return made(np.concatenate(hidden(*arrays), axis=axis), *arrays)


def reshape(array, /, shape):
    assert array._known
    return Array(array._hidden.reshape(shape))


def broadcast_to(array, /, shape):
    assert None not in shape
    return made(np.broadcast_to(array._hidden, shape), array)


def permute_dims(array, /, axes):
    assert builtins.all(place >= 0 for place in axes)
    return made(np.transpose(array._hidden, axes), array)


def expand_dims(array, /, *, axis):
    return made(np.expand_dims(array._hidden, axis), array)


def squeeze(array, /, axis):
    return made(np.squeeze(array._hidden, axis), array)


def matrix_transpose(array, /):
    return made(np.swapaxes(array._hidden, -1, -2), array)


def result_type(*arrays):
    return np.result_type(*(one.dtype if isinstance(one, Array) else one for one in arrays))


def finfo(dtype):
    found = np.finfo(dtype)
    limits = {
        name: float(getattr(found, name)) for name in ("eps", "max", "min", "smallest_normal")
    }
    return SimpleNamespace(bits=found.bits, **limits)


def isdtype(dtype, kind):
    names = {"bool": "b", "real floating": "f", "integral": "iu", "complex floating": "c"}
    return dtype.kind in names[kind]
