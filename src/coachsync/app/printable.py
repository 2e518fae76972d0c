"""Text from outside, made fit to be shown."""

from __future__ import annotations


def printable(text: str) -> str:
    """One line that can neither move a terminal's cursor nor turn the order in which it is read.

    Control characters (C0 and C1), format characters (bidirectional marks, overrides and isolates, joiners) and what is
    no character (lone surrogates, private use) are dropped; white space becomes single spaces.
    """
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())


def printable_text(text: str) -> str:
    """The same for a text of several lines, which keeps them, and the white space in them."""
    return "\n".join("".join(sign for sign in line if sign.isprintable() or sign == "\t") for line in text.split("\n"))
