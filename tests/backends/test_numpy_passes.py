"""NumPy: how often each operation passes over the elements, and in which order."""

import threading
from collections import Counter

import array_api_compat.numpy as xp
import numpy as np
import pytest
from backends.numpy_operands import LOOPS_OF_NUMPY, REAL, operands, threaded

from kldiv_xp import kl_div, kl_div_gradient, thread_limit
from kldiv_xp.backends.numpy import backend
from kldiv_xp.backends.numpy import loops as numpy_loops
from kldiv_xp.formula.form import Form
from kldiv_xp.host import blocks, choices, inner_products

pytestmark = LOOPS_OF_NUMPY
COUNTED = ("log", "exp", "subtract", "add", "multiply", "maximum", "where", "equal", "vecdot")


class Passes:
    """Elements that NumPy was asked to compute, and how many large arrays it made for that."""

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
                large = np.size(result) > inner_products.LONGEST_PIECE
                self.allocated += large and options.get("out") is None
            return result

        call.reduce = getattr(function, "reduce", None)
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
    value, *derivatives = (
        kl_div(log_q, target, None, None, reduction),
        *kl_div_gradient(log_q, target),
    )
    assert value.shape == ()
    assert [derivative.shape for derivative in derivatives] == [shape, shape]
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


def test_infinite_inputs_at_zero_targets_take_two_attempts_more_in_the_first_block_alone(
    passes, monkeypatch
):
    monkeypatch.setattr(choices, "changes_often", lambda *_: False)  # by its bits it is no `where`
    log_q, target = operands(REAL)
    target[:, ::2], log_q[:, ::2] = 0, -np.inf
    block = blocks.BLOCK_BYTES // 8
    with thread_limit(1):
        kl_div(log_q, target, reduction="sum")
    found = passes.over(SIZE)
    assert found["log"] == found["subtract"] == found["vecdot"] == (SIZE + 2 * block) / SIZE
    assert found["where"] == 2  # one within the other
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


@pytest.fixture
def read(monkeypatch):
    """Arrays that the blocks of a sum are cut from."""
    read = []

    def total(_, __, arrays, *___):
        read[:] = arrays
        return 0.0

    monkeypatch.setattr(numpy_loops.block_loops, "sum_products", total)

    def arrays_read(*arrays):
        backend.total(np, arrays, Form(), np.float64, lambda: 1, None, np.float64)
        return tuple(read)

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
