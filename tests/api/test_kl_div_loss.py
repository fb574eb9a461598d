"""KLDivLoss: a value that remembers its options."""

import copy
import dataclasses
import inspect
import pickle
import warnings

import numpy as np
import pytest
from conftest import usable
from numpy.testing import assert_array_equal

from kldiv_xp import KLDivLoss, KLDivWarning, kl_div

LOG_Q = np.log([[0.25, 0.75], [0.5, 0.5]])
P = np.asarray([[0.4, 0.6], [0.0, 1.0]])


def test_arguments_have_the_positions_of_torch():
    names = ["size_average", "reduce", "reduction", "log_target"]
    parameters = inspect.signature(KLDivLoss).parameters
    others = ["log_input", "generalized", "axis", "dtype", "reproducible"]
    assert list(parameters) == [*names, *others]
    assert {parameters[name].kind for name in others} == {inspect.Parameter.KEYWORD_ONLY}
    assert [parameters[name].default for name in names] == [None, None, "mean", False]


@pytest.mark.few(11, 36)
@pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")
@pytest.mark.parametrize("log_target", [False, True])
def test_calling_it_is_calling_kl_div(backend, reduction, log_target):
    operands = backend.array(LOG_Q), backend.array(P)
    options = {"reduction": reduction, "log_target": log_target}
    remembered = backend.values(KLDivLoss(**options), *operands)
    assert_array_equal(remembered, backend.values(kl_div, *operands, **options))


def test_one_loss_serves_every_library():
    loss = KLDivLoss(reduction="batchmean")
    values = []
    for name in ("numpy", "torch", "jax", "dask", "array-api-strict"):
        backend = usable(name)
        values.append(backend.values(loss, backend.array(LOG_Q), backend.array(P)))
    np.testing.assert_allclose(values, values[0], rtol=1e-15)


def test_repr_shows_what_would_build_it():
    loss = KLDivLoss(reduction="sum", log_target=True)
    assert repr(loss) == "KLDivLoss(reduction='sum', log_target=True, axis=None)"
    assert eval(repr(loss)) == loss


def test_equal_options_make_equal_losses():
    loss = KLDivLoss(reduction="sum")
    assert loss == KLDivLoss(reduction="sum")
    assert hash(loss) == hash(KLDivLoss(reduction="sum"))
    assert loss != KLDivLoss(reduction="sum", log_target=True)
    assert loss != KLDivLoss(reduction="none")
    assert loss != "sum"


def test_copies_and_pickles_are_equal():
    loss = KLDivLoss(reduction="batchmean", log_target=True)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(loss, protocol)) == loss
    assert copy.copy(loss) == copy.deepcopy(loss) == loss


def test_options_cannot_be_changed_but_replaced():
    loss = KLDivLoss(reduction="sum")
    with pytest.raises(dataclasses.FrozenInstanceError):
        loss.reduction = "none"
    assert dataclasses.replace(loss, reduction="none") == KLDivLoss(reduction="none")


def test_unknown_reduction_raises_at_construction():
    sentence = (
        "`reduction` must be one of 'none', 'mean', 'sum', 'batchmean'; got "
        "'avg': did you mean 'mean'?"
    )
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole sentence is compared
        KLDivLoss(reduction="avg")
    assert str(caught.value) == sentence


def test_flag_that_is_no_bool_raises_at_construction():
    with pytest.raises(TypeError) as caught:
        KLDivLoss(log_target="yes")
    assert (
        str(caught.value) == "`log_target` must be True or False; got 'yes': pass log_target=True."
    )


def test_legacy_arguments_warn_once_at_construction_at_the_line_of_the_caller():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        line = inspect.currentframe().f_lineno + 1
        loss = KLDivLoss(size_average=False, reduce=True)
    assert loss.reduction == "sum"
    assert [(w.category, w.filename, w.lineno) for w in caught] == [
        (DeprecationWarning, __file__, line)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss(LOG_Q, P)


def test_mean_warns_when_called_at_the_line_of_the_caller():
    loss = KLDivLoss()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        line = inspect.currentframe().f_lineno + 1
        loss(LOG_Q, P)
    assert [(w.category, w.filename, w.lineno) for w in caught] == [(KLDivWarning, __file__, line)]
