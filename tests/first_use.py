"""Children of a process that has imported torch alone, each with another first use of the package.

Run as a program; it writes a line of JSON for each child: what went wrong, or nothing. The first
argument is the place of the first loss, of those that follow: each use takes the next one.
"""

import json
import os
import sys
import traceback
import tracemalloc
import warnings
from contextlib import nullcontext

import numpy as np
import torch
import torch._dynamo
import torch.fx.experimental.proxy_tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.autograd import forward_ad
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

SHAPE = (6, 7)


class Functions(TorchFunctionMode):
    def __torch_function__(self, function, types, arguments=(), options=None):
        return function(*arguments, **(options or {}))


class Operations(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        return function(*arguments, **(options or {}))


def losses():
    """Every public loss of two tensors, of which the second may be a mask's partner."""
    from kldiv_xp import js_div_with_logits, kl_div, kl_div_gradient, kl_div_with_logits
    from kldiv_xp.torch import KLDivLoss

    return {
        "kl_div": lambda x, t: kl_div(x, t, reduction="sum", log_target=True),
        "terms": lambda x, t: kl_div(x, t, reduction="none", log_target=True).sum(),
        "samples": lambda x, t: kl_div(x, t, reduction="none", log_target=True, axis=-1).sum(),
        "module": KLDivLoss(reduction="sum", log_target=True),
        "logits": lambda x, t: kl_div_with_logits(x, t, reduction="sum"),
        "js": lambda x, t: js_div_with_logits(x, t, reduction="sum"),
        "gradient": lambda x, t: kl_div_gradient(x, t, reduction="sum", log_target=True)[0].sum(),
    }


def operands(dtype=torch.float64):
    """Log-probabilities, made by NumPy: no default of torch has a part in them."""
    logits = np.random.default_rng(1).normal(size=(2, *SHAPE))
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return [torch.from_numpy(one).to(dtype) for one in log_p]


def expected():
    """Values of the losses, by NumPy."""
    x, t = (one.numpy() for one in operands())
    m = np.logaddexp(x, t) - np.log(2)
    kl = float((np.exp(t) * (t - x)).sum())
    js = float((np.exp(t) * (t - m) + np.exp(x) * (x - m)).sum() / 2)
    same = dict.fromkeys(("kl_div", "terms", "samples", "module", "logits"), kl)
    return same | {"js": js, "gradient": float(-np.exp(t).sum())}


def in_context(context):
    """Call within a context that changes no value."""

    def call(loss, x, t):
        with context():
            return loss(x, t)

    return call


def default(set_default, value):
    """Call after a default of torch was set, which stays as in a script."""

    def call(loss, x, t):
        set_default(value)
        return loss(x, t)

    return call


def with_default_device(loss, x, t):
    torch.set_default_device("meta")
    value = loss(x, t)
    assert value.device.type == "cpu"
    return value


def of_grad(loss, x, t):
    assert torch.func.grad(loss)(x, t).shape == x.shape
    return loss(x, t)


def of_jvp(loss, x, t):
    return torch.func.jvp(lambda x: loss(x, t), (x,), (x,))[0]


def of_hessian(loss, x, t):
    torch.func.hessian(loss)(x, t)
    return loss(x, t)


def of_vmap(loss, x, t):
    return torch.func.vmap(loss)(x[:, None], t[:, None]).sum()


def of_batched_gradients(loss, x, t):
    x = x.clone().requires_grad_()
    value = loss(x, t)
    if value.requires_grad:
        (rows,) = torch.autograd.grad(value, x, torch.ones(3, dtype=x.dtype), is_grads_batched=True)
        assert rows.shape == (3, *x.shape)
    return value


def of_dual(loss, x, t):
    with forward_ad.dual_level():
        value = loss(forward_ad.make_dual(x, torch.ones_like(x)), t)
        return forward_ad.unpack_dual(value).primal


def of_fake(loss, x, t):
    with FakeTensorMode(allow_non_fake_inputs=True):
        assert loss(x, t).shape == ()
    return loss(x, t)


def of_symbols(loss, x, t):
    graph = torch.fx.experimental.proxy_tensor.make_fx(loss, tracing_mode="symbolic")(x, t)
    return graph(x, t)


class Called(torch.nn.Module):
    def __init__(self, loss):
        super().__init__()
        self.loss = loss

    def forward(self, x, t):
        return self.loss(x, t)


def of_record(loss, x, t):
    return torch.jit.trace(Called(loss), (x, t), check_trace=False)(x, t)


def of_compiler(loss, x, t):
    return torch.compile(loss, fullgraph=True, backend="aot_eager")(x, t)


def of_compiled_gradient(loss, x, t):
    x = x.clone().requires_grad_()
    value = torch.compile(loss, backend="aot_eager")(x, t)
    if value.requires_grad:
        value.backward()
    return value.detach()


def of_export(loss, x, t):
    return torch.export.export(Called(loss), (x, t)).module()(x, t)


def of_backward_in_a_mode(loss, x, t):
    x = x.clone().requires_grad_()
    with Operations():
        value = loss(x, t)
        if value.requires_grad:
            value.backward()
    return value.detach()


FIRST_USES = {
    "plain": in_context(nullcontext),
    "no_grad": in_context(torch.no_grad),
    "inference_mode": in_context(torch.inference_mode),
    "autocast": in_context(lambda: torch.autocast("cpu", torch.bfloat16)),
    "function mode": in_context(Functions),
    "dispatch mode": in_context(Operations),
    "dispatch mode, backward": of_backward_in_a_mode,
    "device context": in_context(lambda: torch.device("meta")),
    "default device meta": with_default_device,
    "default bfloat16": default(torch.set_default_dtype, torch.bfloat16),
    "default float16": default(torch.set_default_dtype, torch.float16),
    "default float64": default(torch.set_default_dtype, torch.float64),
    "deterministic": default(torch.set_deterministic_debug_mode, "error"),
    "func.grad": of_grad,
    "func.jvp": of_jvp,
    "func.hessian": of_hessian,
    "func.vmap": of_vmap,
    "is_grads_batched": of_batched_gradients,
    "forward mode": of_dual,
    "FakeTensorMode": of_fake,
    "make_fx": of_symbols,
    "jit.trace": of_record,
    "torch.compile": of_compiler,
    "torch.compile, gradient": of_compiled_gradient,
    "export": of_export,
}


def check(call, name):
    """First use by one loss, then plain uses of all: right, and in blocks."""
    assert "kldiv_xp" not in sys.modules
    loss, value = losses()[name], expected()
    np.testing.assert_allclose(call(loss, *operands()).detach().numpy(), value[name], rtol=1e-9)
    for other, again in losses().items():
        for dtype, tolerance in ((torch.float64, 1e-9), (torch.bfloat16, 0.1)):
            found = again(*operands(dtype))
            assert found.dtype == dtype, (other, found.dtype)
            np.testing.assert_allclose(found.double().numpy(), value[other], rtol=tolerance)
    assert is_in_blocks(), "the later call takes memory of torch"


def is_in_blocks():
    """Whether terms lie in memory of NumPy, which Python traces, not in memory of torch."""
    from kldiv_xp import kl_div

    ones = torch.from_numpy(np.ones((100, 100)))
    tracemalloc.start()
    terms = kl_div(ones, ones, reduction="none")
    traced, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return traced >= terms.nbytes


def child(call, name):
    """Error in a child of this process."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        wrong = ""
        try:
            check(call, name)
        except BaseException:
            wrong = traceback.format_exc()
        os.write(writing, wrong.encode()[-4000:])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        wrong = answer.read().decode()
    os.wait()
    return wrong


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    start, *names = sys.argv[1:]
    for place, (use, call) in enumerate(FIRST_USES.items(), int(start)):
        name = names[place % len(names)]
        sys.stdout.write(json.dumps([use, name, child(call, name)]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
