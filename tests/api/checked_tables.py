"""Two distributions and their divergence, and the logarithms of a batch of two."""

import numpy as np

Q, P = np.asarray([[0.25, 0.75]]), np.asarray([[0.5, 0.5]])
LOG_Q = np.log(Q)
VALUE = 0.14384103622589045
LOG_BOTH = np.log([[0.5, 0.5], [0.25, 0.75]])
