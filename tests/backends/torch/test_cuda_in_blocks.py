"""Blocks of CUDA tensors, where there is no compiler: of a bounded size, and complete."""

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from kldiv_xp.backends.torch import cuda_in_blocks  # noqa: E402 - torch may be missing


def test_a_block_of_float32_has_16_mebibytes_at_most(monkeypatch):
    assert cuda_in_blocks.CUDA_BLOCK_ELEMENTS * 4 == 16 * 2**20
    monkeypatch.setattr(cuda_in_blocks, "CUDA_BLOCK_ELEMENTS", 16)
    sizes = [len(list(cuda_in_blocks.small_blocks((torch.ones(size),)))) for size in (15, 16, 17)]
    assert sizes == [1, 1, 2]


@pytest.mark.parametrize("shape", [(), (1,), (17,), (3, 50), (2, 3, 40)], ids=str)
def test_blocks_cover_every_element_once(monkeypatch, shape):
    monkeypatch.setattr(cuda_in_blocks, "CUDA_BLOCK_ELEMENTS", 16)
    counts = torch.zeros(shape, dtype=torch.int64)
    for index, (block,) in cuda_in_blocks.small_blocks((counts,)):
        assert block.numel() <= 16
        counts[index] += 1
    assert (counts == 1).all()
