"""The traced kernels of the loss, compiled by g++ and run on a simulated device."""

import re
import shutil
import subprocess
from dataclasses import replace

import cuda_on_cpu
import numpy as np
import pytest
import reference
from golden_kernels import FOLDER, LOG_P, P, golden
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp.calls.operands import examine
from kldiv_xp.core.evaluate import evaluate_loss, evaluate_samples, evaluate_slopes, evaluate_terms
from kldiv_xp.core.evaluate_rows import plain_rows, plain_slopes
from kldiv_xp.core.scale import Scale
from kldiv_xp.cuda import launch_plan
from kldiv_xp.cuda.kernel_text import NAME
from kldiv_xp.cuda.strides_and_grid import grid_of
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logits import JS, KL, JSOfGiven
from kldiv_xp.tracing.layouts import layout_of

if cuda_on_cpu.why_unusable():
    pytest.skip(cuda_on_cpu.why_unusable(), allow_module_level=True)

BOTH_SPACES = pytest.mark.parametrize("form", [P, LOG_P], ids=["p", "log p"])
OTHERS = {
    "q": Form(log_input=False),
    "generalised": Form(log_input=False, generalized=True),
    "generalised, log p": Form(log_target=True, generalized=True),
}
TYPES = pytest.mark.parametrize("type_", ["float16", "float32", "float64"])
DEVICE = cuda_on_cpu.numpy_device()
MIXED = [("float16", "float32"), ("float32", "float64"), ("float16", "float64")]


def tolerance(dtype):
    """Libraries differ by some units in the last place of a logarithm or an exponential."""
    return 4 * np.finfo(dtype).eps


def operands(shape, type_="float64", form=P, seed=0):
    """Log-probabilities, and targets with zeros."""
    rng = np.random.default_rng(seed)
    log_q, target = rng.uniform(-9, -0.1, shape), rng.uniform(0.05, 1, shape)
    target = np.where(rng.uniform(size=shape) < 0.2, 0, target)
    log_q = log_q if form.log_input else np.exp(log_q)
    with np.errstate(divide="ignore"):
        target = np.log(target) if form.log_target else target
    return np.asarray(log_q.astype(type_)), np.asarray(target.astype(type_))


def plain(log_q, target):
    """Operands of the plain expression."""
    return replace(examine(log_q, target), backend=None)


def special(type_, form):
    pairs = np.asarray(reference.every_pair(form.log_target, form.log_input)).T
    return [np.ascontiguousarray(each.astype(type_)) for each in pairs]


@TYPES
@BOTH_SPACES
def test_terms_of_special_operands_are_as_the_contract_says(type_, form):
    inputs, targets = special(type_, form)
    terms = launch_plan.terms(DEVICE, examine(inputs, targets), (inputs, targets), form)
    expected = [reference.term(x, t, **form.switches) for x, t in zip(inputs, targets, strict=True)]
    assert_allclose(terms, expected, rtol=tolerance(type_))
    zeros = np.asarray(expected) == 0
    with np.errstate(over="ignore"):
        of_zero = (np.exp(targets.astype("float64")) if form.log_target else targets) == 0
    assert not np.signbit(terms[zeros & of_zero]).any()


@TYPES
@BOTH_SPACES
def test_slopes_of_special_operands_are_as_the_contract_says(type_, form):
    inputs, targets = special(type_, form)
    defined = ~np.isnan(inputs) & ~np.isnan(targets) & ~np.isposinf(targets)
    arrays = inputs, targets = inputs[defined], targets[defined]
    both = (True, True)
    slopes = launch_plan.slopes(DEVICE, examine(*arrays), arrays, form, Scale(1), (), both)
    pairs = [
        reference.gradient(x, t, **form.switches) for x, t in zip(inputs, targets, strict=True)
    ]
    for slope, expected in zip(slopes, np.asarray(pairs).T, strict=True):
        assert_allclose(slope, expected, rtol=tolerance(type_), atol=tolerance(type_))


@pytest.mark.parametrize("form", OTHERS.values(), ids=OTHERS)
def test_other_forms_are_as_the_contract_says(form):
    test_terms_of_special_operands_are_as_the_contract_says("float32", form)
    test_slopes_of_special_operands_are_as_the_contract_says("float32", form)
    arrays = operands((5, 7, 11), "float64", form)
    assert_allclose(*both_ways("batchmean", arrays, form), rtol=1e-13)


JENSEN_SHANNON = {
    "tables": Form(log_input=False, beta=0.3),
    "logarithms": Form(log_target=True, beta=0.5),
    "an end": Form(log_input=False, beta=1.0),
}


@pytest.mark.parametrize("form", JENSEN_SHANNON.values(), ids=JENSEN_SHANNON)
def test_jensen_shannon_divergence_of_tables_is_that_of_the_plain_expression(form):
    arrays = operands((5, 7, 11), "float64", form)
    if form.beta == 1:  # where a target of 0 makes it infinite
        arrays = arrays[0], np.maximum(arrays[1], 0.01)
    assert_allclose(*both_ways("batchmean", arrays, form), rtol=1e-13)
    context, scale = plain(*arrays), Scale(1)
    found = launch_plan.slopes(DEVICE, examine(*arrays), arrays, form, scale, (), (True, True))
    for one, other in zip(found, evaluate_slopes(context, arrays, form, scale, ()), strict=True):
        assert_allclose(one, other, rtol=1e-12, atol=1e-15)


def test_jensen_shannon_divergence_from_a_given_target_is_that_of_the_plain_expression():
    logits, _ = operands((6, 33))
    target = np.random.default_rng(1).dirichlet(np.ones(33), 6)
    arrays, divergence = (logits, target), JSOfGiven(2.0, 0.3, "probabilities", scaled=True)
    found = launch_plan.divergences(DEVICE, examine(*arrays), arrays, divergence)
    assert_allclose(found, plain_rows(plain(*arrays), arrays, divergence), rtol=1e-12)
    options = divergence, Scale(3.0), (), (True, True)
    slopes = launch_plan.row_slopes(DEVICE, examine(*arrays), arrays, *options)
    above = np.full((6, 1), 3.0)
    expected = plain_slopes(plain(*arrays), arrays, divergence, above, (True, True))
    for one, other in zip(slopes, expected, strict=True):
        assert_allclose(one, other, rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize("type_", ["float32", "float64"])
def test_exponential_that_underflows_contributes_zero(type_):
    smallest = {"float32": -104.0, "float64": -746.0}[type_]
    arrays = np.asarray([-np.inf, np.inf, 3.0], type_), np.full(3, smallest, type_)
    terms = launch_plan.terms(DEVICE, examine(*arrays), arrays, LOG_P)
    assert_array_equal(terms, 0)
    assert not np.signbit(terms).any()
    slopes = launch_plan.slopes(DEVICE, examine(*arrays), arrays, LOG_P, Scale(1), (), (True, True))
    assert_array_equal(slopes, np.zeros((2, 3)))


def test_smallest_exponential_still_counts():
    arrays = np.asarray([-np.inf], "float32"), np.asarray([-103.0], "float32")
    assert_array_equal(launch_plan.terms(DEVICE, examine(*arrays), arrays, LOG_P), [np.inf])


@pytest.mark.cases(6)
@TYPES
@BOTH_SPACES
@pytest.mark.parametrize("reduction", ["terms", "loss", "samples"])
def test_values_are_those_of_the_plain_expression(type_, form, reduction):
    arrays = operands((5, 7, 11), type_, form)
    here, expected = both_ways(reduction, arrays, form)
    assert here.dtype == expected.dtype
    assert here.shape == expected.shape
    assert_allclose(here, expected, rtol=4 * tolerance(type_), atol=tolerance(type_))


def both_ways(reduction, arrays, form=P, axis=(0, 2), parts=5):
    """What the kernels and what the plain expression makes of the same."""
    whole = plain(*arrays[:2])
    if reduction == "terms":
        here = launch_plan.terms(DEVICE, whole, arrays, form)
        return here, evaluate_terms(whole, arrays, form)
    if reduction == "samples":
        here = launch_plan.sums(DEVICE, whole, arrays, form, axis, None)
        return here, evaluate_samples(whole, arrays, form, axis)
    every = tuple(range(arrays[0].ndim))
    here = launch_plan.sums(DEVICE, whole, arrays, form, every, parts)
    return here, evaluate_loss(whole, arrays, form, parts)


@pytest.mark.slow
@pytest.mark.cases(4)
@BOTH_SPACES
@pytest.mark.parametrize("types", MIXED, ids="-".join)
@pytest.mark.parametrize("turned", [False, True])
def test_mixed_types_promote(types, form, turned):
    arrays = [array.astype(t) for array, t in zip(operands((6, 5)), types, strict=True)]
    arrays = tuple(arrays[::-1] if turned else arrays)
    if form.log_target:
        arrays = arrays[0], -np.abs(arrays[1])
    for reduction in ("terms", "loss"):
        here, expected = both_ways(reduction, arrays, form)
        assert here.dtype == expected.dtype
        assert_allclose(here, expected, rtol=tolerance(here.dtype), equal_nan=True)
    whole, wanted = plain(*arrays), (True, True)
    slopes = launch_plan.slopes(DEVICE, whole, arrays, form, Scale(0.5), (), wanted)
    for slope, operand in zip(slopes, arrays, strict=True):
        assert slope.dtype == operand.dtype


@pytest.mark.parametrize("axis", [(0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)])
@pytest.mark.parametrize("masked", [False, True])
def test_samples_along_any_axes(axis, masked):
    arrays = operands((4, 3, 70))
    if masked:
        arrays = (*arrays, np.random.default_rng(1).uniform(size=(4, 3, 70)) < 0.5)
    here, expected = both_ways("samples", arrays, axis=axis)
    assert here.shape == expected.shape
    assert_allclose(here, expected, rtol=1e-13)


LAYOUTS = {
    "transposed": np.asfortranarray,
    "every second": lambda array: np.repeat(np.repeat(array, 2, 0), 2, 2)[::2, :, ::2],
    "reversed": lambda array: array[::-1, :, ::-1].copy()[::-1, :, ::-1],
    "swapped axes": lambda array: array.swapaxes(0, 1).copy().swapaxes(0, 1),
    "read-only": lambda array: np.frombuffer(array.tobytes()).reshape(array.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("which", [(0,), (1,), (0, 1)], ids=str)
def test_layout_of_operands_changes_no_value(layout, which):
    arrays = operands((4, 5, 6))
    laid = tuple(layout(array) if i in which else array for i, array in enumerate(arrays))
    for reduction in ("terms", "loss", "samples"):
        here, _ = both_ways(reduction, laid)
        expected, _ = both_ways(reduction, arrays)
        assert_allclose(here, expected, rtol=1e-14)
    both = (True, True)
    found, slopes = (
        launch_plan.slopes(DEVICE, plain(*arrays), given, P, Scale(2.0), (), both)
        for given in (laid, arrays)
    )
    assert_array_equal(found, slopes)


def test_operands_and_masks_that_are_broadcast_are_not_copied():
    log_q, target = operands((4, 5, 6))
    rows = np.broadcast_to(log_q[:1, :, :1], log_q.shape)
    mask = np.broadcast_to(np.arange(5)[None, :, None] < 3, log_q.shape)
    for reduction in ("terms", "loss", "samples"):
        here, expected = both_ways(reduction, (rows, target, mask))
        assert_allclose(here, expected, rtol=1e-13)


@BOTH_SPACES
def test_what_is_masked_has_no_part_whatever_it_holds(form):
    inputs, targets = special("float64", form)
    mask = np.zeros(inputs.shape, bool)
    arrays = (inputs, targets, mask)
    whole = plain(inputs, targets)
    assert_array_equal(launch_plan.terms(DEVICE, whole, arrays, form), 0)
    assert launch_plan.sums(DEVICE, whole, arrays, form, (0,), 1) == 0
    slopes = launch_plan.slopes(DEVICE, whole, arrays, form, Scale(1), (), (True, True))
    assert_array_equal(slopes, np.zeros((2, inputs.size)))


@pytest.mark.cases(6)
@BOTH_SPACES
@pytest.mark.parametrize("wanted", [(True, True), (True, False), (False, True), (False, False)])
@pytest.mark.parametrize("upstream", ["none", "number", "array"])
@pytest.mark.parametrize("masked", [False, True])
def test_slopes_are_those_of_the_plain_expression(form, wanted, upstream, masked):
    arrays = operands((4, 9), form=form)
    rng = np.random.default_rng(8)
    factors = {
        "none": (),
        "number": (np.asarray(3.0),),
        "array": (np.broadcast_to(rng.normal(size=(4, 1)), (4, 9)),),
    }[upstream]
    if masked:
        arrays = (*arrays, rng.uniform(size=(4, 9)) < 0.5)
    whole = plain(*arrays[:2])
    given = (whole, arrays, form, Scale(0.5, 2), factors, wanted)
    for here, expected in zip(
        launch_plan.slopes(DEVICE, *given), evaluate_slopes(*given), strict=True
    ):
        if expected is None:
            assert here is None
        else:
            assert_allclose(here, expected, rtol=1e-14, atol=1e-15)


DIVERGENCES = {
    "KL": KL(1.0, "logits"),
    "KL, T": KL(3.0, "logits"),
    "of p": KL(2.0, "probabilities"),
    "of log p": KL(2.0, "log_probabilities"),
    "JS": JS.of(1.0, 0.5),
    "JS, T": JS.of(3.0, 0.1),
    "reverse": JS.of(1.0, 1.0),
    "hot": KL(1e33, "logits", scaled=True),
    "cold": KL(1e-33, "logits", scaled=True),
    "hot JS": replace(JS.of(1e33, 0.5), scaled=True),
}


@pytest.mark.cases(10)
@pytest.mark.parametrize("shape", [(5, 12), (3, 2, 1030), (70, 3), (2, 1), (1, 4099)], ids=str)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("divergence", DIVERGENCES.values(), ids=DIVERGENCES)
@TYPES
def test_rows_of_logits_are_those_of_the_plain_expression(type_, divergence, masked, shape):
    arrays = operands(shape, type_)
    rng = np.random.default_rng(9)
    upstream = rng.normal(size=(*shape[:-1], 1))
    if masked:
        arrays = (*arrays, rng.uniform(size=(*shape[:-1], 1)) < 0.5)
    whole, both = plain(*arrays[:2]), (True, True)
    upstream, bound = upstream.astype(whole.working), 30 * np.finfo(whole.working).eps
    rows = launch_plan.divergences(DEVICE, whole, arrays, divergence)
    expected = plain_rows(whole, arrays, divergence)
    assert rows.dtype == expected.dtype
    assert_allclose(rows, expected, rtol=bound, atol=bound)
    slopes = launch_plan.row_slopes(
        DEVICE, whole, arrays, divergence, Scale(0.5, 2), (upstream,), both
    )
    for slope, other in zip(
        slopes, plain_slopes(whole, arrays, divergence, upstream / 4, both), strict=True
    ):
        assert slope.dtype == other.dtype
        assert_allclose(slope, other, rtol=bound + tolerance(type_), atol=bound)


def test_rows_of_logits_along_another_axis_are_not_copied():
    x, t = operands((4, 9, 5))
    arrays = np.moveaxis(x, 1, -1), np.moveaxis(t, 1, -1)
    found = launch_plan.divergences(DEVICE, plain(*arrays), arrays, KL(1.0, "logits"))
    assert_allclose(found, plain_rows(plain(*arrays), arrays, KL(1.0, "logits")), rtol=1e-13)


@pytest.mark.parametrize("shape", [(0, 4), (3, 0, 4)])
def test_no_rows_of_logits_have_no_divergence(shape):
    arrays = np.ones(shape), np.ones(shape)
    whole, kl = plain(*arrays), KL(1.0, "logits")
    assert launch_plan.divergences(DEVICE, whole, arrays, kl).shape == shape[:-1]
    slopes = launch_plan.row_slopes(DEVICE, whole, arrays, kl, Scale(), (), (True, False))
    assert (slopes[0].shape, slopes[1]) == (shape, None)


@pytest.mark.parametrize("shape", [(), (1,), (0,), (3, 0), (0, 3)])
def test_shapes_without_or_with_one_element(shape):
    arrays = np.full(shape, -1.0), np.ones(shape)
    here, expected = both_ways("terms", arrays)
    assert_array_equal(here, expected)
    for parts in (1, max(len(arrays[0].shape and arrays[0]), 1), 0, None):
        here, expected = both_ways("loss", arrays, parts=parts)
        assert here.shape == ()
        assert_array_equal(here, expected)
    for axis in [(place,) for place in range(len(shape))]:
        assert_array_equal(*both_ways("samples", arrays, axis=axis))


def test_sum_beyond_float16_is_divided_before_it_is_rounded():
    arrays = np.full((40, 1000), -8.0, "float16"), np.full((40, 1000), 1.0, "float16")
    here = launch_plan.sums(DEVICE, examine(*arrays), arrays, P, (0, 1), 40)
    assert here.dtype == np.float16
    assert here == 8000


def test_sum_of_many_terms_is_that_of_exact_addition():
    """Terms of float32 are added up in float64: half a unit in the last place, and no more."""
    log_q, target = operands((64, 3001), "float32")
    terms = launch_plan.terms(DEVICE, examine(log_q, target), (log_q, target), P)
    exact = np.float32(reference.math.fsum(terms.ravel().tolist()))
    here = launch_plan.sums(DEVICE, examine(log_q, target), (log_q, target), P, (0, 1), 1)
    assert here == exact


def test_operands_are_left_as_they_are():
    arrays = operands((5, 6))
    before = [array.copy() for array in arrays]
    for reduction in ("terms", "loss", "samples"):
        both_ways(reduction, arrays, axis=(1,))
    launch_plan.slopes(DEVICE, plain(*arrays), arrays, P, Scale(1), (), (True, True))
    assert_array_equal(arrays, before)


def test_between_the_kernels_there_is_a_number_for_each_piece_of_each_row():
    allocated = []

    def empty(shape, dtype):
        allocated.append((shape, dtype))
        return DEVICE.empty(shape, dtype)

    arrays = operands((3, 7000), "float32")
    device, whole = replace(DEVICE, empty=empty), examine(*arrays)
    launch_plan.sums(device, whole, arrays, P, (0, 1), 1)
    layout = layout_of((3, 7000), (), (0, 1), [(7000, 1)] * 2)
    _, between = allocated
    assert between == ((grid_of(layout, 4, split=True).pieces,), np.dtype("float64"))
    assert between[0] == (21,)


@pytest.mark.parametrize("shape", [(1, 5000), (9, 700), (300, 11)])
def test_losses_have_the_same_bits_in_any_order_of_the_threads(shape):
    log_q, target = arrays = operands(shape, "float32")
    results = []
    for order in (cuda_on_cpu.ascending, cuda_on_cpu.descending, cuda_on_cpu.shuffled):

        def launch(*arguments, order=order):
            cuda_on_cpu.launch(*arguments, order=order)

        device = cuda_on_cpu.numpy_device(launch)
        whole = examine(log_q, target)
        samples = launch_plan.sums(device, whole, arrays, P, (1,), 1)
        total = launch_plan.sums(device, whole, arrays, P, (0, 1), 1)
        results.append((samples.tobytes(), total.tobytes()))
    assert results == results[:1] * 3


ARCHITECTURE = "compute_80"


@pytest.fixture(scope="module")
def nvcc():
    path = shutil.which("nvcc")
    if path is None:
        pytest.skip("nvcc is not installed")
    return path


@pytest.mark.cases(2)
@pytest.mark.parametrize("name", golden())
def test_golden_kernels_compile_for_a_gpu(nvcc, tmp_path, name):
    """NVIDIA's compiler takes the text; in float32 only the sum is arithmetic in float64."""
    target = tmp_path / "kernel.ptx"
    command = [nvcc, "-ptx", f"-arch={ARCHITECTURE}", "-std=c++17", "-fmad=false"]
    command += ["-Werror", "all-warnings", "-o", str(target), str(FOLDER / f"{name}.cu")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    text = target.read_text()
    entries = [line.split("(")[0].split()[-1] for line in text.splitlines() if ".entry" in line]
    assert entries == [NAME]
    if name.startswith(("sums_float32", "sums_bfloat16")):
        kernel = text[text.index(f".entry {NAME}") :]
        assert re.search(r"\badd\.(rn\.)?f64\b", kernel)
        assert not re.search(r"\b(mul|fma|rcp|sqrt|neg|abs|ex2|lg2)\.(\w+\.)*f64\b", kernel)


@pytest.mark.slow
@pytest.mark.parametrize("name", golden())
def test_threads_enough_fit_a_multiprocessor_and_hardly_any_spills(nvcc, tmp_path, name):
    """1024 threads in float32, 512 in float64; few are in memory, by attempts that are rare."""
    command = [nvcc, "-cubin", "-arch=sm_90", "-std=c++17", "-fmad=false", "-Xptxas", "-v"]
    command += ["-o", str(tmp_path / "kernel.cubin"), str(FOLDER / f"{name}.cu")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (registers,) = re.findall(r"Used (\d+) registers", done.stderr)
    assert int(registers) <= (128 if "float64" in name else 64)
    (spilled,) = re.findall(r"(\d+) bytes spill stores", done.stderr)
    assert int(spilled) <= (32 if "logits" in name else 0)


def test_golden_kernels_compile_as_cupy_compiles():
    """By NVRTC, without a header: no GPU is needed, but CUDA's library where CuPy finds it."""
    pytest.importorskip("cupy", reason="cupy is not installed")
    from cupy.cuda import nvrtc

    try:
        nvrtc.getVersion()
    except Exception as error:  # cuda.pathfinder has one of its own
        pytest.skip(f"cupy finds no NVRTC: {error}")
    for path in FOLDER.glob("*.cu"):
        program = nvrtc.createProgram(path.read_text(), path.name, (), ())
        nvrtc.compileProgram(program, ("-std=c++17", "--fmad=false", f"-arch={ARCHITECTURE}"))
        assert nvrtc.getProgramLog(program).strip("\0") == ""
