"""The Kullback-Leibler divergence loss of `torch.nn.KLDivLoss`, for every array library."""

from kldiv_xp._functional import kl_div
from kldiv_xp._gradient import kl_div_gradient
from kldiv_xp._loss import KLDivLoss
from kldiv_xp._threads import thread_limit
from kldiv_xp._warnings import KLDivWarning

__all__ = [
    "KLDivLoss",
    "KLDivWarning",
    "__version__",
    "kl_div",
    "kl_div_gradient",
    "thread_limit",
]

__version__ = "0.1.0"

for _public in (KLDivLoss, KLDivWarning, kl_div, kl_div_gradient, thread_limit):
    _public.__module__ = __name__
del _public
