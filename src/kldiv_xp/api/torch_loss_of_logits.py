"""A loss as a module of torch, whose options are attributes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from kldiv_xp.api.remembered_options import OF_LOGITS, Checks, checked_option, shown
from kldiv_xp.checks.result_dtype import result_dtype
from kldiv_xp.core.namespaces import namespace_of

Method = Callable[..., torch.Tensor]


def in_python(loss: Callable[..., Any], names: tuple[str, ...]) -> Method:
    """Method that calls a loss with the attributes of these names.

    A scripted module calls it in Python, without its class.
    """

    # TorchScript knows no type for `self`.
    def method(  # type: ignore[no-untyped-def]
        self,  # noqa: ANN001
        input: torch.Tensor,
        target: torch.Tensor,
        where: torch.Tensor | None,
    ) -> torch.Tensor:
        options = {name: getattr(self, name) for name in names}
        value: torch.Tensor = loss(input, target, where=where, **options)
        return value

    ignored: Method = torch.jit.ignore(method)
    return ignored


class LossWithOptions(torch.nn.Module):
    """A loss whose options are attributes; it has no parameters and no buffers."""

    names: tuple[str, ...] = ()
    checks: ClassVar[Checks] = OF_LOGITS

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; an option only to what construction accepts."""
        super().__setattr__(name, self._option(name, value) if name in self.names else value)

    # TorchScript takes no keyword-only argument that has a default.
    def forward(
        self, input: torch.Tensor, target: torch.Tensor, where: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Loss of `input` against `target`, in nats."""
        return self._in_python(input, target, where)

    if TYPE_CHECKING:  # TorchScript would take it for an attribute.
        _in_python: Method

    def extra_repr(self) -> str:
        """Options, as they are shown between the parentheses."""
        return shown({name: getattr(self, name) for name in self.names})

    @torch.jit.unused
    def _option(self, name: str, value: Any) -> Any:
        """Option as it is remembered, a dtype as one of torch."""
        if name == "dtype" and value is not None:
            return result_dtype(namespace_of(torch.empty(0)), value)
        return checked_option(self.checks, name, value)
