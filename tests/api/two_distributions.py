"""Log-probabilities and probabilities of three samples."""

import numpy as np

RNG = np.random.default_rng(20)
LOG_Q = np.log(RNG.dirichlet(np.ones(4), 3))
P = RNG.dirichlet(np.ones(4), 3)
