"""What every backend may rely on."""
