"""The directive `facts-table`: what the package knows of each array library, from its own table."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from kldiv_xp.core.facts import FACTS, UNKNOWN, Facts

SHOWN = {
    "numpy": "NumPy",
    "cupy": "CuPy",
    "torch": "PyTorch",
    "jax": "JAX",
    "dask": "Dask",
    "cubed": "Cubed",
    "array_api_strict": "array-api-strict",
}
# What no fact of a single library says: whether arrays are lazy, and who differentiates.
LAZY = {
    "jax": "inside `jit`",
    "torch": "inside `compile`, `export`",
    "dask": "always",
    "cubed": "always",
}
BOUNDED = {
    "numpy": "some MiB a thread",
    "torch": "some MiB a thread, on a CPU",
    "dask": "some chunks a worker",
    "cubed": "some chunks a worker",
    "cupy": "partial sums of one kernel",
    "jax": "what XLA makes of it",
}
HEADER = ("library", "works", "lazy", "memory", "autodiff", "ways of its own")


def row(name: str, facts: Facts) -> tuple[str, ...]:
    """What the table says of one library."""
    ways = [facts.backend, facts.backend_of_compiler, *facts.backends_of_subclasses.values()]
    return (
        SHOWN.get(name, name),
        "yes",
        LAZY.get(name, "no"),
        BOUNDED.get(name, "temporaries as large as the operands"),
        "yes" if facts.constant else "no",
        ", ".join(f"`{way.removeprefix('backends.')}`" for way in ways if way) or "none",
    )


def table() -> str:
    """The table in Markdown."""
    rows = [row(name, facts) for name, facts in FACTS.items() if not facts.refused_because]
    _, works, _, memory, _, ways = row("", UNKNOWN)
    rows.append(("any other", works, "as it is", memory, "as it does", ways))
    lines = [HEADER, ("---",) * len(HEADER), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


class FactsTable(SphinxDirective):
    """The table, where a page asks for it."""

    def run(self) -> list[nodes.Node]:
        """Parse the table as if it stood in the page."""
        return self.parse_text_to_nodes(table())


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx about it."""
    app.add_directive("facts-table", FactsTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
