"""Places at the edges of blocks, and operands whose values differ there alone."""

from generate.operands import Values

BLOCKS = (256, 1024, 4096, 65536)


def edges(size: int) -> list[int]:
    """Places on both sides of the edges of blocks, and the last one."""
    found = [place for block in BLOCKS for place in (block - 1, block) if place < size - 1]
    return [*found, size - 1]


def filled(size: int, usual: Values, special: Values) -> Values:
    """Values that repeat, but at the edges: there the special ones, the first of them last."""
    found = [*usual * (size // len(usual)), *usual[: size % len(usual)]]
    for number, place in enumerate(reversed(edges(size))):
        found[place] = special[number % len(special)]
    return tuple(found)
