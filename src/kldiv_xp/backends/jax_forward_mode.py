"""Forward mode of JAX, which passes no function whose derivative is closed: told in a sentence."""


def is_of_forward_mode(error: TypeError) -> bool:
    """Whether JAX says "can't apply forward-mode autodiff (jvp) to a custom_vjp function"."""
    return "custom_vjp" in str(error)
