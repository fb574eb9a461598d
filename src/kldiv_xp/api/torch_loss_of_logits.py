"""A loss as a module of torch, whose options are attributes."""

from abc import abstractmethod
from typing import Any, ClassVar

import torch

from kldiv_xp.api.remembered_options import OF_LOGITS, Checks, checked_option, shown
from kldiv_xp.checks.result_dtype import result_dtype
from kldiv_xp.core.namespaces import namespace_of


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

    @abstractmethod
    @torch.jit.ignore
    def _in_python(
        self, input: torch.Tensor, target: torch.Tensor, where: torch.Tensor | None
    ) -> torch.Tensor:
        """The loss itself, which a scripted module calls in Python, without its class."""

    def extra_repr(self) -> str:
        """Options, as they are shown between the parentheses."""
        return shown({name: getattr(self, name) for name in self.names})

    @torch.jit.unused
    def _option(self, name: str, value: Any) -> Any:
        """Option as it is remembered, a dtype as one of torch."""
        if name == "dtype" and value is not None:
            return result_dtype(namespace_of(torch.empty(0)), value)
        return checked_option(self.checks, name, value)
