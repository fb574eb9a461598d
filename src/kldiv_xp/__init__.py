"""The Kullback-Leibler divergence loss of `torch.nn.KLDivLoss`, for every array library."""

import sys

# `python -m` puts the current folder first, where a copy.py would be taken for Python's.
if (
    getattr(sys, "argv", [])[:1] == ["-m"]
    and "-m kldiv_xp " in " ".join([*sys.orig_argv, ""])
    and not sys.flags.safe_path
):
    del sys.path[0]

from kldiv_xp._warnings import KLDivWarning
from kldiv_xp.api.checking import KLDivInputError, checking
from kldiv_xp.api.js_div import js_div, js_div_gradient
from kldiv_xp.api.js_div_loss import JSDivLoss
from kldiv_xp.api.js_div_with_logits import js_div_with_logits
from kldiv_xp.api.kl_div import kl_div
from kldiv_xp.api.kl_div_gradient import kl_div_gradient
from kldiv_xp.api.kl_div_loss import KLDivLoss
from kldiv_xp.api.kl_div_with_logits import kl_div_with_logits
from kldiv_xp.api.linear_heads import linear_kl_div
from kldiv_xp.api.linear_heads_gradient import linear_kl_div_gradient
from kldiv_xp.api.reproducible import reproducible
from kldiv_xp.api.sparse_teachers import sparse_kl_div_with_logits
from kldiv_xp.api.sparse_teachers_gradient import sparse_kl_div_with_logits_gradient
from kldiv_xp.api.with_logits_gradient import (
    js_div_with_logits_gradient,
    kl_div_with_logits_gradient,
)
from kldiv_xp.api.with_logits_losses import JSDivWithLogitsLoss, KLDivWithLogitsLoss
from kldiv_xp.diagnosis.codes import CODES
from kldiv_xp.diagnosis.diagnose import diagnose
from kldiv_xp.diagnosis.report import Finding, Report
from kldiv_xp.host.threads import thread_limit

__all__ = [
    "CODES",
    "Finding",
    "JSDivLoss",
    "JSDivWithLogitsLoss",
    "KLDivInputError",
    "KLDivLoss",
    "KLDivWarning",
    "KLDivWithLogitsLoss",
    "Report",
    "__version__",
    "checking",
    "diagnose",
    "js_div",
    "js_div_gradient",
    "js_div_with_logits",
    "js_div_with_logits_gradient",
    "kl_div",
    "kl_div_gradient",
    "kl_div_with_logits",
    "kl_div_with_logits_gradient",
    "linear_kl_div",
    "linear_kl_div_gradient",
    "reproducible",
    "sparse_kl_div_with_logits",
    "sparse_kl_div_with_logits_gradient",
    "thread_limit",
]

__version__ = "0.2.0"


def __dir__() -> list[str]:
    """Return the public names."""
    return [*__all__]


for _name in __all__:
    if callable(globals()[_name]):
        globals()[_name].__module__ = __name__
del _name, sys
