"""Checks of the losses of logits: right operands pass, errors stay, and traces are refused."""

import numpy as np
import pytest
from api.checked_logits import (
    INF,
    LOG_P,
    LOG_Q,
    ROWS,
    STUDENT,
    TEACHER,
    TO_LOG_P,
    TO_P,
    VOCABULARY,
    P,
    Q,
    changed,
    js_div,
    kl,
    kl_div,
)

from kldiv_xp import KLDivInputError, checking


@pytest.mark.few(37, 38)
@pytest.mark.parametrize(
    ("loss", "operands", "options"),
    [
        (kl_div, (STUDENT, TEACHER), {}),
        (kl_div, (STUDENT, TEACHER), {"temperature": 3.0}),
        (js_div, (STUDENT, TEACHER), {}),
        (kl_div, (LOG_Q, LOG_P), {}),
        (js_div, (LOG_Q, LOG_P), {}),
        (kl_div, (LOG_Q, P), TO_P),
        (kl_div, (STUDENT, LOG_P), TO_LOG_P),
        (kl_div, (STUDENT.T, P.T), TO_P | {"axis": 0}),
        (kl_div, (STUDENT, changed(TEACHER, (VOCABULARY, -INF))), {}),
        (js_div, (changed(STUDENT, (VOCABULARY, -INF)), TEACHER), {}),
        (js_div, (changed(STUDENT, (VOCABULARY, -INF)), TEACHER), {"beta": 1.0}),
        (js_div, (STUDENT, changed(TEACHER, (VOCABULARY, -INF))), {"beta": 0.0}),
        # A probability that underflows needs no support.
        (
            kl_div,
            (changed(STUDENT, (VOCABULARY, -INF)), changed(TEACHER, (VOCABULARY, -1e30))),
            {},
        ),
        (kl_div, (STUDENT[0], TEACHER[0]), {}),
        (kl_div, (np.zeros((0, 3)), np.zeros((0, 3))), {"reduction": "sum"}),
    ],
)
def test_what_is_legitimate_is_left_in_peace(holding_backend, loss, operands, options):
    with checking():
        loss(*map(holding_backend.array, operands), **options)


def test_report_has_the_values_of_the_loss_that_was_called():
    wrong = changed(STUDENT, (VOCABULARY, -INF)), TEACHER
    options = {"temperature": 2.0, "where": ROWS}
    with checking(), pytest.raises(KLDivInputError) as caught:
        kl_div(*wrong, **options)
    assert caught.value.report.values == {"sum": INF, "batchmean": INF, "mean": INF}
    with checking(), pytest.raises(KLDivInputError) as caught:
        js_div(Q, TEACHER, beta=0.3, scale_by_temperature_squared=True, **options)
    options |= {"beta": 0.3, "scale_by_temperature_squared": True}
    expected = {
        name: float(js_div(Q, TEACHER, reduction=name, **options))
        for name in ("sum", "batchmean", "mean")
    }
    assert caught.value.report.values == pytest.approx(expected)


@pytest.mark.parametrize("loss", [kl_div, js_div])
def test_types_shapes_and_options_raise_what_they_raise_without_a_check(loss):
    mask = np.ones((4, 5), dtype=bool)
    for operands, options in (
        ((STUDENT, TEACHER > 0), {}),
        ((STUDENT, TEACHER[0]), {}),
        ((STUDENT, TEACHER.tolist()), {}),
        ((STUDENT, TEACHER), {"axis": 2}),
        ((STUDENT, TEACHER), {"where": mask}),
        ((STUDENT, TEACHER), {"reduction": "avg"}),
        ((STUDENT[:, :0], TEACHER[:, :0]), {}),
    ):
        with pytest.raises((TypeError, ValueError)) as plain:
            loss(*operands, **options)
        with checking(), pytest.raises(plain.type) as checked:
            loss(*operands, **options)
        assert str(checked.value) == str(plain.value)


@pytest.mark.long
@pytest.mark.parametrize("loss", [kl_div, js_div])
def test_what_torch_compiles_cannot_be_checked(loss):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    torch.compiler.reset()
    compiled = torch.compile(loss, backend="eager")
    operands = [torch.tensor(one) for one in (STUDENT, TEACHER)]
    with checking(), pytest.raises(Exception, match="compile traces has none"):
        compiled(*operands)
    torch.compiler.reset()
    whole = torch.compile(loss, fullgraph=True, backend="eager")
    assert float(whole(*operands)) == pytest.approx(float(loss(*operands)))


@pytest.mark.parametrize("loss", [kl_div, js_div])
def test_what_jax_traces_cannot_be_checked(loss):
    jax = pytest.importorskip("jax", reason="jax is not installed")
    with checking(), pytest.raises(TypeError, match="A diagnosis reads values"):
        jax.jit(loss)(STUDENT, TEACHER)


def test_tensors_that_want_a_gradient_are_checked_and_keep_it():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    student = torch.tensor(STUDENT, requires_grad=True)
    with checking():
        kl_div(student, torch.tensor(TEACHER)).backward()
    assert torch.isfinite(student.grad).all()


def test_module_of_torch_is_checked():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from kldiv_xp.torch import KLDivLoss

    loss = KLDivLoss(reduction="batchmean")
    with checking(), pytest.raises(KLDivInputError, match="or log_input=False for prob"):
        loss(torch.tensor(Q), torch.tensor(P))
    with checking():
        assert float(loss(torch.tensor(Q).log(), torch.tensor(P))) == pytest.approx(kl(LOG_Q, P))


def test_beside_a_mixture_by_an_array_probabilities_become_logits():
    """It takes no `target_is`, which a mixture by a number does."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    student, p, beta = torch.tensor(STUDENT), torch.tensor(P), torch.tensor(0.5)
    with checking(), pytest.raises(KLDivInputError, match=r"pass target\.log\(\)\.$"):
        js_div(student, p, beta=beta)
    with checking():
        found = js_div(student, p.log(), beta=beta)
    assert float(found) == pytest.approx(float(js_div(student, p, target_is="probabilities")))
