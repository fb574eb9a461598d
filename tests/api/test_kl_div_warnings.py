"""kl_div: its warnings of 'mean' and of legacy flags, at the line of the caller."""

import importlib.util
import inspect
import warnings
from functools import partial

import numpy as np
import pytest
from api.two_distributions import LOG_Q, P
from numpy.testing import assert_allclose

from kldiv_xp import KLDivLoss, KLDivWarning, kl_div, kl_div_gradient

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")


def test_mean_warns_that_it_is_not_the_divergence_at_the_line_of_the_caller(backend):
    operands = backend.array(LOG_Q), backend.array(P)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", KLDivWarning)
        backend.call(kl_div, *operands)
    ours = [w for w in caught if w.category is KLDivWarning]
    assert [str(w.message) for w in ours] == [
        "reduction='mean' divides by the number of elements, so its value is not the "
        "Kullback-Leibler divergence: use reduction='batchmean', which divides by the batch size."
    ]
    assert ours[0].filename.endswith("array_libraries.py")


@pytest.mark.parametrize("function", [kl_div, kl_div_gradient])
def test_mean_of_a_single_distribution_is_told_to_be_a_sum(function):
    log_q, p = np.log([0.5, 0.3, 0.2]), np.asarray([0.2, 0.3, 0.5])
    with pytest.warns(KLDivWarning) as caught:
        function(log_q, p)
    assert [str(w.message) for w in caught] == [
        "reduction='mean' divides by the number of elements, so its value is not the "
        "Kullback-Leibler divergence: use reduction='sum', since there is one distribution and no "
        "batch."
    ]
    assert_allclose(kl_div(log_q, p, reduction="sum"), (p * (np.log(p) - log_q)).sum())


@pytest.mark.parametrize("function", [kl_div, kl_div_gradient])
def test_mean_of_more_axes_is_told_what_divides_by_the_number_of_distributions(function):
    p, q = np.random.default_rng(4).dirichlet(np.ones(5), size=(2, 3, 4))
    with pytest.warns(KLDivWarning) as caught:
        function(np.log(q), p)
    assert [str(w.message) for w in caught] == [
        "reduction='mean' divides by the number of elements, so its value is not the "
        "Kullback-Leibler divergence: use reduction='batchmean', which divides by the batch size, "
        "or axis=-1, with which 'mean' divides by the number of distributions."
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss = kl_div(np.log(q), p, axis=-1)
    assert_allclose(loss, (p * np.log(p / q)).sum() / 12)


def test_warning_points_at_the_very_line():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", KLDivWarning)
        line = inspect.currentframe().f_lineno + 1
        kl_div(LOG_Q, P)
    assert [(w.filename, w.lineno) for w in caught] == [(__file__, line)]


@pytest.mark.parametrize("reduction", ["none", "sum", "batchmean"])
def test_other_reductions_do_not_warn(backend, reduction):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        backend.call(kl_div, backend.array(LOG_Q), backend.array(P), reduction=reduction)


@pytest.mark.filterwarnings("ignore:size_average and reduce args")
def test_batchmean_beside_a_legacy_flag_warns_at_the_line_of_the_caller_and_the_remedy_is_torchs():
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    log_q = torch.log_softmax(torch.arange(12.0).reshape(4, 3) / 7, dim=1)
    p = torch.softmax(torch.arange(12.0, 0.0, -1.0).reshape(4, 3) / 5, dim=1)
    line = inspect.currentframe().f_lineno + 2
    with pytest.warns(KLDivWarning, match="divides by the batch size as well") as caught:
        loss = kl_div(log_q, p, size_average=False, reduction="batchmean")
    warning = next(one for one in caught if one.category is KLDivWarning)
    assert (warning.filename, warning.lineno) == (__file__, line)
    theirs = functional.kl_div(log_q, p, size_average=False, reduction="batchmean")
    torch.testing.assert_close(loss, 4 * theirs)
    torch.testing.assert_close(kl_div(log_q, p, reduction="batchmean"), theirs)


@pytest.mark.filterwarnings("ignore:size_average and reduce args", "ignore:reduction='mean'")
@pytest.mark.parametrize("flags", [{"size_average": False}, {"reduce": False}, {"reduce": True}])
def test_every_way_to_give_legacy_flags_says_that_they_override_batchmean(flags):
    calls = [KLDivLoss, partial(kl_div, LOG_Q, P)]
    if importlib.util.find_spec("torch") is not None:
        calls.append(importlib.import_module("kldiv_xp.torch").KLDivLoss)
    for call in calls:
        with pytest.warns(KLDivWarning, match="override reduction='batchmean'"):
            call(reduction="batchmean", **flags)
