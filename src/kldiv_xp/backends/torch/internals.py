"""Private names of torch, which only this module uses: what is done to tensors, and what they are.

Where a name is missing the answer is the one that leads to the plain expression, which is right in
any case.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

import torch
from torch import _C
from torch.autograd import forward_ad
from torch.compiler import is_compiling

from kldiv_xp._typing import Array
from kldiv_xp.core.namespaces import constant_in_traces

# A subclass may do anything.
PLAIN_TYPES = (torch.Tensor, torch.nn.Parameter)


def is_transformed() -> bool:
    """Whether what is done to tensors is mapped, or differentiated on the way."""
    try:
        if forward_ad._current_level >= 0:
            return True
        if is_compiling():
            return has_transforms()
        return bool(_C._functorch.get_dynamic_layer_stack_depth())
    except AttributeError:
        return True


def is_forward() -> bool:
    """Whether derivatives are taken on the way, by torch.func too."""
    try:
        return bool(forward_ad._current_level >= 0)
    except AttributeError:
        return True


def refuses_functions() -> bool:
    """Whether a transform does not take functions of autograd, or takes them for constants.

    One that writes a program anew says "NYI: Functionalize rule for custom_function_call"; forward
    mode within forward mode makes 0 of their second derivatives, without a word.
    """
    try:
        kinds = _C._functorch.TransformType
        stack = _C._functorch.get_interpreter_stack() or ()
    except AttributeError:
        return True
    keys = [one.key() for one in stack]
    return kinds.Functionalize in keys or keys.count(kinds.Jvp) > 1


@constant_in_traces
def has_transforms() -> bool:
    """Whether transforms of torch.func are under way, to be asked while torch.compile traces.

    Before torch 2.13 it "does not know how to trace the builtin get_dynamic_layer_stack_depth".
    """
    return bool(_C._functorch.get_dynamic_layer_stack_depth())


@constant_in_traces
def may_take_inference_tensors() -> bool:
    """Whether inference mode may have made an operand of what torch.compile traces.

    A trace tells that of no tensor; its inputs do. What else it saves is computed outside of that
    mode.
    """
    try:
        from torch._dynamo.symbolic_convert import InstructionTranslator

        graph = InstructionTranslator.current_tx().output.root_tracer.graph
        inputs = [node.meta["grapharg"].example for node in graph.find_nodes(op="placeholder")]
    except (AttributeError, ImportError, KeyError):
        return True
    return any(isinstance(one, torch.Tensor) and one.is_inference() for one in inputs)


@constant_in_traces
def is_exported() -> bool:
    """Whether a program is recorded that runs without this package, so without its operators.

    Before torch 2.13, torch.compile takes each program that it traces for one.
    """
    is_exporting = getattr(torch.compiler, "is_exporting", None)
    return is_exporting is None or is_exporting() or torch.jit.is_tracing()


def is_watched() -> bool:
    """Whether something traces or counts what is done to tensors, questions about them included."""
    try:
        return (
            is_compiling()
            or _C._len_torch_dispatch_stack() > 0
            or _C._is_tracing()
            or (_C._len_torch_function_stack() > 0 and has_function_mode())
        )
    except AttributeError:
        return True


def has_function_mode() -> bool:
    """Whether a mode watches functions that does more than to name the default device."""
    harmless = torch.utils._device.DeviceContext
    modes = torch.overrides._get_current_function_mode_stack()
    return any(type(mode) is not harmless for mode in modes)


def is_retained() -> bool:
    """Whether the graph that is walked through backwards is kept for another time."""
    try:
        return bool(torch._C._autograd._get_current_graph_task_keep_graph())
    except (AttributeError, RuntimeError):
        return True


def is_saved_by_hooks() -> bool:
    """Whether hooks take what a node saves; they may give the same tensor to several nodes."""
    ignores_tracing = True
    try:
        hooks = torch._C._autograd._top_saved_tensors_default_hooks(ignores_tracing)
    except (AttributeError, TypeError):
        return True
    return hooks is not None


def node_of_plain(function: type[torch.autograd.Function]) -> Any:
    """`apply` of a function of autograd, for plain tensors that are not transformed.

    What it leaves out looks for transforms and for what they have left, for 2.1 of 7.5 us.
    """
    return super(torch.autograd.Function, function).apply


def which_are_plain(tensors: Iterable[Array]) -> list[bool]:
    """Whether each tensor is no more than memory of the host or of a CUDA device.

    Told from their types and dispatch keys: sparse, nested, quantised and negated tensors, zeros
    without memory, those of vmap and of is_grads_batched, and subclasses have others.
    """
    plain = []
    for tensor in tensors:
        try:
            keys = _C._dispatch_keys(tensor)
            plain.append(type(tensor) in PLAIN_TYPES and keys in plain_keys())
        except AttributeError:
            plain.append(False)
    return plain


@cache
def plain_keys() -> list[Any]:
    """Dispatch keys of tensors that are only memory, each also as inference mode makes them."""
    found = []
    for device in ("CPU", "CUDA"):
        inference = key_set(device, f"Autocast{device}")
        found += [inference | key_set("ADInplaceOrView", f"Autograd{device}"), inference]
    return found


def key_set(*names: str) -> Any:
    """Set of the dispatch keys of these names."""
    first, *others = (_C.DispatchKeySet(getattr(_C.DispatchKey, name)) for name in names)
    for other in others:
        first = first | other
    return first
