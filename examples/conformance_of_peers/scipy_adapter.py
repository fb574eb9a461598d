"""scipy.special.rel_entr, elementwise and of probabilities, called as kl_div is."""

import numpy as np
from scipy.special import rel_entr


def kl_div(input, target, *, reduction, log_target):
    terms = rel_entr(np.exp(target) if log_target else target, np.exp(input))
    parts = {"mean": input.size, "batchmean": (*input.shape, 1)[0]}.get(reduction, 1)
    return terms if reduction == "none" else np.asarray(np.sum(terms) / parts)
