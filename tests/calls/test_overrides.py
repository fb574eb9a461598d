"""torch's protocol of overrides: who defines `__torch_function__` may take a call."""

import pickle
import subprocess
import sys

import pytest
from calls.torch_functions import EVERY, FUNCTIONS, Plain, Seen, equal, mask, operands, torch
from torch.overrides import TorchFunctionMode

import kldiv_xp
from kldiv_xp import kl_div, kl_div_gradient
from kldiv_xp.torch import KLDivLoss

OPTIONS = {"reduction": "batchmean"}
CALLERS = {
    **{name: (function, function, options) for name, (function, options) in FUNCTIONS.items()},
    "KLDivLoss": (kldiv_xp.KLDivLoss(reduction="batchmean"), kl_div, OPTIONS),
    "torch.KLDivLoss": (KLDivLoss(reduction="batchmean"), kl_div, OPTIONS),
}
EVERY_CALLER = pytest.mark.parametrize("name", CALLERS)


class Duck:
    """No tensor, but something that answers for the functions of torch."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return function, types, args, kwargs


def call_of(name):
    """Caller of this name, the function that a mode sees, its options, and those that are given."""
    caller, function, options = CALLERS[name]
    return caller, function, options, (options if caller is function else {})


@EVERY_CALLER
def test_a_mode_sees_one_call_with_the_arguments_given(name):
    caller, function, seen, given = call_of(name)
    pair = operands()
    with Seen() as mode:
        value = caller(*pair, **given)
    ((called, args, kwargs),) = mode.calls
    assert (called, kwargs) == (function, seen)
    assert all(map(lambda left, right: left is right, args, pair))
    assert equal(value, caller(*pair, **given))


def test_a_mode_sees_operands_by_place_and_options_by_name():
    log_q, p = operands()
    with Seen() as mode:
        kl_div(log_q, p, None, None, "sum")
        kl_div(target=p, reduction="sum", input=log_q, log_target=False)
    assert mode.calls == [(kl_div, (log_q, p), {"reduction": "sum"})] * 2


def test_what_overrides_the_loss_of_torch_takes_the_arguments_of_ours():
    class Mine:
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            return cls.kl_div(*args, **(kwargs or {}))

        @staticmethod
        def kl_div(input, target, size_average=None, reduce=None, reduction="mean", log_target=0):
            return reduction, log_target

    for function in (kl_div, torch.nn.functional.kl_div):
        assert function(Mine(), Mine(), log_target=True, reduction="sum") == ("sum", True)


@EVERY_CALLER
def test_a_mode_may_answer_in_our_place(name):
    class Answer(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            return f"{function.__name__} by a mode"

    caller, function, _, given = call_of(name)
    pair = operands()
    with Answer():
        assert caller(*pair, **given) == f"{function.__name__} by a mode"


@EVERY
def test_a_mode_sees_nothing_of_other_libraries(name):
    function, options = FUNCTIONS[name]
    pair = [one.numpy() for one in operands()]
    with Seen() as mode:
        function(*pair, **options)
    assert mode.calls == []


def test_a_default_device_leaves_the_node_of_the_fast_way():
    log_q, p = operands()
    log_q.requires_grad_()
    plain = kl_div(log_q, p, reduction="sum")
    with torch.device("cpu"):
        value = kl_div(log_q, p, reduction="sum")
    assert type(value.grad_fn).__name__ == type(plain.grad_fn).__name__ == "LossBackward"
    assert torch.equal(value, plain)


@EVERY
@pytest.mark.parametrize("place", [0, 1])
def test_an_operand_that_is_no_tensor_may_take_the_call(name, place):
    function, options = FUNCTIONS[name]
    pair = list(operands())
    pair[place] = Duck()
    called, types, args, kwargs = function(*pair, **options)
    assert (called, kwargs) == (function, options)
    assert Duck in types
    assert list(args) == pair


@EVERY
def test_masks_and_cotangents_are_operands(name):
    function, _ = FUNCTIONS[name]
    names = ["where", "upstream"] if name.endswith("gradient") else ["where"]
    for argument in names:
        duck = Duck()
        called, _, _, kwargs = function(*operands(), **{argument: duck})
        assert (called, kwargs) == (function, {argument: duck})


def test_modules_hand_over_masks_too():
    duck = Duck()
    for loss in (kldiv_xp.KLDivLoss(), KLDivLoss()):
        assert loss(*operands(), where=duck)[0] is kl_div


@EVERY
def test_a_call_that_nobody_takes_says_so_in_the_words_of_torch(name):
    class Refuses:
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            return NotImplemented

    function, _ = FUNCTIONS[name]
    refuses = Refuses()
    with pytest.raises(TypeError) as caught:
        function(refuses, refuses)
    assert str(caught.value) == (
        f"no implementation found for 'kldiv_xp.{name}' on types that implement "
        f"__torch_function__: {[Refuses]}"
    )


@pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")
@EVERY_CALLER
@pytest.mark.parametrize("which", ["input", "target", "both"])
def test_a_subclass_gets_its_type_back(name, which):
    caller, _, _, given = call_of(name)
    pair = operands()
    wanted = [which in {"input", "both"}, which in {"target", "both"}]
    mixed = [
        one.as_subclass(Plain) if want else one for one, want in zip(pair, wanted, strict=True)
    ]
    value, expected = caller(*mixed, **given), caller(*pair, **given)
    if name == "diagnose":
        assert str(value) == str(expected)
        return
    found = value if isinstance(value, tuple) else (value,)
    assert [type(one) for one in found] == [Plain] * len(found)
    plain = [one.as_subclass(torch.Tensor) for one in found]
    torch.testing.assert_close(plain, [*expected] if isinstance(expected, tuple) else [expected])


def test_a_subclass_among_masks_and_cotangents_gets_its_type_back():
    where, upstream = mask().as_subclass(Plain), torch.tensor(2.0).double().as_subclass(Plain)
    assert type(kl_div(*operands(), reduction="sum", axis=-1, where=where)) is Plain
    assert type(kl_div_gradient(*operands(), reduction="sum", upstream=upstream)[0]) is Plain


def test_parameters_are_tensors_like_any_other():
    log_q, p = operands()
    assert type(kl_div(torch.nn.Parameter(log_q), p, reduction="none")) is torch.Tensor


def test_functions_are_found_by_their_names():
    for name, (function, _) in FUNCTIONS.items():
        assert pickle.loads(pickle.dumps(function)) is function is getattr(kldiv_xp, name)


def test_torch_is_not_imported_for_it():
    program = """
import sys, numpy as np, kldiv_xp
print(kldiv_xp.kl_div(np.zeros((1, 1)), np.ones((1, 1)), reduction="sum"), "torch" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout + done.stderr == "0.0 False\n"
