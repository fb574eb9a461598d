"""Arrays of NumPy, and host memory that others lend."""
