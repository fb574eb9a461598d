"""Text from elsewhere, as a terminal and a page of Markdown may show it."""

import math
import re
from collections.abc import Callable
from typing import Any

# Of Markdown in a table or a line of code; emphasis does no harm.
MARKUP = {character: f"&#{ord(character)};" for character in "&<>|`[]"}


def printable(text: str) -> str:
    """Text whose control characters are written as escapes; lines stay lines."""
    return "".join(
        character if character.isprintable() or character == "\n" else ascii(character)[1:-1]
        for character in text
    )


def one_line(text: object, longest: int = 200) -> str:
    """Beginning of a text, in one line."""
    try:
        words = str(text).split()
    except KeyboardInterrupt:
        raise
    except BaseException:  # of a class from elsewhere, SystemExit included
        words = ["(its text cannot be read)"]
    return " ".join(words)[:longest]


def described(error: BaseException) -> str:
    """Kind of an exception, and what it says, in one line."""
    text = one_line(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def in_markdown(text: str) -> str:
    """Text that cannot be taken for Markdown or HTML, nor break a line."""
    plain = re.sub(r"\s", " ", text)
    return "".join(MARKUP.get(character, character) for character in printable(plain))


def each_text(content: Any, write: Callable[[str], str]) -> Any:
    """Plain data with each of its strings written in this way."""
    if isinstance(content, str):
        return write(content)
    if isinstance(content, dict):
        return {each_text(key, write): each_text(value, write) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [each_text(part, write) for part in content]
    return content


def ratio_words(ratio: float, digits: int) -> str:
    """A ratio with so many digits, or with those that tell it from 1."""
    off = abs(ratio - 1)
    more = 2 - math.floor(math.log10(off)) if 0 < off < 1 else 0
    return f"{ratio:.{max(digits, more)}g}"
