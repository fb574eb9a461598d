"""A few parameters fitted to the measurements, and what they say of more machines than two cores.

Every model is a sum of costs that are never negative: one for a call, one for an element of every
function, and one for what its engine does again and again (a task, a step of a collective). It is
fitted to relative errors, since times differ by orders of magnitude; its uncertainty is that of
fits to records drawn again with replacement.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from scipy.optimize import nnls

Record = dict[str, Any]
DRAWS = 2000


def cores_used(record: Record, cores: int) -> int:
    """Workers that really work at the same time."""
    return min(record["workers"], cores)


def elements(record: Record) -> int:
    """Elements of one operand."""
    return int(record["rows"] * record["columns"])


def steps(record: Record) -> float:
    """Steps of all collectives one after the other, each over a tree of the workers."""
    return len(record["collectives"].get("all-reduce", [])) * math.log2(record["workers"])


@dataclass(frozen=True)
class Model:
    """Costs with their names, and as many draws of each."""

    names: list[str]
    costs: np.ndarray
    draws: np.ndarray
    error: float

    def interval(self, values: np.ndarray) -> tuple[float, float, float]:
        """Sum of so much of every cost, and between what nine tenths of the draws lie."""
        low, high = np.quantile(self.draws @ values, [0.05, 0.95])
        return float(self.costs @ values), float(low), float(high)

    def cost(self, name: str) -> tuple[float, float, float]:
        """One of the costs."""
        return self.interval(np.asarray([float(one == name) for one in self.names]))

    def predict(self, amounts: dict[str, float]) -> tuple[float, float, float]:
        """Time of so much of every cost that is named."""
        return self.interval(np.asarray([amounts.get(name, 0.0) for name in self.names]))


def fitted(records: list[Record], amounts: Callable[[Record], dict[str, float]]) -> Model:
    """Model of the median times of the records."""
    rows = [amounts(record) for record in records]
    names = list(dict.fromkeys(name for row in rows for name in row))
    matrix = np.asarray([[row.get(name, 0.0) for name in names] for row in rows])
    times = np.asarray([median(record["seconds"]) for record in records])
    relative = matrix / times[:, None]
    costs = solved(relative)
    rng = np.random.default_rng(0)
    draws = [solved(relative[rng.integers(len(times), size=len(times))]) for _ in range(DRAWS)]
    errors = np.abs(relative @ costs - 1)
    return Model(names, costs, np.asarray(draws), float(np.median(errors)))


def solved(relative: np.ndarray) -> np.ndarray:
    """Costs, none negative, that make every relative time as near to 1 as they can."""
    size = np.linalg.norm(relative, axis=0)
    size[size == 0] = 1
    costs, _ = nnls(relative / size, np.ones(len(relative)))
    return np.asarray(costs / size)


def dask_amounts(record: Record, cores: int) -> dict[str, float]:
    """Costs of a record on Dask: the scheduler hands out all tasks, the workers share them."""
    element = f"{record['function']}, {record['layout']}"
    return {
        "call": 1,
        "task": record["tasks"],
        "task in a worker": record["tasks"] / cores_used(record, cores),
        element: elements(record) / cores_used(record, cores),
    }


def collective_amounts(record: Record, cores: int) -> dict[str, float]:
    """Costs of a record where all workers run one program and add up their sums."""
    amounts = {"call": 1.0, "step": steps(record)}
    if record["function"] != "nothing":
        element = f"{record['function']}, {record['layout']}"
        amounts[element] = elements(record) / cores_used(record, cores)
    return amounts
