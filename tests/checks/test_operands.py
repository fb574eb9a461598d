"""Operands that are refused, word for word, by their types, dtypes, shapes and devices."""

import inspect
import os
import subprocess
import sys

import numpy as np
import pytest
from array_libraries import library
from checks.refusals import BOTH, sentence
from conftest import EVERY, usable
from words import counted, follow, words

import kldiv_xp
from kldiv_xp.checks.arrays import check_array
from kldiv_xp.checks.operands import agree


@BOTH
@pytest.mark.parametrize("operand", [[0.5, 0.5], 0.5, None, "text", (1.0,), {"a": 1}])
def test_operand_that_is_no_array_is_refused(backend, function, operand):
    array = backend.array([0.5, 0.5])
    kinds = f"must be an array (NumPy, CuPy, PyTorch, JAX, Dask, ...); got {type(operand).__name__}"
    for place, other in (("target", "input"), ("input", "target")):
        remedy = "pass an array"
        if isinstance(operand, list | float | tuple):
            code = words(backend, "from_list", place, dtype=f", dtype={other}.dtype", beside=other)
            remedy = f"convert it with {code}"
        operands = (array, operand) if place == "target" else (operand, array)
        assert sentence(TypeError, function, *operands) == f"`{place}` {kinds}: {remedy}."


@BOTH
def test_operands_that_are_both_no_arrays_are_refused(function):
    assert sentence(TypeError, function, [0.5], [0.5]) == (
        "`input` must be an array (NumPy, CuPy, PyTorch, JAX, Dask, ...); got list: convert it "
        "with the asarray of your array library."
    )


GRADIENT = (
    "call a gradient function, with return_value=True, by tf.numpy_function within "
    "tf.custom_gradient"
)


def of_tensorflow(**methods):
    """An object whose type TensorFlow would have made."""
    return type("Tensor", (), {"__module__": "tensorflow.python.framework.ops", **methods})()


@BOTH
def test_tensors_of_tensorflow_are_told_what_a_graph_and_a_tape_take(function):
    """In a graph they were told of an asarray, which TensorFlow has not."""
    eager = of_tensorflow(numpy=lambda self: np.asarray([0.5, 0.5]))
    graph = of_tensorflow(__array__=lambda self, dtype=None, copy=None: None)
    assert sentence(TypeError, function, eager, eager).endswith(
        f": pass input.numpy(), an array of NumPy, which no tf.GradientTape follows; {GRADIENT} "
        "for it."
    )
    for pair in ((graph, graph), (np.asarray([0.5, 0.5]), graph)):
        assert sentence(TypeError, function, *pair).endswith(
            f": {GRADIENT}, since the tensors of a graph have no values."
        )
    told = sentence(TypeError, function, np.asarray([0.5, 0.5]), eager)
    assert told.endswith("convert it with numpy.asarray(target.numpy(), dtype=input.dtype).")


@pytest.mark.only_where(lambda backend, other: EVERY[backend].library != EVERY[other].library)
@BOTH
@pytest.mark.parametrize("other", ["numpy", "torch", "jax", "dask", "array-api-strict"])
def test_arrays_of_two_libraries_are_refused(backend, function, other):
    other = usable(other)
    left, right = backend.array([0.5]), other.array([0.5])
    names = [f"{type(a).__module__}.{type(a).__qualname__}" for a in (left, right)]
    found = sentence(TypeError, function, left, right)
    prefix = f"`input` and `target` must come from one array library; got {names[0]} and {names[1]}"
    start = f"{prefix}: convert one of them, "
    assert found.startswith(start)
    code = found.removeprefix(start).removesuffix(".")
    if "copy()" not in code:  # which memory that is read-only needs
        assert code == conversion(backend.library, other.library)
    operands = follow(code, input=left, target=right)
    function(operands["input"], operands["target"], reduction="sum")


# How an operand of one library becomes one of another: from an array of NumPy, and from others.
INTO = {
    "jax": ("jax.numpy.asarray({})", "jax.device_put(jax.numpy.from_dlpack({}), {}.device)"),
    "cupy": ("cupy.asarray({})", "cupy.asarray({})"),
    "dask.array": ("dask.array.from_array({})", "dask.array.from_array(numpy.from_dlpack({}))"),
    "torch": ("torch.from_numpy({}).to({}.device)", "torch.from_dlpack({}).to({}.device)"),
}
STANDARD = ("{m}.asarray({{}}, device={{}}.device)", "{m}.from_dlpack({{}}).to_device({{}}.device)")
EXPORTED = {"torch": "{}.detach()", "dask.array": "{}.compute()"}


def conversion(left, right):
    """Code that makes one library of two: an array of NumPy yields, or else the target."""
    moved, kept, kind, into = "target", "input", right, left
    if left == "numpy":
        moved, kept, kind, into = "input", "target", left, right
    plain = kind in {"numpy", "dask.array"}
    codes = INTO.get(into) or [code.format(m=into) for code in STANDARD]
    return codes[0 if plain else 1].format(EXPORTED.get(kind, "{}").format(moved), kept)


def integers(backend, dtype):
    """Array of ones of a type that make() does not know."""
    if backend.library == "torch":
        floats = backend.array([1.0])
        return floats.to(getattr(library("torch"), dtype))
    xp = library("jax.numpy" if backend.library == "jax" else backend.library)
    ones = backend.array([1.0])
    return ones.astype(dtype) if hasattr(ones, "astype") else xp.astype(ones, getattr(xp, dtype))


@BOTH
@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "bool"])
@pytest.mark.parametrize("place", ["input", "target"])
def test_integers_and_booleans_are_refused(backend, function, dtype, place):
    good, bad = backend.array([1.0]), integers(backend, dtype)
    dtype = bad.dtype
    operands = (bad, good) if place == "input" else (good, bad)
    remedy = f"convert it with {words(backend, 'as_float', place)}"
    if "bool" not in str(dtype):
        what = {
            "input": "counts, take the logarithms of their shares",
            "target": "one-hot labels or counts, divide them by their sum",
        }
        code = counted(backend, place, log=place == "input")
        remedy = f"if these are {what[place]}: {code}"
    elif place == "input":
        code = words(backend, "log", words(backend, "as_float", place))
        remedy = f"if these are one-hot labels, take their logarithms: {code}"
    assert sentence(TypeError, function, *operands) == (
        f"`{place}` must have a real floating-point dtype; got {dtype}: {remedy}."
    )


@BOTH
def test_complex_numbers_are_refused(backend, function):
    good, bad = backend.array([1.0]), integers(backend, "complex64")
    assert sentence(TypeError, function, good, bad) == (
        f"`target` must have a real floating-point dtype; got {bad.dtype}: "
        f"take its real part, {words(backend, 'real', 'target')}."
    )


@BOTH
@pytest.mark.parametrize(
    ("dtype", "remedy"),
    [
        ("object", 'convert it with target.astype("float32")'),
        (
            "S3",
            "put a number in the place of np.bytes_(b'') at (0,), then convert it with "
            'target.astype("float32")',
        ),
        ("M8[s]", "pass probabilities or their logarithms in an array of floats"),
        (
            "V2",
            "if numpy.save wrote them as bytes of bfloat16, pass target.view(ml_dtypes.bfloat16)",
        ),
        ([("a", "f8")], 'pass one of its fields, e.g. target["a"]'),
    ],
)
def test_arrays_that_hold_no_numbers_are_refused(function, dtype, remedy):
    bad = np.zeros(2, dtype=dtype)
    assert sentence(TypeError, function, np.zeros(2), bad) == (
        f"`target` must have a real floating-point dtype; got {bad.dtype}: {remedy}."
    )


@BOTH
@pytest.mark.parametrize(
    ("left", "right", "remedy"),
    [
        ((2, 3), (3,), 0),
        ((3,), (2, 3), 1),
        ((2, 3), (2, 3, 1), 3),
        ((2, 3), (3, 2), 2),
        ((1,), (), 3),
        ((2, 1), (2, 3), 5),
        ((2, 3), (1, 3), 0),
        ((0, 3), (1, 3), 0),
        ((300, 2), (299, 2), 4),
    ],
)
def test_shapes_that_differ_are_refused_even_if_they_broadcast(
    backend, function, left, right, remedy
):
    operands = backend.array(np.zeros(left)), backend.array(np.zeros(right))
    remedies = [
        f"nothing is broadcast silently, so pass {name} = "
        f"{words(backend, 'broadcast', name, shape=shape)}"
        for name, shape in (("target", left), ("input", right))
    ]
    remedies += [
        f"pass {words(backend, 'permuted', 'target', axes=(1, 0))}",
        f"pass {words(backend, 'reshaped', 'target', shape=left)}",
        "keep the same 299 entries of both along axis 0, e.g. with [:299]",
        "pass all 3 entries of each distribution as `input`",
    ]
    assert sentence(ValueError, function, *operands) == (
        f"`input` and `target` must have the same shape; got {left} and {right}: "
        f"{remedies[remedy]}."
    )


@BOTH
def test_devices_that_differ_are_refused(function):
    here = usable("array-api-strict").array([0.5])
    there = usable("array-api-strict-device1").array([0.5])
    assert sentence(ValueError, function, here, there) == (
        f"`input` and `target` must be on one device; got {here.device} and {there.device}: "
        "move one of them, target.to_device(input.device)."
    )


@BOTH
def test_torch_devices_that_differ_are_refused(function):
    here = usable("torch").array([0.5])
    there = here.to("meta")
    assert sentence(ValueError, function, here, there) == (
        "`input` and `target` must be on one device; got cpu and meta: "
        "move one of them, input.to(target.device)."
    )


@pytest.mark.slow
def test_jax_devices_that_differ_are_refused_by_jax_which_names_both():
    pytest.importorskip("jax", reason="jax is not installed")
    program = """
import jax, jax.numpy as jnp
import kldiv_xp
from kldiv_xp import kl_div
left, right = (jax.device_put(jnp.ones(3), device) for device in jax.devices())
try:
    kl_div(left, right, reduction="sum")
except ValueError as error:
    print(error)
"""
    environment = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "device ids [0]" in done.stdout
    assert "device ids [1]" in done.stdout


class WithMask(np.ndarray):
    """Has a mask, and nothing to fill it with: no masked array."""

    mask = True


def test_attribute_called_mask_makes_no_masked_array():
    check_array("input", np.ones(2).view(WithMask))


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ((), (), True),
        ((300, int("300")), (int("300"), 300), True),
        ((3, None), (3, 7), True),
        ((None, 7), (3, 7), True),
        ((None, None), (3, 7), True),
        ((None, 8), (3, 7), False),
        ((3,), (3, 7), False),
        ((3, 7), (3,), False),
    ],
)
def test_shapes_agree_as_far_as_they_are_known(left, right, expected):
    assert agree(left, right) is expected


NEEDED = [
    (function, place)
    for function in (getattr(kldiv_xp, name) for name in kldiv_xp.__all__)
    if inspect.isfunction(function)
    for place in inspect.signature(function).parameters
    if place in {"input", "target", "weight", "indices"}
    and inspect.signature(function).parameters[place].default is inspect.Parameter.empty
]


@pytest.mark.parametrize(("function", "place"), NEEDED)
def test_none_in_the_place_of_an_operand_is_refused_by_its_name(function, place):
    arrays = {"input": np.ones((2, 3)), "target": np.ones((2, 3)), "weight": np.ones((3, 3))}
    arrays["indices"] = np.asarray([[0, 1, 2]] * 2)
    names = [name for one, name in NEEDED if one is function]
    with pytest.raises(TypeError) as caught:
        function(**{name: None if name == place else arrays[name] for name in names})
    assert str(caught.value) == (
        f"`{place}` must be an array (NumPy, CuPy, PyTorch, JAX, Dask, ...); got NoneType: pass "
        "an array."
    )
