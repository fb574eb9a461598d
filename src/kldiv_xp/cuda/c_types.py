"""Floating-point types in CUDA C: their names, loads and stores."""

from collections.abc import Iterable
from string import Template
from typing import NamedTuple

from kldiv_xp.tracing.operations import NARROW

UNCONVERTED = """\
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
# One instruction each: with integers instead, a sum reached 72 % of the bandwidth of a copy on an
# H100, where bfloat16 reached 96 %.
# CuPy 14 comes without cuda_fp16.h.
FLOAT16 = """\
struct float16 { unsigned short bits; };
__device__ float load(const float16 *place)
{
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(place->bits));
    return value;
}
__device__ void store(float16 *place, float value)
{
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(place->bits) : "f"(value));
}
__device__ void store(float16 *place, double value) { store(place, rounded_to_odd(value)); }
"""
BOOL = "__device__ bool load(const bool *place) { return *place; }\n"

# Name in C, and how it is read and written.
TYPES = {
    "float64": ("double", Template(UNCONVERTED).substitute(type="double")),
    "float32": ("float", Template(UNCONVERTED).substitute(type="float")),
    "float16": ("float16", FLOAT16),
    "bfloat16": ("bfloat16", BFLOAT16),
    "bool": ("bool", BOOL),
}

# As many elements as a thread reads at once; 16 bytes are the widest access.
PACKS = """\
template <typename type, int width>
struct alignas(sizeof(type) * width > 16 ? 16 : sizeof(type) * width) pack { type at[width]; };

template <int width, typename type>
__device__ pack<type, width> take(const type *place, int left)
{
    pack<type, width> taken;
    if (left >= width) return *(const pack<type, width> *)place;
    #pragma unroll
    for (int i = 0; i < width; ++i) taken.at[i] = place[i < left ? i : 0];
    return taken;
}

template <int width, typename type>
__device__ void give(type *place, int left, const pack<type, width> &given)
{
    if (left >= width) *(pack<type, width> *)place = given;
    else {
        #pragma unroll
        for (int i = 0; i < width; ++i)
            if (i < left) place[i] = given.at[i];
    }
}
"""

TYPEDEFS = Template("typedef long long integer;\ntypedef $real real;\n\n")


class DeviceOperand(NamedTuple):
    """An array that a kernel reads or writes: its name in C and the name of its dtype."""

    name: str
    dtype: str
    in_rows: bool = True
    """Whether it has an element per column, not one per row."""


def prelude(real: str, dtypes: Iterable[str]) -> str:
    """C source of the loads and stores of the dtypes, and of the working type `real`."""
    used = [TYPES[dtype][1] for dtype in TYPES if dtype in dtypes]
    if NARROW.intersection(dtypes):
        used.insert(0, ROUNDED_TO_ODD)
    return "".join(used) + TYPEDEFS.substitute(real=TYPES[real][0]) + PACKS
