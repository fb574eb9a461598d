"""Teachers known by their top entries: tails, gradients, masks, 16 bits, and what is refused."""

import math

import numpy as np
import pytest
from array_libraries import HALF, library
from conftest import usable
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import kl_div_with_logits, sparse_kl_div_with_logits, thread_limit
from kldiv_xp.host import blocks

RNG = np.random.default_rng(5)
SHAPE, TOP = (2, 3, 7), 3
STUDENT, TEACHER = RNG.normal(scale=2, size=(2, *SHAPE))
# The student is certain of what the teacher names, or of another word, and some words are masked.
STUDENT[0, 0, :] += 40 * (TEACHER[0, 0] == TEACHER[0, 0].max())
STUDENT[0, 1, np.argmin(TEACHER[0, 1])] = 300
STUDENT[1, 0, np.argmin(TEACHER[1, 0])] = -math.inf
INDICES = np.argsort(-TEACHER, axis=-1)[..., :TOP][..., ::-1].copy()
TOKENS = np.asarray([[[True], [True], [False]], [[True], [False], [False]]])
TAILS = ("bucket", "zero", "renormalize")
KINDS = ("probabilities", "log_probabilities")


def log_softmax(logits):
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


LOG_P = np.take_along_axis(log_softmax(TEACHER), INDICES, -1)
LOG_P[1, 1, 0] = -math.inf
GIVEN = {"probabilities": np.exp(LOG_P), "log_probabilities": LOG_P}


def dense(values, rest, size=SHAPE[-1]):
    """Array of the whole vocabulary, the rest of which is one number."""
    whole = np.full((*values.shape[:-1], size), rest)
    np.put_along_axis(whole, INDICES, values, -1)
    return whole


def expected_rows(tail, student=STUDENT, log_p=LOG_P, temperature=1.0):
    """The same by the loss of whole vocabularies."""
    options = {"reduction": "none", "scale_by_temperature_squared": False}
    soft = student / temperature
    if tail == "renormalize":
        return kl_div_with_logits(soft, dense(log_p, -math.inf), **options)
    if tail == "zero":
        whole = dense(log_p, -math.inf)
        return kl_div_with_logits(soft, whole, target_is="log_probabilities", **options)
    log_q = log_softmax(soft)
    rest = np.logaddexp.reduce(
        np.where(dense(np.ones(INDICES.shape), 0.0), -math.inf, log_q), axis=-1
    )
    log_q = np.append(np.take_along_axis(log_q, INDICES, -1), rest[..., None], -1)
    p = np.exp(log_p)
    p = np.append(p, 1 - p.sum(-1, keepdims=True), -1)
    return np.where(p == 0, 0, p * (np.log(np.where(p == 0, 1, p)) - log_q)).sum(-1)


def test_library_that_cannot_read_at_indices_is_told_so(monkeypatch):
    strict = usable("array-api-strict")
    operands = strict.array(STUDENT), places(strict), strict.array(LOG_P)
    monkeypatch.delattr(library("array_api_strict"), "take_along_axis")
    with pytest.raises(NotImplementedError) as caught:
        sparse_kl_div_with_logits(*operands)
    assert str(caught.value) == (
        "array_api_strict has no take_along_axis, by which logits are read at `indices`: pass a "
        "target for the whole vocabulary to kl_div_with_logits, or the arrays of another library."
    )


def places(backend, indices=INDICES):
    return backend.make(np.asarray(indices), "int64")


def mask_on(backend, mask):
    return backend.call(lambda array: array != 0, backend.array(mask))


@pytest.mark.parametrize("tail", TAILS)
def test_each_tail_is_the_loss_of_whole_vocabularies(backend, tail):
    cases = list(zip(KINDS, (1.0, 2.5), strict=True))

    def losses(student, indices, p, log_p):
        given = {"probabilities": p, "log_probabilities": log_p}
        return [
            sparse_kl_div_with_logits(
                student,
                indices,
                given[kind],
                target_is=kind,
                tail=tail,
                temperature=temperature,
                reduction="none",
            )
            for kind, temperature in cases
        ]

    targets = [backend.array(GIVEN[kind]) for kind in KINDS]
    found = backend.call(losses, backend.array(STUDENT), places(backend), *targets)
    for rows, (_, temperature) in zip(found, cases, strict=True):
        expected = expected_rows(tail, temperature=temperature) * temperature**2
        assert_allclose(backend.read(rows), expected, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize(("kind", "tail"), list(zip(("logits", *KINDS[::-1]), TAILS, strict=True)))
def test_all_places_are_the_loss_of_whole_vocabularies(backend, kind, tail):
    order = np.argsort(STUDENT, axis=-1)
    logits = np.where(order == 2, -math.inf, TEACHER)
    targets = {"logits": logits, "log_probabilities": log_softmax(logits)}
    targets["probabilities"] = np.exp(targets["log_probabilities"])
    ordered = np.take_along_axis(targets[kind], order, -1)
    options = {"target_is": kind, "temperature": 2.0, "reduction": "none"}
    rows = backend.values(
        sparse_kl_div_with_logits,
        *(backend.array(STUDENT), places(backend, order), backend.array(ordered)),
        tail=tail,
        **options,
    )
    assert_allclose(rows, kl_div_with_logits(STUDENT, targets[kind], **options), rtol=1e-12)


def equal_distributions():
    """Student, indices, target, its kind and tail, and what the loss is below."""
    hidden = dense(np.take_along_axis(TEACHER, INDICES, -1), -math.inf)
    top = np.take_along_axis(TEACHER, INDICES, -1)
    yield hidden, INDICES, top, "logits", "renormalize", 0
    every = np.argsort(TEACHER, axis=-1)
    yield TEACHER, every, np.take_along_axis(TEACHER, every, -1), "logits", "bucket", 0
    yield np.zeros(SHAPE), every, np.full(SHAPE, 1 / 7), "probabilities", "renormalize", 1e-13
    halves = np.where(np.arange(SHAPE[-1]) < 4, 1.0, np.arange(SHAPE[-1]) - 30.0) * np.ones(SHAPE)
    first = np.broadcast_to(np.arange(TOP), (*SHAPE[:-1], TOP))
    p = np.exp(log_softmax(halves))[..., :TOP]
    yield halves, first, p, "probabilities", "bucket", 1e-12


@pytest.mark.parametrize("number", range(4))
def test_equal_distributions_are_nowhere_apart(backend, dtype, number):
    student, indices, target, kind, tail, below = list(equal_distributions())[number]
    value = backend.values(
        sparse_kl_div_with_logits,
        *(backend.array(student, dtype), places(backend, indices)),
        backend.array(target, dtype),
        target_is=kind,
        tail=tail,
    )
    assert value == 0 or 0 <= value < below


def test_tail_of_a_certain_student_keeps_its_digits(backend, dtype):
    student, places_of_one = [[0.0, -60.0, -60.0]], [[0]]
    value = backend.values(
        sparse_kl_div_with_logits,
        *(backend.array(student, dtype), places(backend, places_of_one)),
        backend.array([[0.75]], dtype),
        target_is="probabilities",
    )
    expected = 0.75 * math.log(0.75) + 0.25 * (math.log(0.25) + 60 - math.log(2))
    assert_allclose(value, expected, rtol=1e-6 if dtype == "float32" else 1e-14)


def test_samples_that_are_not_selected_have_no_part_whatever_their_indices(backend):
    found = backend.call(
        lambda *arrays: [
            sparse_kl_div_with_logits(*arrays[:3], where=arrays[3], reduction=reduction)
            for reduction in ("none", "mean", "batchmean")
        ],
        backend.array(np.where(TOKENS, STUDENT, math.nan)),
        places(backend, np.where(TOKENS, INDICES, -100)),
        backend.array(np.where(TOKENS, LOG_P, math.nan)),
        mask_on(backend, TOKENS),
    )
    rows = np.where(TOKENS[..., 0], expected_rows("bucket"), 0)
    for value, expected in zip(found, (rows, rows.sum() / 3, rows.sum() / 2), strict=True):
        assert_allclose(backend.read(value), expected, rtol=1e-10)


def test_axis_of_a_distribution_may_be_any(backend):
    student, indices, log_p = (np.moveaxis(one, -1, 0) for one in (STUDENT, INDICES, LOG_P))
    operands = backend.array(student), places(backend, indices), backend.array(log_p)
    rows = backend.values(sparse_kl_div_with_logits, *operands, axis=0, reduction="none")
    assert_allclose(rows, expected_rows("bucket"), rtol=1e-10)


def test_temperature_may_be_an_array(backend):
    operands = backend.array(STUDENT), places(backend), backend.array(LOG_P)
    value = backend.call(
        lambda *arrays: sparse_kl_div_with_logits(*arrays[:3], temperature=arrays[3]),
        *(*operands, backend.array(2.5)),
    )
    expected = sparse_kl_div_with_logits(STUDENT, INDICES, LOG_P, temperature=2.5)
    assert_allclose(backend.read(value), expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", HALF)
def test_half_precision_is_computed_in_float32_and_rounded_once(backend, dtype):
    student, log_p = (backend.array(one, dtype) for one in (STUDENT, LOG_P))
    rounded = backend.read(student).astype("f8"), backend.read(log_p).astype("f8")
    wide = backend.array(LOG_P, "float32")
    value, mixed = backend.call(
        lambda x, i, *both: [sparse_kl_div_with_logits(x, i, t) for t in both],
        *(student, places(backend), log_p, wide),
    )
    assert value.dtype == student.dtype
    expected = expected_rows("bucket", *rounded).sum() / 2
    eps = {"float16": 2.0**-10, "bfloat16": 2.0**-7}[dtype]
    assert_allclose(backend.read(value), expected, rtol=eps)
    assert mixed.dtype == wide.dtype
    expected = expected_rows("bucket", rounded[0]).sum() / 2
    assert_allclose(backend.read(mixed), expected, rtol=1e-5)


# Gradients


def slopes_of(backend, loss, *operands):
    """Gradients with respect to the first and the last operand, by the library itself."""
    if backend.library == "torch":
        torch = library("torch")
        leaves = [one.detach().requires_grad_(one.is_floating_point()) for one in operands]
        value = backend.call(loss, *leaves)
        return torch.autograd.grad(value, [leaves[0], leaves[2]])
    jax = library("jax")
    return jax.grad(lambda *a: backend.call(loss, *a), argnums=(0, 2))(*operands)


def finite_differences(loss, operands, place, step=1e-6):
    slope = np.zeros(operands[place].shape)
    for index in np.ndindex(slope.shape):
        ends = []
        for sign in (1, -1):
            moved = list(operands)
            moved[place] = operands[place].copy()
            moved[place][index] += sign * step
            ends.append(loss(*moved))
        slope[index] = (ends[0] - ends[1]) / (2 * step)
    return slope


@pytest.mark.parametrize("kind", [*KINDS, "logits"])
def test_gradient_is_the_slope_of_the_loss(autodiff_backend, kind):
    backend = autodiff_backend
    student = np.where(np.isfinite(STUDENT) & (STUDENT < 50), STUDENT, 1.0)
    student[0, 0] = TEACHER[0, 1]
    log_p = np.where(np.isfinite(LOG_P), LOG_P, -3.0)
    target = {"log_probabilities": log_p, "probabilities": np.exp(log_p), "logits": log_p + 1}[kind]
    tails = {"renormalize": 1} if kind == "logits" else {"bucket": 1, "zero": 2, "renormalize": 4}

    def loss(x, i, t):
        options = {"target_is": kind, "temperature": 2.0, "reduction": "sum"}
        return sum(
            weight * sparse_kl_div_with_logits(x, i, t, tail=tail, **options)
            for tail, weight in tails.items()
        )

    found = slopes_of(backend, loss, backend.array(student), places(backend), backend.array(target))
    for place, slope in zip((0, 2), found, strict=True):
        expected = finite_differences(loss, (student, INDICES, target), place)
        assert_allclose(backend.read(slope), expected, rtol=1e-5, atol=1e-7)


def test_gradient_is_zero_where_nothing_is_selected_and_finite_in_masked_vocabularies(
    autodiff_backend,
):
    backend = autodiff_backend
    mask = mask_on(backend, TOKENS)
    student = np.where(TOKENS, STUDENT, math.nan)
    student[1, 0, np.setdiff1d(np.arange(7), INDICES[1, 0])] = -math.inf
    log_p = np.where(TOKENS, LOG_P, math.nan)
    log_p[1, 0] = np.log([0.5, 0.25, 0.25])
    by_input, by_target = slopes_of(
        backend,
        lambda x, i, t: sparse_kl_div_with_logits(x, i, t, where=mask),
        *(backend.array(student), places(backend), backend.array(log_p)),
    )
    for slope in (backend.read(by_input), backend.read(by_target)):
        assert np.isfinite(slope).all()
        assert_array_equal(slope[~TOKENS[..., 0]], 0)
    rows = backend.read(by_input)[TOKENS[..., 0]]
    assert_allclose(rows.sum(-1), 0, atol=1e-12)
    assert (np.abs(rows) > 0).any(-1).all()


def test_torch_differentiates_twice_and_gives_each_operand_its_type():
    usable("torch")
    torch = library("torch")
    student, log_p = torch.tensor(STUDENT[1, 1:]), torch.tensor(LOG_P[1, 1:])
    log_p[0, 0] = -2.0
    log_p -= 0.1
    operands = student.requires_grad_(), log_p.requires_grad_()
    indices = torch.tensor(INDICES[1, 1:])
    for tail in TAILS:
        assert torch.autograd.gradgradcheck(
            lambda x, t, tail=tail: sparse_kl_div_with_logits(x, indices, t, tail=tail), operands
        )
    narrow = [one.detach().bfloat16().requires_grad_() for one in operands]
    with torch.autocast("cpu", torch.bfloat16):
        loss = sparse_kl_div_with_logits(narrow[0], indices.int(), narrow[1])
    assert loss.dtype == torch.float32
    loss.backward()
    assert [one.grad.dtype for one in narrow] == [torch.bfloat16] * 2


def test_modes_of_torch_see_one_call():
    usable("torch")
    torch = library("torch")
    seen = []

    class Seen(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            seen.append((function, args, kwargs))
            return function(*args, **(kwargs or {}))

    operands = [torch.tensor(one) for one in (STUDENT, INDICES, LOG_P)]
    with Seen():
        value = sparse_kl_div_with_logits(*operands, tail="zero")
    ((function, args, kwargs),) = seen
    assert function is sparse_kl_div_with_logits
    assert all(map(lambda a, b: a is b, [*args, kwargs.pop("target")], operands))
    assert kwargs == {"tail": "zero"}
    assert value == sparse_kl_div_with_logits(*operands, tail="zero")


# Blocks


def test_blocks_of_rows_change_nothing_and_no_temporary_is_of_full_size(monkeypatch):
    student, teacher = RNG.normal(size=(2, 40, 7))
    indices = np.argsort(-teacher, axis=-1)[:, :TOP]
    log_p = np.take_along_axis(log_softmax(teacher), indices, -1)
    whole = sparse_kl_div_with_logits(student, indices, log_p, reduction="none")
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 8 * 16)
    for threads in (1, 3):
        with thread_limit(threads):
            found = sparse_kl_div_with_logits(student, indices, log_p, reduction="none")
            assert_array_equal(found, whole)
            assert_array_equal(
                sparse_kl_div_with_logits(student[3], indices[3], log_p[3], reduction="none"),
                whole[3],
            )


def test_a_block_of_memory_is_enough():
    import tracemalloc

    student, indices = np.zeros((256, 32000), "f4"), np.tile(np.arange(8), (256, 1))
    log_p = np.full(indices.shape, math.log(0.1), "f4")
    with thread_limit(1):
        tracemalloc.start()
        sparse_kl_div_with_logits(student, indices, log_p)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert most < 5 << 20 < student.nbytes


def test_dask_stays_lazy_and_puts_a_row_together_from_its_chunks():
    usable("dask")
    da = library("dask.array")
    for chunks in [(1, 3, 3), (2, 2, 2)]:
        operands = [da.from_array(a, chunks=chunks) for a in (STUDENT, INDICES, LOG_P)]
        rows = sparse_kl_div_with_logits(*operands, reduction="none")
        assert isinstance(rows, da.Array)
        assert_allclose(rows.compute(), expected_rows("bucket"), rtol=1e-10)


# What is refused

PADDING = (
    "leave a padded sample out with where=, and give a padded entry an index of its own and a "
    "probability of 0"
)
WRONG_INDICES = [
    (
        np.asarray([[0, 7]]),
        f"`indices` must lie between 0 and 6, the last place of `input` along `axis`; got 7: "
        f"{PADDING}.",
    ),
    (
        np.asarray([[-1, 2]]),
        f"`indices` must lie between 0 and 6, the last place of `input` along `axis`; got -1: "
        f"{PADDING}.",
    ),
    (
        np.asarray([[5, 5]]),
        f"`indices` must name each place of a sample once; got 5 twice in one: {PADDING}.",
    ),
]


@pytest.mark.parametrize("name", ["numpy", "torch", "dask"])
@pytest.mark.parametrize(("indices", "sentence"), WRONG_INDICES)
def test_indices_that_name_no_place_or_one_twice_are_refused(name, indices, sentence):
    backend = usable(name)
    operands = backend.array(STUDENT[:1, 0]), places(backend, indices), backend.array([[0.5, 0.2]])
    with pytest.raises(ValueError, match="indices") as caught:
        backend.read(sparse_kl_div_with_logits(*operands, target_is="probabilities"))
    assert str(caught.value) == sentence
    mended = places(backend, [[0, 6]])
    value = backend.read(
        sparse_kl_div_with_logits(
            operands[0], mended, backend.array([[0.5, 0.0]]), target_is="probabilities"
        )
    )
    assert np.isfinite(value)
    off = mask_on(backend, [[0]])
    value = sparse_kl_div_with_logits(*operands, target_is="probabilities", where=off)
    assert backend.read(value) == 0


WRONG = [
    (
        (STUDENT, INDICES.astype(float), LOG_P),
        {},
        TypeError,
        "`indices` must have an integer dtype; got float64: pass the places of the teacher's "
        "entries along `axis`, as a top-k function returns them beside the values.",
    ),
    (
        (STUDENT, INDICES, LOG_P[..., :2]),
        {},
        ValueError,
        "`indices` and `target` must have the same shape; got (2, 3, 3) and (2, 3, 2): pass both "
        "as a top-k function returns them.",
    ),
    (
        (STUDENT[:1], INDICES, LOG_P),
        {},
        ValueError,
        "`indices` must have the shape of `input` but for the size along axis 2; got (2, 3, 3) "
        "where `input` has (1, 3, 7): pass the same samples in both, and name the axis of one "
        "distribution with axis=.",
    ),
    (
        (STUDENT[..., :2], INDICES, LOG_P),
        {},
        ValueError,
        "`indices` must name from 1 to 2 places of a sample, each once; got 3: leave out samples "
        "without a teacher with where=, and entries that are named twice.",
    ),
    (
        (STUDENT, INDICES, LOG_P),
        {"target_is": "logits"},
        ValueError,
        "tail='bucket' needs the teacher's probabilities, which 3 of its logits do not tell: take "
        "log_softmax of all of its logits before the top-k, and pass "
        "target_is='log_probabilities', or pass tail='renormalize'.",
    ),
    (
        (STUDENT, INDICES, LOG_P),
        {"tail": "none"},
        ValueError,
        "`tail` must be one of 'bucket', 'zero', 'renormalize'; got 'none'.",
    ),
    (
        (STUDENT, INDICES, INDICES),
        {},
        TypeError,
        "`target` must have a real floating-point dtype; got int64: take "
        'target.astype("float32"), and if these are counts divide them by their sum, '
        'target.astype("float32") / target.astype("float32").sum(axis=-1, keepdims=True).',
    ),
]


@pytest.mark.parametrize(("operands", "options", "kind", "sentence"), WRONG)
def test_wrong_operands_are_told_in_a_sentence(operands, options, kind, sentence):
    with pytest.raises(kind) as caught:
        sparse_kl_div_with_logits(*operands, **options)
    assert str(caught.value) == sentence
