"""Everything that is run on this project; `nox -l` is the table of contents."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import nox

nox.options.default_venv_backend = "venv"
nox.options.sessions = ["lint", "tests"]

PYPROJECT = nox.project.load_toml("pyproject.toml")
DIST = Path("dist")
CONSTRAINTS = Path(".ci/constraints.txt")


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


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# A test process for each processor. Two threads are the fewest with which all tests of threads run.
PARALLEL = (f"--numprocesses={processors()}", "--dist=worksteal")
SURROUNDINGS = {
    "OMP_NUM_THREADS": "2",
    "OMP_WAIT_POLICY": "PASSIVE",
    "OPENBLAS_NUM_THREADS": "2",
    "XLA_FLAGS": "--xla_force_host_platform_device_count=4",
}


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests on every array library that installs, with a few cases of what takes long."""
    run_tests(session, "not dry_run and not long and not slow")


@nox.session
def slow(session: nox.Session) -> None:
    """Run the tests that take seconds each, which `tests` leaves out."""
    run_tests(session, "slow and not dry_run and not long")


@nox.session
def full(session: nox.Session) -> None:
    """Run all that `tests` and `slow` leave out, most of it in compilers, for more than an hour."""
    run_tests(session, "long")


def run_tests(session: nox.Session, marks: str) -> None:
    """Run the tests that have these marks, the distributed ones included."""
    install_group(session, "torch", "tests")
    session.install(".")
    asked = session.posargs or ["tests", "tests/distributed"]
    session.run("pytest", *PARALLEL, "-m", marks, *asked, env=SURROUNDINGS)


@nox.session
def dry_runs(session: nox.Session) -> None:
    """Try out the scripts that measure, on small operands, and what they measure on a GPU."""
    install_group(session, "torch", "tests")
    session.install(".")
    # What takes minutes is made once for all tests of a file.
    asked = ("--dist=loadfile", "-m", "dry_run", *session.posargs)
    session.run("pytest", *PARALLEL, *asked, env=SURROUNDINGS)


# The mathematics, the calls and the backend of NumPy, where nothing has to be compiled.
QUICK = (
    "api/test_kl_div.py",
    "api/test_kl_div_gradient.py",
    "api/test_kl_div_loss.py",
    "api/test_kl_div_warnings.py",
    *(f"backends/test_numpy{end}.py" for end in ("", "_accuracy", "_guards", "_memory", "_passes")),
    "calls",
    "checks/test_options.py",
    "formula",
)


def quickly(*left_out: str) -> list[str]:
    """Arguments of pytest: these tests, but for those that have a word in their name."""
    words = ("compile", "jit", "dask", "strict", *left_out)
    chosen = " and ".join(f"not {word}" for word in words)
    return ["-k", chosen, "-m", "not long and not slow", *(f"tests/{one}" for one in QUICK)]


@nox.session(reuse_venv=True)
def quick(session: nox.Session) -> None:
    """Run the tests of formula, calls and NumPy's backend on NumPy and eager torch, in a minute."""
    install_group(session, "torch", "tests")
    session.install(".")
    # Files that are named are run alone.
    named = any(one.startswith("tests/") for one in session.posargs)
    # JAX compiles every function of every shape, and takes three quarters of the time.
    few = quickly("jax", "temperature_that_is_an_array")
    asked = session.posargs if named else [*few, *session.posargs]
    backends = {} if named else {"KLDIV_XP_BACKENDS": "numpy,torch"}
    session.run("pytest", *PARALLEL, *asked, env=SURROUNDINGS | backends)


@nox.session(python=nox.project.python_versions(PYPROJECT))
def pythons(session: nox.Session) -> None:
    """Run the quick tests on NumPy, in every Python that is claimed and found here."""
    install_group(session, "wheel-tests")
    session.install(".")
    files = ["tests/project/test_package.py", "tests/project/test_import.py"]
    session.run("pytest", *quickly(), *files, *session.posargs, env=SURROUNDINGS)


# torch's oldest version is left out: its CPU build is not where the others are.
WITH_FLOORS = ("numpy", "jax", "dask", "conformance")


@nox.session(python=nox.project.python_versions(PYPROJECT)[0])
def floors(session: nox.Session) -> None:
    """Run the quick tests and some vectors on the oldest versions that are claimed; not torch's."""
    project = PYPROJECT["project"]
    extras = [one for extra in WITH_FLOORS for one in project["optional-dependencies"][extra]]
    claimed = [*project["dependencies"], *extras]
    oldest = [one.replace(">=", "==") for one in claimed]
    # What fixes the versions of the other sessions would contradict the oldest ones.
    tools = nox.project.dependency_groups(PYPROJECT, "wheel-tests")
    session.install(*oldest, *tools, env={"PIP_CONSTRAINT": ""})
    session.install("--no-deps", ".")
    session.run("pytest", *quickly(), *session.posargs, env=SURROUNDINGS)
    chosen = [f"--backend={name}" for name in ("numpy", "dask", "jax", "array-api-strict")]
    session.run("kldiv-conformance", "run", "--sample=150", *chosen)


@nox.session
@nox.parametrize("version", ["2.10.0", "2.11.0"])
def torches(session: nox.Session, version: str) -> None:
    """Judge an older torch, eager and compiled; its packages take gigabytes, CUDA's among them."""
    session.install(f"torch=={version}", ".[conformance]")
    chosen = ("--backend=torch", "--backend=torch-compile")
    session.run("kldiv-conformance", "run", "--sample=150", *chosen)


@nox.session
def vectors(session: nox.Session) -> None:
    """Write the vectors of the conformance suite; with --check, prove that they are up to date."""
    install_group(session, "vectors")
    session.run("python", "-m", "generate", *session.posargs, env={"PYTHONPATH": "conformance"})


@nox.session
def conformance(session: nox.Session) -> None:
    """Judge every installed backend by the vectors, and write a page about it to report/."""
    install_group(session, "torch", "tests")
    session.install(".[conformance]")
    run = session.create_tmp() + "/run.jsonl"
    session.run("kldiv-conformance", "run", "--output", run, *session.posargs)
    session.run("kldiv-conformance", "report", run, "--output", "report")


PEERS = {
    "torch.nn.functional.kl_div": ("torch.nn.functional:kl_div", ["torch", "torch-compile"]),
    "optax.losses.kl_divergence": ("optax_adapter:kl_div", ["jax", "jax-jit"]),
    "keras.losses.kl_divergence": ("keras_adapter:kl_div", ["jax"]),
    "scipy.special.rel_entr": ("scipy_adapter:kl_div", ["numpy"]),
    "torchmetrics.functional.kl_divergence": ("torchmetrics_adapter:kl_div", ["torch"]),
    "kldiv_xp.kl_div": ("kldiv_xp:kl_div", ["numpy", "torch", "jax"]),
}


@nox.session
def peers(session: nox.Session) -> None:
    """Judge the losses of other libraries, and write the matrix to docs/peers/."""
    install_group(session, "peers")
    session.install(".[conformance]")
    folder = Path(session.create_tmp()).resolve()
    environment = {"KERAS_BACKEND": "jax", "PYTHONPATH": "examples/conformance_of_peers"}
    runs = [str(folder / f"{name}.jsonl") for name in PEERS]
    for run, (name, (implementation, backends)) in zip(runs, PEERS.items(), strict=True):
        chosen = [f"--backend={backend}" for backend in backends]
        options = [f"--implementation={implementation}", f"--name={name}", f"--output={run}"]
        command = ["kldiv-conformance", "run", *chosen, *options]
        session.run(*command, env=environment, success_codes=[0, 1])
    session.run("kldiv-conformance", "report", *runs, "--output", "docs/peers")


# Of the slow ones a spread of the vectors; Keras has the array library that a variable names.
FRAMEWORKS = {
    "tf.keras.losses.KLDivergence": (
        "tensorflow_adapter:kl_div",
        ["tensorflow_adapter:ADAPTER"],
        {},
    ),
    **{
        f"keras.losses.KLDivergence on {library}": (
            "keras_adapter:kl_div",
            ["keras_adapter:ADAPTER"],
            {"KERAS_BACKEND": library},
        )
        for library in ("torch", "jax")
    },
    "paddle.nn.functional.kl_div": ("paddle_adapter:kl_div", ["paddle_adapter:ADAPTER"], {}),
    "trl.GKDTrainer.generalized_jsd_loss": ("trl_adapter:kl_div", ["torch"], {}),
    "kldiv_xp.kl_div, exported": ("kldiv_xp:kl_div", ["onnxruntime_adapter:ADAPTER"], {}),
    # One of these may have no device: then the others are what was judged.
    "kldiv_xp.kl_div": ("kldiv_xp:kl_div", ["sparse", "dpnp", "mlx"], {}),
}
SLOW = {"kldiv_xp.kl_div, exported"}


@nox.session
def frameworks(session: nox.Session) -> None:
    """Judge other frameworks by adapters of a few lines, and write a page to report/frameworks/."""
    install_group(session, "frameworks")
    session.install(".[conformance]")
    folder = Path(session.create_tmp()).resolve()
    runs: list[str] = []
    for name, (implementation, backends, variables) in FRAMEWORKS.items():
        runs.append(str(folder / f"{len(runs)}.jsonl"))
        options = [f"--implementation={implementation}", f"--name={name}", f"--output={runs[-1]}"]
        options += [f"--{'adapter' if ':' in one else 'backend'}={one}" for one in backends]
        options += ["--sample=150"] if name in SLOW else []
        environment = {
            "PYTHONPATH": "examples/conformance_of_frameworks",
            "OCL_ICD_FILENAMES": f"{session.virtualenv.location}/lib/libintelocl.so",
            **variables,
        }
        command = ["kldiv-conformance", "run", "--allow-missing", *options]
        session.run(*command, env=environment, success_codes=[0, 1])
    session.run("kldiv-conformance", "report", *runs, "--output", "report/frameworks")


# Libraries without a backend of their own, except Cubed.
OTHER_LIBRARIES = ("sparse", "dpnp", "ndonnx", "mlx", "cubed")
# MLX's exp of float64 has the digits of float32; a call of the other two takes seconds.
OF_OTHERS = (
    *("-k", "not ((ndonnx or mlx or cubed) and with_logits)", "-m", "not long"),
    *("tests/core/test_facts.py::test_backend_runs_here", "tests/contracts/test_libraries.py"),
    *(f"tests/api/test_kl_div{end}.py" for end in ("", "_warnings", "_gradient")),
    *(f"tests/api/test_with_logits{end}.py" for end in ("", "_masks", "_options", "_autodiff")),
    *("tests/api/test_with_logits_gradient.py", "tests/backends/test_cubed.py"),
    *("tests/backends/test_mlx.py", "tests/contracts/test_standard_alone.py"),
    "tests/project/test_examples.py::test_named_dimensions_are_kept_in_memory_and_lazily",
)


@nox.session
def libraries(session: nox.Session) -> None:
    """Run tests and vectors on array libraries that are not among the ordinary ones."""
    install_group(session, "libraries")
    session.install(".[conformance]")
    environment = {
        **SURROUNDINGS,
        "KLDIV_XP_BACKENDS": ",".join(OTHER_LIBRARIES),
        "OCL_ICD_FILENAMES": f"{session.virtualenv.location}/lib/libintelocl.so",
    }
    session.run("pytest", *PARALLEL, *OF_OTHERS, *session.posargs, env=environment)
    chosen = [f"--backend={name}" for name in OTHER_LIBRARIES]
    sampled = ["--sample=80", "--allow-missing"]
    session.run("kldiv-conformance", "run", *sampled, *chosen, env=environment)


@nox.session
def backends(session: nox.Session) -> None:
    """Judge kldiv_xp on every library that installs, and write docs/backends.md."""
    install_group(session, "torch", "tests", "libraries")
    session.install(".[conformance]")
    environment = {
        **SURROUNDINGS,
        "OCL_ICD_FILENAMES": f"{session.virtualenv.location}/lib/libintelocl.so",
    }
    command = ["python", "-m", "benchmarks.backends", *(session.posargs or ["run"])]
    session.run(*command, env=environment)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure kldiv_xp and its peers side by side, and write docs/performance.md."""
    install_group(session, "benchmarks")
    session.install(".")
    session.run("python", "-m", "benchmarks", *(session.posargs or ["run"]))


@nox.session
def gpu(session: nox.Session) -> None:
    """Prove and measure kldiv_xp on a CUDA device, and write docs/gpu.md."""
    install_group(session, "gpu")
    # A peer that is measured where it can be installed.
    session.install("liger-kernel", success_codes=[0, 1])
    session.install(".[conformance]")
    session.run("python", "-m", "benchmarks.gpu", *(session.posargs or ["run"]))


@nox.session
def distributed(session: nox.Session) -> None:
    """Test the loss on Dask's workers, DTensor and JAX sharding; with --measure, write its page."""
    install_group(session, "distributed", "tests")
    session.install(".")
    environment = {"XLA_FLAGS": "--xla_force_host_platform_device_count=4"}
    if "--measure" in session.posargs:
        session.install("cubed>=0.24")
        session.run("python", "-m", "benchmarks.distributed", "run", env=environment)
    else:
        session.run("pytest", "tests/distributed", *session.posargs, env=environment)


@nox.session
def demo(session: nox.Session) -> None:
    """Distil a classifier of handwritten digits into a small one; ends with a picture."""
    libraries = {"torch", "jax"} & {one.rpartition("=")[2] for one in session.posargs}
    install_group(session, "demo", *sorted(libraries))
    session.install(".")
    session.run("python", "examples/distill_digits", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site, follow its links, run the code of its pages, look at them in a browser."""
    install_group(session, "torch", "tests", "docs")
    session.install(".[conformance]")
    site = "build/site"
    shutil.rmtree("build/doctrees", ignore_errors=True)
    options = [
        "--builder=html",
        "--doctree-dir=build/doctrees",
        "--fail-on-warning",
        "--keep-going",
    ]
    session.run("sphinx-build", "--quiet", *options, "docs", site)
    session.run("python", "docs/check_site.py", site)
    checks = ["tests/project/test_pages.py", "tests/project/test_site.py"]
    session.run("pytest", *checks, *session.posargs, env=SURROUNDINGS | {"KLDIV_XP_SITE": site})


@nox.session
def build(session: nox.Session) -> None:
    """Build sdist and wheel, and test the wheel where the source tree is out of reach."""
    install_group(session, "build", "wheel-tests")
    shutil.rmtree(DIST, ignore_errors=True)
    session.run("python", "-m", "build")
    (wheel,) = DIST.glob("*.whl")
    session.install(f"{wheel}[conformance]")
    elsewhere = Path(session.create_tmp()).resolve()
    shutil.rmtree(elsewhere / "tests", ignore_errors=True)
    shutil.copytree("tests", elsewhere / "tests")
    shutil.copy("pyproject.toml", elsewhere)
    # What these tests compare with (torch, the README, the demo) stays in the source tree.
    absent = ["contracts/test_upstream.py", "project", "conformance"]
    ignored = [f"--ignore=tests/{name}" for name in absent]
    session.chdir(elsewhere)
    session.run("pytest", *PARALLEL, "-m", "not slow and not long", *ignored, *session.posargs)
    session.run("kldiv-conformance", "run", "-b", "numpy", "-b", "array-api-strict")


@nox.session
def proofs(session: nox.Session) -> None:
    """Prove by exhaustion that no library's logarithm changes a bit of a reproducible loss."""
    install_group(session, "torch", "tests")
    session.install(".")
    session.run("python", "-m", "proofs", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Judge random calls on every backend by exact results; minutes are the first argument."""
    install_group(session, "torch", "tests")
    session.install(".")
    path = os.pathsep.join(["tests", "conformance"])
    session.run("python", "-m", "fuzz", *session.posargs, env={"PYTHONPATH": path})


@nox.session
def mutation(session: nox.Session) -> None:
    """Change the source in every small way, and fail if no test notices; takes hours."""
    install_group(session, "mutation")
    session.install(".")
    session.run("python", "-m", "mutation", *session.posargs)


# Tests of what stands beside the package, and those that run the same lines a thousand times.
NOT_OF_THE_PACKAGE = (
    *("conformance", "distributed", "test_architecture.py", "test_benchmarks.py"),
    *("test_distill_digits.py", "test_examples.py", "test_faults.py", "test_fuzz.py"),
    *("test_gpu.py", "test_gpu_page.py", "test_properties.py", "test_properties_exact.py"),
    "test_properties_of_logits.py",
    *("test_pages.py", "test_readme.py", "test_site.py", "test_supply_chain.py"),
    "test_upstream.py",
)


@nox.session
def coverage(session: nox.Session) -> None:
    """Measure which lines and branches of the package the tests run, in every process."""
    install_group(session, "coverage")
    session.install(".")
    environment = {"COVERAGE_FILE": str(Path(session.create_tmp(), "data"))}
    measure = ("coverage", "run", "-m", "pytest", "-p", "no:cacheprovider")
    session.run("coverage", "erase", env=environment)
    # Interrupted in a lock of coverage's own, a test waits for ever; another counts what is loaded.
    not_here = "not interrupt and not everything_that_loads"
    ignored = [f"--ignore=tests/{name}" for name in NOT_OF_THE_PACKAGE]
    session.run(*measure, "-k", not_here, *ignored, "tests", env=environment)
    session.run(*measure, "tests/distributed/test_dtensor.py", env=environment)
    session.run("coverage", "combine", env=environment)
    session.run("coverage", "report", "--fail-under=100", env=environment)


# What .ci/run installs, nox and the build backend included.
CI_GROUPS = ("torch", "tests", "docs", "lint", "build", "wheel-tests")


@nox.session
def pin(session: nox.Session) -> None:
    """Resolve all that CI installs anew, and write the versions to .ci/constraints.txt."""
    groups = nox.project.dependency_groups(PYPROJECT, *CI_GROUPS)
    backend = PYPROJECT["build-system"]["requires"]
    report = Path(session.create_tmp()) / "report.json"
    options = ["--dry-run", "--ignore-installed", "--quiet", "--report", str(report)]
    session.run("pip", "install", *options, *groups, *backend, ".[conformance]")
    found = [entry["metadata"] for entry in json.loads(report.read_text())["install"]]
    ours = PYPROJECT["project"]["name"]
    pins = {one["name"].lower(): one["version"].partition("+")[0] for one in found}
    lines = [f"{name}=={version}\n" for name, version in sorted(pins.items()) if name != ours]
    CONSTRAINTS.write_text("# Written by `nox -s pin`.\n" + "".join(lines))


@nox.session
def audit(session: nox.Session) -> None:
    """Look up what CI installs in the databases of known vulnerabilities."""
    install_group(session, "audit")
    options = ["--requirement", str(CONSTRAINTS), "--no-deps", "--disable-pip"]
    # Strict, since otherwise a package that the database does not answer for counts as sound.
    session.run("pip-audit", "--strict", *options, *session.posargs)


@nox.session(name="release-check")
def release_check(session: nox.Session) -> None:
    """Try on the last commit what a release needs: contents, metadata, a bare install, the docs."""
    install_group(session, "release", "torch", "tests", "docs")
    source = Path(session.create_tmp()).resolve() / "source"
    shutil.rmtree(source, ignore_errors=True)
    session.run("git", "clone", "--quiet", ".", str(source), external=True)
    session.chdir(source)
    session.run("python", "-m", "build")
    (wheel,), (sdist,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    version = wheel.name.split("-")[1]
    if f"\n## {version} - 20" not in Path("CHANGELOG.md").read_text():
        session.error(f"CHANGELOG.md has no dated section of {version}: add one.")
    session.run("twine", "check", "--strict", str(wheel), str(sdist))
    # Two packages, and libraries that deviate alike: both are meant.
    session.run("check-wheel-contents", "--ignore=W002,W009", str(wheel))
    session.run("check-sdist")
    install_alone(session, wheel, version)
    session.run("tar", "--extract", "--file", str(sdist), external=True)
    session.install(f"{wheel}[conformance]")
    folder = sdist.name.removesuffix(".tar.gz")
    session.run("sphinx-build", "--quiet", "--fail-on-warning", f"{folder}/docs", "site")
    session.notify("reproducible")


def install_alone(session: nox.Session, wheel: Path, version: str) -> None:
    """Install the wheel beside NumPy, and nothing else, and call it."""
    alone = Path("alone").resolve()
    session.run("python", "-m", "venv", str(alone))
    python = str(alone / "bin" / "python")
    session.run(python, "-m", "pip", "install", "--quiet", f"{wheel}[numpy]", external=True)
    call = "print(kldiv_xp.kl_div(numpy.log([0.5, 0.5]), numpy.array([1.0, 0.0]), reduction='sum'))"
    lines = f"import numpy, kldiv_xp; assert kldiv_xp.__version__ == {version!r}; {call}"
    session.run(python, "-c", lines, external=True)


@nox.session
def reproducible(session: nox.Session) -> None:
    """Build the last commit twice, in other circumstances, and compare all bytes."""
    install_group(session, "build")
    epoch = str(session.run("git", "log", "-1", "--format=%ct", silent=True, external=True)).strip()
    tmp = Path(session.create_tmp()).resolve()
    circumstances = {
        "here": (0o022, "UTC", 10**9),
        "there": (0o077, "Asia/Kathmandu", 15 * 10**8),
    }
    digests = [
        build_elsewhere(session, tmp / name, epoch, *how) for name, how in circumstances.items()
    ]
    for name, digest in digests[0].items():
        session.log(f"{name} {digest} and {digests[1].get(name)}")
    if digests[0] != digests[1]:
        session.error("the two builds differ.")


def build_elsewhere(
    session: nox.Session, folder: Path, epoch: str, umask: int, zone: str, modified: int
) -> dict[str, str]:
    """Digests of what is built from a clone in a folder, under a umask, with files of some age."""
    shutil.rmtree(folder, ignore_errors=True)
    before = os.umask(umask)
    try:
        session.run("git", "clone", "--quiet", ".", str(folder), external=True)
        for path in folder.rglob("*"):
            os.utime(path, (modified, modified))
        environment = {"SOURCE_DATE_EPOCH": epoch, "TZ": zone}
        session.run("python", "-m", "build", str(folder), silent=True, env=environment)
    finally:
        os.umask(before)
    built = sorted((folder / DIST).iterdir())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in built}
