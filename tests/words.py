"""How the users of each library write what a remedy says."""

import importlib
import importlib.util
import re

from array_libraries import BACKENDS

NUMPY_LIKE = {
    "as_float": '{x}.astype("float32")',
    "as_int": "{x}.astype(int)",
    "real": "{x}.real",
    "log": "{m}.log({x})",
    "softmax": "{m}.exp({x}) / {m}.sum({m}.exp({x}), axis={axis}, keepdims=True)",
    "log_softmax": "{x} - {m}.log({m}.sum({m}.exp({x}), axis={axis}, keepdims=True))",
    "normalised": "{x} / {x}.sum(axis={axis}, keepdims=True)",
    "one_hot": "{m}.eye({n})[{x}.astype(int)]",
    "clipped": "{x}.clip(0)",
    "broadcast": "{m}.broadcast_to({x}, {shape})",
    "reshaped": "{x}.reshape({shape})",
    "permuted": "{x}.transpose({axes})",
    "inserted": "{x}[{index}]",
    "ones": "{m}.ones({shape}, dtype=bool)",
    "total": "{x}.sum()",
    "selected": "{m}.where({x}, {y}, -{m}.inf)",
    "from_list": "{m}.asarray({x}{dtype})",
}
# Of a library without a row, in the words of the array API standard.
STANDARD = NUMPY_LIKE | {
    "as_float": "{m}.astype({x}, {m}.float32)",
    "as_int": "{m}.astype({x}, {m}.int64)",
    "real": "{m}.real({x})",
    "normalised": "{x} / {m}.sum({x}, axis={axis}, keepdims=True)",
    "clipped": "{m}.clip({x}, min=0)",
    "one_hot": (
        "{m}.astype({m}.astype({x}, {m}.int64)[..., None] == {m}.arange({n}, device={x}.device), "
        "{m}.float32)"
    ),
    "reshaped": "{m}.reshape({x}, {shape})",
    "permuted": "{m}.permute_dims({x}, {axes})",
    "ones": "{m}.ones({shape}, dtype={m}.bool)",
    "total": "{m}.sum({x})",
}
OF = {
    "numpy": ("numpy", {}),
    "cupy": ("cupy", {}),
    "jax": (
        "jax.numpy",
        {
            "softmax": "jax.nn.softmax({x}, axis={axis})",
            "log_softmax": "jax.nn.log_softmax({x}, axis={axis})",
            "one_hot": "jax.nn.one_hot({x}.astype(int), {n})",
        },
    ),
    "dask.array": (
        "dask.array",
        {"one_hot": '({x}[..., None] == dask.array.arange({n})).astype("float32")'},
    ),
    "torch": (
        "torch",
        {
            "as_float": "{x}.float()",
            "as_int": "{x}.long()",
            "log": "{x}.log()",
            "softmax": "torch.softmax({x}, dim={axis})",
            "log_softmax": "torch.log_softmax({x}, dim={axis})",
            "normalised": "{x} / {x}.sum(dim={axis}, keepdim=True)",
            "one_hot": "torch.nn.functional.one_hot({x}.long(), {n}).float()",
            "clipped": "{x}.clamp(0)",
            "broadcast": "{x}.expand{shape}",
            "permuted": "{x}.permute({axes})",
            "inserted": "{x}{unsqueezed}",
            "ones": "torch.ones({shape}, dtype=torch.bool)",
            "from_list": "torch.tensor({x}{dtype})",
        },
    ),
}


def words(backend, word, x, **fields):
    """Code as users of the library of a backend write it."""
    module, own = OF.get(backend.library, (backend.library, STANDARD))
    if word == "from_list" and backend.name == "torch-cuda":
        fields["dtype"] += f", device={fields.pop('beside', 'input')}.device"
    fields.pop("beside", None)
    return (NUMPY_LIKE | own)[word].format(m=module, x=x, **fields)


def counted(backend, x, log=False, axis=-1):
    """Code that makes distributions of counts, or their logarithms."""
    _, own = OF.get(backend.library, (backend.library, STANDARD))
    code = words(backend, "as_float", x) if own is STANDARD else x
    shares = words(backend, "normalised", code, axis=axis)
    if not log:
        return shares
    return words(backend, "log", f"({shares})" if backend.library == "torch" else shares)


def value(code, **operands):
    """Value of the code of a remedy."""
    modules = {}
    for name in {"jax.numpy", *(backend.library for backend in BACKENDS.values())}:
        root = name.partition(".")[0]
        if importlib.util.find_spec(root) is not None:
            importlib.import_module(name)
            modules[root] = importlib.import_module(root)
    return eval(code, modules, operands)


def follow(code, **operands):
    """Operands after the code of a remedy, which names the one that it changes."""
    (changed,) = {one for one in operands if re.search(rf"\b{one}\b(?!\.d(type|evice))", code)}
    return operands | {changed: value(code, **operands)}
