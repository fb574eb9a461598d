"""The floating-point types in CUDA: what each is called, how it is read and written."""

from collections.abc import Iterable
from string import Template
from typing import NamedTuple

WIDE = """\
__device__ $type load(const $type *place) { return *place; }
__device__ void store($type *place, double value) { *place = $type(value); }
"""
# A double that is rounded to odd, as a float, is rounded once when it is rounded again.
ROUNDED_TO_ODD = """\
__device__ float rounded_to_odd(double value)
{
    const float wide = __double2float_rz(value);
    const bool exact = value != value || double(wide) == value;
    return exact ? wide : __uint_as_float(__float_as_uint(wide) | 1);
}
"""
BFLOAT16 = """\
struct bfloat16 { unsigned short bits; };
__device__ float load(const bfloat16 *place)
{
    return __uint_as_float((unsigned int)place->bits << 16);
}
__device__ void store(bfloat16 *place, float value)
{
    const unsigned int bits = __float_as_uint(value);
    place->bits = value == value ? (bits + 0x7fff + (bits >> 16 & 1)) >> 16 : 0x7fc0;
}
__device__ void store(bfloat16 *place, double value) { store(place, rounded_to_odd(value)); }
"""
# By hand: CuPy 14 comes without cuda_fp16.h.  0x77800000 is 2**112; half a unit of 0.5f is the
# smallest float16.
FLOAT16 = """\
struct float16 { unsigned short bits; };
__device__ float load(const float16 *place)
{
    const unsigned int bits = place->bits;
    const float size = __uint_as_float((bits & 0x7fff) << 13) * __uint_as_float(0x77800000);
    const unsigned int special = (bits & 0x7c00) == 0x7c00 ? 0x7f800000 : 0;
    return __uint_as_float(__float_as_uint(size) | special | (bits & 0x8000) << 16);
}
__device__ void store(float16 *place, float value)
{
    const unsigned int bits = __float_as_uint(value), size = bits & 0x7fffffff;
    unsigned int rounded = (size - 0x38000000 + 0xfff + (size >> 13 & 1)) >> 13;
    if (size < 0x38800000) rounded = __float_as_uint(__uint_as_float(size) + 0.5f) - 0x3f000000;
    if (size >= 0x47800000) rounded = size > 0x7f800000 ? 0x7e00 : 0x7c00;
    place->bits = rounded | (bits >> 16 & 0x8000);
}
__device__ void store(float16 *place, double value) { store(place, rounded_to_odd(value)); }
"""
BOOL = "__device__ bool load(const bool *place) { return *place; }\n"

# Name in C, and how it is read and written.
TYPES = {
    "float64": ("double", Template(WIDE).substitute(type="double")),
    "float32": ("float", Template(WIDE).substitute(type="float")),
    "float16": ("float16", FLOAT16),
    "bfloat16": ("bfloat16", BFLOAT16),
    "bool": ("bool", BOOL),
}

NARROW = {"float16", "bfloat16"}

NUMBERS = Template("typedef long long integer;\ntypedef $real real;\n\n")


class Operand(NamedTuple):
    """An array that a kernel reads or writes: its name in C and the name of its dtype."""

    name: str
    dtype: str


def prelude(real: str, dtypes: Iterable[str]) -> str:
    """How each dtype is read and written, and the type that is computed in."""
    used = [TYPES[dtype][1] for dtype in TYPES if dtype in dtypes]
    if NARROW.intersection(dtypes):
        used.insert(0, ROUNDED_TO_ODD)
    return "".join(used) + NUMBERS.substitute(real=TYPES[real][0])
