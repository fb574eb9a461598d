"""Running a plan on arrays, its jobs shared among threads."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from math import prod
from typing import Any

from kldiv_xp._typing import Array, DType
from kldiv_xp.fused.buffers import HostBuffer, buffers_of
from kldiv_xp.fused.compiler import widens_float16
from kldiv_xp.fused.plans import Plan
from kldiv_xp.host.sharing import share
from kldiv_xp.host.threads import Threads, check_setting
from kldiv_xp.tracing.operations import NARROW

JOBS_WORTH_A_THREAD = 4


def known_buffers(
    shape: tuple[int, ...], arrays: Sequence[Array], working: DType
) -> list[HostBuffer] | None:
    """Buffers of arrays broadcast to a shape; None for empty shapes or dtypes without loops."""
    return buffers_with_loops(shape, arrays, working) if prod(shape) else None


def buffers_with_loops(
    shape: tuple[int, ...], arrays: Sequence[Array], working: DType
) -> list[HostBuffer] | None:
    """The same; None for dtypes without loops alone."""
    if numpy_name(working) not in ("float32", "float64"):
        return None
    buffers = buffers_of(shape, arrays)
    if buffers is None:
        return None
    dtypes = {one.layout.dtype for one in buffers}
    if dtypes.intersection(NARROW) and numpy_name(working) != "float32":
        return None
    return None if "float16" in dtypes and not widens_float16() else buffers


def run_plan(
    plan: Plan, addresses: Sequence[int], numbers: Sequence[float], threads: Threads
) -> None:
    """Run all jobs of a plan, in threads where they are many."""
    table = plan.table(addresses, numbers)
    share_jobs(partial(plan.do, table), plan.jobs.number, threads)


def share_jobs(work: Callable[[Iterator[int]], None], count: int, threads: Threads) -> None:
    """Call `work` with iterators of jobs, in threads where jobs are many."""
    check_setting()
    share(work, count, threads() if count > JOBS_WORTH_A_THREAD else 1)


def layouts(buffers: Sequence[HostBuffer]) -> Iterator[Any]:
    """Layouts of buffers."""
    return (one.layout for one in buffers)


def addresses(buffers: Sequence[HostBuffer]) -> list[int]:
    """Addresses of buffers."""
    return [one.address for one in buffers]


def address_of(array: Array) -> int:
    """Address of a new array."""
    address: int = array.__array_interface__["data"][0]
    return address


@cache
def numpy_name(dtype: DType) -> str:
    """Name of a NumPy dtype or scalar type."""
    return dtype.__name__ if isinstance(dtype, type) else str(dtype)
