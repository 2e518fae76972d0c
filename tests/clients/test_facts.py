"""What an appointment says about the people in it, however a program writes it."""

from __future__ import annotations

import pytest

from coachsync.clients.facts import facts

TEXT = """\
BEGIN:VCALENDAR
BEGIN:VEVENT
UID:1
SUMMARY:Coaching\\, Marie
CATEGORIES:Coaching,Supervision\\, groupe
CATEGORIES:ÉQUIPE
CLASS:CONFIDENTIAL
ORGANIZER;CN=Coach:mailto:Coach@Practice.example
ATTENDEE;CN="Dupont, Marie";EMAIL=other@dupont.example:mailto:Marie@Dupont.example
BEGIN:VALARM
SUMMARY:not this
ATTENDEE:mailto:nor@this.example
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:1
RECURRENCE-ID:20260302T090000Z
SUMMARY:Moved
END:VEVENT
END:VCALENDAR
"""


def test_facts_are_those_of_the_others_in_an_appointment() -> None:
    master, override = facts(TEXT, {"coach@practice.example"})
    assert {"marie@dupont.example", "other@dupont.example"} <= master.addresses
    assert not any("coach" in address or "this" in address for address in master.addresses)
    assert master.called == ("Dupont, Marie",)
    assert (master.title, master.visibility) == ("Coaching, Marie", "CONFIDENTIAL")
    assert master.categories == {"coaching", "supervision, groupe", "équipe"}
    assert override.is_override
    assert (master.also, override.also) == (None, master)
    assert (override.title, override.called, override.categories) == ("Moved", master.called, master.categories)


@pytest.mark.parametrize("text", ["", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", "SUMMARY:Marie Dupont\n"])
def test_damaged_text_has_no_facts(text: str) -> None:
    assert facts(text, ()) == ()


def said(*lines: str, own: tuple[str, ...] = ("coach@practice.example",), clients: tuple[str, ...] = ()):
    """The facts of an appointment with these lines."""
    text = "\r\n".join(("BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", ""))
    (found,) = facts(text, own, clients)
    return found


@pytest.mark.parametrize(
    "line",
    [
        *("ATTENDEE:mailto: z@x.example", "ATTENDEE:MAILTO:<Z@x.example>", "ATTENDEE:z@x.example?subject=a%40b"),
        *("attendee:mailto:z%40x.example", "A.ATTENDEE:mailto:z@x.example", "ORGANIZER;EMAIL=<z@x.example>:urn:uuid:1"),
    ],
)
def test_an_address_is_known_however_it_is_written(line: str) -> None:
    assert "z@x.example" in said(line).addresses


def test_every_title_counts_and_so_does_one_with_a_prefix() -> None:
    assert said("SUMMARY:One", "SUMMARY;LANGUAGE=fr:Deux", "x-1.summary:Three").title == "One\nDeux\nThree"


@pytest.mark.parametrize(
    ("line", "mentioned"),
    [
        ("CONTACT:Zoe Zed\\, z@x.example", "Zoe Zed, z@x.example"),
        ("item1.CONTACT:Zoe Zed", "Zoe Zed"),
        ('ORGANIZER;SENT-BY="mailto:Z@x.example":mailto:coach@practice.example', "z@x.example"),
        ('ATTENDEE;DELEGATED-FROM="mailto:a@x.example","mailto:z@x.example":mailto:b@x.example', "z@x.example"),
        ("ATTENDEE:tel:+33612345678", "tel:+33612345678"),
        ("ATTENDEE:mailto:a@x.example?cc=z@x.example", "mailto:a@x.example?cc=z@x.example"),
        ("ATTENDEE:Zoe%20Zed", "Zoe Zed"),
    ],
)
def test_whom_an_appointment_merely_mentions_is_told(line: str, mentioned: str) -> None:
    assert mentioned in said(line).mentioned


@pytest.mark.parametrize(
    "line",
    [
        "ATTENDEE;CN=A:mailto:A@x.example",
        'ATTENDEE;SENT-BY="mailto:coach@practice.example":mailto:a@x.example',
        "ATTENDEE;CN=Coach:mailto:Coach@practice.example",
        "ATTENDEE:mailto:coach@practice.example?x=1",
    ],
)
def test_plain_addresses_and_the_coach_are_mentioned_nowhere(line: str) -> None:
    assert said(line).mentioned == ()


def test_a_date_of_a_series_has_what_its_series_mentions() -> None:
    text = TEXT.replace("CLASS:", "CONTACT:Zoe\nCLASS:")
    assert [event.mentioned for event in facts(text, ())] == [("Zoe",), ("Zoe",)]


@pytest.mark.parametrize(
    ("own", "hidden"),
    [(("alice",), False), (("alice@x.example",), True), (("alice", "alice@x.example"), True)],
)
def test_a_login_hides_no_client_whose_address_begins_with_it(own: tuple[str, ...], *, hidden: bool) -> None:
    found = said("ATTENDEE;CN=Zoe:mailto:alice@x.example", own=own, clients=("alice@x.example",))
    assert ("alice@x.example" not in found.addresses, found.called == ()) == (hidden, hidden)
    assert said("ATTENDEE;CN=Alice:mailto:alice@host.example", own=own, clients=("alice@x.example",)).called == (
        () if "alice" in own else ("Alice",)
    )
