"""Calls of a loss that remembers its options: what they do not take, and where that is passed."""

import inspect
import re
from collections.abc import Mapping
from typing import NoReturn

from kldiv_xp.checks.handed_values import handed_on, what_is_taken
from kldiv_xp.checks.other_names import nearest, remedy_for
from kldiv_xp.checks.switches import switch_meant
from kldiv_xp.checks.unnamed_arguments import in_words, meant_by
from kldiv_xp.core.namespaces import is_array

# In place of a mask, an option without its name.
NO_MASKS = (str, int, float)
FUNCTION_OF = {
    "KLDivLoss": "kl_div",
    "JSDivLoss": "js_div",
    "KLDivWithLogitsLoss": "kl_div_with_logits",
    "JSDivWithLogitsLoss": "js_div_with_logits",
}

# Options that functions take as arrays too.
TAKEN_AS_ARRAYS = ("temperature", "beta")


def refuse_call(
    kind: type, where: object, unnamed: tuple[object, ...], other: Mapping[str, object]
) -> NoReturn:
    """Refuse what a call does not take: what is no mask, all after it, and other names.

    Raises
    ------
    TypeError
        Always.
    """
    options = [*inspect.signature(kind).parameters]
    if unnamed or not other:
        raise TypeError(of_place(kind, unnamed[0] if unnamed else where, options))
    name, value = next(iter(other.items()))
    remedy = of_name(kind, other, options)
    message = f"a call of {kind.__name__} takes no `{name}`; got {in_words(value)}: {remedy}."
    raise TypeError(message)


def of_place(kind: type, value: object, options: list[str]) -> str:
    """Sentence on a value by place that is no operand."""
    names = [*meant_by(value)]
    meant = [passed(kind, name, value, "value") for name in names if name in options]
    remedy = " or ".join(meant) or f"pass {', '.join(options)} when you make {kind.__name__}"
    if "where" in names:
        remedy = "pass it as where="
    return (
        f"a call of {kind.__name__} takes `input`, `target` and `where`, a mask, and nothing else; "
        f"got {in_words(value)}: {remedy}."
    )


def of_name(kind: type, given: Mapping[str, object], options: list[str]) -> str:
    """Remedy for names that the call does not take."""
    name, value = next(iter(given.items()))
    if name in options:
        return passed(kind, name, value, name)
    remedy = remedy_for(kind, given, {"", "where", *options})
    if any(remedy.startswith(f"pass {one}=") for one in options):
        return f"when you make {kind.__name__}, {remedy}"
    if remedy:
        of_class = "|".join(options)
        return re.sub(rf", with ({of_class})=", rf", and make {kind.__name__} with \1=", remedy)
    near = nearest(name, options)
    return near if near.count(",") > 1 else f"{near} when you make {kind.__name__}"


def passed(kind: type, name: str, value: object, code: str) -> str:
    """Where an option is passed: to the class, or to the function if that takes its array."""
    loss = next(
        (FUNCTION_OF[one.__name__] for one in kind.__mro__ if one.__name__ in FUNCTION_OF), ""
    )
    if loss and name in TAKEN_AS_ARRAYS and is_array(value):
        return f"call {loss}(input, target, {name}={code}), which takes arrays"
    if value is None:
        return "leave it out"
    parameters, template = inspect.signature(kind).parameters, f"{name}={{value}}"
    found = handed_on(template, code, value, {*parameters}, is_class=True)
    if isinstance(parameters[name].default, bool) and switch_meant(value) is not None:
        found = repr(switch_meant(value))
    if found is None:
        taken = what_is_taken(template, {*parameters}).partition("..., ")[2]
        return f"pass it to {kind.__name__}({name}=...) as {taken}"
    return f"pass it to {kind.__name__}({name}={found})"
