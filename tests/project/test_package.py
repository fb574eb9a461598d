"""The public names, and what importing them costs."""

import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest
from conftest import imported
from packaging.version import Version

import kldiv_xp

MODULES = [module.name for module in pkgutil.walk_packages(kldiv_xp.__path__, "kldiv_xp.")]
LIBRARIES = ("numpy", "cupy", "torch", "jax", "dask", "cubed", "array_api_strict")


def run_python(program):
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_public_names():
    assert set(kldiv_xp.__all__) == {
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
        "kl_div",
        "js_div",
        "js_div_gradient",
        "js_div_with_logits",
        "js_div_with_logits_gradient",
        "kl_div_gradient",
        "kl_div_with_logits",
        "linear_kl_div",
        "linear_kl_div_gradient",
        "reproducible",
        "sparse_kl_div_with_logits",
        "sparse_kl_div_with_logits_gradient",
        "kl_div_with_logits_gradient",
        "thread_limit",
    }


@pytest.mark.parametrize("name", ["kldiv_xp", "kldiv_xp.torch", "kldiv_xp.typing"])
def test_public_modules_show_their_public_names_alone(name):
    if name.endswith(".torch"):
        pytest.importorskip("torch", reason="torch is not installed")
    module = importlib.import_module(name)
    assert dir(module) == module.__all__ == sorted(module.__all__)
    assert all(hasattr(module, one) for one in module.__all__)


def test_version_is_a_version():
    assert Version(kldiv_xp.__version__) > Version("0")


def test_types_are_shipped():
    import importlib.resources

    assert importlib.resources.files("kldiv_xp").joinpath("py.typed").is_file()


def test_importing_imports_no_array_library():
    program = f"import sys, kldiv_xp; print([m for m in {LIBRARIES} if m in sys.modules])"
    assert run_python(program) == "[]"


@pytest.mark.long
@pytest.mark.parametrize("library", ["numpy", "torch", "jax", "dask.array", "array_api_strict"])
def test_computing_imports_no_other_array_library(library):
    pytest.importorskip(library, reason=f"{library} is not installed")
    expression = {"torch": "torch.ones(2)", "jax": "jax.numpy.ones(2)"}.get(
        library, f"{library}.ones(2)"
    )
    modules = library.replace("jax", "jax.numpy")
    program = (
        f"import sys, {modules}, kldiv_xp; before = set(sys.modules); x = {expression};"
        "kldiv_xp.kl_div(x, x, reduction='sum');"
        f"print([m for m in {LIBRARIES} if m in set(sys.modules) - before])"
    )
    assert run_python(program) == "[]"


def test_public_examples_give_what_they_show():
    pytest.importorskip("numpy", reason="numpy is not installed")
    result = doctest.testmod(kldiv_xp, raise_on_error=False)
    assert result.failed == 0
    # The public names belong to the package, and doctest looks for them nowhere else.
    shown = [getattr(kldiv_xp, name).__doc__ or "" for name in kldiv_xp.__all__]
    assert result.attempted == sum(text.count(">>> ") for text in shown) > 0


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_give_what_they_show(name):
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in (*LIBRARIES, "click", "rich"):
            raise
        imported(error.name)
    assert doctest.testmod(module, raise_on_error=False).failed == 0


@pytest.mark.parametrize(
    "name",
    [
        "KLDivLoss",
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
        "sparse_kl_div_with_logits",
        "sparse_kl_div_with_logits_gradient",
    ],
)
@pytest.mark.parametrize("section", ["Parameters", "Raises", "See Also", "Examples"])
def test_public_docstrings_have_their_sections(name, section):
    assert f"\n{section}\n{'-' * len(section)}\n" in inspect.getdoc(getattr(kldiv_xp, name))


def test_public_names_live_in_the_package():
    for name in set(kldiv_xp.__all__) - {"__version__", "CODES"}:
        assert getattr(kldiv_xp, name).__module__ == "kldiv_xp"
