"""Formulas as MathML, which browsers show without a script or a font from elsewhere."""

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

# The name of a function stands a little apart from what it is of, and from a factor before it.
AFTER = re.compile(r"(<mi>(?:log|exp)</mi>)(?=<m(?:i|n|sub|sup)>)")
BEFORE = re.compile(r"(?<=</mi>)(<mi>(?:log|exp)</mi>)")
SPACE = '<mspace width="0.17em"/>'

# Letters of LaTeX beyond which a formula may be wider than a phone.
LONG = 36


def mathml(formula: str, display: str) -> str:
    """A formula of LaTeX in MathML."""
    text = convert(formula, display=display)
    return BEFORE.sub(rf"{SPACE}\1", AFTER.sub(rf"\1{SPACE}", text))


def visit_math(self: nodes.NodeVisitor, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    text = mathml(node.astext(), "inline")
    is_long = len(node.astext()) > LONG
    self.body.append(f'<span class="long-formula">{text}</span>' if is_long else text)
    raise nodes.SkipNode


def visit_displayed(self: nodes.NodeVisitor, node: nodes.math_block) -> None:
    """Write a formula that stands by itself."""
    self.body.append(mathml(node.astext(), "block"))
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx about it."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_displayed, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
