"""torch: tensors whose storage was freed or cut short are refused; nothing beyond it is read."""

import pytest

from kldiv_xp import js_div_with_logits, kl_div, kl_div_gradient, kl_div_with_logits

torch = pytest.importorskip("torch", reason="torch is not installed")

from kldiv_xp.backends.torch import eager, numpy_views  # noqa: E402 - torch may be missing
from kldiv_xp.torch import KLDivLoss  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning"),
    pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning"),
]

TYPES = pytest.mark.parametrize("type_", ["float16", "bfloat16", "float32", "float64"])
LOSSES = {
    "sum": lambda x, t, m: kl_div(x, t, reduction="sum", where=m),
    "terms": lambda x, t, m: kl_div(x, t, reduction="none", where=m),
    "samples": lambda x, t, m: kl_div(x, t, reduction="none", axis=-1, where=m),
    "mean": lambda x, t, m: kl_div(x, t, reduction="mean", where=m),
    "module": lambda x, t, m: KLDivLoss(reduction="sum")(x, t, where=m),
    "gradient": lambda x, t, m: kl_div_gradient(x, t, reduction="sum", where=m)[1],
    "logits": lambda x, t, m: kl_div_with_logits(x, t, where=m),
    "js": lambda x, t, m: js_div_with_logits(x, t, where=m),
}
EVERY_LOSS = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
NODES = {name: loss for name, loss in LOSSES.items() if name != "gradient"}
EVERY_NODE = pytest.mark.parametrize("loss", NODES.values(), ids=NODES)
NAMES = ("input", "target", "where")


@pytest.fixture(params=["host", "cuda"])
def place(request, monkeypatch):
    """Where the tensors lie; those in host memory pass for CUDA's."""
    if request.param == "cuda":
        as_host = numpy_views.memory_of
        monkeypatch.setattr(
            eager, "memory_of", lambda *tensors: as_host(*tensors) and numpy_views.CUDA
        )
    return request.param


def operands(loss, type_="float32", rows=4):
    """Probabilities, their logarithms, and a mask."""
    generator = torch.Generator().manual_seed(3)
    log_q, log_p = torch.randn((2, rows, 5), generator=generator).log_softmax(-1)
    columns = 1 if loss in (LOSSES["logits"], LOSSES["js"]) else 5
    mask = torch.rand((rows, columns), generator=generator) < 0.9
    return [log_q.to(getattr(torch, type_)), log_p.exp().to(getattr(torch, type_)), mask]


def resized(tensor, size=0):
    """The tensor, whose storage has another size."""
    tensor.untyped_storage().resize_(size)
    return tensor


def message(name, tensor, needed, present=0):
    return (
        f"`{name}` must have all its elements in memory until the loss and its gradient are "
        f"computed; got a tensor of shape {tuple(tensor.shape)} that needs {needed} bytes of its "
        f"storage, which has {present}: pass a clone() made before the storage was resized, or "
        "gather freed parameters again."
    )


def assert_refused(expected, function, *arguments, **options):
    with pytest.raises(ValueError, match=r"^`") as caught:
        function(*arguments, **options)
    assert str(caught.value) == expected


@pytest.mark.few(123, 69)
@EVERY_LOSS
@TYPES
@pytest.mark.parametrize("freed", [0, 1, 2], ids=NAMES)
def test_tensor_without_its_storage_is_refused_and_its_clone_is_not(place, loss, type_, freed):
    arrays = operands(loss, type_)
    whole, tensor = loss(*operands(loss, type_)), arrays[freed]
    arrays[freed] = tensor.clone()
    size = tensor.nbytes
    resized(tensor)
    given = [tensor if one == freed else array for one, array in enumerate(arrays)]
    assert_refused(message(NAMES[freed], tensor, size), loss, *given)
    assert torch.equal(loss(*arrays), whole)


CUT_SHORT = {
    "one byte": (lambda base: base[:4], 79, 80),
    "behind an offset": (lambda base: base[4:], 80, 160),
    "by columns": (lambda base: base.view(-1)[:20].view(5, 4).T, 79, 80),
    "with steps": (lambda base: base[::2], 120, 140),
    "expanded": (lambda base: base[3:4].expand(4, 5), 79, 80),
}


@EVERY_LOSS
@pytest.mark.parametrize("place", [0, 1], ids=NAMES[:2])
@pytest.mark.parametrize(("view", "present", "needed"), CUT_SHORT.values(), ids=CUT_SHORT)
def test_storage_that_ends_before_the_last_element_is_refused(loss, place, view, present, needed):
    arrays = operands(loss)
    arrays[place] = view(torch.rand(8, 5))
    resized(arrays[place], present)
    assert_refused(message(NAMES[place], arrays[place], needed, present), loss, *arrays)


@EVERY_LOSS
@pytest.mark.parametrize("place", [0, 1], ids=NAMES[:2])
@pytest.mark.parametrize(("view", "_", "needed"), CUT_SHORT.values(), ids=CUT_SHORT)
def test_storage_that_ends_with_the_last_element_is_enough(loss, place, view, _, needed):
    arrays = operands(loss)
    arrays[place] = view(torch.rand(8, 5))
    whole = loss(*[array.clone() for array in arrays])
    resized(arrays[place], needed)
    assert torch.equal(loss(*arrays), whole)


# Those of logits take no empty distributions.
@pytest.mark.only_where(lambda loss: loss not in (LOSSES["logits"], LOSSES["js"]))
@EVERY_LOSS
def test_tensor_without_elements_needs_no_storage(loss):
    empty = resized(torch.rand(4, 5)[:0])
    assert loss(empty, empty, empty > 0).numel() in (0, 1)


@EVERY_NODE
@pytest.mark.parametrize("type_", ["float16", "bfloat16"])  # NumPy shares, and so fixes, others
@pytest.mark.parametrize("freed", [0, 1], ids=NAMES[:2])
@pytest.mark.parametrize("again", [False, True], ids=["once", "twice"])
def test_tensor_freed_between_value_and_gradient_is_refused(place, loss, type_, freed, again):
    arrays = operands(loss, type_)
    arrays[0].requires_grad_()
    value = loss(*arrays).sum()
    expected = message(NAMES[freed], arrays[freed], arrays[freed].nbytes)
    resized(arrays[freed])
    assert_refused(expected, torch.autograd.grad, value, arrays[0], create_graph=again)


@EVERY_NODE
@TYPES
@pytest.mark.parametrize("freed", [0, 1, 2], ids=NAMES)
def test_data_that_was_exchanged_between_value_and_gradient_is_refused(loss, type_, freed):
    arrays = operands(loss, type_)
    arrays[0].requires_grad_()
    value, shape = loss(*arrays).sum(), tuple(arrays[freed].shape)
    arrays[freed].data = arrays[freed].data.new_zeros(1)
    expected = (
        f"`{NAMES[freed]}` must stay as it is until the gradient is computed; got the shape (1,) "
        f"where the loss was computed of {shape}: pass a clone() if its data is freed before."
    )
    assert_refused(expected, value.backward)


@TYPES
@pytest.mark.parametrize("name", ["terms", "samples"])
def test_incoming_gradient_without_its_storage_is_refused(place, type_, name):
    arrays = operands(LOSSES[name], type_)
    arrays[0].requires_grad_()
    value = LOSSES[name](*arrays)
    upstream = torch.ones_like(value)
    size = upstream.nbytes
    resized(upstream)
    with pytest.raises(ValueError, match=r"^`upstream` must have all its elements") as caught:
        value.backward(upstream)
    assert f"needs {size} bytes of its storage, which has 0" in str(caught.value)


def test_upstream_without_its_storage_is_refused(place):
    log_q, p, _ = operands(None)
    for reduction, upstream in (("none", torch.ones(4, 5)), ("sum", torch.ones(()))):
        size = upstream.nbytes
        resized(upstream)
        options = {"reduction": reduction, "upstream": upstream}
        expected = message("upstream", upstream, size)
        assert_refused(expected, kl_div_gradient, log_q, p, **options)


@pytest.mark.parametrize("name", ["logits", "js"])
def test_incoming_gradient_of_rows_without_its_storage_is_refused(name):
    log_q, p, _ = operands(None)
    function = {"logits": kl_div_with_logits, "js": js_div_with_logits}[name]
    upstream = torch.ones(4)
    rows = function(log_q.requires_grad_(), p, reduction="none")
    resized(upstream)
    with pytest.raises(ValueError, match=r"^`upstream` must have all its elements"):
        rows.backward(upstream)


# What torch itself would read before our loops do: it ends the process, or reads foreign memory

ROWS, COLUMNS, WHOLE = (4, 1), (1, 5), (4, 5)
READ_BEFORE = {
    "mask": (WHOLE, "where", lambda x, t, m, n: kl_div_gradient(x, t, where=m)[0]),
    "rows": (ROWS, "where", lambda x, t, m, n: kl_div(x, t, axis=1, reduction="sum", where=m)),
    "derivatives": (ROWS, "where", lambda x, t, m, n: kl_div_gradient(x, t, axis=1, where=m)[0]),
    "columns": (COLUMNS, "", lambda x, t, m, n: kl_div_with_logits(x, t, axis=0, where=m)),
    "columns of js": (COLUMNS, "", lambda x, t, m, n: js_div_with_logits(x, t, axis=0, where=m)),
    "temperature": (ROWS, "", lambda x, t, m, n: kl_div_with_logits(x, t, temperature=n, where=m)),
    "softened js": (ROWS, "", lambda x, t, m, n: js_div_with_logits(x, t, temperature=n, where=m)),
    "beta": (ROWS, "", lambda x, t, m, n: js_div_with_logits(x, t, beta=n, where=m)),
    "one of many": (
        WHOLE,
        "target",
        lambda x, t, m, n: torch.func.grad(lambda one: kl_div(one, t, reduction="sum"))(x),
    ),
    "along a line": (
        WHOLE,
        "target",
        lambda x, t, m, n: torch.func.jvp(lambda one: kl_div(one, t), (x,), (x,))[1],
    ),
}


@pytest.mark.parametrize(
    ("columns", "name", "loss"),
    [
        pytest.param(columns, name, loss, id=f"{case}-{name}")
        for case, (columns, freed, loss) in READ_BEFORE.items()
        for name in ([freed] if freed else NAMES)
    ],
)
@pytest.mark.parametrize("type_", ["float16", "float32"])
def test_what_torch_would_read_first_is_refused_as_well(columns, name, loss, type_):
    log_q, p, mask = operands(None, type_)
    mask = mask[: columns[0], : columns[1]].clone()
    arrays = [log_q, p, mask, torch.tensor(0.5)]
    assert torch.isfinite(loss(*[array.clone() for array in arrays])).all()
    freed = arrays[NAMES.index(name)]
    expected = message(name, freed, freed.nbytes)
    resized(freed)
    assert_refused(expected, loss, *arrays)


@pytest.mark.parametrize(
    ("name", "number", "loss"),
    [
        ("temperature", 2.0, lambda x, t, n: kl_div_with_logits(x, t, temperature=n)),
        ("temperature", 2.0, lambda x, t, n: js_div_with_logits(x, t, temperature=n)),
        ("beta", 0.5, lambda x, t, n: js_div_with_logits(x, t, beta=n)),
        ("upstream", 2, lambda x, t, n: kl_div_gradient(x, t, upstream=n)),
        (
            "upstream",
            [2.0] * 4,
            lambda x, t, n: kl_div_gradient(x, t, axis=1, reduction="none", upstream=n),
        ),
    ],
)
def test_number_without_its_storage_is_refused(name, number, loss):
    log_q, p, _ = operands(None)
    freed = torch.tensor(number)
    expected = message(name, freed, freed.nbytes)
    resized(freed)
    assert_refused(expected, loss, log_q, p, freed)
