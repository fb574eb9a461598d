"""A kernel as any project might have one: fused for its own needs, here on NumPy."""

import numpy as np


def kl_div(input, target, *, reduction, log_target=False):
    check(input, target, reduction, log_target)
    if input.dtype == np.float16 or target.dtype != input.dtype:
        raise NotImplementedError("float32 or float64, and one of them.")
    with np.errstate(all="ignore"):
        p = np.exp(target) if log_target else target
        possible = p != 0
        log_p = np.where(possible, target, 0) if log_target else np.log(np.where(possible, p, 1))
        terms = p * (log_p - np.where(possible | np.isnan(input), input, 0)) + 0.0
        if reduction == "none":
            return np.asarray(terms)
        return np.asarray(np.sum(terms) / input.dtype.type(parts(input, reduction)))


def parts(input, reduction):
    size = {"sum": 1, "mean": input.size, "batchmean": (*input.shape, 1)[0]}[reduction]
    return size or np.nan


def check(input, target, reduction, log_target):
    if reduction not in ("none", "sum", "mean", "batchmean"):
        raise ValueError(f"unknown reduction {reduction!r}")
    if not isinstance(log_target, bool):
        raise TypeError(f"`log_target` must be a bool; got {log_target!r}")
    for array in (input, target):
        if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
            raise TypeError(f"a real floating array is needed; got {array!r}")
    if input.shape != target.shape:
        raise ValueError(f"shapes {input.shape} and {target.shape} differ")
