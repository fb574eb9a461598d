"""Losses of ours that are spoiled in some calls, and whether the suite convicts them."""

from functools import cache

import numpy as np

import kldiv_xp
from kldiv_conformance import ADAPTERS, Implementation, judge, vectors
from kldiv_conformance._implementations import DIVERGENCES

VALUE, GRADIENT = "value", "gradient"
KL, JS, SPARSE, LINEAR = (*DIVERGENCES[:2], "sparse_kl_div_with_logits", "linear_kl_div")
LOGITS = (KL, JS, SPARSE, LINEAR)
TABLES = ("kl_div", "js_div")
EVERY = (*TABLES, *LOGITS)


@cache
def asked(name, kind):
    """Vectors of the groups of bits and of rare calls, of a function and a kind."""
    every = [*vectors("bits"), *vectors("rare_calls")]
    return [it for it in every if (it.function or "kl_div") == name and it.kind == kind]


def each(found, change):
    """Every result, changed and in its dtype."""
    every = found if isinstance(found, tuple) else (found,)
    wrong = tuple(np.asarray(change(np.asarray(it)), it.dtype)[()] for it in every)
    return wrong if isinstance(found, tuple) else wrong[0]


def kind_of(options):
    """Kind of the target: logits, probabilities or their logarithms."""
    if "log_target" in options:
        return "log_probabilities" if options["log_target"] else "probabilities"
    return options.get("target_is", "logits")


def one_ulp_down(found):
    return np.where(np.isfinite(found) & (found != 0), np.nextafter(found, found * 0), found)


def spoils(change, holds):
    """Loss or gradient whose results are changed where `holds(name, arrays, options)`."""

    def wrong(function, arrays, options):
        found = function(*arrays, **options)
        return each(found, change) if holds(function.__name__, arrays, options) else found

    return wrong


def off_where(holds):
    """Loss or gradient that is off by 2 % there."""
    return spoils(lambda found: found * found.dtype.type(1.02), holds)


def convicted(wrong, name, kind):
    """Whether a vector fails where `wrong(function, arrays, options)` stands for the function."""
    found = {one: getattr(kldiv_xp, one) for one in (name, f"{name}_gradient")}
    spoiled = name if kind == VALUE else f"{name}_gradient"
    function = found[spoiled]

    def mistaken(*arrays, **options):
        return wrong(function, arrays, options)

    found[spoiled] = mistaken
    loss, gradient = found.values() if name == "kl_div" else (None, None)
    implementation = Implementation("wrong", loss, gradient, {} if loss else found)
    outcomes = (judge(it, ADAPTERS["numpy"], implementation) for it in reversed(asked(name, kind)))
    return any(it.verdict == "failure" for it in outcomes)
