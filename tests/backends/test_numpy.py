"""Arrays of NumPy: the same bits for any threads, every guard in its block, little memory."""

import os
import subprocess
import sys
import threading
import tracemalloc
from collections import Counter

import array_api_compat.numpy as xp
import numpy as np
import pytest
import reference
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import kl_div, kl_div_gradient, thread_limit
from kldiv_xp.backends import numpy as backend
from kldiv_xp.backends import numpy_loops
from kldiv_xp.formula.form import Form
from kldiv_xp.host import blocks, inner_products

BOTH_SPACES = pytest.mark.parametrize("log_target", [False, True], ids=["p", "log p"])
MIB = 1 << 20
BIG = (512, 32_000)
REAL = (20, 65_536)  # five or ten blocks of the real size
THREADS = (1, 2, 3, 5)

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")


@pytest.fixture(autouse=True)
def no_compiled_loops(monkeypatch):
    """The loops of NumPy, whatever is installed."""
    monkeypatch.setattr(numpy_loops, "engine_for", lambda *_: None)


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of 64 float64 and rows of 16, so that a few hundred elements make many of both."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 64 * 8)
    monkeypatch.setattr(inner_products, "ROW", 16)


class Plain(np.ndarray):
    """A subclass, which gets the plain expression over the whole arrays."""


def plain(function, *arrays, **options):
    """What the plain expression gives, as arrays of NumPy."""
    result = function(*[array.view(Plain) for array in arrays], **options)
    results = result if isinstance(result, tuple) else (result,)
    return [np.asarray(value) for value in results]


def operands(shape, dtype="float64", log_target=False):
    """Ordinary operands, whose terms do not cancel."""
    rng = np.random.default_rng(11)
    target = rng.uniform(-2, -0.1, shape) if log_target else rng.uniform(0.1, 1, shape)
    return rng.uniform(-9, -4, shape).astype(dtype), target.astype(dtype)


def with_zeros(target, log_target):
    """Target with zeros in some blocks, so that threads find out apart that they need a guard."""
    flat = target.reshape(-1)
    flat[flat.size // 2 :: 5] = -np.inf if log_target else 0
    return target


def everything(log_q, target, reduction, log_target):
    """Bytes of the value and of both gradients."""
    options = {"reduction": reduction, "log_target": log_target}
    results = kl_div(log_q, target, **options), *kl_div_gradient(log_q, target, **options)
    return [result.tobytes() for result in results]


def threaded(threads, function, *arguments):
    with thread_limit(threads):
        return function(*arguments)


# The same bits


@BOTH_SPACES
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("type_", ["float16", "float32", "float64"])
@pytest.mark.parametrize("zeros", [False, True], ids=["dense", "zeros"])
def test_any_number_of_threads_gives_the_same_bits(type_, reduction, log_target, zeros):
    log_q, target = operands((23, 61), type_, log_target)
    if zeros:
        target = with_zeros(target, log_target)
    alone = threaded(1, everything, log_q, target, reduction, log_target)
    for threads in (*THREADS, 40):
        assert threaded(threads, everything, log_q, target, reduction, log_target) == alone


@BOTH_SPACES
@pytest.mark.parametrize("type_", ["float32", "float64"])
def test_blocks_of_the_real_size_give_the_same_bits_on_repeat(type_, log_target):
    log_q, target = operands(REAL, type_, log_target)
    target = with_zeros(target, log_target)
    first = everything(log_q, target, "sum", log_target)
    for threads in THREADS:
        assert threaded(threads, everything, log_q, target, "sum", log_target) == first


@BOTH_SPACES
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("type_", ["float16", "float32", "float64"])
def test_terms_and_gradients_are_those_of_the_plain_expression(type_, log_target):
    log_q, target = operands((23, 61), type_, log_target)
    target = with_zeros(target, log_target)
    for function, options in (
        (kl_div, {"reduction": "none", "log_target": log_target}),
        (kl_div_gradient, {"reduction": "batchmean", "log_target": log_target, "upstream": 3.0}),
    ):
        here = threaded(3, lambda f, o: f(log_q, target, **o), function, options)
        here = here if isinstance(here, tuple) else (here,)
        for blocked, whole in zip(here, plain(function, log_q, target, **options), strict=True):
            assert_array_equal(blocked, whole)
            assert blocked.dtype == whole.dtype


def unaligned(array):
    memory = np.empty(array.nbytes + 1, dtype="uint8")[1:]
    result = memory.view(array.dtype).reshape(array.shape)
    result[...] = array
    return result


LAYOUTS = {
    "contiguous": lambda array: array.copy(),
    "transposed": np.asfortranarray,
    "every second": lambda array: np.repeat(np.repeat(array, 2, 0), 2, 1)[::2, ::2],
    "reversed": lambda array: array[::-1, ::-1].copy()[::-1, ::-1],
    "swapped bytes": lambda array: array.astype(array.dtype.newbyteorder()),
    "read-only": lambda array: np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape),
    "unaligned": unaligned,
}


@BOTH_SPACES
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_layout_changes_no_bit_of_terms_and_gradients(layout, log_target):
    log_q, target = operands((23, 61), "float32", log_target)
    target = with_zeros(target, log_target)
    for reduction in ("none", "sum"):
        expected = everything(log_q, target, reduction, log_target)
        there = everything(layout(log_q), layout(target), reduction, log_target)
        assert there[1:] == expected[1:]
        value, exact = (np.frombuffer(b[0], "float32") for b in (there, expected))
        # BLAS adds up what lies apart in another order.
        assert_allclose(value, exact, rtol=0 if reduction == "none" else 1e-6)


@pytest.mark.usefixtures("small_blocks")
def test_results_have_the_byte_order_of_the_machine():
    arrays = [a.astype(a.dtype.newbyteorder()) for a in operands((23, 61))]
    results = kl_div(*arrays, reduction="none"), kl_div(*arrays), *kl_div_gradient(*arrays)
    assert all(result.dtype.isnative for result in results)


@pytest.mark.usefixtures("small_blocks")
def test_operands_of_two_types_are_computed_in_the_wider(reduction):
    log_q, target = operands((23, 61), "float32")
    wide = target.astype("float64")
    mixed = kl_div(log_q, wide, reduction=reduction)
    assert mixed.tobytes() == kl_div(log_q.astype("float64"), wide, reduction=reduction).tobytes()
    by_input, by_target = kl_div_gradient(log_q, wide, reduction=reduction)
    assert (by_input.dtype, by_target.dtype) == (np.float32, np.float64)


@pytest.mark.usefixtures("small_blocks")
def test_operands_are_left_as_they_are(reduction):
    log_q, target = operands((23, 61))
    copies = log_q.copy(), target.copy()
    threaded(3, everything, log_q, target, reduction, False)  # noqa: FBT003 - log_target
    assert_array_equal((log_q, target), copies)


@pytest.mark.usefixtures("small_blocks")
def test_one_array_may_be_both_operands():
    _, log_p = operands((23, 61), log_target=True)
    assert_array_equal(kl_div(log_p, log_p, reduction="none", log_target=True), 0 * log_p)
    assert kl_div(log_p, log_p, reduction="sum", log_target=True) == 0


def test_zero_dimensional_operands_have_zero_dimensional_results(reduction):
    log_q, target = np.asarray(-1.5), np.asarray(0.3)
    results = (
        kl_div(log_q, target, reduction=reduction),
        *kl_div_gradient(log_q, target, reduction=reduction),
    )
    expected = reference.term(-1.5, 0.3), *reference.gradient(-1.5, 0.3)
    for result, value in zip(results, expected, strict=True):
        assert isinstance(result, np.ndarray)
        assert result.shape == ()
        assert_allclose(result, value, rtol=1e-15)


# Guards

COUNT = 331
PLACES = {
    "first": [0],
    "border": [63, 64],
    "row border": [15, 16],
    "middle": [200],
    "last": [COUNT - 1],
    "every block": [*range(7, COUNT, 50)],
    "everywhere": [*range(COUNT)],
}


def special(log_target, places, dtype):
    """Ordinary operands with one pair of special values at some places, for every such pair."""
    for pair in reference.every_pair(log_target):
        log_q, target = operands(COUNT, dtype, log_target)
        log_q[places], target[places] = pair
        yield log_q, target


def tolerance(dtype):
    return 4 * np.finfo(dtype).eps


@BOTH_SPACES
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
def test_sum_sees_a_special_value_anywhere(dtype, log_target, places):
    for log_q, target in special(log_target, places, dtype):
        expected = reference.loss(log_q, target, "sum", log_target)
        for threads in (1, 3):
            value = threaded(threads, kl_div, log_q, target, None, None, "sum", log_target)
            assert_allclose(value, expected, rtol=tolerance(dtype))


@BOTH_SPACES
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
def test_terms_see_a_special_value_anywhere(dtype, log_target, places):
    for log_q, target in special(log_target, places, dtype):
        terms = threaded(3, kl_div, log_q, target, None, None, "none", log_target)
        expected = reference.loss(log_q, target, "none", log_target)
        assert_allclose(terms, expected, rtol=tolerance(dtype))
        zero = np.exp(target) == 0 if log_target else target == 0
        assert not np.signbit(terms[zero & ~np.isnan(log_q)]).any()


@BOTH_SPACES
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
def test_gradients_see_a_special_value_anywhere(dtype, log_target, places):
    for log_q, target in special(log_target, places, dtype):
        options = {"reduction": "sum", "log_target": log_target}
        with thread_limit(3):
            slopes = kl_div_gradient(log_q, target, **options)
        for slope, whole in zip(slopes, plain(kl_div_gradient, log_q, target, **options), strict=1):
            assert_array_equal(slope, whole)
        pairs = [*zip(log_q, target, strict=True)]
        defined = ~(np.isnan(target) | np.isnan(log_q))
        expected = np.asarray([reference.gradient(x, t, log_target) for x, t in pairs]).T
        for slope, exact in zip(slopes, expected, strict=True):
            assert_allclose(slope[defined], exact[defined], rtol=tolerance(dtype))


@BOTH_SPACES
@pytest.mark.usefixtures("small_blocks")
def test_all_special_pairs_together_are_those_of_the_plain_expression(dtype, log_target):
    log_q, target = np.tile(np.asarray(reference.every_pair(log_target)).T, 9).astype(dtype)
    terms = threaded(3, kl_div, log_q, target, None, None, "none", log_target)
    assert_array_equal(
        terms, *plain(kl_div, log_q, target, reduction="none", log_target=log_target)
    )
    assert np.isnan(kl_div(log_q, target, reduction="sum", log_target=log_target))


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("ratio", [-2.0, 2.0, -np.inf, np.inf])
@pytest.mark.parametrize("neighbour", [-0.5, -np.inf, np.nan])
def test_underflowing_log_target_contributes_positive_zero(dtype, ratio, neighbour):
    target = np.full(COUNT, -1e4, dtype)
    log_q = (target - np.asarray(ratio, dtype)).astype(dtype)
    target[::100] = neighbour
    terms = threaded(3, kl_div, log_q, target, None, None, "none", True)  # noqa: FBT003 - log_target
    zeros = np.delete(terms, np.s_[::100])
    assert_array_equal(zeros, 0)
    assert not np.signbit(zeros).any()


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize("log_q", [-3.0, 3.0, 0.0, -np.inf, np.inf])
def test_zero_target_contributes_positive_zero(dtype, zero, log_q):
    target = np.full(COUNT, 0.5, dtype)
    target[150:] = zero
    terms = threaded(3, kl_div, np.full(COUNT, log_q, dtype), target, None, None, "none")
    assert_array_equal(terms[150:], 0)
    assert not np.signbit(terms[150:]).any()


@BOTH_SPACES
def test_sum_of_zero_targets_alone_is_positive_zero(dtype, log_target):
    target = np.full((512, 900), -np.inf if log_target else -0.0, dtype)
    for log_q in (-2.0, 2.0, -np.inf):
        value = kl_div(np.full_like(target, log_q), target, reduction="sum", log_target=log_target)
        assert value == 0
        assert not np.signbit(value)


@pytest.mark.usefixtures("small_blocks")
def test_warnings_of_numpy_stay_in_their_threads(reduction):
    log_q, target = np.tile(np.asarray(reference.every_pair(log_target=False)).T, 9)
    with np.errstate(all="raise"):
        threaded(3, everything, log_q, target, reduction, False)  # noqa: FBT003 - log_target


# Memory


def peak_of(function):
    """Most memory that NumPy held more than before, in bytes."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        result = function()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert result is not None
    return peak - before


def spread(values, strides):
    """Array of the big shape over little memory, at these strides in elements."""
    step = values.itemsize
    return np.lib.stride_tricks.as_strided(
        values, BIG, tuple(step * stride for stride in strides), writeable=False
    )


def memory_map(values, folder):
    path = folder / "operand"
    np.tile(values[:32_000], BIG[0]).tofile(path)
    return np.memmap(path, values.dtype, mode="r", shape=BIG)


def from_the_end(values):
    return spread(values[::-1].copy(), (1, 1))[::-1, ::-1]


VIEWS = {
    "contiguous": lambda values, _: np.tile(values[:32_000], (BIG[0], 1)),
    "transposed": lambda values, _: np.tile(values[:512], (BIG[1], 1)).T,
    "every second": lambda values, _: spread(values, (2, 2)),
    "reversed": lambda values, _: from_the_end(values),
    "broadcast rows": lambda values, _: np.broadcast_to(values[:32_000], BIG),
    "broadcast columns": lambda values, _: np.broadcast_to(values[:512, None], BIG),
    "broadcast number": lambda values, _: np.broadcast_to(values[0], BIG),
    "memory map": memory_map,
}


def values_of(kind, dtype):
    """Elements enough for every view, of p and of log q at once; or the worst for the guards."""
    size = 2 * sum(BIG) + 2
    if kind == "worst":
        return np.full(size, -np.inf, dtype), np.zeros(size, dtype)
    values = np.random.default_rng(5).uniform(0.01, 1, size).astype(dtype)
    return -values, values


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_reduced_loss_needs_little_memory_whatever_the_layout(dtype, view, tmp_path):
    log_q, target = (view(values, tmp_path) for values in values_of("usual", dtype))
    for threads in (2, 4):
        with thread_limit(threads):
            peak = peak_of(lambda: kl_div(log_q, target, reduction="batchmean"))
        assert peak <= 16 * MIB


@pytest.mark.parametrize(
    ("kind", "type_", "log_target", "threads"),
    [
        ("worst", "float32", False, 4),
        ("worst", "float64", False, 4),
        ("usual", "float32", True, 4),
        ("usual", "float64", True, 4),
        # Widening takes a block more for each operand.
        ("usual", "float16", False, 2),
        ("worst", "float16", False, 2),
        ("usual", "float16", True, 2),
    ],
)
def test_reduced_loss_needs_little_memory_whatever_the_values(kind, type_, log_target, threads):
    operands = [np.broadcast_to(v[:32_000], BIG) for v in values_of(kind, type_)]
    with thread_limit(threads):
        peak = peak_of(lambda: kl_div(*operands, reduction="sum", log_target=log_target))
    assert peak <= 16 * MIB


@pytest.mark.parametrize("kind", ["usual", "worst"])
def test_terms_need_two_arrays_at_most(dtype, kind):
    operands = [np.broadcast_to(v[:32_000], BIG) for v in values_of(kind, dtype)]
    with thread_limit(4):
        peak = peak_of(lambda: kl_div(*operands, reduction="none"))
    assert peak <= 2 * operands[0].size * operands[0].itemsize


@BOTH_SPACES
@pytest.mark.parametrize("kind", ["usual", "worst"])
def test_gradients_need_their_results_and_little_more(dtype, kind, log_target):
    operands = [np.broadcast_to(v[:32_000], BIG) for v in values_of(kind, dtype)]
    with thread_limit(2):
        peak = peak_of(lambda: kl_div_gradient(*operands, log_target=log_target))
    assert peak <= 2 * operands[0].size * operands[0].itemsize + 16 * MIB


def test_textbook_expression_would_need_more():
    log_q, target = (np.broadcast_to(v[:32_000], BIG) for v in values_of("usual", "float32"))
    assert peak_of(lambda: np.sum(target * (np.log(target) - log_q))) > 16 * MIB


LIMITED = """
import resource, sys
import numpy as np
from kldiv_xp import kl_div, thread_limit

def data_in_use():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmData:")) * 1024

path, size = sys.argv[1], int(sys.argv[2])
big = np.memmap(path, "float32", mode="r", shape=(size // 4096 // 4, 4096))
small = np.full((4, 300_000), 0.5)
with thread_limit(2):
    kl_div(small, small, reduction="sum")
    limit = data_in_use() + 64 * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    print(float(kl_div(big, big, reduction="sum")))
try:
    with np.errstate(all="ignore"):
        np.sum(big * (np.log(big) - big))
except MemoryError:
    print("MemoryError")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit is one of Linux")
def test_file_larger_than_the_memory_is_summed(tmp_path):
    path = tmp_path / "sparse"
    size = 256 * MIB
    with path.open("wb") as file:
        file.truncate(size)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, path, str(size)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.stdout.split() == ["0.0", "MemoryError"], done.stderr


# Passes

COUNTED = ("log", "exp", "subtract", "add", "multiply", "maximum", "where", "equal", "vecdot")


class Passes:
    """What NumPy was asked to do, in elements, and how many large arrays it made for that."""

    def __init__(self, monkeypatch):
        self.elements = Counter()
        self.allocated = 0
        self.lock = threading.Lock()
        for name in COUNTED:
            monkeypatch.setattr(xp, name, self.counted(name, getattr(xp, name)))

    def counted(self, name, function):
        def call(*operands, **options):
            size = max(np.size(operand) for operand in operands)
            result = function(*operands, **options)
            with self.lock:
                self.elements[name] += size
                large = np.size(result) > inner_products.ROW
                self.allocated += large and options.get("out") is None
            return result

        return call

    def over(self, size):
        """Passes over an array of this size."""
        return {name: count / size for name, count in self.elements.items()}


@pytest.fixture
def passes(monkeypatch):
    return Passes(monkeypatch)


SIZE = 20 * 65_536


@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3), (63, 65)])
@pytest.mark.parametrize("reduction", ["sum", "mean", "batchmean"])
def test_few_elements_are_cut_into_no_blocks(monkeypatch, reduction, shape):
    monkeypatch.setattr(numpy_loops, "block_loops", None)
    log_q, target = operands(shape)
    value, *slopes = kl_div(log_q, target, None, None, reduction), *kl_div_gradient(log_q, target)
    assert value.shape == ()
    assert [slope.shape for slope in slopes] == [shape, shape]
    with pytest.raises(AttributeError):
        kl_div(*operands((64, 64)), reduction="sum")


@pytest.mark.parametrize("threads", [1, 3])
def test_sum_takes_one_logarithm_one_difference_and_one_product(passes, dtype, threads):
    arrays = operands(REAL, dtype)
    threaded(threads, kl_div, *arrays, None, None, "sum")
    assert passes.over(SIZE) == {"log": 1, "subtract": 1, "vecdot": 1}
    assert 1 <= passes.allocated <= threads


@pytest.mark.parametrize("threads", [1, 3])
def test_sum_in_log_space_takes_one_exponential_one_difference_and_one_product(
    passes, dtype, threads
):
    arrays = operands(REAL, dtype, log_target=True)
    threaded(threads, kl_div, *arrays, None, None, "sum", True)  # noqa: FBT003 - log_target
    assert passes.over(SIZE) == {"exp": 1, "subtract": 1, "vecdot": 1}
    assert 2 <= passes.allocated <= 2 * threads


def test_zero_targets_take_one_attempt_more_in_the_first_block_alone(passes):
    log_q, target = operands(REAL)
    target[:, ::2] = 0
    block = blocks.BLOCK_BYTES // 8
    with thread_limit(1):
        kl_div(log_q, target, reduction="sum")
    again = (SIZE + block) / SIZE
    assert passes.over(SIZE) == {
        "log": again,
        "subtract": again,
        "vecdot": again,
        "equal": 1,
        "add": 1,
    }


def test_infinite_inputs_at_zero_targets_take_two_attempts_more_in_the_first_block_alone(passes):
    log_q, target = operands(REAL)
    target[:, ::2], log_q[:, ::2] = 0, -np.inf
    block = blocks.BLOCK_BYTES // 8
    with thread_limit(1):
        kl_div(log_q, target, reduction="sum")
    found = passes.over(SIZE)
    assert found["log"] == found["subtract"] == found["vecdot"] == (SIZE + 2 * block) / SIZE
    assert found["where"] == 1
    assert found["equal"] == (3 * SIZE + block) / SIZE


def test_zero_targets_of_one_thread_cost_the_others_nothing(passes):
    log_q, target = operands(REAL)
    target[-1, -1] = 0
    with thread_limit(6):
        kl_div(log_q, target, reduction="sum")
    block = blocks.BLOCK_BYTES // 8
    assert passes.over(SIZE)["log"] == (SIZE + block) / SIZE
    assert passes.elements["equal"] == block


def test_terms_take_three_passes_and_one_that_checks_them(passes):
    arrays = operands(REAL)
    with thread_limit(1):
        kl_div(*arrays, reduction="none")
    assert passes.over(SIZE) == {"log": 1, "subtract": 1, "multiply": 1, "vecdot": 1}
    assert passes.allocated == 1  # beside the result


# Accuracy


def exact_terms(log_q, target):
    """Terms in float64, and their scales.

    The logarithm of a float32 in float64 is off by at most 1 ulp of float64, 2**-29 of one of
    float32: what that adds to a term is less than a billionth of what is allowed.
    """
    p, log_q = target.astype("float64"), log_q.astype("float64")
    log_p = np.log(p)
    return p * (log_p - log_q), p * (np.abs(log_p) + np.abs(log_q))


@pytest.fixture(scope="module")
def ten_million():
    rng = np.random.default_rng(8)
    target = rng.random((1000, 10_000), dtype="float32") ** 3 + np.float32(1e-9)
    log_q = -8 * rng.random((1000, 10_000), dtype="float32")
    return log_q, target


@pytest.mark.parametrize("threads", [1, 4])
def test_sum_of_ten_million_float32_is_as_good_as_one_of_its_terms(ten_million, threads):
    log_q, target = ten_million
    terms, scales = exact_terms(log_q, target)
    value = threaded(threads, kl_div, log_q, target, None, None, "sum")
    # A term may be off by 6 eps of its scale; the sum of so many may be no worse.
    assert abs(float(value) - np.sum(terms)) <= 6 * np.finfo("float32").eps * np.sum(scales)


def test_sum_of_ten_thousand_is_exact_by_fifty_digits(ten_million):
    mpmath = pytest.importorskip("mpmath", reason="mpmath is not installed")
    log_q, target = (array[::100, ::1000].reshape(-1)[:10_000] for array in ten_million)
    with mpmath.workdps(50):
        pairs = [
            (mpmath.mpf(float(x)), mpmath.mpf(float(p))) for x, p in zip(log_q, target, strict=True)
        ]
        exact = mpmath.fsum(p * (mpmath.log(p) - x) for x, p in pairs)
        scale = mpmath.fsum(p * (abs(mpmath.log(p)) + abs(x)) for x, p in pairs)
        terms, _ = exact_terms(log_q, target)
        assert abs(exact - float(np.sum(terms))) <= 1e-14 * scale
        for dtype in ("float32", "float64"):
            value = kl_div(log_q.astype(dtype), target.astype(dtype), reduction="sum")
            error = abs(exact - mpmath.mpf(float(value)))
            assert error <= 6 * float(np.finfo(dtype).eps) * scale


@BOTH_SPACES
@pytest.mark.parametrize("type_", ["float16", "float32", "float64"])
def test_sums_of_blocks_are_within_the_bound_of_the_suite(type_, log_target):
    log_q, target = operands((300, 3001), type_, log_target)
    wide = [array.astype("longdouble") for array in (log_q, target)]
    p = np.exp(wide[1]) if log_target else wide[1]
    log_p = wide[1] if log_target else np.log(p)
    exact, scale = np.sum(p * (log_p - wide[0])), np.sum(p * (abs(log_p) + abs(wide[0])))
    value = kl_div(log_q, target, reduction="batchmean", log_target=log_target)
    eps = np.finfo(type_).eps
    assert abs(value - exact / 300) <= 8 * eps * scale / 300


def test_half_precision_overflows_only_in_the_result():
    log_q = np.full((40, 65_536), -8, dtype="float16")
    target = np.ones((40, 65_536), dtype="float16")
    assert kl_div(log_q, target, reduction="sum") == np.inf
    assert kl_div(log_q, target, reduction="mean") == 8


# The order in which memory is read


@pytest.fixture
def read(monkeypatch):
    """What the blocks of a sum are cut from."""
    monkeypatch.setattr(numpy_loops.block_loops, "total", lambda _, __, arrays, *___: arrays)

    def arrays_read(*arrays):
        return backend.total(np, arrays, Form(), working=np.float64, threads=lambda: 1)

    return arrays_read


def test_matrix_that_is_stored_by_columns_is_read_by_columns(read):
    columns, rows = np.asfortranarray(np.ones((128, 33))), np.ones((128, 33))
    assert [array.shape for array in read(columns, columns)] == [(33, 128)] * 2
    assert [array.shape for array in read(rows, rows)] == [(128, 33)] * 2


def test_axes_are_read_in_the_order_of_memory_whatever_they_are(read):
    array = np.ones((40, 30, 20)).transpose(1, 2, 0)
    assert [one.shape for one in read(array, array)] == [(40, 30, 20)] * 2


@pytest.mark.parametrize(
    "array",
    [np.ones(10_000)[::-1], np.asfortranarray(np.ones((32, 128)))],
    ids=["one axis", "one piece"],
)
def test_arrays_that_have_no_other_order_to_gain_by_stay_as_they_are(read, array):
    found = read(array, array)
    assert [one is array for one in found] == [True, True]
