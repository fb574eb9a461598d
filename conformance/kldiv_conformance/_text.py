"""Text from elsewhere, as a terminal and a page of Markdown may show it."""

import re
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
    return " ".join(str(text).split())[:longest]


def described(error: BaseException) -> str:
    """Kind of an exception, and what it says, in one line."""
    text = one_line(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def in_markdown(content: Any) -> Any:
    """Plain data whose strings cannot be taken for Markdown or HTML, nor break a line."""
    if isinstance(content, str):
        plain = re.sub(r"\s", " ", content)
        return "".join(MARKUP.get(character, character) for character in printable(plain))
    if isinstance(content, dict):
        return {in_markdown(key): in_markdown(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [in_markdown(part) for part in content]
    return content
