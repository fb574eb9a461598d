"""The tests need no optional library to be collected: what is missing is a skip with its reason."""

import subprocess
import sys

import pytest

# Nobody has all of these, and the built wheel is tested without any.
OPTIONAL = ("torch", "jax", "dask", "llvmlite", "matplotlib", "mlx", "mpmath", "scipy", "cupy")
WITHOUT_THEM = f"""
import sys
sys.modules.update(dict.fromkeys({OPTIONAL!r}))
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_every_test_is_collected_or_skipped_without_the_optional_libraries():
    collect = [sys.executable, "-c", WITHOUT_THEM, "--collect-only", "-q", "-p", "no:cacheprovider"]
    not_in_a_wheel = ("contracts/test_upstream.py", "project", "conformance")
    ignored = [f"--ignore=tests/{name}" for name in not_in_a_wheel]
    done = subprocess.run(
        [*collect, *ignored, "tests"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "torch is not installed" in done.stdout
