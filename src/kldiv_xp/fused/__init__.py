"""CPU loops compiled from the formula by LLVM (an extra)."""
