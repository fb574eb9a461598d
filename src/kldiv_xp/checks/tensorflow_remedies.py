"""Remedies for tensors of TensorFlow, which are no arrays here and which it differentiates."""

from kldiv_xp.checks.remedies import export_of

BY_HAND = (
    "call a gradient function, with return_value=True, by tf.numpy_function within "
    "tf.custom_gradient"
)


def for_tensorflow(name: str, operand: object, *, alone: bool) -> str:
    """Remedy for a tensor of TensorFlow, told by the module of its type alone; "" if none.

    Beside an array of another library it is converted; in a graph it has no values.
    """
    if type(operand).__module__.partition(".")[0] != "tensorflow":
        return ""
    if not (export := export_of(operand)):
        return f"{BY_HAND}, since the tensors of a graph have no values"
    taken = f"pass {name}.{export}, an array of NumPy, which no tf.GradientTape follows"
    return f"{taken}; {BY_HAND} for it" if alone else ""
