"""Everything that is run on this project; `nox -l` is the table of contents."""

import shutil
from pathlib import Path

import nox

nox.options.default_venv_backend = "venv"
nox.options.sessions = ["lint", "tests"]

PYPROJECT = nox.project.load_toml("pyproject.toml")
DIST = Path("dist")


def install_group(session: nox.Session, *groups: str) -> None:
    """Install dependency groups of pyproject.toml."""
    for group in groups:
        session.install(*nox.project.dependency_groups(PYPROJECT, group))


@nox.session
def lint(session: nox.Session) -> None:
    """Check style with ruff and types with mypy."""
    install_group(session, "lint")
    session.install("array-api-compat")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests on every array library that installs."""
    install_group(session, "torch", "tests")
    session.install(".")
    session.run("pytest", *session.posargs)


@nox.session
def vectors(session: nox.Session) -> None:
    """Write the vectors of the conformance suite; with --check, prove that they are up to date."""
    install_group(session, "vectors")
    session.run("python", "-m", "generate", *session.posargs, env={"PYTHONPATH": "conformance"})


@nox.session
def demo(session: nox.Session) -> None:
    """Distil a classifier of handwritten digits into a small one; ends with a picture."""
    install_group(session, "torch", "demo")
    session.install(".")
    session.run("python", "examples/distill_digits", *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """Build sdist and wheel, and test the wheel where the source tree is out of reach."""
    install_group(session, "build", "wheel-tests")
    shutil.rmtree(DIST, ignore_errors=True)
    session.run("python", "-m", "build")
    session.install(*map(str, DIST.glob("*.whl")))
    elsewhere = Path(session.create_tmp()).resolve()
    shutil.rmtree(elsewhere / "tests", ignore_errors=True)
    shutil.copytree("tests", elsewhere / "tests")
    shutil.copy("pyproject.toml", elsewhere)
    # What these tests compare with (torch, the README, the demo) stays in the source tree.
    absent = ["upstream", "readme", "project", "distill_digits"]
    ignored = [f"--ignore=tests/test_{name}.py" for name in absent]
    ignored.append("--ignore=tests/conformance")
    session.chdir(elsewhere)
    session.run("pytest", *ignored, *session.posargs)
