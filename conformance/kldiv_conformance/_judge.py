"""Runs one vector on one backend, and says what came of it."""

import builtins
import warnings
from collections.abc import Callable
from ctypes import ArgumentError
from dataclasses import replace
from functools import partial
from typing import Any

from kldiv_conformance._adapter import Adapter, Array
from kldiv_conformance._again import refuse_again
from kldiv_conformance._arguments import NotSupportedError, is_default, no_argument
from kldiv_conformance._calls import (
    BrokenAdapterError,
    asked_dtype,
    call,
    check_reads_indices,
    lacked,
    made,
)
from kldiv_conformance._implementations import Implementation
from kldiv_conformance._memory import IN_ONE_PIECE, told, with_layouts
from kldiv_conformance._operands import (
    KEPT,
    STUDENT_ALONE,
    ConstantTargetError,
    WrongCallError,
    accuses,
    changed,
    snapshots,
)
from kldiv_conformance._outcome import Outcome
from kldiv_conformance._raises import RAISED
from kldiv_conformance._results import keep, overwritten
from kldiv_conformance._returned import compared
from kldiv_conformance._sequences import refuse_sequences
from kldiv_conformance._settings import restored, settings, without_warnings
from kldiv_conformance._text import described, one_line
from kldiv_conformance._vector import Vector

# How a call refuses operands for how they lie in memory; else NotImplementedError says so.
REFUSALS = (ValueError, TypeError, BufferError, ArgumentError)
# Vectors that are asked in one piece, too.
BLOCK = "SecondBlock"
BUT_NOT = "wrong where all operands lie in one piece"
Ask = Callable[[Vector], Outcome]
REFUSED = "operands that do not lie in one piece of memory are refused"


def judge(vector: Vector, adapter: Adapter, implementation: Implementation) -> Outcome:
    """Outcome of a vector; whatever the implementation raises is part of it."""
    views = with_layouts(vector, adapter.library)
    ask = partial(judged_once, adapter=adapter, implementation=implementation)
    found = ask(views)
    if found.verdict == "pass":
        return also_in_one_piece(found, views, vector, ask)
    if accuses(found.detail)[0]:
        return found
    return asked_otherwise(found, views, vector, ask)


def asked_otherwise(found: Outcome, views: Vector, vector: Vector, ask: Ask) -> Outcome:
    """The outcome of a call that does not pass, told by what the same call does elsewhere."""
    if found.verdict == "failure" and vector.raises is None:
        again = ask(views)
        if again.verdict == "pass":
            return replace(again, verdict="failure", detail=f"{KEPT}: {found.detail}")
    if not (where := told(views)):
        return found
    whole = ask(vector)
    if whole.verdict != "pass":
        return whole
    if found.verdict == "not supported":
        return replace(found, detail=f"{REFUSED}: {found.detail}")
    detail = f"{IN_ONE_PIECE}, wrong for {where}: {found.detail}"
    return replace(whole, verdict="failure", detail=detail)


def also_in_one_piece(found: Outcome, views: Vector, vector: Vector, ask: Ask) -> Outcome:
    """The outcome of a call that passes; of blocks, what is wrong where they lie in one piece."""
    where = told(views)
    if not where or BLOCK not in vector.flags:
        return found
    whole = ask(vector)
    if whole.verdict != "failure":
        return found
    return replace(whole, detail=f"right for {where}, {BUT_NOT}: {whole.detail}")


def judged_once(vector: Vector, adapter: Adapter, implementation: Implementation) -> Outcome:
    """Outcome of one call."""
    outcome = partial(Outcome, vector.id, vector.group)
    try:
        check_reads_indices(vector, adapter)
        pair = {name: made(operand, adapter) for name, operand in vector.pair.items()}
        others = {name: made(operand, adapter) for name, operand in vector.others.items()}
        asked = asked_dtype(vector, adapter)
    except NotSupportedError as reason:
        return outcome("not supported", one_line(reason))
    except BrokenAdapterError as reason:
        return outcome("failure", one_line(reason))
    operands, options = pair | others, vector.arguments | others | asked
    before, of_library = snapshots(operands, adapter), settings(adapter.library)
    found = called(vector, adapter, implementation, list(pair.values()), options)
    left = restored(of_library)  # operands are read as they were before the call
    for problem in filter(None, (changed(before, operands, adapter), left)):
        found = accused(found, problem)
    return found


def called(
    vector: Vector,
    adapter: Adapter,
    implementation: Implementation,
    arrays: list[Any],
    options: dict[str, Any],
) -> Outcome:
    """Outcome of a call, without regard to its operands."""
    outcome = partial(Outcome, vector.id, vector.group)
    try:
        run = partial(call, vector, adapter, implementation, arrays, options)
        returned, problem = without_warnings(run)
    except ConstantTargetError as refusal:
        return of_student(vector, adapter, refusal)
    except NotImplementedError as refusal:
        reason = one_line(refusal) or "the implementation does not do this."
    except WrongCallError as wrong:
        return outcome("failure", str(wrong))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        name = lacked(vector, implementation, options, error)
        if name is None:
            return raised(vector, error)
        kept = {one: value for one, value in options.items() if one != name}
        if is_default(vector, name, options[name]):
            return called(vector, adapter, implementation, arrays, kept)
        reason = no_argument([name])
    else:
        found = of_returned(vector, adapter, implementation, returned)
        found = found if problem is None else accused(found, problem)
        return in_sequence(found, vector, adapter, implementation, options)
    return outcome("not supported", reason)


def in_sequence(
    found: Outcome,
    vector: Vector,
    adapter: Adapter,
    implementation: Implementation,
    options: dict[str, Any],
) -> Outcome:
    """The outcome of a call; of one that passes, what is wrong where others follow it."""
    if found.verdict != "pass":
        return found
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            refuse_sequences(vector, adapter, implementation, options)
            refuse_again(vector, adapter, implementation, options)
    except WrongCallError as problem:
        return replace(found, verdict="failure", detail=str(problem))
    except NotImplementedError as refusal:
        return Outcome(vector.id, vector.group, "not supported", one_line(refusal))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return raised(vector, error)
    return found


def of_student(vector: Vector, adapter: Adapter, refusal: ConstantTargetError) -> Outcome:
    """Outcome of a loss that refuses the target's derivative: a failure if the other is wrong."""
    found = compared(vector, adapter, {"d_input": refusal.by_input})
    outcome = partial(Outcome, vector.id, vector.group)
    if found.verdict == "failure":
        return outcome("failure", found.detail)
    reason = one_line(refusal).rstrip(".") or "the implementation does not do this"
    return outcome("not supported", f"{reason}; {STUDENT_ALONE}.")


def of_returned(
    vector: Vector, adapter: Adapter, implementation: Implementation, returned: dict[str, Array]
) -> Outcome:
    """Outcome of a call that returned something, and whether what others returned is left."""
    if vector.raises is not None:
        message = f"must raise {vector.raises}, but returned a value."
        return Outcome(vector.id, vector.group, "failure", message)
    lost = overwritten(adapter, implementation)
    found = compared(vector, adapter, returned)
    if found.values:
        keep(vector.id, adapter, implementation, returned)
    return found if lost is None else accused(found, lost)


def accused(outcome: Outcome, problem: str) -> Outcome:
    """The same outcome as a failure, with what was overwritten before its own details."""
    return replace(outcome, verdict="failure", detail=f"{problem} {outcome.detail}".strip())


def raised(vector: Vector, error: BaseException) -> Outcome:
    """Outcome of a call that raised: right if the vector asks for just that."""
    if vector.raises and isinstance(error, getattr(builtins, vector.raises)):
        return Outcome(vector.id, vector.group, "pass")
    if told(vector) and is_refusal(error):
        return Outcome(vector.id, vector.group, "not supported", described(error))
    wanted = f"must raise {vector.raises}, but raised" if vector.raises else RAISED
    detail = f"{wanted} {described(error)}"
    return Outcome(vector.id, vector.group, "failure", detail)


def is_refusal(error: BaseException) -> bool:
    """Whether an error may be one about how operands lie in memory; torch's checks have no type."""
    return isinstance(error, REFUSALS) or "must be contiguous" in described(error)
