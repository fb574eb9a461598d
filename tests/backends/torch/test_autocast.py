"""Within torch.autocast every loss has the dtype of torch's own: float32 of 16-bit operands."""

import pytest

import kldiv_xp
from kldiv_xp import js_div_with_logits, kl_div, kl_div_gradient, kl_div_with_logits

torch = pytest.importorskip("torch")
module_of_torch = pytest.importorskip("kldiv_xp.torch")
functional = torch.nn.functional

HALF = (torch.float16, torch.bfloat16)
DTYPES = (*HALF, torch.float32, torch.float64)
REDUCTIONS = ("none", "sum", "batchmean", "mean")

pytestmark = pytest.mark.filterwarnings(
    "ignore:reduction='mean'", "ignore:reduction. 'mean' divides the total loss:UserWarning"
)


def module(input, target, **options):
    return module_of_torch.KLDivLoss(**options)(input, target)


def loss(input, target, **options):
    return kldiv_xp.KLDivLoss(**options)(input, target)


LOSSES = {
    "kl_div": kl_div,
    "KLDivLoss": loss,
    "torch.KLDivLoss": module,
    "kl_div_with_logits": kl_div_with_logits,
    "js_div_with_logits": js_div_with_logits,
}


@pytest.fixture(params=["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"])
def device(request):
    return request.param


def operands(left, right, device="cpu"):
    generator = torch.Generator().manual_seed(5)
    x, t = torch.randn(2, 6, 8, generator=generator)
    x, t = torch.log_softmax(x, -1), torch.softmax(t, -1)
    return x.to(device, left), t.to(device, right)


@pytest.mark.cases(120)
@pytest.mark.parametrize("autocast", HALF)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("left", DTYPES)
@pytest.mark.parametrize("right", DTYPES)
def test_losses_have_the_dtype_of_torchs_own(device, name, left, right, reduction, autocast):
    x, t = operands(left, right, device)
    with torch.autocast(device, dtype=autocast):
        theirs = functional.kl_div(x, t, reduction=reduction)
        ours = LOSSES[name](x, t, reduction=reduction)
        with torch.autocast(device, enabled=False):
            outside = LOSSES[name](x, t, reduction=reduction)
    assert ours.dtype == theirs.dtype
    assert outside.dtype == torch.promote_types(left, right)
    assert outside.dtype == LOSSES[name](x, t, reduction=reduction).dtype
    widened = LOSSES[name](x.to(theirs.dtype), t.to(theirs.dtype), reduction=reduction)
    torch.testing.assert_close(ours, widened)


@pytest.mark.long
@pytest.mark.cases(4)
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("options", [{"reduction": "sum"}, {"reduction": "none"}])
def test_compiled_losses_have_the_dtype_of_eager_ones_and_keep_that_of_gradients(name, options):
    torch.compiler.reset()
    compiled = torch.compile(LOSSES[name], fullgraph=True, backend="aot_eager")
    x, t = operands(torch.bfloat16, torch.bfloat16)
    found = []
    for function in (LOSSES[name], compiled):
        leaf = x.clone().requires_grad_()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            value = function(leaf, t, **options)
        (gradient,) = torch.autograd.grad(value.sum(), leaf)
        found.append((value.detach(), gradient))
    assert found[0][0].dtype == torch.float32
    assert found[0][1].dtype == torch.bfloat16
    torch.testing.assert_close(found[0], found[1])


def test_sum_beyond_float16_is_that_of_torch():
    generator = torch.Generator().manual_seed(1)
    x = torch.log_softmax(torch.randn(8192, 512, generator=generator) * 6, -1).half()
    t = torch.softmax(torch.randn(8192, 512, generator=generator) * 6, -1).half()
    with torch.autocast("cpu", dtype=torch.float16):
        theirs = functional.kl_div(x, t, reduction="sum")
        ours = kl_div(x, t, reduction="sum")
    assert ours > torch.finfo(torch.float16).max
    torch.testing.assert_close(ours, theirs)
    assert torch.isinf(kl_div(x, t, reduction="sum"))


@pytest.mark.few(0, 4)
@pytest.mark.parametrize("distil", ["kl_div", "kl_div_with_logits", "js_div_with_logits", "torch"])
def test_scaled_gradients_of_float16_skip_no_step(distil):
    torch.manual_seed(0)
    student, teacher = torch.nn.Linear(16, 64), torch.nn.Linear(16, 64)
    optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=65536.0)
    for _ in range(12):
        batch = torch.randn(256, 16)
        with torch.autocast("cpu", dtype=torch.float16):
            s, t = student(batch), teacher(batch).detach()
            if distil.endswith("logits"):
                value = getattr(kldiv_xp, distil)(s, t)
            else:
                function = functional.kl_div if distil == "torch" else kl_div
                value = function(s.log_softmax(-1), t.softmax(-1), reduction="batchmean")
        assert value.dtype == torch.float32
        scaler.scale(value).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
    # A step that is skipped halves the scale.
    assert scaler.get_scale() == 65536.0


def test_gradient_in_closed_form_keeps_the_dtype_of_its_operand():
    x, t = operands(torch.float16, torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        d_input, d_target = kl_div_gradient(x, t, reduction="sum")
    assert (d_input.dtype, d_target.dtype) == (torch.float16, torch.bfloat16)


def test_meta_tensors_know_no_autocast():
    x, t = operands(torch.bfloat16, torch.bfloat16, "meta")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert kl_div(x, t, reduction="sum").dtype == torch.bfloat16
