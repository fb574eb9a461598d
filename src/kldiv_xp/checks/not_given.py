"""Operands that a call leaves out, refused with the call that is right."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

OPERANDS = ("input", "target")
"""Of a loss of two distributions, in their order."""


@dataclass(frozen=True)
class NotGiven:
    """Stands for an operand that has no default, until the operands are checked.

    Python would refuse the call before the function can tell what another library's name means.
    """

    function: str
    name: str
    names: tuple[str, ...]

    def refusal(self) -> TypeError:
        """Error that says what to call."""
        return TypeError(
            f"{self.function} takes {listed(self.names)}; got no `{self.name}`: call "
            f"{self.function}({', '.join(self.names)})."
        )


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them."""
    *most, last = [f"`{name}`" for name in names]
    return f"{', '.join(most)} and {last}" if most else last


def telling_what_is_not_given(function: Callable[..., Any]) -> None:
    """Make a function take calls without operands, for type checkers still refuse them."""
    parameters = [*inspect.signature(function).parameters.values()]
    names = tuple(
        one.name
        for one in parameters
        if one.kind is one.POSITIONAL_OR_KEYWORD and one.default is one.empty and one.name != "self"
    )
    kind, _, called = function.__qualname__.rpartition(".")
    shown = f"{kind}()" if kind else called
    given = getattr(function, "__defaults__", None) or ()
    defaults = (*(NotGiven(shown, name, names) for name in names), *given)
    function.__defaults__ = defaults
