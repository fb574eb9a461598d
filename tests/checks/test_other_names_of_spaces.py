"""Spaces, weights and places by other libraries' options: what is told gives the right number."""

import inspect
import re

import numpy as np
import pytest
from checks.every_function import CLASSES, FUNCTIONS, operands_of
from numpy.testing import assert_allclose

import kldiv_xp

RNG = np.random.default_rng(11)
LOGITS, TEACHER = RNG.normal(size=(2, 4, 5))
LOSSES = [one for one in FUNCTIONS if one != "diagnose"]


def log_softmax(logits):
    return logits - np.log(np.sum(np.exp(logits), axis=-1, keepdims=True))


LOG_Q, LOG_P = log_softmax(LOGITS), log_softmax(TEACHER)
Q, P = np.exp(LOG_Q), np.exp(LOG_P)
SMOOTHED = 0.9 * P + 0.1 / 5
OF_TARGETS = "target_is='probabilities', or 'log_probabilities' if `target` holds logarithms"


def divergence(name, log_q, p):
    """Sum of the divergences, or of the Jensen-Shannon divergences."""

    def kl(one, other):
        return np.sum(one * (np.log(one) - np.log(other)))

    q = np.exp(log_q)
    m = (q + p) / 2
    return (kl(p, m) + kl(q, m)) / 2 if "js" in name.lower() else kl(p, q)


def told_for(name, option, value, **given):
    """What the refusal of an option says to do."""
    function = getattr(kldiv_xp, name)
    with pytest.raises(TypeError) as caught:
        function(*(() if name in CLASSES else operands_of(name)), **given, **{option: value})
    return re.fullmatch(
        rf"`{option}` is no option of {name}; got [^:]*: (.*)\.", str(caught.value), re.DOTALL
    )[1]


def sum_of(name, *operands, **options):
    """Summed loss of a function, a gradient with its value, or a class."""
    function, options = getattr(kldiv_xp, name), {"reduction": "sum"} | options
    if name in CLASSES:
        return function(**options)(*operands)
    if name.endswith("gradient"):
        return function(*operands, **options, return_value=True)[0]
    return function(*operands, **options)


def parameters_of(name):
    return inspect.signature(getattr(kldiv_xp, name)).parameters


OF_TABLES = [one for one in [*LOSSES, *CLASSES] if "log_target" in parameters_of(one)]
OF_LOGITS = [
    one
    for one in [*LOSSES, *CLASSES]
    if one not in OF_TABLES and not one.startswith(("sparse", "linear"))
]


def of_logits(name):
    return name.replace("div", "div_with_logits").replace("Div", "DivWithLogits")


@pytest.mark.parametrize("log_target", [False, True])
@pytest.mark.parametrize("name", OF_TABLES)
def test_smoothed_probabilities_are_no_logarithms(name, log_target):
    told = told_for(name, "label_smoothing", 0.1, log_target=log_target)
    assert told == (
        "leave it out, and pass the smoothed probabilities as `target`, with log_target=False"
    )
    found = sum_of(name, LOG_Q, SMOOTHED, log_target=False)
    assert_allclose(found, divergence(name, LOG_Q, SMOOTHED))


@pytest.mark.parametrize("name", OF_LOGITS)
def test_smoothed_probabilities_are_told_as_such_to_losses_of_logits(name):
    assert told_for(name, "smoothing", 0.1) == (
        "leave it out, and pass the smoothed probabilities as `target`, with "
        "target_is='probabilities'"
    )
    found = sum_of(name, LOGITS, SMOOTHED, target_is="probabilities")
    assert_allclose(found, divergence(name, LOG_Q, SMOOTHED))


@pytest.mark.parametrize("end", ["", "_gradient"])
def test_smoothed_probabilities_belong_to_all_classes(end):
    assert told_for(f"sparse_kl_div_with_logits{end}", "label_smoothing", 0.1) == (
        f"call kl_div_with_logits{end}, which takes the smoothed probabilities of all classes as "
        "`target`, with target_is='probabilities'"
    )
    name = f"linear_kl_div{end}"
    assert told_for(name, "label_smoothing", 0.1) == (
        "leave it out, and pass the smoothed probabilities as `target`, with "
        "target_is='probabilities', and neither `indices` nor `target_weight`"
    )
    found = sum_of(name, LOGITS, np.eye(5), SMOOTHED, target_is="probabilities")
    assert_allclose(found, divergence(name, LOG_Q, SMOOTHED))


@pytest.mark.parametrize("option", ["from_logits", "is_logits"])
@pytest.mark.parametrize("name", OF_TABLES)
def test_logits_are_told_with_what_the_target_is(name, option):
    told = told_for(name, option, True)  # noqa: FBT003
    assert told == f"pass logits to {of_logits(name)}, with {OF_TARGETS}"
    for target, space in ((P, "probabilities"), (LOG_P, "log_probabilities")):
        found = sum_of(of_logits(name), LOGITS, target, target_is=space)
        assert_allclose(found, divergence(name, LOG_Q, P))


@pytest.mark.parametrize("option", ["T", "temperature", "tau"])
@pytest.mark.parametrize("name", OF_TABLES)
def test_a_temperature_is_told_with_what_the_operands_are(name, option):
    assert told_for(name, option, 2.0) == (
        f"pass logits to {of_logits(name)}, with temperature=2.0, where both operands are logits "
        "unless target_is says 'probabilities' or 'log_probabilities'"
    )
    found = sum_of(of_logits(name), LOGITS, TEACHER, temperature=2.0)
    tempered = log_softmax(LOGITS / 2), np.exp(log_softmax(TEACHER / 2))
    assert_allclose(found, 4 * divergence(name, *tempered))


@pytest.mark.parametrize("target_is", ["logits", "probabilities", "log_probabilities"])
@pytest.mark.parametrize("name", [*OF_LOGITS, "sparse_kl_div_with_logits"])
def test_probabilities_of_losses_of_logits_keep_what_the_target_is(name, target_is):
    told = told_for(name, "from_logits", False, target_is=target_is)  # noqa: FBT003
    assert told == (
        f"pass the logarithm of the probabilities as `input`, which is logits, and {OF_TARGETS}"
    )
    if name.startswith("sparse"):
        return
    for target, space in ((P, "probabilities"), (LOG_P, "log_probabilities")):
        found = sum_of(name, np.log(Q), target, target_is=space)
        assert_allclose(found, divergence(name, LOG_Q, P))


@pytest.mark.parametrize("name", [one for one in OF_TABLES if "Loss" not in one])
def test_probabilities_of_losses_of_tables_are_told(name):
    told = told_for(name, "from_logits", False)  # noqa: FBT003
    assert told == "pass log_input=False, with probabilities as `input`"
    assert_allclose(sum_of(name, Q, P, log_input=False), divergence(name, LOG_Q, P))


@pytest.mark.parametrize("name", [one for one in OF_TABLES if "Loss" not in one])
def test_student_logits_are_told_with_what_the_target_is(name):
    told = told_for(name, "student_logits", LOGITS)
    assert told == (
        f"pass logits to {of_logits(name)}, where `target` is logits too unless target_is says "
        "'probabilities' or 'log_probabilities'"
    )


SAMPLE_WEIGHTS, CLASS_WEIGHTS = np.arange(1.0, 5.0), np.arange(1.0, 6.0)
TERMS = P * (LOG_P - LOG_Q)


@pytest.mark.parametrize("option", ["weight", "sample_weights", "class_weight", "pos_weight"])
@pytest.mark.parametrize("name", [one for one in [*LOSSES, *CLASSES] if one not in OF_TABLES])
def test_weights_by_any_name_are_no_layer_of_a_teacher(name, option):
    if option not in parameters_of(name):
        told = told_for(name, option, CLASS_WEIGHTS)
        assert told.startswith("pass reduction='none', and ")
        assert "if they weigh samples; if they weigh classes, " in told


@pytest.mark.parametrize("option", ["weight", "weights", "sample_weight"])
@pytest.mark.parametrize("name", ["kl_div_with_logits", "KLDivWithLogitsLoss"])
def test_weights_are_those_of_samples_or_of_classes(name, option):
    tables = "kl_div" if name.startswith("kl") else "KLDivLoss"
    assert told_for(name, option, SAMPLE_WEIGHTS) == (
        "pass reduction='none', and multiply what it gives, if they weigh samples; if they weigh "
        f"classes, multiply what {tables} gives of log-probabilities with reduction='none'"
    )
    found = SAMPLE_WEIGHTS * sum_of(name, LOGITS, TEACHER, reduction="none")
    assert_allclose(found, SAMPLE_WEIGHTS * TERMS.sum(axis=-1))
    assert_allclose(CLASS_WEIGHTS * sum_of(tables, LOG_Q, P, reduction="none"),
                    CLASS_WEIGHTS * TERMS)  # fmt: skip


@pytest.mark.parametrize(("name", "axis"), [("kl_div", {"axis": -1}), ("js_div", {})])
def test_weights_of_tables_are_told_for_terms_and_for_samples(name, axis):
    rows, terms = "a loss for each sample", "a term for each class"
    order = {"kl_div": (terms, f"axis=-1 {rows}"), "js_div": (rows, f"axis=() {terms}")}
    first, second = order[name]
    assert told_for(name, "weight", CLASS_WEIGHTS) == (
        f"pass reduction='none', and multiply what it gives: {first}, or with {second}"
    )
    of_rows = sum_of(name, LOG_Q, P, reduction="none", **axis)
    of_terms = sum_of(name, LOG_Q, P, reduction="none", axis=())
    assert (of_rows.shape, of_terms.shape) == ((4,), (4, 5))
    assert_allclose(of_terms.sum(axis=-1), of_rows)
    if name == "kl_div":
        assert_allclose(sum_of(name, LOG_Q, P, reduction="none"), TERMS)


@pytest.mark.parametrize("name", ["kl_div_with_logits_gradient", "js_div_with_logits_gradient"])
def test_weights_of_classes_are_the_upstream_of_tables(name):
    tables, axis = name.replace("_with_logits", ""), {"axis": ()} if name.startswith("js") else {}
    assert told_for(name, "weight", CLASS_WEIGHTS) == (
        "pass reduction='none', and what it multiplies the losses by as `upstream`, if they weigh "
        f"samples; if they weigh classes, pass them so to {tables}, of log-probabilities"
        f"{' and axis=()' if axis else ''}"
    )
    upstream = np.broadcast_to(CLASS_WEIGHTS, P.shape)
    one, _ = getattr(kldiv_xp, tables)(LOG_Q, P, reduction="none", upstream=upstream, **axis)
    plain, _ = getattr(kldiv_xp, tables)(LOG_Q, P, reduction="sum", **axis)
    assert_allclose(one, CLASS_WEIGHTS * plain)


PLACES = np.argsort(-TEACHER, axis=-1)


@pytest.mark.parametrize("option", ["indices", "topk_indices"])
@pytest.mark.parametrize("name", [*OF_TABLES, *OF_LOGITS])
def test_places_of_a_teacher_are_told_by_the_loss_that_takes_them(name, option):
    told = told_for(name, option, PLACES)
    sparse = "sparse_kl_div_with_logits" + "_gradient" * name.endswith("gradient")
    if "js" in name.lower():
        assert told == (
            f"leave it out: no mixture takes a teacher that is known in part, as {sparse} does"
        )
        return
    assert told == (
        f"call {sparse}(input, indices, target), with logits or log-probabilities as `input`: it "
        "takes `target` for log-probabilities at these places unless target_is says otherwise"
    )
    for target, options in ((LOG_P, {}), (P, {"target_is": "probabilities"})):
        values = np.take_along_axis(target, PLACES, -1)
        for rows in (LOGITS, LOG_Q):
            found = sum_of(sparse, rows, PLACES, values, **options)
            assert_allclose(found, divergence("kl", LOG_Q, P))


@pytest.mark.parametrize("end", ["", "_gradient"])
def test_places_by_another_name_are_told_by_the_one_here(end):
    name = f"linear_kl_div{end}"
    assert told_for(name, "topk_indices", PLACES) == "pass indices=topk_indices"
    log_p = np.take_along_axis(LOG_P, PLACES, -1)
    options = {"indices": PLACES, "target_is": "log_probabilities"}
    assert_allclose(sum_of(name, LOGITS, np.eye(5), log_p, **options), divergence("kl", LOG_Q, P))
    name = f"sparse_kl_div_with_logits{end}"
    assert told_for(name, "topk_indices", PLACES) == "pass it as `indices`, by its place"


@pytest.mark.parametrize(
    ("option", "beta", "value"),
    [("alpha", 0.3, 0.3), ("jsd_beta", 0.3, 0.3), ("symmetric", 0.5, True), ("reverse", 1.0, True)],
)
def test_a_mixture_of_hidden_states_takes_no_places(option, beta, value):
    told = told_for("linear_kl_div", option, value)
    assert told.startswith(f"pass beta={beta}")
    assert ", and leave `indices` out if there are any" in told
    given = {"indices": PLACES, "target_is": "log_probabilities", "beta": beta}
    with pytest.raises(ValueError, match="beta"):
        kldiv_xp.linear_kl_div(LOGITS, np.eye(5), LOG_P, **given)
    kldiv_xp.linear_kl_div(LOGITS, np.eye(5), TEACHER, beta=beta)


@pytest.mark.parametrize("end", ["", "_gradient"])
def test_a_space_of_hidden_states_is_told_without_the_layer_that_makes_logits(end):
    name = f"linear_kl_div{end}"
    for value, space, target in ((True, "log_probabilities", LOG_P), (False, "probabilities", P)):
        assert told_for(name, "log_target", value, target_weight=np.eye(3)) == (
            f"pass target_is='{space}', without `target_weight`, which makes logits"
        )
        found = sum_of(name, LOGITS, np.eye(5), target, target_is=space)
        assert_allclose(found, divergence("kl", LOG_Q, P))


@pytest.mark.parametrize("class_name", [one for one in CLASSES if "With" not in one])
def test_a_call_of_a_class_makes_the_class_with_its_own_options_alone(class_name):
    loss, logits = getattr(kldiv_xp, class_name)(), of_logits(class_name)
    for option, value, remedy in (
        ("T", 2.0, f"pass logits to {logits}, with temperature=2.0, where both"),
        ("from_logits", True, f"pass logits to {logits}, with target_is='probabilities', or"),
        ("smoothing", 0.1, f"as `target`, and make {class_name} with log_target=False."),
    ):
        with pytest.raises(TypeError) as caught:
            loss(LOG_Q, P, **{option: value})
        assert remedy in str(caught.value)


@pytest.mark.parametrize("name", OF_TABLES)
def test_spaces_by_other_words_are_told_by_the_switch(name):
    for value, told in (
        ("softmax", "pass log_target=False"),
        ("log_softmax", "pass log_target=True"),
        ("scores", f"pass logits to {of_logits(name)}"),
    ):
        assert told_for(name, "target_is", value) == told
    assert told_for(name, "input_is", "softmax") == "pass log_input=False"
    assert told_for(name, "input_is", "log_softmax") == "leave it out"
    assert_allclose(sum_of(name, LOG_Q, LOG_P, log_target=True), divergence(name, LOG_Q, P))


def test_no_weight_of_a_mixture_is_the_default_of_the_loss():
    for name, operands, expected in (
        ("js_div_with_logits", (LOGITS, TEACHER), divergence("js", LOG_Q, P)),
        ("linear_kl_div", (LOGITS, np.eye(5), TEACHER), divergence("kl", LOG_Q, P)),
    ):
        with pytest.raises(TypeError, match=r"; got None: leave it out\.$"):
            getattr(kldiv_xp, name)(*operands, beta=None)
        assert_allclose(sum_of(name, *operands), expected)


@pytest.mark.parametrize("class_name", CLASSES)
def test_nothing_in_a_call_of_a_class_is_left_out(class_name):
    for option in parameters_of(class_name):
        with pytest.raises(TypeError, match=rf"takes no `{option}`; got None: leave it out\.$"):
            getattr(kldiv_xp, class_name)()(LOG_Q, P, **{option: None})
