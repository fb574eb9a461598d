"""A loss as a module of torch, whose options are attributes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from kldiv_xp.api.remembered_options import OF_LOGITS, Checks, checked_option, shown
from kldiv_xp.checks.calls_of_classes import NO_MASKS, refuse_call
from kldiv_xp.checks.not_given import OPERANDS, NotGiven
from kldiv_xp.checks.other_names import OF_CALLS
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


class CalledWithOperands(torch.nn.Module):
    """A module whose call says where an option is passed."""

    if TYPE_CHECKING:  # torch.nn.Module annotates its own as a call of anything.

        def __call__(
            self, input: torch.Tensor, target: torch.Tensor, where: torch.Tensor | None = None
        ) -> torch.Tensor:
            """Loss of `input` against `target`, in nats."""

    else:

        def __call__(self, *args: Any, **given: Any) -> Any:
            """Loss of `input` against `target`, in nats."""
            if given or len(args) != len(OPERANDS):
                refuse_others(self, args, given)
            return super().__call__(*args, **given)


def refuse_others(module: torch.nn.Module, args: tuple[Any, ...], given: dict[str, Any]) -> None:
    """Refuse what `forward` lacks or does not take, unless that of a subclass, or after hooks."""
    count, kind = len(OPERANDS), type(module)
    if module._forward_pre_hooks or not kind.forward.__module__.startswith("kldiv_xp."):
        return
    other = {name: value for name, value in given.items() if name not in OF_CALLS}
    where, unnamed = args[count : count + 1], args[count + 1 :]
    if other or unnamed or (where and type(where[0]) in NO_MASKS):
        refuse_call(kind, where and where[0], unnamed, other)
    for name in OPERANDS[len(args) :]:
        if name not in given:
            raise NotGiven(f"{kind.__name__}()", name, OPERANDS).refusal()


class LossWithOptions(CalledWithOperands):
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
