"""kldiv_xp.torch.KLDivLoss: a module in the place of torch.nn.KLDivLoss."""

import inspect
import subprocess
import sys
import warnings

import pytest
from api.torch_student import BOTH_SPACES, OURS, KLDivLoss, close, lesson, operands, student, torch

import kldiv_xp
from kldiv_xp import KLDivWarning

FLAGS = pytest.mark.parametrize("flag", [None, True, False])
OTHER_FLAGS = pytest.mark.parametrize("other", [None, True, False])
# torch says the same of 'mean' in a UserWarning of its own.
BOTH_WARN_OF_MEAN = pytest.mark.filterwarnings(
    "ignore::kldiv_xp.KLDivWarning", "ignore:reduction. 'mean' divides:UserWarning"
)
TORCH_WARNS_OF_FLAGS = pytest.mark.filterwarnings("ignore:size_average and reduce args:UserWarning")
OURS_WARNS_OF_FLAGS = pytest.mark.filterwarnings(
    "ignore:size_average and reduce:DeprecationWarning"
)


def value_and_gradients(loss, input, target):
    arrays = input.clone().requires_grad_(), target.clone().requires_grad_()
    value = loss(*arrays)
    return value.detach(), *torch.autograd.grad(value.sum(), arrays)


def trained(loss, steps=50):
    """Losses on the way, and the parameters after it."""
    model = student(loss)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    features, target = lesson()
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        value = model(features, target)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return losses, model.state_dict()


def test_arguments_have_the_positions_of_torch():
    parameters = inspect.signature(KLDivLoss).parameters
    theirs = list(inspect.signature(torch.nn.KLDivLoss).parameters.values())
    assert list(parameters) == [*[parameter.name for parameter in theirs], *OURS]
    assert {parameters[name].kind for name in OURS} == {inspect.Parameter.KEYWORD_ONLY}
    assert [parameters[p.name].default for p in theirs] == [p.default for p in theirs]


@BOTH_WARN_OF_MEAN
@BOTH_SPACES
def test_value_and_gradients_are_those_of_torch(reduction, log_target):
    options = {"reduction": reduction, "log_target": log_target}
    ours, theirs = KLDivLoss(**options), torch.nn.KLDivLoss(**options)
    arrays = operands(log_target=log_target)
    expected = value_and_gradients(theirs, *arrays)
    torch.testing.assert_close(value_and_gradients(ours, *arrays), expected)


@BOTH_WARN_OF_MEAN
@TORCH_WARNS_OF_FLAGS
@OURS_WARNS_OF_FLAGS
@FLAGS
@OTHER_FLAGS
def test_legacy_flags_mean_what_they_mean_to_torch(flag, other):
    ours, theirs = KLDivLoss(flag, other, "sum"), torch.nn.KLDivLoss(flag, other, "sum")
    assert (ours.reduction, ours.log_target) == (theirs.reduction, theirs.log_target)
    torch.testing.assert_close(ours(*operands()), theirs(*operands()))


def test_training_with_it_ends_where_training_with_that_of_torch_ends():
    losses, parameters = trained(KLDivLoss(reduction="batchmean"))
    expected, theirs = trained(torch.nn.KLDivLoss(reduction="batchmean"))
    assert losses[-1] < losses[0] / 10
    close(losses, expected)
    close(parameters, theirs)


# What it adds to torch


def test_axis_and_where_are_those_of_the_loss_for_every_library():
    log_q, p = operands()
    where = torch.arange(6)[:, None] < 4
    module = KLDivLoss(axis=-1)
    expected = kldiv_xp.KLDivLoss(axis=-1)(log_q, p, where=where)
    assert torch.equal(module(log_q, p, where=where), expected)
    close(module(log_q, p, where=where), module(log_q[:4], p[:4]))


def test_legacy_arguments_warn_once_at_construction_at_the_line_of_the_caller():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        line = inspect.currentframe().f_lineno + 1
        loss = KLDivLoss(size_average=False, reduce=True)
        loss(*operands())
    assert loss.reduction == "sum"
    assert [(w.category, w.filename, w.lineno) for w in caught] == [
        (DeprecationWarning, __file__, line)
    ]


def test_mean_warns_when_called_at_the_line_of_the_caller():
    loss = KLDivLoss()
    arrays = operands()
    hook = loss.register_forward_hook(lambda *_: None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        line = inspect.currentframe().f_lineno + 1
        loss(*arrays)
        hook.remove()
        loss(*arrays)
    assert [(w.category, w.filename, w.lineno) for w in caught] == [
        (KLDivWarning, __file__, line),
        (KLDivWarning, __file__, line + 2),
    ]


def test_wrong_options_raise_at_construction_what_the_loss_for_every_library_raises():
    for options in ({"reduction": "avg"}, {"log_target": "yes"}, {"axis": "rows"}):
        with pytest.raises((TypeError, ValueError)) as expected:
            kldiv_xp.KLDivLoss(**options)
        with pytest.raises(expected.type) as caught:
            KLDivLoss(**options)
        assert str(caught.value) == str(expected.value)


@pytest.mark.parametrize("section", ["Parameters", "Raises", "Warns", "See Also", "Examples"])
def test_docstring_has_its_sections(section):
    assert f"\n{section}\n{'-' * len(section)}\n" in inspect.getdoc(KLDivLoss)


def python(program):
    """Output of a program in a fresh interpreter, and of its failure."""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_importing_the_package_does_not_import_it():
    said = python("import sys, kldiv_xp; print({'torch', 'kldiv_xp.torch'} & set(sys.modules))")
    assert said == "set()\n"


def test_importing_it_without_torch_says_that_torch_is_missing():
    said = python("import sys; sys.modules['torch'] = None; import kldiv_xp.torch")
    assert "ModuleNotFoundError: import of torch halted" in said
