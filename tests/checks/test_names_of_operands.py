"""Operands under the names of other libraries, and operands that a call leaves out."""

import importlib
import inspect
import re
import warnings

import numpy as np
import pytest
from checks.every_function import CLASSES, FUNCTIONS, operands_of

import kldiv_xp
from kldiv_xp.checks.names_of_operands import NAMES_OF_OPERANDS

LOGITS = np.asarray([[0.3, -1.2, 0.7, 2.0], [1.0, 0.1, -0.4, 0.6]])
OF_TEACHER = np.asarray([[1.3, 0.2, -0.7, 0.5], [0.2, 0.9, 0.4, -1.6]])


def log_softmax(logits):
    return logits - np.log(np.sum(np.exp(logits), axis=-1, keepdims=True))


Q, P = np.exp(log_softmax(LOGITS)), np.exp(log_softmax(OF_TEACHER))
# What each name holds, as its library has it.
OF_INPUT = {
    **dict.fromkeys(("student_logits", "logits"), LOGITS),
    **dict.fromkeys(("log_predictions", "log_q", "log_probs", "student_log_probs"), np.log(Q)),
    **dict.fromkeys(("q", "qk", "y_pred", "student_probs"), Q),
}
OF_TARGET = {
    **dict.fromkeys(("teacher_logits", "target_logits"), OF_TEACHER),
    **dict.fromkeys(("log_p", "log_targets", "teacher_log_probs"), np.log(P)),
    **dict.fromkeys(("p", "pk", "y_true", "targets", "teacher_probs"), P),
}
PAIRS = ["kl_div", "js_div", "kl_div_with_logits", "js_div_with_logits"]


def reference(function_name):
    def kl(one, other):
        return np.sum(one * np.log(one / other)) / len(one)

    mixture = (P + Q) / 2
    return (
        kl(P, Q)
        if function_name.lower().startswith("kl")
        else (kl(P, mixture) + kl(Q, mixture)) / 2
    )


def refusal(function, *operands, **given):
    with pytest.raises(TypeError) as caught:
        function(*operands, **given)
    return str(caught.value)


TOGETHER = re.compile(
    r"`\w+` is no option of \w+; got numpy.ndarray: pass (the logarithm of )?`(\w+)` as `input` "
    r"and `(\w+)` as `target`, by their places(?:, to what (\w+)\((.*)\) makes)?(?:, to (\w+))?"
    r"(?:, with (.*))?\."
)


def followed(told, given):
    """Loss of what a sentence on two operands says."""
    log, q, p, kind, made, to, options = TOGETHER.fullmatch(told).groups()
    named = dict(re.findall(r"(\w+)='?(\w+)'?", made or options or ""))
    named = {one: {"True": True, "False": False}.get(value, value) for one, value in named.items()}
    operands = np.log(given[q]) if log else given[q], given[p]
    if kind:
        return getattr(kldiv_xp, kind)(reduction="batchmean", **named)(*operands)
    return getattr(kldiv_xp, to or told.split()[5].strip(";"))(
        *operands, reduction="batchmean", **named
    )


@pytest.mark.few(115, 85)
@pytest.mark.parametrize("of_target", OF_TARGET)
@pytest.mark.parametrize("of_input", OF_INPUT)
@pytest.mark.parametrize("target_first", [True, False])
@pytest.mark.parametrize("name", [*PAIRS, *CLASSES])
def test_both_operands_by_other_names_are_told_at_once(name, of_input, of_target, target_first):
    """Told one by one, the second went by its place without the option that it needs."""
    given = {of_input: OF_INPUT[of_input], of_target: OF_TARGET[of_target]}
    names = [of_target, of_input] if target_first else [of_input, of_target]
    told = refusal(getattr(kldiv_xp, name), **{one: given[one] for one in names})
    assert told.startswith(f"`{names[0]}` is no option of {name}; got numpy.ndarray: ")
    assert np.isclose(followed(told, given), reference(name), rtol=1e-12)


def test_the_whole_call_is_told_in_one_sentence():
    assert refusal(kldiv_xp.kl_div, y_true=P, y_pred=Q) == (
        "`y_true` is no option of kl_div; got numpy.ndarray: pass `y_pred` as `input` and `y_true` "
        "as `target`, by their places, with log_input=False."
    )
    assert refusal(kldiv_xp.KLDivLoss(), y_true=P, y_pred=Q) == (
        "a call of KLDivLoss takes no `y_true`; got numpy.ndarray: pass `y_pred` as `input` and "
        "`y_true` as `target`, by their places, to what KLDivLoss(log_input=False) makes."
    )
    told = refusal(kldiv_xp.kl_div, student_logits=LOGITS, teacher=OF_TEACHER)
    assert told.endswith(
        ": pass `student_logits` as `input` and `teacher` as `target`, by their places, to "
        "kl_div_with_logits, where `target` is logits too unless target_is says 'probabilities' or "
        "'log_probabilities'."
    )


@pytest.mark.few(136, 850)
@pytest.mark.parametrize("name", NAMES_OF_OPERANDS)
@pytest.mark.parametrize("function_name", [*FUNCTIONS, *CLASSES])
def test_every_name_is_told_what_to_do_by_every_function_and_class(function_name, name):
    function = getattr(kldiv_xp, function_name)
    if name in inspect.signature(function).parameters:
        return
    operands = () if function_name in CLASSES else operands_of(function_name)
    told = refusal(function, *operands, **{name: LOGITS})
    assert told.startswith(f"`{name}` is no option of {function_name}; got numpy.ndarray: ")
    losses = re.findall(r"\w+_div\w*|\w+Div\w*Loss", told.partition(": ")[2])
    assert all(hasattr(kldiv_xp, loss) for loss in losses)
    assert "there are" not in told


@pytest.mark.parametrize("class_name", CLASSES)
def test_a_call_of_a_class_and_the_class_say_where_the_option_goes(class_name):
    of_tables = "With" not in class_name
    option = "log_input=False" if of_tables else "target_is='probabilities'"
    name, place = ("q", "input") if of_tables else ("p", "target")
    kind = getattr(kldiv_xp, class_name)
    assert refusal(kind(), **{name: Q}) == (
        f"a call of {class_name} takes no `{name}`; got numpy.ndarray: pass it as `{place}`, by "
        f"its place, and make {class_name} with {option}."
    )
    assert refusal(kind, **{name: Q}) == (
        f"`{name}` is no option of {class_name}; got numpy.ndarray: pass it as `{place}`, by its "
        f"place in {class_name}({option})(input, target)."
    )


@pytest.mark.parametrize("function_name", FUNCTIONS)
def test_a_call_without_an_operand_is_told_what_the_function_takes(function_name):
    function, operands = getattr(kldiv_xp, function_name), operands_of(function_name)
    names = [*inspect.signature(function).parameters][: len(operands)]
    *most, last = [f"`{name}`" for name in names]
    call = f"{function_name}({', '.join(names)})"
    for left_out in names:
        given = {name: one for name, one in zip(names, operands, strict=True) if name != left_out}
        assert refusal(function, **given) == (
            f"{function_name} takes {', '.join(most)} and {last}; got no `{left_out}`: call {call}."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", kldiv_xp.KLDivWarning)
        function(**dict(zip(names, operands, strict=True)))


@pytest.mark.parametrize("class_name", CLASSES)
def test_a_call_of_a_class_without_target_is_told_too(class_name):
    assert refusal(getattr(kldiv_xp, class_name)(), Q) == (
        f"{class_name}() takes `input` and `target`; got no `target`: call "
        f"{class_name}()(input, target)."
    )


@pytest.mark.parametrize("given", [[], ["input"], ["target"]])
@pytest.mark.parametrize("class_name", CLASSES)
def test_a_module_of_torch_without_an_operand_is_told_too(class_name, given):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    kind = getattr(importlib.import_module("kldiv_xp.torch"), class_name)
    operands = {name: torch.tensor(Q) for name in given}
    missing = "target" if "input" in given else "input"
    told = (
        f"{class_name}() takes `input` and `target`; got no `{missing}`: call "
        f"{class_name}()(input, target)."
    )
    assert refusal(kind(), **operands) == told
    if missing == "target":
        assert refusal(kind(), *operands.values()) == told
        assert refusal(kind(), *operands.values(), where=None) == told


@pytest.mark.parametrize("left_out", ["input", "target"])
def test_a_tensor_that_overrides_functions_is_told_too(left_out):
    torch = pytest.importorskip("torch", reason="torch is not installed")

    class Tagged(torch.Tensor):
        pass

    given = {"input", "target"} - {left_out}
    told = refusal(kldiv_xp.kl_div, **{name: torch.tensor(Q).as_subclass(Tagged) for name in given})
    assert told == (
        f"kl_div takes `input` and `target`; got no `{left_out}`: call kl_div(input, target)."
    )
