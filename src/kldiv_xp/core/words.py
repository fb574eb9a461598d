"""How the users of an array library write what mends an operand: templates of code."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """Code with {x} for an operand, {y} for the other one and {m} for the module of the library.

    The defaults are those of the array API standard.
    """

    as_float: str = "{m}.astype({x}, {m}.float32)"
    as_int: str = "{m}.astype({x}, {m}.int64)"
    real: str = "{m}.real({x})"
    log: str = "{m}.log({x})"
    softmax: str = "{m}.exp({x}) / {m}.sum({m}.exp({x}), axis={axis}, keepdims=True)"
    log_softmax: str = "{x} - {m}.log({m}.sum({m}.exp({x}), axis={axis}, keepdims=True))"
    softmax_over_axes: str = ""
    log_softmax_over_axes: str = ""
    normalised: str = "{x} / {m}.sum({x}, axis={axis}, keepdims=True)"
    one_hot: str = (
        "{m}.astype({m}.astype({x}, {m}.int64)[..., None] == {m}.arange({n}, device={x}.device), "
        "{m}.float32)"
    )
    clipped: str = "{m}.clip({x}, min=0)"
    relabelled: str = "{m}.where({x} == {label}, 0, {x})"
    with_last_axis_moved: str = "{m}.moveaxis({x}, -1, {axis})"
    broadcast: str = "{m}.broadcast_to({x}, {shape})"
    reshaped: str = "{m}.reshape({x}, {shape})"
    permuted: str = "{m}.permute_dims({x}, {axes})"
    joined: str = "{m}.concat({x}, axis={axis})"
    stacked: str = "{m}.stack({x}, axis={axis})"
    log1p: str = "{m}.log1p({x})"
    exp: str = "{m}.exp({x})"
    total: str = "{m}.sum({x})"
    diagonal: str = "{m}.linalg.diagonal({x})"
    up_to: str = "{m}.arange({n}, device={y}.device) < {x}"
    selected: str = "{m}.where({x}, {y}, -{m}.inf)"
    all_true: str = "{m}.ones({shape}, dtype={m}.bool)"
    on_device: str = "{x}.to_device({y}.device)"
    from_python: str = "{m}.asarray({x}{dtype})"
    on_device_of: str = ""
    """Argument that makes an array where another one is; "" where it is made there anyway."""

    from_numpy: str = "{m}.asarray({x}, device={y}.device)"
    from_other: str = "{m}.from_dlpack({x}).to_device({y}.device)"
    number: str = "float({x})"
    """Number of an array that holds one."""

    exported: str = "{x}"
    """Interfaces by which other libraries take its arrays."""

    divides_integers: bool = False
    """A quotient of its integers is a float."""

    exports_numpy: bool = False
    """That is an array of NumPy."""

    shares_memory_of_numpy: bool = False
    """Its arrays take the memory of NumPy's as it is: writable, and forwards along every axis."""

    takes_compact_memory: bool = False
    """From other libraries it takes no views that leave out a part of their memory."""

    compact: str = ""
    """Method that makes an array without such parts."""

    yields: bool = False
    """Beside another library it is the operand of this one that is converted."""

    static: str = ""
    """How to pass an option whose value a trace of the library would take away."""

    inserts_axes_one_by_one: str = ""
    """Code that inserts one axis at a time; else an index of None does it."""


STANDARD = Words()
LIKE_NUMPY = replace(
    STANDARD,
    as_float='{x}.astype("float32")',
    as_int="{x}.astype(int)",
    real="{x}.real",
    normalised="{x} / {x}.sum(axis={axis}, keepdims=True)",
    one_hot="{m}.eye({n})[{x}.astype(int)]",
    clipped="{x}.clip(0)",
    reshaped="{x}.reshape({shape})",
    permuted="{x}.transpose({axes})",
    total="{x}.sum()",
    diagonal="{x}.diagonal(axis1=-2, axis2=-1)",
    up_to="{m}.arange({n}) < {x}",
    joined="{m}.concatenate({x}, axis={axis})",
    all_true="{m}.ones({shape}, dtype=bool)",
    from_numpy="{m}.asarray({x})",
    from_other="{m}.from_dlpack({x})",
    divides_integers=True,
)
OF_NUMPY = replace(LIKE_NUMPY, exports_numpy=True, yields=True)
OF_CUPY = replace(
    LIKE_NUMPY,
    on_device="cupy.asarray({x}) within `with {y}.device:`",
    from_other="cupy.asarray({x})",  # its from_dlpack takes nothing from the memory of the host
)
OF_JAX = replace(
    LIKE_NUMPY,
    softmax="jax.nn.softmax({x}, axis={axis})",
    log_softmax="jax.nn.log_softmax({x}, axis={axis})",
    one_hot="jax.nn.one_hot({x}.astype(int), {n})",
    static="name it in static_argnames where jax.jit traces it",
    from_other="jax.device_put({m}.from_dlpack({x}), {y}.device)",
    number="float({x}), within jax.jit as one of its static_argnames",
    takes_compact_memory=True,
)
# Its arrays are on no device of their own.
OF_MLX = replace(
    STANDARD,
    one_hot="{m}.eye({n})[{m}.astype({x}, {m}.int32)]",
    clipped="{m}.maximum({x}, 0)",
    diagonal="{m}.diagonal({x}, axis1=-2, axis2=-1)",
    up_to="{m}.arange({n}) < {x}",
    all_true="{m}.ones({shape}, dtype={m}.bool_)",
    on_device="{x}",
    from_numpy="{m}.array({x})",
    from_other="{m}.array({x})",
)
OF_DASK = replace(
    LIKE_NUMPY,
    diagonal="{m}.diagonal({x}, axis1=-2, axis2=-1)",
    one_hot='({x}[..., None] == {m}.arange({n})).astype("float32")',
    from_numpy="{m}.from_array({x})",
    from_other="{m}.from_array(numpy.from_dlpack({x}))",
    exported="{x}.compute()",
    exports_numpy=True,
)
OF_TORCH = Words(
    as_float="{x}.float()",
    as_int="{x}.long()",
    real="{x}.real",
    log="{x}.log()",
    softmax="torch.softmax({x}, dim={axis})",
    log_softmax="torch.log_softmax({x}, dim={axis})",
    softmax_over_axes="({x} - {x}.logsumexp(dim={axis}, keepdim=True)).exp()",
    log_softmax_over_axes="{x} - {x}.logsumexp(dim={axis}, keepdim=True)",
    normalised="{x} / {x}.sum(dim={axis}, keepdim=True)",
    one_hot="torch.nn.functional.one_hot({x}.long(), {n}).float()",
    clipped="{x}.clamp(0)",
    with_last_axis_moved="{x}.movedim(-1, {axis})",
    broadcast="{x}.expand{shape}",
    reshaped="{x}.reshape({shape})",
    permuted="{x}.permute({axes})",
    total="{x}.sum()",
    diagonal="{x}.diagonal(dim1=-2, dim2=-1)",
    joined="torch.cat({x}, dim={axis})",
    stacked="torch.stack({x}, dim={axis})",
    selected="torch.where({x}, {y}, -torch.inf)",
    on_device="{x}.to({y}.device)",
    from_python="torch.tensor({x}{dtype})",
    on_device_of=", device={y}.device",
    from_numpy="torch.from_numpy({x}).to({y}.device)",
    from_other="torch.from_dlpack({x}).to({y}.device)",
    exported="{x}.detach()",
    divides_integers=True,
    shares_memory_of_numpy=True,
    compact=".contiguous()",
    inserts_axes_one_by_one=".unsqueeze({axis})",
)
