"""Arrays of JAX: compiled programs with derivatives in closed form."""
