"""Divergences of arrays of xarray, whose dimensions have names: in memory, and lazily on Dask.

To run it: python examples/named_dimensions_xarray.py
"""

import numpy as np
import xarray as xr

from kldiv_xp import kl_div

YEARS, STATIONS, CATEGORIES = 4, 3, 5


def divergence(log_q, p, dim, **options):
    """Divergence along a dimension; apply_ufunc moves it to the end, and aligns all others."""
    return xr.apply_ufunc(
        kl_div,
        log_q,
        p,
        input_core_dims=[[dim], [dim]],
        kwargs={"reduction": "none", "axis": -1, **options},
        dask="allowed",
    )


def forecasts(rng):
    """Probabilities that were forecast and observed, their axes in two orders."""
    coords = {"year": 2000 + np.arange(YEARS), "station": list("ABC")}
    shape = (YEARS, STATIONS)
    forecast = rng.dirichlet(np.ones(CATEGORIES), shape)
    observed = rng.dirichlet(np.ones(CATEGORIES), shape)
    dims = ("year", "station", "category")
    q = xr.DataArray(forecast, coords=coords, dims=dims)
    p = xr.DataArray(observed, coords=coords, dims=dims)
    return q, p.transpose("category", "station", "year")


def main():
    """Compute the same divergences in memory and lazily, and average them over the years."""
    q, p = forecasts(np.random.default_rng(0))
    at_once = divergence(np.log(q), p, "category")
    lazy = divergence(np.log(q.chunk(year=2)), p.chunk(year=2), "category")
    print(f"dimensions {at_once.dims}, lazily in chunks {lazy.chunks}")
    means = lazy.mean("year").compute()
    for station in means.station.values:
        print(f"station {station}: {float(means.sel(station=station)):.6f} nats")
    return at_once, lazy, means


if __name__ == "__main__":
    main()
