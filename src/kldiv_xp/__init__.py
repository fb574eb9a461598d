"""The Kullback-Leibler divergence loss of `torch.nn.KLDivLoss`, for every array library."""

from kldiv_xp._checking import KLDivInputError, checking
from kldiv_xp._diagnosis import diagnose
from kldiv_xp._findings import CODES, Finding, Report
from kldiv_xp._functional import kl_div
from kldiv_xp._gradient import kl_div_gradient
from kldiv_xp._logits import js_div_with_logits, kl_div_with_logits
from kldiv_xp._loss import KLDivLoss
from kldiv_xp._threads import thread_limit
from kldiv_xp._warnings import KLDivWarning

__all__ = [
    "CODES",
    "Finding",
    "KLDivInputError",
    "KLDivLoss",
    "KLDivWarning",
    "Report",
    "__version__",
    "checking",
    "diagnose",
    "js_div_with_logits",
    "kl_div",
    "kl_div_gradient",
    "kl_div_with_logits",
    "thread_limit",
]

__version__ = "0.1.0"

for _name in __all__:
    if callable(globals()[_name]):
        globals()[_name].__module__ = __name__
del _name
