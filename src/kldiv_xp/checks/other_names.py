"""Option names of other libraries, refused with the name that is used here."""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, NoReturn, TypeVar, get_args

from kldiv_xp._typing import InputKind
from kldiv_xp.checks.choices import nearest_choice
from kldiv_xp.checks.handed_values import handed_on, what_is_taken
from kldiv_xp.checks.legacy_flags import FLAGS, for_reduction
from kldiv_xp.checks.names_of_masks import meant_by_mask
from kldiv_xp.checks.names_of_operands import LOGITS, NAMES_OF_OPERANDS, for_operands
from kldiv_xp.checks.peer_factors import WITHOUT_PLACES, Meant
from kldiv_xp.checks.peer_masks import LABELS, ignored_by
from kldiv_xp.checks.peer_options import MEANT, OF_WORDS, OFF
from kldiv_xp.checks.peer_spaces import OF_VALUES
from kldiv_xp.checks.switches import switch_meant, text_of
from kldiv_xp.checks.unnamed_arguments import in_words, names_by_place, refuse_unnamed
from kldiv_xp.core.namespaces import is_array

ClassT = TypeVar("ClassT", bound=type)
# An option is told where the call has none of its own.
AVERAGED, MEANED = ", axis=-1 and reduction='mean'", " and reduction='mean'"
MADE = ", to what {}({}reduction='mean') makes"
NO_AXIS = " where you give no axis"
SWAPPED = (
    "`target` as `input` and `input` as `target`, with log_input=False and log_target=True where "
    "you give neither"
)
UNLESS = " where you give no others"
# What the losses take that classes make.
OF_CALLS = ("input", "target", "where")


def remedy_of(kind: Callable[..., Any], name: str, value: object, known: set[str]) -> str:
    """What to do instead of giving an option of another library; "" if it is no such name."""
    if name in OFF:
        if name in FLAGS and text_of(value) and switch_meant(value) is None:
            return for_reduction(value)
        value = None if text_of(value) == "none" else value
        value = value if switch_meant(value) is None else switch_meant(value)
    meant = meant_by_name(name, value)
    if meant and value is None:
        return "leave it out"
    return first_that_takes(kind, name, value, known, meant)


def meant_by_name(name: str, value: object) -> Meant:
    """Remedies for an option of another library, where that depends on its value; () if none."""
    meant = (OFF if value is False and name in OFF else MEANT).get(name, ())
    # `logits` is a switch of some losses, and an operand of others.
    if not isinstance(value, bool):
        meant = NAMES_OF_OPERANDS.get(name, meant)
    if isinstance(value, str):
        word = nearest_choice(value, get_args(InputKind)) or value
        meant = (OF_VALUES | OF_WORDS).get((name, word), meant)
    return meant or (LABELS if name.endswith("labels") else meant_by_mask(name, value))


def first_that_takes(
    kind: Callable[..., Any], name: str, value: object, known: set[str], meant: Meant
) -> str:
    """The first remedy whose options there are and take the value; else what the first takes."""
    remedies = [remedy for option, remedy in meant if known.issuperset(option.split())]
    whole = WITHOUT_PLACES if {"beta", "indices"} <= known else ""
    names = names_beside(kind) | {"name": name, "whole": whole, "ignored": ignored_by(value)}
    # After one that refuses the value no remedy is meant that does not hand it on.
    for remedy in remedies[:1] + [one for one in remedies[1:] if "{value}" in one]:
        # The name stands for what cannot be printed: an array is not read.
        code = handed_on(remedy, name, value, known, is_class=isinstance(kind, type))
        if code is not None:
            return remedy.format(value=code, **names)
    return what_is_taken(remedies[0], known).format(**names) if remedies else ""


def remedy_for(kind: Callable[..., Any], given: Mapping[str, object], known: set[str]) -> str:
    """Remedy for the first of several names, or for all operands among them."""
    remedies = {name: remedy_of(kind, name, one, known) for name, one in given.items()}
    loss, of_class = names_beside(kind)["logits"], kind.__name__ * isinstance(kind, type)
    start = LOGITS.format(logits=loss)
    moved = [one.removeprefix(start) for one in remedies.values() if one.startswith(start)]
    if not moved:
        return for_operands(remedies, of_class=of_class) or next(iter(remedies.values()))
    known = known - {"log_input", "log_target"} | {"temperature", "target_is"}
    together = {name: remedy_of(kind, name, one, known) for name, one in given.items()}
    told = for_operands(together, loss, of_class)
    return told + max(moved) * ("target_is" not in told) if told else next(iter(remedies.values()))


def names_beside(kind: Callable[..., Any]) -> dict[str, str]:
    """Losses that take something else in the place of a loss, and the code of options of it."""
    loss, is_class = kind.__name__, isinstance(kind, type)
    end = "_gradient" if loss.endswith("_gradient") else ""
    dense = loss.replace("sparse_", "").replace("linear_kl_div", "kl_div_with_logits")
    return {
        "logits": loss.replace("div", "div_with_logits").replace("Div", "DivWithLogits"),
        "js": loss.replace("kl_", "js_").replace("KL", "JS"),
        "dense": dense,
        "tables": dense.replace("_with_logits", "").replace("WithLogits", ""),
        "swapped": SWAPPED,
        "terms": " and axis=()" if "js" in loss.lower() else "",
        "sparse": f"sparse_kl_div_with_logits{end}",
        "axis": f"{loss}(axis=-1){NO_AXIS}" if is_class else f"axis=-1{NO_AXIS}",
        "averaged": (MADE.format(loss, "axis=-1, ") if is_class else AVERAGED) + UNLESS,
        "meaned": (MADE.format(loss, "") if is_class else MEANED) + UNLESS,
    }


def sentence(kind: Callable[..., Any], name: str, value: object, remedy: str) -> str:
    """Sentence on an option that is none."""
    return f"`{name}` is no option of {kind.__name__}; got {in_words(value)}: {remedy}."


def nearest(name: str, options: list[str]) -> str:
    """Remedy for an unknown option: the nearest name, or all of them."""
    from difflib import get_close_matches

    near = get_close_matches(name, options, 1)
    every = f"leave it out: there are {', '.join(options)}"
    return f"leave it out, or pass {near[0]}" if near else every


def refuse_other_names(
    function: Callable[..., Any], other: Mapping[str, object], unnamed: tuple[object, ...]
) -> NoReturn:
    """Refuse options that a function has not, and those that are given without a name.

    Raises
    ------
    TypeError
        Always.
    """
    if unnamed:
        refuse_unnamed(function, unnamed[0])
    name, value = next(iter(other.items()))
    options = [
        one.name
        for one in inspect.signature(function).parameters.values()
        if one.default is not inspect.Parameter.empty
    ]
    remedy = remedy_for(function, other, {"", *options})
    remedy = remedy or nearest(name, options)
    raise TypeError(sentence(function, name, value, remedy))


def refuses_other_names(kind: ClassT) -> ClassT:
    """Class decorator: the constructor refuses what is no option of it, or has no name.

    Functions have parameters for that instead: a wrapper would take longer.
    """
    construct = vars(kind)["__init__"]
    options = [*inspect.signature(construct).parameters][1:]
    kind.option_names = options  # type: ignore[attr-defined]
    places = len(names_by_place(construct)) - 1

    @wraps(construct)
    def constructed(self: Any, *args: Any, **given: Any) -> None:
        if other := {name: value for name, value in given.items() if name not in options}:
            name, value = next(iter(other.items()))
            raise TypeError(sentence(kind, name, value, of_class(kind, other, options)))
        if args and (len(args) > places or is_array(args[0])):
            refuse_unnamed(kind, args[0 if is_array(args[0]) else places])
        construct(self, *args, **given)

    kind.__init__ = constructed  # type: ignore[misc]
    return kind


def of_class(kind: type, given: Mapping[str, object], options: list[str]) -> str:
    """Remedy for names that the constructor of a class does not take."""
    name = next(iter(given))
    call = f"{kind.__name__}()(input, target)"
    if name in OF_CALLS:
        return f"pass it with the operands, {call.replace('t)', 't, where=where)')}"
    remedy = remedy_for(kind, given, {"", *options}) or nearest(name, options)
    if "by its place" not in remedy:
        return remedy
    operand, _, option = remedy.partition(", with ")
    return f"{operand} in {call.replace('()', f'({option})', 1)}"
