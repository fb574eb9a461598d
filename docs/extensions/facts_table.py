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
    "array_api_strict": "array-api-strict",
}
# What no fact of a single library says: whether arrays are lazy, and who differentiates.
LAZY = {"jax": "inside `jit`", "torch": "inside `torch.compile`, `torch.export`", "dask": "always"}
BOUNDED = {
    "numpy": "some MiB for a thread",
    "torch": "some MiB for a thread, on a CPU",
    "dask": "some chunks for a worker",
    "cupy": "partial sums of one kernel",
    "jax": "what XLA makes of it",
}
HEADER = ("library", "works", "way that is taken", "lazy", "memory beyond operands and result",
          "automatic differentiation")  # fmt: skip


def row(name: str, facts: Facts) -> tuple[str, ...]:
    """What the table says of one library."""
    ways = [facts.backend, facts.backend_of_compiler, *facts.backends_of_subclasses.values()]
    modules = ", ".join(f"`{way}`" for way in ways if way)
    return (
        SHOWN.get(name, name),
        "yes",
        modules or "the plain formula",
        LAZY.get(name, "no"),
        BOUNDED.get(name, "temporaries of the operands' size"),
        "yes, in closed form" if facts.constant else "no: `kl_div_gradient`",
    )


def table() -> str:
    """The table in Markdown."""
    rows = [row(name, facts) for name, facts in FACTS.items()]
    rows.append(("any other", *row("any other", UNKNOWN)[1:3], "as it is", *row("", UNKNOWN)[4:5],
                 "as it does"))  # fmt: skip
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
