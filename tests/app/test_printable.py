"""Text from outside, on a terminal."""

import pytest

from coachsync.app.printable import printable, printable_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Séance  avec\tÉlodie\n", "Séance avec Élodie"),
        ("a\x1b[2Jb\x07", "a[2Jb"),
        ("a\x9b2Jb\x85c", "a2Jb c"),
        ("evil\u202egnp.\u202c\u2066x\u2069\u200f\u061c", "evilgnp.x"),
        ("a\u2028b\u2029c", "a b c"),
        ("lone\udcff", "lone"),
        ("日本 🎾", "日本 🎾"),
    ],
)
def test_what_could_steer_a_terminal_is_dropped(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(text).isprintable()


def test_a_text_keeps_its_lines_and_nothing_that_could_steer_a_terminal() -> None:
    assert (
        printable_text("Séance\n\n\t– un  deux\x1b[2J\u202e\r\u2028\x85 trois\n") == "Séance\n\n\t– un  deux[2J trois\n"
    )
    assert printable_text("") == ""
