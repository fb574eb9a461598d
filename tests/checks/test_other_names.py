"""Options under the names of other libraries: every class says what to pass instead."""

import inspect
import re
import warnings

import numpy as np
import pytest
from checks.every_function import CLASSES, FUNCTIONS, operands_of

import kldiv_xp

SELECTED = np.asarray([[True], [False]])
NAMES = ["dim", "T", "tau", "log_target", "size_average", "reduce", "keepdims", "keepdim", "weight"]
LEFT_OUT = ["base", "check", "ignore_index"]
WALKED = [
    (one, name)
    for one in CLASSES
    for name in [*NAMES, *LEFT_OUT]
    if name not in inspect.signature(getattr(kldiv_xp, one)).parameters
]


@pytest.fixture(params=["kldiv_xp", "kldiv_xp.torch"])
def module(request):
    if request.param == "kldiv_xp":
        return kldiv_xp
    return pytest.importorskip(request.param, reason="torch is not installed")


@pytest.mark.parametrize(("class_name", "name"), WALKED)
def test_option_of_another_library_is_told_with_its_name_here(module, class_name, name):
    kind = getattr(module, class_name)
    known = inspect.signature(kind).parameters
    with pytest.raises(TypeError) as caught:
        kind(**{name: 2})
    found = re.fullmatch(
        rf"`{name}` is no option of {class_name}; got 2: (?:pass (\w+)=('\w+'|2))?.*\.",
        str(caught.value),
    )
    option, value = found.groups()
    if name in LEFT_OUT or (name in {"T", "tau"} and "temperature" not in known):
        assert option is None
        return
    kind(**{option: 2 if value == "2" else value.strip("'")})


# Of losses of logits: samples have weights, and classes have them in losses of tables.
WEIGHED = "if they weigh samples; if they weigh classes,"
AS_IT_IS = (
    "; a `target` of probabilities goes there as it is, with log_target=False, and one of "
    "log-probabilities as it is"
)
OF_CLASSES = [
    f"{start}, {WEIGHED} {way}{terms}{end}"
    for loss, terms in (("kl_div", ""), ("js_div", " and axis=()"))
    for start, way, end in (
        (
            "reduction='none', and multiply what it gives",
            f"multiply what {loss} gives of the logarithms of softmax(logits / temperature) with "
            "log_target=True and reduction='none'",
            f", and by temperature**2 where that scales it{AS_IT_IS}",
        ),
        (
            "reduction='none', and what it multiplies the losses by as `upstream`",
            "pass them, times temperature**2 where that scales the loss, so to "
            f"{loss}, of the logarithms of softmax(logits / temperature) with log_target=True",
            f", of which its gradients are{AS_IT_IS}",
        ),
    )
]
OF_TARGETS = "target_is='probabilities', or 'log_probabilities' if `target` holds logarithms"
BOTH_LOGITS = (
    "where both operands are logits unless target_is says 'probabilities' or 'log_probabilities'"
)
TOLD = {
    "dim": (-1, {"axis=-1": {"axis": -1}, "leave it out": {}}),
    "keepdim": (True, {"reduction='none', and insert the axis": {"reduction": "none"}}),
    "weight": (
        SELECTED,
        {
            "reduction='none', and multiply what it gives": {"reduction": "none"},
            "reduction='none', and what it multiplies the losses by as `upstream`": {
                "reduction": "none"
            },
            **{key: {"reduction": "none"} for key in OF_CLASSES},
        },
    ),
    "num_items_in_batch": (
        7,
        {
            "reduction='sum', and divide the loss by 7": {"reduction": "sum"},
            "reduction='sum' and upstream=1 / 7": {"reduction": "sum", "upstream": 1 / 7},
        },
    ),
    **dict.fromkeys(("axes", "dims"), (-1, {"axis=-1": {"axis": -1}, "leave it out": {}})),
    **{
        name: (
            0.5,
            {
                "temperature=0.5": {"temperature": 0.5},
                f"logits to kl_div_with_logits, with temperature=0.5, {BOTH_LOGITS}": (
                    "kl_div_with_logits"
                ),
                f"logits to js_div_with_logits, with temperature=0.5, {BOTH_LOGITS}": (
                    "js_div_with_logits"
                ),
            },
        )
        for name in ("T", "tau", "temp")
    },
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
@pytest.mark.parametrize("function_name", FUNCTIONS)
def test_a_function_tells_the_name_that_it_has_and_takes_it(function_name, name):
    function, operands = getattr(kldiv_xp, function_name), operands_of(function_name)
    value, remedies = TOLD[name]
    if name in inspect.signature(function).parameters:
        return
    with pytest.raises(TypeError) as caught:
        function(*operands, **{name: value})
    told = re.fullmatch(
        rf"`{name}` is no option of {function_name}; got [^:]*: (?:pass )?(.*)\.", str(caught.value)
    )
    meant = told[1].replace("_gradient", "").partition(": ")[0]
    if function_name == "diagnose" and meant == "leave it out":
        return
    options = remedies[meant]
    if isinstance(options, str):
        assert hasattr(kldiv_xp, options)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", kldiv_xp.KLDivWarning)
        function(*operands, **options)


SWITCHES = {
    "log_target": ({"target_is": "log_probabilities"}, {"target_is": "probabilities"}),
    "size_average": ({"reduction": "mean"}, {"reduction": "sum"}),
    "reduce": ({"reduction": "mean"}, {"reduction": "none"}),
    **dict.fromkeys(("keepdim", "keepdims"), ({"reduction": "none"}, {})),
}


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize("function_name", [*FUNCTIONS, *CLASSES])
def test_a_switch_that_is_off_is_told_by_what_that_meant(function_name, name):
    function = getattr(kldiv_xp, function_name)
    operands = () if function_name in CLASSES else operands_of(function_name)
    parameters = inspect.signature(function).parameters
    if name in parameters:
        return
    for value, options in zip((True, False), SWITCHES[name], strict=True):
        if not set(options) <= set(parameters):
            continue
        with pytest.raises(TypeError) as caught:
            function(*operands, **{name: value})
        told = str(caught.value).partition(f"got {value}: ")[2]
        assert all(f"{one}={word!r}" in told for one, word in options.items())
        assert options or told == "leave it out."


def test_a_mixture_is_told_by_its_name_here():
    tables = operands_of("kl_div")
    for function_name, name, remedy in (
        ("kl_div", "jsd_beta", "call js_div, with beta=0.5"),
        ("kl_div_with_logits_gradient", "beta", "call js_div_with_logits_gradient, with beta=0.5"),
        ("js_div", "jsd_beta", "pass beta=0.5, the weight of the target"),
    ):
        with pytest.raises(TypeError) as caught:
            getattr(kldiv_xp, function_name)(*tables, **{name: 0.5})
        assert str(caught.value) == f"`{name}` is no option of {function_name}; got 0.5: {remedy}."


LEFT = {
    **dict.fromkeys(("eps", "epsilon", "clamp"), "leave it out: a target of 0 contributes 0, "),
    **dict.fromkeys(("ignore_index", "pad_token_id"), "leave it out, and pass where=labels != 2 "),
    "chunk_size": "leave it out: blocks are cut by themselves",
}
OF_LAYERS = {
    **dict.fromkeys(("teacher_weight", "teacher_lm_head"), "pass target_weight=2"),
    "teacher_bias": "pass target_bias=2",
    "student_bias": "pass bias=2",
    **dict.fromkeys(("lm_head", "student_weight"), "pass it as `weight`, by its place"),
    **dict.fromkeys(
        ("hidden_states", "student_input"),
        "pass the student's hidden states as `input`, by their place",
    ),
    "teacher_input": "pass the teacher's hidden states as `target`, by their place",
    **dict.fromkeys(("bias", "target_weight", "target_bias"), None),
}


def told_for(function_name, name, value=2):
    """Remedy in the refusal of an option, or None where the function has it."""
    function, operands = getattr(kldiv_xp, function_name), operands_of(function_name)
    if name in inspect.signature(function).parameters:
        return None
    with pytest.raises(TypeError) as caught:
        function(*operands, **{name: value})
    start = f"`{name}` is no option of {function_name}; got {value!r}: "
    assert str(caught.value).startswith(start)
    return str(caught.value).removeprefix(start).removesuffix(".")


@pytest.mark.parametrize("name", LEFT)
@pytest.mark.parametrize("function_name", FUNCTIONS)
def test_what_no_loss_has_is_told_with_what_to_do_instead(function_name, name):
    assert told_for(function_name, name).startswith(LEFT[name])


@pytest.mark.parametrize("name", OF_LAYERS)
@pytest.mark.parametrize("function_name", FUNCTIONS)
def test_hidden_states_and_layers_are_told_by_their_names_or_their_loss(function_name, name):
    told = told_for(function_name, name)
    if "target_weight" in inspect.signature(getattr(kldiv_xp, function_name)).parameters:
        assert told == OF_LAYERS[name]
    else:
        assert told == "call linear_kl_div, which takes hidden states and last layers"


OF_TARGET = "target_is= tells whether `target` is logits, probabilities or their logarithms"
STATES = f"leave it out: `input` is hidden states, and {OF_TARGET}"
IS_LOGITS = f"leave it out: `input` is logits, and {OF_TARGET}"
AS_LOGARITHM = "pass the logarithm of the probabilities as `input`, which is logits"
AS_LOGITS = f"pass logits to {{logits}}, with {OF_TARGETS}"
OF_VALUES = {
    ("input_is", "logits"): {AS_LOGITS, IS_LOGITS, STATES},
    ("from_logits", True): {
        AS_LOGITS, IS_LOGITS, STATES, "pass input_is='logits'"
    },
    ("from_logits", False): {
        "pass log_input=False, with probabilities as `input`",
        f"{AS_LOGARITHM}, and {OF_TARGETS}",
        STATES,
        "leave it out",
    },
    ("input_is", "log_probabilities"): {"leave it out"},
    ("input_is", "probabilities"): {"pass log_input=False", AS_LOGARITHM, STATES},
    ("log_input", True): {"leave it out: log-probabilities are logits", STATES},
    ("log_input", False): {AS_LOGARITHM, STATES},
    ("target_is", "logits"): {"pass logits to {logits}"},
    ("target_is", "log_probabilities"): {"pass log_target=True"},
    ("target_is", "probabilities"): {"pass log_target=False"},
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), OF_VALUES)
@pytest.mark.parametrize("function_name", FUNCTIONS)
def test_the_space_of_an_operand_is_told_by_how_the_function_says_it(function_name, name, value):
    told = told_for(function_name, name, value)
    if told is None:
        return
    logits = function_name.replace("div", "div_with_logits")
    assert told in {one.format(logits=logits) for one in OF_VALUES[name, value]}
    parameters = inspect.signature(getattr(kldiv_xp, function_name)).parameters
    assert not (function_name.startswith("linear") and re.search("(which|`input`) is logits", told))
    assert "pass logits" in told or set(re.findall(r"(\w+)=", told)) <= set(parameters)
    assert not told.startswith("pass logits to") or hasattr(kldiv_xp, logits)


def test_an_array_is_told_by_the_name_of_its_argument():
    temperature = np.asarray(2.0)
    sentence = "`tau` is no option of js_div_with_logits; got numpy.ndarray: pass temperature=tau."
    with pytest.raises(TypeError, match=re.escape(sentence)):
        kldiv_xp.js_div_with_logits(*operands_of("js_div"), tau=temperature)


def test_a_misspelt_option_is_told_with_the_nearest_one():
    with pytest.raises(TypeError, match=r"got 2: leave it out, or pass temperature\."):
        kldiv_xp.kl_div_with_logits(*operands_of("kl_div"), tempature=2)
    with pytest.raises(TypeError, match="got 1: leave it out: there are log_input, log_target, "):
        kldiv_xp.js_div(*operands_of("js_div"), nonsense=1)


@pytest.mark.parametrize("function_name", FUNCTIONS)
def test_a_function_shows_the_options_that_it_has(function_name):
    parameters = inspect.signature(getattr(kldiv_xp, function_name)).parameters.values()
    assert all(one.kind is not one.VAR_KEYWORD for one in parameters)


def test_construction_shows_its_own_signature(module):
    for name in CLASSES:
        kind = getattr(module, name)
        assert "reduction" in inspect.signature(kind).parameters
        assert "options" not in inspect.signature(kind).parameters


def test_logarithm_of_another_base_is_a_division():
    q, p = np.log([[0.25, 0.75]]), np.asarray([[0.5, 0.5]])
    bits = kldiv_xp.KLDivLoss(reduction="batchmean")(q, p) / np.log(2)
    assert bits == pytest.approx(np.sum(p * (np.log2(p) - q / np.log(2))))
