"""The rooms of the package: who may import whom, and who may name a library."""

import ast
import importlib.util
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

# From the user's side down: a room imports from itself and from rows below its own.
ROOMS = [
    {"__init__", "__main__", "torch", "typing"},
    {"api", "cli"},
    {"diagnosis"},
    {"calls"},
    {"checks"},
    {"backends"},
    {"cuda", "fused"},
    {"tracing"},
    {"core"},
    {"formula", "host"},
    {"_scopes"},
    {"_typing", "_warnings"},
]
# The library that a module imports outside the folders of backends.
LIBRARIES_OF = {
    "api.torch_loss_of_logits": "torch",
    "backends.cupy": "cupy",
    "cli.array_files": "numpy",
    "cuda.cupy_launcher": "cupy",
    "torch": "torch",
}
# Folders of backends whose modules may import the library; that of NumPy is handed the namespace.
FOLDERS = {f"backends.{library}.": library for library in ("cubed", "dask", "jax", "torch")}
# These look at tensors without torch, which need not have been loaded.
WITHOUT_LIBRARY = {
    f"backends.torch.{name}"
    for name in ("cuda_sparse", "dtensor", "dtensor_with_derivatives", "storage")
}
LIBRARIES = {"numpy", "cupy", "torch", "jax", "dask", "cubed", "array_api_strict"}
# torch.compile traces an import statement inside a function, but not the loading by a name.
LOADED = {
    "calls.select_backend": {
        f"backends.torch.{one}" for one in ("compiled", "dtensor", "reproducible")
    }
}


FOLDER = Path(importlib.util.find_spec("kldiv_xp").origin).parent
FILES = {
    ".".join(path.relative_to(FOLDER).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(FOLDER.rglob("*.py"))
}
MODULES = sorted(FILES)


def tree(module):
    return ast.parse(FILES[module].read_text())


def imported(node):
    """Full names that an import statement brings in: modules, or what stands in them."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [f"{node.module}.{alias.name}" for alias in node.names]


def imports(module):
    return {
        name
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in imported(node)
    }


def ours(module):
    """Modules of the package that a module imports."""
    names = {name.removeprefix("kldiv_xp.") for name in imports(module) if "kldiv_xp." in name}
    return {name if name in FILES else name.rpartition(".")[0] for name in names}


def row_of(module):
    room = module.partition(".")[0]
    return next(row for row, rooms in enumerate(ROOMS) if room in rooms)


def libraries(module):
    return {name.partition(".")[0] for name in imports(module)} & LIBRARIES


def test_the_table_lists_every_room():
    assert {module.partition(".")[0] for module in MODULES} == set().union(*ROOMS)


@pytest.mark.parametrize("module", MODULES)
def test_modules_import_only_from_their_room_and_those_below(module):
    room = module.partition(".")[0]
    assert all(
        other.partition(".")[0] == room or row_of(other) > row_of(module) for other in ours(module)
    )


def test_no_module_is_imported_in_a_circle():
    TopologicalSorter({module: ours(module) for module in MODULES}).prepare()


@pytest.mark.parametrize("module", MODULES)
def test_array_api_compat_has_one_door(module):
    through = any(name.startswith("array_api_compat") for name in imports(module))
    assert through == (module == "core.namespaces")


@pytest.mark.parametrize("module", MODULES)
def test_no_module_imports_a_library_but_its_backend(module):
    of_folder = {library for folder, library in FOLDERS.items() if module.startswith(folder)}
    if module in LIBRARIES_OF:
        assert libraries(module) == {LIBRARIES_OF[module]}
    elif module in WITHOUT_LIBRARY:
        assert not libraries(module)
    else:
        assert libraries(module) <= of_folder


@pytest.mark.parametrize(("folder", "library"), FOLDERS.items())
def test_each_folder_of_a_backend_imports_its_library(folder, library):
    assert any(library in libraries(one) for one in MODULES if one.startswith(folder))


@pytest.mark.parametrize("module", MODULES)
def test_backends_are_imported_by_backends_alone(module):
    if not module.startswith("backends."):
        backends = {name for name in ours(module) if name.startswith("backends.")}
        assert backends == LOADED.get(module, set())


@pytest.mark.parametrize("module", MODULES)
def test_only_users_import_the_command_line_and_the_modules_of_torch(module):
    if module != "__main__" and not module.startswith("cli."):
        assert not [name for name in ours(module) if name == "torch" or name.startswith("cli.")]


@pytest.mark.parametrize("module", [one for one in MODULES if one != "core.facts"])
def test_call_sites_ask_for_a_property_never_for_a_library(module):
    constants = {n.value for n in ast.walk(tree(module)) if isinstance(n, ast.Constant)}
    # The frames and types of torch are told by name where a trace must not import anything;
    # NumPy is looked up in sys.modules to silence it.
    allowed = {
        "__main__": {"numpy"},
        "core.namespaces": {"numpy", "torch"},
        "_warnings": {"torch", "jax"},
        "core.run": {"numpy"},
    }
    assert constants & LIBRARIES <= allowed.get(module, set())


@pytest.mark.parametrize("module", MODULES)
def test_modules_open_with_one_line_that_names_their_job(module):
    first = ast.get_docstring(tree(module)).splitlines()[0]
    assert first.endswith(".")


@pytest.mark.parametrize("module", MODULES)
def test_modules_are_short(module):
    assert len(FILES[module].read_text().splitlines()) <= 180


@pytest.mark.parametrize("module", MODULES)
def test_names_inside_rooms_have_no_underscore(module):
    names = module.split(".")[1:]
    assert not [name for name in names if name.startswith("_")]
