"""The loss on Dask, DTensor and JAX sharding: measured, and what the measurements say of more."""
