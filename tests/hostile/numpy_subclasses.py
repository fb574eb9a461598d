"""Arrays of NumPy that are more than an array, scalars, and operands that share memory."""

from collections.abc import Iterator

import numpy as np
from hostile.row import FUNCTIONS, INPUT, TARGET, Gives, Raises, Row, sums

import kldiv_xp

OWN_MASK = (
    "`{}` must be an array without a mask of its own; got numpy.ma.MaskedArray: pass {}.data, "
    "and say what has a part in the loss by where=~numpy.ma.getmaskarray({}), joined by & to a "
    "mask that you pass."
)
OF_LOGITS = (
    "`{}` must be an array without a mask of its own; got numpy.ma.MaskedArray: if whole samples "
    "are masked, pass {}.data, with where=(~numpy.ma.getmaskarray({})).any(-1), joined by & to "
    "a mask that you pass; to leave out masked entries, make their logits -inf in both operands, "
    "e.g. numpy.where(~numpy.ma.getmaskarray({}), {}.data, -numpy.inf)."
)


def masked(values: list) -> np.ma.MaskedArray:
    return np.ma.array(values, mask=[[False, True], [False, False]])


def rows() -> Iterator[Row]:
    for number, function in enumerate(FUNCTIONS):
        place = ("input", "target")[number % 2]
        yield Row(
            f"a masked {place}",
            function,
            lambda p=place: (
                (masked(INPUT), np.array(TARGET))
                if p == "input"
                else (np.array(INPUT), masked(TARGET))
            ),
            Raises(
                TypeError,
                (OF_LOGITS if "logits" in str(function) else OWN_MASK).format(*[place] * 5),
            ),
        )
    yield Row(
        "a mask that is masked",
        lambda x, t, where: sums(x, t, where=where),
        lambda: (np.array(INPUT), np.array(TARGET), masked([[True, True]] * 2)),
        Raises(
            TypeError,
            "`where` must be an array without a mask of its own; got numpy.ma.MaskedArray: pass "
            "where.filled(False).",
        ),
    )
    yield Row(
        "a matrix",
        sums,
        lambda: (np.array(INPUT), np.array(TARGET).view(np.matrix)),
        Raises(
            TypeError,
            "`target` must be an array (NumPy, CuPy, PyTorch, JAX, Dask, ...); got numpy.matrix: "
            "convert it with numpy.asarray(target, dtype=input.dtype).",
        ),
    )
    yield Row("scalars of NumPy", sums, lambda: (np.float64(-1), np.float64(1)), Gives(1.0))
    yield Row(
        "short scalars of NumPy",
        sums,
        lambda: (np.float16(-1), np.float16(1)),
        Gives(1.0, dtype="float16"),
    )
    yield Row(
        "one array as both operands",
        lambda x: kldiv_xp.kl_div(x, x, reduction="sum", log_target=True),
        lambda: (np.array(INPUT),),
        Gives(0.0),
    )
    yield Row(
        "operands that overlap",
        sums,
        lambda: (np.arange(1.0, 5)[:3], np.arange(1.0, 5)[1:]),
        Gives(sum(p * (np.log(p) - p + 1) for p in (2.0, 3.0, 4.0))),
    )
