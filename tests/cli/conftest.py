"""Files of operands for the command line."""

import numpy as np
import pytest
from cli.files_of_operands import P, Q


@pytest.fixture
def files(tmp_path):
    """Folder with right and wrong operands in every format."""
    np.save(tmp_path / "log_q.npy", np.log(Q))
    np.save(tmp_path / "q.npy", Q)
    np.save(tmp_path / "p.npy", P)
    np.savez(tmp_path / "both.npz", log_q=np.log(Q), p=P)
    np.savez(tmp_path / "one.npz", p=P)
    return tmp_path
