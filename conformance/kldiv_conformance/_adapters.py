"""The backends: one table, a row for each array library, way of calling, and device."""

from functools import partial

from kldiv_conformance._adapter import Adapter
from kldiv_conformance._autodiff_libraries import (
    compile_mlx,
    compile_torch,
    differentiate_jax,
    differentiate_mlx,
    jit_jax,
    make_jax,
    make_mlx,
    make_torch,
    no_cuda_in_torch,
    no_mlx,
    read_jax,
    read_mlx,
    read_torch,
)
from kldiv_conformance._plain_libraries import (
    make_cubed,
    make_cupy,
    make_dask,
    make_dpnp,
    make_ndonnx,
    make_numpy,
    make_sparse,
    make_strict,
    no_cuda_in_cupy,
    no_device_in_dpnp,
    read_cubed,
    read_cupy,
    read_dask,
    read_dpnp,
    read_ndonnx,
    read_numpy,
    read_sparse,
    read_strict,
)
from kldiv_conformance._torch_derivatives import differentiate_torch

WIDE = ("float32", "float64")
NUMPY_FLOATS = ("float16", *WIDE)
ALL_FLOATS = ("float16", "bfloat16", *WIDE)

NUMPY = partial(Adapter, library="numpy", make=make_numpy, read=read_numpy, floats=NUMPY_FLOATS)
CUPY = partial(
    Adapter,
    library="cupy",
    make=make_cupy,
    read=read_cupy,
    floats=NUMPY_FLOATS,
    why_unusable=no_cuda_in_cupy,
)
DASK = partial(Adapter, library="dask.array", make=make_dask, read=read_dask, floats=NUMPY_FLOATS)
STRICT = partial(
    Adapter, library="array_api_strict", make=make_strict, read=read_strict, floats=WIDE
)
NDONNX = partial(Adapter, library="ndonnx", make=make_ndonnx, read=read_ndonnx, floats=NUMPY_FLOATS)
SPARSE = partial(Adapter, library="sparse", make=make_sparse, read=read_sparse, floats=NUMPY_FLOATS)
CUBED = partial(Adapter, library="cubed", make=make_cubed, read=read_cubed, floats=NUMPY_FLOATS)
DPNP = partial(
    Adapter,
    library="dpnp",
    make=make_dpnp,
    read=read_dpnp,
    floats=NUMPY_FLOATS,
    why_unusable=no_device_in_dpnp,
)
TORCH = partial(
    Adapter,
    library="torch",
    make=make_torch,
    read=read_torch,
    floats=ALL_FLOATS,
    gradient=differentiate_torch,
)
# A compiler would make two more programs for each gradient.
ONCE = partial(differentiate_torch, again=False)
CUDA = partial(TORCH, make=partial(make_torch, device="cuda"), why_unusable=no_cuda_in_torch)
JAX = partial(
    Adapter,
    library="jax",
    make=make_jax,
    read=read_jax,
    floats=ALL_FLOATS,
    gradient=differentiate_jax,
)
MLX = partial(
    Adapter,
    library="mlx.core",
    make=make_mlx,
    read=read_mlx,
    floats=ALL_FLOATS,
    gradient=differentiate_mlx,
    why_unusable=no_mlx,
)

ADAPTERS: dict[str, Adapter] = {
    adapter.name: adapter
    for adapter in (
        NUMPY(name="numpy"),
        CUPY(name="cupy"),
        TORCH(name="torch"),
        TORCH(name="torch-compile", wrap=compile_torch, gradient=ONCE),
        CUDA(name="torch-cuda"),
        CUDA(name="torch-cuda-compile", wrap=compile_torch, gradient=ONCE),
        JAX(name="jax"),
        JAX(name="jax-jit", wrap=jit_jax),
        DASK(name="dask"),
        STRICT(name="array-api-strict"),
        STRICT(name="array-api-strict-device1", make=partial(make_strict, device="device1")),
        MLX(name="mlx"),
        MLX(name="mlx-compile", wrap=compile_mlx),
        NDONNX(name="ndonnx"),
        SPARSE(name="sparse"),
        DPNP(name="dpnp"),
        CUBED(name="cubed"),
    )
}
