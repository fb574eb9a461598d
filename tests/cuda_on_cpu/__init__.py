"""A CUDA device that is none: kernels compiled by g++, their blocks and threads simulated."""

import atexit
import ctypes
import hashlib
import os
import random
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from kldiv_xp.cuda.device_arrays import Device, dtype_name
from kldiv_xp.cuda.kernel_text import KERNEL_NAME
from kldiv_xp.cuda.strides_and_grid import DeviceBuffer

FOLDER = Path(__file__).parent
KERNEL = re.compile(
    r'extern "C" __global__ void __launch_bounds__\([\d, ]+\) (\w+)\(\s*(.*?)\)\n\{', re.DOTALL
)
# What is an instruction of a GPU, and a function here.
INSTRUCTIONS = {
    'asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(place->bits));': (
        "value = float_of_half(place->bits);"
    ),
    'asm("cvt.rn.f16.f32 %0, %1;" : "=h"(place->bits) : "f"(value));': (
        "place->bits = half_of_float(value);"
    ),
}
COMMAND = [
    *["g++", "-x", "c++", "-", "-std=c++17", "-O1", "-shared", "-fPIC", "-ffp-contract=off"],
    *["-Wall", "-Werror", "-Wno-unknown-pragmas", "-Wno-unused", f"-I{FOLDER}"],
]
WRAPPER = """
struct arguments_of_{name} {{ {fields} }};
static const arguments_of_{name} *given_to_{name};
static void call_{name}() {{ {name}({values}); }}
extern "C" int run_{name}(unsigned int first, unsigned int blocks, unsigned int threads,
    const unsigned int *order, {parameters})
{{
    const arguments_of_{name} given = {{{names}}};
    given_to_{name} = &given;
    return run_grid(first, blocks, threads, order, call_{name});
}}
"""


def why_unusable():
    """Why kernels cannot be compiled here, or None."""
    return None if shutil.which("g++") else "g++ is not installed"


def ascending(threads):
    return range(threads)


def descending(threads):
    return range(threads)[::-1]


def shuffled(threads):
    return random.Random(threads).sample(range(threads), threads)


def launch(source, blocks, threads, arguments, *, order=ascending, first=0):
    """Run a kernel, from its first block on; threads take turns in an order between barriers."""
    function, kinds = kernel(source)
    name = KERNEL_NAME
    if len(arguments) != len(kinds):
        message = f"{name} takes {len(kinds)} arguments; got {len(arguments)}."
        raise TypeError(message)
    for value, kind in zip(arguments, kinds, strict=True):
        if type(value) is not (float if kind is ctypes.c_double else int):
            message = f"{name} was given {value!r} for a {kind.__name__}."
            raise TypeError(message)
    if not 0 < blocks < 1 << 31:
        message = f"{name} was launched with {blocks} blocks."
        raise ValueError(message)
    turns = (ctypes.c_uint * threads)(*order(threads))
    if function(first, blocks, threads, turns, *arguments):
        message = f"A thread of {name} ended while another waited at a barrier."
        raise RuntimeError(message)


@cache
def kernel(source):
    """Function of a kernel, and the types of its arguments."""
    ((name, found),) = KERNEL.findall(source)
    parameters = found.split(",")
    kinds = [kind_of(parameter) for parameter in parameters]
    function = getattr(compiled(source), f"run_{name}")
    function.argtypes = [*[ctypes.c_uint] * 3, ctypes.POINTER(ctypes.c_uint), *kinds]
    return function, kinds


def kind_of(parameter):
    """How an argument is passed: all are 64 bits wide, as CuPy passes Python's numbers."""
    if "*" in parameter:
        return ctypes.c_void_p
    return ctypes.c_double if "double" in parameter else ctypes.c_longlong


@cache
def compiled(source):
    """Library of the kernels of a text."""
    text = f'#include "cuda_on_cpu.h"\n{source}'
    for instruction, call in INSTRUCTIONS.items():
        text = text.replace(instruction, call)
    text += "".join(wrapper(*found) for found in KERNEL.findall(source))
    target = folder() / f"{hashlib.sha256(text.encode()).hexdigest()}.so"
    if not target.exists():
        part = target.with_suffix(f".{os.getpid()}")
        done = subprocess.run(
            [*COMMAND, "-o", str(part)], input=text, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SyntaxError(done.stderr)
        part.replace(target)
    return ctypes.CDLL(str(target))


def wrapper(name, parameters):
    """Function that runs a kernel on a grid."""
    given = [" ".join(each.replace("__restrict__", "").split()) for each in parameters.split(",")]
    names = [each.split()[-1].lstrip("*") for each in given]
    return WRAPPER.format(
        name=name,
        fields=" ".join(f"{each};" for each in given),
        values=", ".join(f"given_to_{name}->{each}" for each in names),
        parameters=", ".join(given),
        names=", ".join(names),
    )


@cache
def folder():
    """Where libraries lie as long as this process runs, or for many of them."""
    if "KLDIV_XP_KERNELS" in os.environ:
        return Path(os.environ["KLDIV_XP_KERNELS"])
    path = Path(tempfile.mkdtemp(prefix="cuda_on_cpu_"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def buffer(array):
    """Where an array of NumPy lies."""
    strides = tuple(step // array.itemsize for step in array.strides)
    return DeviceBuffer(array.ctypes.data, dtype_name(array.dtype), strides)


def numpy_device(launch=launch):
    """Arrays of NumPy in the place of those of CuPy."""
    import numpy as np

    return Device(buffer=buffer, empty=np.empty, float64=np.dtype("float64"), launch=launch)
