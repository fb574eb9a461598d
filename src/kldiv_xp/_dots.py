"""Inner products with NumPy, piece by piece: in one order, by one thread, for any length."""

from kldiv_xp._typing import Array, Namespace

# A dot product of 10000 elements lets OpenBLAS start threads of its own, which fight with ours
# (512 x 32000 float64: 67 ms instead of 12).
ROW = 4096


def dot(xp: Namespace, left: Array, right: Array) -> float:
    """Inner product of all elements."""
    if left.size < ROW:
        return float(xp.vecdot(left.reshape(-1), right.reshape(-1)))
    return float(dots(xp, left.reshape(1, -1), right.reshape(1, -1))[0])


def dots(xp: Namespace, left: Array, right: Array) -> Array:
    """Inner products of rows: of pieces of a row in their own type, which float64 adds up."""
    left, right = forwards(xp, left), forwards(xp, right)
    count, size = left.shape
    whole = size - size % ROW
    rest = xp.vecdot(left[:, whole:], right[:, whole:]).astype(xp.float64)
    if not whole:
        return rest
    pieces = [matrix[:, :whole].reshape(count, -1, ROW) for matrix in (left, right)]
    return xp.sum(xp.vecdot(*pieces), axis=1, dtype=xp.float64) + rest


def forwards(xp: Namespace, matrix: Array) -> Array:
    """Matrix, copied where its rows repeat one element or run backwards.

    BLAS does not take such rows, and NumPy's own loop adds them up one by one: the float32 sum of
    2**31 equal terms was off by 1.8e-5 of itself.
    """
    return matrix if matrix.strides[-1] > 0 else xp.ascontiguousarray(matrix)
