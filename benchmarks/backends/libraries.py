"""Words of the page that come from no fact and no test: one table, a row for each library."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Library:
    """An array library, and the ways in which it is judged."""

    name: str
    facts: str
    """Its row in the table of facts, if it has one."""
    backends: tuple[str, ...]
    """As the conformance suite calls them, judged on a CPU."""
    on_a_device: tuple[str, ...] = ()
    """Those judged on a GPU."""
    lazy: str = "no"
    """When no value exists yet."""
    memory: str = ""
    """Memory of a reduced loss beyond its operands, for libraries with a backend of their own."""
    autodiff: str = ""
    """Where it is not what the facts say."""


LIBRARIES = (
    Library(name="NumPy", facts="numpy", backends=("numpy",), memory="some MiB a thread"),
    Library(
        name="PyTorch",
        facts="torch",
        backends=("torch", "torch-compile"),
        on_a_device=("torch-cuda", "torch-cuda-compile"),
        lazy="in `torch.compile`, `torch.export`",
        memory="some MiB a thread; on a GPU partial sums",
    ),
    Library(
        name="JAX",
        facts="jax",
        backends=("jax", "jax-jit"),
        on_a_device=("jax", "jax-jit"),
        lazy="in `jax.jit`",
        memory="some MiB on one CPU; else what XLA makes of it",
    ),
    Library(
        name="CuPy",
        facts="cupy",
        backends=("cupy",),
        on_a_device=("cupy",),
        memory="partial sums of one kernel",
    ),
    Library(
        name="Dask", facts="dask", backends=("dask",), lazy="always", memory="some chunks a worker"
    ),
    Library(
        name="Cubed",
        facts="cubed",
        backends=("cubed",),
        lazy="always",
        memory="some chunks a worker",
    ),
    Library(
        name="array-api-strict",
        facts="array_api_strict",
        backends=("array-api-strict", "array-api-strict-device1"),
    ),
    Library(
        name="MLX",
        facts="mlx",
        backends=("mlx", "mlx-compile"),
        lazy="always",
        autodiff="by `mx.grad`",
    ),
    Library(name="ndonnx", facts="ndonnx", backends=("ndonnx",), lazy="in exported graphs"),
    Library(name="sparse (COO)", facts="sparse", backends=("sparse",)),
    Library(name="dpnp", facts="dpnp", backends=("dpnp",)),
)
