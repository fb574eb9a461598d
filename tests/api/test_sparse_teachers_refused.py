"""Teachers known by their top entries: what is refused, each in one sentence."""

import numpy as np
import pytest
from api.logits import mask_on
from api.sparse_teachers import INDICES, LOG_P, STUDENT, places
from array_libraries import library
from conftest import usable

from kldiv_xp import (
    linear_kl_div,
    sparse_kl_div_with_logits,
    sparse_kl_div_with_logits_gradient,
)


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


def gradient(*operands, **options):
    return sparse_kl_div_with_logits_gradient(*operands, **options)[0]


def value_before_gradient(*operands, **options):
    return sparse_kl_div_with_logits_gradient(*operands, return_value=True, **options)[0]


CALLS = [sparse_kl_div_with_logits, gradient, value_before_gradient]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", ["numpy", "torch", "dask"])
@pytest.mark.parametrize(("indices", "sentence"), WRONG_INDICES)
def test_indices_that_name_no_place_or_one_twice_are_refused(name, indices, sentence, call):
    backend = usable(name)
    operands = backend.array(STUDENT[:1, 0]), places(backend, indices), backend.array([[0.5, 0.2]])
    with pytest.raises(ValueError, match="indices") as caught:
        backend.read(call(*operands, target_is="probabilities"))
    assert str(caught.value) == sentence
    mended = places(backend, [[0, 6]]), backend.array([[0.5, 0.0]])
    found = backend.read(call(operands[0], *mended, target_is="probabilities"))
    assert np.all(np.isfinite(found))
    off = mask_on(backend, [[0]])
    found = backend.read(call(*operands, target_is="probabilities", where=off))
    assert np.all(found == 0)


def hidden_states(student, indices, target, **options):
    """The same loss, of hidden states whose logits are themselves."""
    eye, kind = np.eye(student.shape[-1]), type(student).__module__.partition(".")[0]
    if kind == "torch":
        eye = library("torch").asarray(eye, dtype=student.dtype)
    elif kind == "dask":
        eye = library("dask.array").asarray(eye)
    return linear_kl_div(student, eye, target, indices=indices, **options)


RAW = np.asarray([[1.25, -0.5], [0.5, 0.25]])
NO_LOG_PROBABILITIES = [
    (
        RAW,
        "got a largest of 1.25 and a sum of 4.09687: pass target_is='logits' and "
        "tail='renormalize' if these are a teacher's top-k logits.",
        {"target_is": "logits", "tail": "renormalize"},
    ),
    (
        1e4 * RAW,
        "got a largest of 12500 and a sum of inf: pass target_is='logits' and tail='renormalize' "
        "if these are a teacher's top-k logits.",
        {"target_is": "logits", "tail": "renormalize"},
    ),
    (
        np.asarray([[0.5, 0.25], [0.125, 0.5]]),
        "got a largest of 0.5 and a sum of 2.93275: pass target_is='probabilities', which these "
        "look like.",
        {"target_is": "probabilities"},
    ),
]


@pytest.mark.parametrize("call", [*CALLS, hidden_states])
@pytest.mark.parametrize("name", ["numpy", "torch", "dask"])
@pytest.mark.parametrize(("values", "got", "remedy"), NO_LOG_PROBABILITIES)
@pytest.mark.parametrize("tail", ["bucket", "zero"])
def test_values_that_are_no_log_probabilities_are_refused(name, values, got, remedy, call, tail):
    backend = usable(name)
    kept = 1 if name == "dask" else 2  # of several chunks, any may be the first that is computed
    operands = (backend.array(STUDENT[0, 1:][:kept]), places(backend, [[0, 6], [2, 3]][:kept]))
    target = backend.array(values[:kept])
    options = {"target_is": "log_probabilities", "tail": tail}
    with pytest.raises(ValueError, match="`target`") as caught:
        backend.read(call(*operands, target, **options))
    assert str(caught.value) == (
        "`target` must hold log-probabilities, whose probabilities add up to at most 1 in a "
        f"sample; {got}"
    )
    assert np.all(np.isfinite(backend.read(call(*operands, target, **remedy))))
    off = mask_on(backend, [[0]] * kept)
    assert np.all(backend.read(call(*operands, target, where=off, **options)) == 0)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_no_rounding_in_16_bits_is_refused(dtype, scale):
    usable("torch")
    torch = library("torch")
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(64, 500, generator=random).mul(scale).to(getattr(torch, dtype))
    values, indices = logits.topk(499)
    less = values - logits.logsumexp(-1, keepdim=True)  # rounded twice
    assert less.float().exp().sum(-1).max() > 1
    for target in (less, less.float(), logits.log_softmax(-1).gather(-1, indices)):
        assert sparse_kl_div_with_logits(logits, indices, target).isfinite()


def test_a_missing_or_infinite_value_of_a_teacher_is_no_refusal():
    for value in (np.nan, np.inf):
        top = np.asarray([[value, 2.0]])
        found = sparse_kl_div_with_logits(STUDENT[:1, 1], np.asarray([[0, 1]]), top)
        assert np.isnan(found)


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
        "`tail` must be one of 'bucket', 'zero', 'renormalize'; got 'none': did you mean 'zero'?",
    ),
    (
        (STUDENT, INDICES, INDICES),
        {},
        TypeError,
        "`target` must have a real floating-point dtype; got int64: if these are 0, the "
        'logarithms of 1, convert it with target.astype("float32"); if these are counts, take the '
        "logarithms of their shares: numpy.log(target / target.sum(axis=-1, keepdims=True)).",
    ),
]


@pytest.mark.parametrize(("operands", "options", "kind", "sentence"), WRONG)
def test_wrong_operands_are_told_in_a_sentence(operands, options, kind, sentence):
    with pytest.raises(kind) as caught:
        sparse_kl_div_with_logits(*operands, **options)
    assert str(caught.value) == sentence
