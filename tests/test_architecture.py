"""Who may import whom, and who may name a library."""

import ast
import importlib.util
from pathlib import Path

import pytest

# From the user's side down; a module imports only from rows below its own.
ROWS = [
    ["__init__", "__main__", "torch"],
    ["_command_line"],
    ["_loss"],
    ["_functional", "_gradient", "_logits"],
    ["_array_files", "_checking", "_picture"],
    ["_diagnosis"],
    ["_mistakes", "_other_axis", "_question"],
    ["_wrong_logits"],
    ["_wrong_spaces"],
    ["_evidence", "_values"],
    ["_findings", "_inspection", "_logit_request"],
    ["_parts", "_request", "_subject"],
    ["_cupy", "_dask", "_jax", "_torch", "_torch_graph", "_torch_shards"],
    ["_torch_cuda", "_torch_host", "_torch_logits", "_torch_shard_rows"],
    ["_cupy_launch", "_host", "_kernels", "_torch_blocks", "_torch_memory", "_torch_placements"],
    ["_torch_internals", "_torch_saving", "_torch_storage"],
    ["_divergences", "_kernel_programs"],
    ["_logit_arrays"],
    ["_evaluation", "_logit_formula"],
    ["_operands", "_scalars"],
    ["_blocked", "_execution", "_formula", "_options", "_reduction", "_scale", "_validation"],
    ["_array_checks"],
    ["_shape_remedies"],
    ["_remedies"],
    ["_kernel_source", "_kernel_text"],
    ["_kernel_lines"],
    ["_blocks", "_dots", "_kernel_layout", "_kernel_types", "_recycling", "_sharing"],
    ["_array_api", "_numbers", "_overrides", "_threads"],
    ["_backends", "_scopes"],
    ["_typing", "_warnings", "_words"],
]
# A bridge is loaded by the name that its row in the table of facts gives, for no array but its own.
BRIDGES = {
    "_cupy": "cupy",
    "_cupy_launch": "cupy",
    "_dask": "dask",
    "_host": None,
    "_jax": "jax",
    "_torch": "torch",
    "_torch_blocks": "torch",
    "_torch_cuda": "torch",
    "_torch_graph": "torch",
    "_torch_host": "torch",
    "_torch_internals": "torch",
    "_torch_logits": "torch",
    "_torch_memory": "torch",
    "_torch_placements": "torch",
    "_torch_saving": "torch",
    "_torch_shard_rows": "torch",
    "_torch_shards": None,
    "_torch_storage": None,
}
# What a user asks for by name, since it is of use with that library only.
ON_REQUEST = {"torch": "torch", "_array_files": "numpy", "_command_line": None}
# torch.compile traces an import statement inside a function, but not the loading by a name.
LOADED = {"_operands": {"_torch_graph", "_torch_shards"}}
LIBRARIES = {"numpy", "cupy", "torch", "jax", "dask", "array_api_strict"}

FOLDER = Path(importlib.util.find_spec("kldiv_xp").origin).parent
MODULES = sorted(path.stem for path in FOLDER.glob("*.py"))


def tree(module):
    return ast.parse((FOLDER / f"{module}.py").read_text())


def imported(node):
    """Full names that an import statement brings in."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if node.module == "kldiv_xp":
        return [f"kldiv_xp.{alias.name}" for alias in node.names]
    return [node.module]


def imports(module):
    return {
        name
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in imported(node)
    }


def ours(module):
    """Modules of the package that a module imports."""
    return {name.split(".")[1] for name in imports(module) if name.startswith("kldiv_xp.")}


def row_of(module):
    return next(i for i, row in enumerate(ROWS) if module in row)


def test_the_table_lists_every_module():
    assert sorted(module for row in ROWS for module in row) == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_modules_import_only_from_rows_below(module):
    below = ours(module) - LOADED.get(module, set())
    assert all(row_of(other) > row_of(module) for other in below)


@pytest.mark.parametrize("module", MODULES)
def test_array_api_compat_has_one_door(module):
    through = any(name.startswith("array_api_compat") for name in imports(module))
    assert through == (module == "_array_api")


@pytest.mark.parametrize("module", MODULES)
def test_no_module_imports_a_library_but_its_bridge(module):
    roots = {name.partition(".")[0] for name in imports(module)} & LIBRARIES
    assert roots == {(BRIDGES | ON_REQUEST).get(module)} - {None}


@pytest.mark.parametrize("module", MODULES)
def test_only_bridges_import_bridges(module):
    if module not in BRIDGES:
        assert ours(module) & set(BRIDGES) == LOADED.get(module, set())


@pytest.mark.parametrize("module", MODULES)
def test_only_users_import_what_is_there_on_request(module):
    if module not in {"__main__", "_command_line"}:
        assert not ours(module) & set(ON_REQUEST)


@pytest.mark.parametrize("module", MODULES)
def test_call_sites_ask_for_a_property_never_for_a_library(module):
    if module == "_backends":
        pytest.skip("this is the table")
    constants = {n.value for n in ast.walk(tree(module)) if isinstance(n, ast.Constant)}
    # The frames and types of torch are told by name where a trace must not import anything;
    # NumPy is looked up in sys.modules to silence it.
    allowed = {
        "__main__": {"numpy"},
        "_array_api": {"numpy", "torch"},
        "_warnings": {"torch", "jax"},
        "_execution": {"numpy"},
    }
    assert constants & LIBRARIES <= allowed.get(module, set())


@pytest.mark.parametrize("module", MODULES)
def test_modules_open_with_one_line_that_names_their_job(module):
    first = ast.get_docstring(tree(module)).splitlines()[0]
    assert first.endswith(".")


@pytest.mark.parametrize("module", MODULES)
def test_modules_are_short(module):
    assert len((FOLDER / f"{module}.py").read_text().splitlines()) <= 180
