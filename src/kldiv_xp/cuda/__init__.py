"""CUDA kernels, generated from the formula."""
