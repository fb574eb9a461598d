"""Options that are numbers, of which NaN is none: no number is above it, so it would allow all."""

import math
from typing import Any

import click


class Number(click.FloatRange):
    """A number of a range."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Number of a text."""
        found = float(super().convert(value, param, ctx))
        if math.isnan(found):
            self.fail(f"{value!r} is no number.", param, ctx)
        return found
