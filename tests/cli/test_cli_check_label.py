"""`coachsync check` notes a label that may name somebody, and never says which word or which title."""

from __future__ import annotations

import pytest

from cli_desk import Desk
from coachsync.app.checking import LABEL_LIKE_A_TITLE

NAMED = "Ottoline"


@pytest.fixture
def titled(practice: Desk) -> Desk:
    """A desk with one session whose title has a name."""
    calendar = practice.storage.titled("Coaching")
    assert calendar is not None
    file = sorted(calendar.glob("*.ics"))[0]
    lines = file.read_bytes().split(b"\r\n")
    lines = [line for line in lines if not line.startswith(b"SUMMARY")]
    lines.insert(lines.index(b"BEGIN:VEVENT") + 1, f"SUMMARY:Séance coaching avec {NAMED} bien".encode())
    file.write_bytes(b"\r\n".join(lines))
    return practice


def noted(desk: Desk, label: str) -> bool:
    """Whether check has something to say about this label, once the appointments are read."""
    assert desk.run("sync").code == 0
    desk.text = desk.text.replace('label = "Séance"', f'label = "{label}"')
    document = desk.json("check").document
    found = [one for one in document["checks"] if one["code"] == "label-like-a-title"]
    assert [(one["where"], one["ok"], one["grade"]) for one in found] in ([], [("shares.office.label", True, "note")])
    assert [one for one in found if NAMED.casefold() in (one["message"] + one["hint"]).casefold()] == []
    return bool(found)


@pytest.mark.parametrize("label", [NAMED, "pour OTTOLINE", "Óttoline"])
def test_a_label_with_a_word_of_a_title_is_noted(titled: Desk, label: str) -> None:
    assert noted(titled, label)


@pytest.mark.parametrize("label", ["Séance", "Coaching", "Occupé", "ave", "Ottolin"])
def test_other_labels_and_usual_words_are_not(titled: Desk, label: str) -> None:
    assert not noted(titled, label)


def test_it_is_told_in_words(titled: Desk) -> None:
    assert noted(titled, NAMED)
    said = titled.run("check").out
    assert f"shares.office.label: {LABEL_LIKE_A_TITLE}" in said
