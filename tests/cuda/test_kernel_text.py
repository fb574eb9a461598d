"""The loops, on a simulated device: each element once, the same bits on repeat, large numbers."""

import mmap

import cuda_on_cpu
import numpy as np
import pytest
from cuda_on_cpu import ascending, descending, launch, shuffled

from kldiv_xp.cuda import strides_and_grid
from kldiv_xp.cuda.c_types import DeviceOperand
from kldiv_xp.cuda.loss_kernels import source_of_functions, source_of_totals
from kldiv_xp.cuda.strides_and_grid import BLOCKS, THREADS, grid_of
from kldiv_xp.tracing.layouts import layout_of
from kldiv_xp.tracing.losses import TOTAL

if cuda_on_cpu.why_unusable():
    pytest.skip(cuda_on_cpu.why_unusable(), allow_module_level=True)

FLAT = (1, 0)
COLUMNS = (DeviceOperand("s", "float64"),)
TOTALS = (DeviceOperand(TOTAL, "float64", in_rows=False),)
SUMS = {width: source_of_totals("float64", COLUMNS, TOTALS, FLAT, width) for width in (1, 2)}
ORDERS = [ascending, descending, shuffled]


def sums(values, width=1, order=ascending, source=None):
    """Sums of the rows of a matrix, in pieces and then of the pieces, on their own grid."""
    rows, columns = values.shape
    layout = layout_of(values.shape, (0,), (1,), [(columns, 1)])
    pieces, lanes, blocks = grid_of(layout, width, split=True)
    text, partial = source or SUMS[width], np.full(rows * pieces, np.nan)
    arguments = [values.ctypes.data, partial.ctypes.data, 1.0, rows, 1, columns, pieces, lanes]
    launch(text, blocks, THREADS, [*arguments, columns, 1], order=order)
    return partial if pieces == 1 else sums(partial.reshape(rows, pieces), 1, order, source)


@pytest.fixture
def few_blocks(monkeypatch):
    """A grid of four blocks, whose limits are reached by small arrays."""
    monkeypatch.setattr(strides_and_grid, "BLOCKS", 4)


WIDTHS = pytest.mark.parametrize("width", [1, 2])


@pytest.mark.few(5, 149)
@WIDTHS
@pytest.mark.usefixtures("few_blocks")
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 63, 64, 65, 1023, 1024, 1025])
@pytest.mark.parametrize("columns", [0, 1, 2, 3, 15, 16, 17])
def test_each_element_of_short_rows_is_added_once(rows, columns, width):
    columns *= width  # rows begin where as many elements can be read at once
    values = np.random.default_rng(1).integers(1, 2**30, (rows, columns)).astype("float64")
    assert (sums(values, width) == values.sum(axis=1)).all()


@pytest.mark.few(25, 35)
@pytest.mark.usefixtures("few_blocks")
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("edge", [THREADS, 4 * THREADS, 8 * THREADS, 4 * 4 * THREADS])
@pytest.mark.parametrize("step", [-1, 0, 1])
def test_each_element_of_long_rows_is_added_once(rows, edge, step):
    values = np.random.default_rng(2).integers(1, 2**30, (rows, edge + step)).astype("float64")
    assert (sums(values) == values.sum(axis=1)).all()


@pytest.mark.long
@pytest.mark.cases(4)
@pytest.mark.parametrize("step", [-1, 0, 1])
def test_each_element_is_added_once_by_the_real_grid(step):
    count = BLOCKS * THREADS * 4 + step
    values = np.random.default_rng(3).integers(1, 2**30, (1, count)).astype("float64")
    assert sums(values) == values.sum()


@pytest.mark.usefixtures("few_blocks")
@pytest.mark.parametrize("shape", [(1, 5000), (3, 900), (70, 10)])
def test_order_in_which_threads_run_changes_no_bit(shape):
    values = np.random.default_rng(4).normal(size=shape)
    first, *others = [sums(values, order=order).tobytes() for order in ORDERS]
    assert others == [first, first]


@pytest.mark.usefixtures("few_blocks")
def test_missing_barrier_is_seen():
    """Of the two only the second: what warps exchange lets all threads of the simulation wait."""
    before, first, after = SUMS[1].split("__syncthreads();")
    wrong = f"{before}__syncthreads();{first}{after}"
    values = np.random.default_rng(5).integers(1, 2**30, (9, 900)).astype("float64")
    results = [sums(values, 1, order, wrong) for order in ORDERS]
    assert any((result != values.sum(axis=1)).any() for result in results)


def test_barrier_that_not_all_threads_reach_is_seen():
    wrong = SUMS[1].replace("    __syncthreads();", "    if (threadIdx.x) __syncthreads();", 1)
    with pytest.raises(RuntimeError, match="ended while another waited at a barrier"):
        sums(np.ones((1, 300)), source=wrong)


def test_wrong_arguments_are_refused_by_the_simulation():
    with pytest.raises(TypeError, match="takes 10 arguments; got 1"):
        launch(SUMS[1], 1, THREADS, [0])
    with pytest.raises(TypeError, match=r"given 1\.0 for a c_long"):
        launch(SUMS[1], 1, THREADS, [0, 0, 1.0, 1.0, 1, 1, 1, 1, 0, 0])


def fill(values, kind, result, kind_of_result, width=1, blocks=8, count=None):
    """Copy elements of one type into those of another."""
    real = "float64" if "float64" in (kind, kind_of_result) else "float32"
    operands = (DeviceOperand("x", kind),), (DeviceOperand("y", kind_of_result),)
    text = source_of_functions([lambda xp, numbers, x: (x,)], (), real, *operands, FLAT, width)
    counts = [1, 1, values.size if count is None else count, blocks, THREADS]
    arguments = [values.ctypes.data, result.ctypes.data, *counts, 0, 0, 1, 1]
    launch(text, blocks, THREADS, arguments)


@pytest.mark.few(8, 12)
@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("count", [1, THREADS - 1, THREADS, THREADS + 1, 2 * THREADS + 1])
@pytest.mark.parametrize("blocks", [1, 2])
def test_each_element_is_written(count, blocks, width):
    values, result = np.arange(1.0, count + 1), np.zeros(count + 1)
    fill(values, "float64", result, "float64", width, blocks)
    assert (result == [*values, 0]).all()


def test_columns_far_behind_the_reach_of_32_bits_are_added():
    """Only the last of 2**23 + 1 pieces is added up, of which five columns are left."""
    pieces = 2**31 // THREADS + 1
    value, result = np.asarray([7.0]), np.zeros(pieces)
    counts = [1, 1, 2**31 + 5, pieces, THREADS]
    arguments = [value.ctypes.data, result.ctypes.data, 1.0, *counts, 0, 0]
    launch(SUMS[1], pieces, THREADS, arguments, first=pieces - 1)
    assert result[-1] == 35
    assert not result[:-1].any()


def test_offsets_have_64_bits():
    """Three elements, 2**30 + 1 elements apart, in 4 GiB that are mapped but not there."""
    apart = 2**30 + 1
    text = source_of_totals("float32", (DeviceOperand("s", "float16"),), TOTALS, FLAT, 1)
    with mmap.mmap(-1, (2 * apart + 1) * 2, flags=mmap.MAP_PRIVATE) as memory:
        values = np.frombuffer(memory, dtype="float16")
        values[::apart] = [1, 2, 4]
        total = np.zeros(1)
        arguments = [values.ctypes.data, total.ctypes.data, 1.0, 1, 1, 3, 1, 4, 0, apart]
        launch(text, 1, THREADS, arguments)
        del values
    assert total[0] == 7


def test_maxima_of_rows_are_those_of_numpy_whatever_the_rows_hold():
    """NaN is the maximum wherever it stands, and a row of nothing but -inf has that."""
    rows = np.random.default_rng(6).normal(size=(7, 70))
    rows[1, 3], rows[2, 69], rows[3], rows[4, 5] = np.nan, np.nan, -np.inf, np.inf
    operands = (DeviceOperand("x", "float64"),), TOTALS
    function = lambda xp, numbers, x: (xp.max(x, axis=-1),)  # noqa: E731
    text, result = (
        source_of_functions([function], ("divisor",), "float64", *operands, FLAT, 2),
        np.zeros(7),
    )
    arguments = [rows.ctypes.data, result.ctypes.data, 1.0, 7, 1, 70, 1, 64, 70, 1]
    for order in ORDERS:
        launch(text, 2, THREADS, arguments, order=order)
        np.testing.assert_array_equal(result, rows.max(axis=1))


@pytest.mark.few(1, 2)
@pytest.mark.parametrize("type_", ["float16", "float32", "float64"])
def test_reading_and_writing_a_type_changes_no_value_of_it(type_):
    bits = np.arange(2**16, dtype="uint16")
    narrow = bits.view("float16")
    values = narrow if type_ == "float16" else narrow.astype(type_)
    assert_copied(values, type_, np.empty_like(values), type_)


def assert_copied(values, kind, result, kind_of_result, expected=None):
    """Kernels write the values that were read, or those that NumPy makes of them."""
    fill(values, kind, result, kind_of_result)
    np.testing.assert_array_equal(result, values if expected is None else expected)


@pytest.mark.few(1, 1)
@pytest.mark.parametrize("type_", ["float32", "float64"])
def test_float16_is_rounded_once_to_even(type_):
    halves = np.arange(0x7C00, dtype="uint16").view("float16").astype("float64")
    between = (halves[1:] + halves[:-1]) / 2
    near = [between, np.nextafter(between.astype(type_), np.inf, dtype=type_)]
    values = np.concatenate([*near, [65519.0, 65520.0, -1e9, -0.0, np.inf]]).astype(type_)
    with np.errstate(over="ignore"):
        expected = values.astype("float16")
    assert_copied(values, type_, np.empty(values.size, "float16"), "float16", expected)


@pytest.mark.few(1, 1)
@pytest.mark.parametrize("type_", ["float32", "float64"])
def test_bfloat16_is_rounded_once_to_even(type_):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    wide = (np.arange(0, 0x7F80, dtype="uint32") << 16).view("float32").astype("float64")
    between = (wide[1:] + wide[:-1]) / 2
    values = np.concatenate([between, wide, [-0.0, np.inf, -np.inf, 3.4e38]])
    nudged = np.nextafter(values.astype(type_), np.inf, dtype=type_)
    values = np.concatenate([values, nudged, -nudged]).astype(type_)
    result = np.empty(values.size, "uint16")
    if type_ == "float32":
        expected = torch.from_numpy(values).to(torch.bfloat16).view(torch.uint16).numpy()
    else:
        expected = nearest_bfloat16(values, wide)
    missing = np.isnan(values)
    fill(values, type_, result, "bfloat16")
    np.testing.assert_array_equal(result[~missing], expected[~missing])


def nearest_bfloat16(values, wide):
    """Bits of the nearest number, by search among all of them; ties go to the even one."""
    size = np.abs(values)
    ladder = np.append(wide, 2.0**128)
    above = np.searchsorted(ladder, size).clip(1, len(ladder) - 1)
    down, up = size - ladder[above - 1], ladder[above] - size
    nearest = np.where((up < down) | ((up == down) & (above % 2 == 0)), above, above - 1)
    nearest = np.where(np.isinf(size) | (size >= 2.0**128), 0x7F80, nearest)
    return (nearest + (np.signbit(values) << 15)).astype("uint16")
