"""Ways for torch: eager, compiled, CUDA and DTensor."""
