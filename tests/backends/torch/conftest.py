"""Fixtures of the tests of torch's backend."""

import pytest


@pytest.fixture(params=["kernels", "blocks"])
def way(request, monkeypatch):
    """Tensors in host memory pass for CUDA's, with a compiler or without; what was launched."""
    from backends.torch.cuda_tensors import passing

    with passing(monkeypatch, request.param) as launched:
        yield launched
