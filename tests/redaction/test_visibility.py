"""What each server lets somebody see of events by their CLASS. The table is what was measured with a second user."""

from __future__ import annotations

import pytest

from coachsync.model import Grant, Grantee, Secrecy, Software
from coachsync.redaction.visibility import Sight, by_class, declared, marked, visible

# One event of each CLASS, as letters of the text have it.
EACH = dict.fromkeys(("", "PUBLIC", "CONFIDENTIAL", "PRIVATE", "confidential", "private", " PRIVATE", "X-OTHER"), 1)
READER, WRITER = Grant("bob"), Grant("bob", writes=True)
OWNING = Grant("bob", writes=True, unlimited=True)
DELEGATE, LINK = Grant("bob", Grantee.DELEGATE), Grant("", Grantee.LINK)
BUSY = Grant("authenticated", Grantee.EVERYBODY, reads=False, times_only=True)
ADDING = Grant("bob", reads=False, writes=True)
PUBLIC, CONFIDENTIAL = frozenset({Secrecy.PUBLIC}), frozenset({Secrecy.CONFIDENTIAL})
ROLES = Grant("bob", whole=PUBLIC, times=CONFIDENTIAL)

MEASURED = [
    (Software.CYRUS, READER, Sight(full=8)),
    (Software.CYRUS, BUSY, Sight(times_only=8)),
    (Software.RADICALE, READER, Sight(full=8)),
    (Software.SABRE, DELEGATE, Sight(full=8)),
    (Software.SABRE, BUSY, Sight(times_only=8, searchable=8)),
    (Software.DAVICAL, READER, Sight(full=6, times_only=1, hidden=1, searchable=1)),
    (Software.DAVICAL, WRITER, Sight(full=6, times_only=1, hidden=1, searchable=1)),
    (Software.DAVICAL, OWNING, Sight(full=8)),
    (Software.DAVICAL, BUSY, Sight(times_only=7, hidden=1, searchable=7)),
    (Software.NEXTCLOUD, READER, Sight(full=2, times_only=1, hidden=5, searchable=1)),
    (Software.NEXTCLOUD, LINK, Sight(full=2, times_only=1, hidden=5, searchable=1)),
    (Software.NEXTCLOUD, WRITER, Sight(full=3, hidden=5)),
    (Software.NEXTCLOUD, DELEGATE, Sight(full=8)),
    (Software.NEXTCLOUD, BUSY, Sight(times_only=8)),
    (Software.SOGO, ROLES, Sight(full=4, times_only=2, hidden=2)),
    (Software.SOGO, Grant("bob", reads=False, times_only=True, whole=frozenset(), times=PUBLIC), Sight(0, 4, 4)),
    (Software.SOGO, Grant("bob", whole=frozenset({Secrecy.PRIVATE})), Sight(full=2, hidden=6)),
    (Software.SOGO, Grant("bob", reads=False, writes=True, whole=frozenset()), Sight(hidden=8)),
    (Software.SOGO, DELEGATE, Sight(full=8)),
]


@pytest.mark.parametrize(("software", "grant", "sight"), MEASURED)
def test_each_server_shows_what_was_measured(software: Software, grant: Grant, sight: Sight) -> None:
    assert visible(software, grant, EACH) == sight


@pytest.mark.parametrize("software", [None, Software.OTHER, Software.XANDIKOS])
def test_p02_of_an_unknown_server_everything_is_assumed_to_be_seen(software: Software | None) -> None:
    assert visible(software, READER, EACH) == Sight(full=8, assumed=True)
    assert visible(software, BUSY, EACH) == Sight(times_only=8)


@pytest.mark.parametrize("software", list(Software))
def test_who_may_only_add_sees_nothing_and_who_is_as_the_owner_everything(software: Software) -> None:
    assert visible(software, ADDING, EACH).hidden == 8
    assert visible(software, OWNING, EACH).full == 8
    assert visible(software, READER, {}) in (Sight(), Sight(assumed=True))


@pytest.mark.parametrize("software", list(Software))
@pytest.mark.parametrize("grant", [READER, WRITER, DELEGATE, LINK, BUSY, ROLES])
def test_where_class_is_said_not_to_matter_it_does_not(software: Software, grant: Grant) -> None:
    unmarked, marked_ones = visible(software, grant, {"": 8}), visible(software, grant, EACH)
    assert by_class(software, grant) or unmarked == marked_ones
    for sight in (unmarked, marked_ones):
        assert sight.full + sight.times_only + sight.hidden == 8
        assert sight.searchable <= sight.times_only + sight.hidden


def test_marked_is_whatever_is_not_public() -> None:
    assert marked(EACH) == 6
    assert marked({"": 3, "public": 2, " PUBLIC ": 1}) == 0


def text(*events: str, alarm: str = "") -> bytes:
    inside = "".join(f"BEGIN:VEVENT\r\nUID:a\r\n{one}{alarm}END:VEVENT\r\n" for one in events)
    return f"BEGIN:VCALENDAR\r\n{inside}END:VCALENDAR\r\n".encode()


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (text(""), ""),
        (text("CLASS:PRIVATE\r\n"), "PRIVATE"),
        (text('class;X-A="b:c":private\r\n'), "private"),
        (text("CLASS: PRIVATE\r\n"), " PRIVATE"),
        (text("CLA\r\n SS:PRI\r\n VATE\r\n"), "PRIVATE"),
        (text("SUMMARY:CLASS:PRIVATE\r\n"), ""),
        (text("CLASS:PRIVATE\r\nCLASS:PUBLIC\r\n"), "PRIVATE"),
        (text("", alarm="BEGIN:VALARM\r\nCLASS:PRIVATE\r\nEND:VALARM\r\n"), ""),
        (text("CLASS:PRIVATE\r\n", "CLASS:PRIVATE\r\n"), "PRIVATE"),
        (text("CLASS:PUBLIC\r\n", "CLASS:CONFIDENTIAL\r\n"), ""),
        (text("CLASS:CONFIDENTIAL\r\n", ""), ""),
        (b"CLASS:PRIVATE", ""),
        (b"END:X\r\nCLASS\xff", ""),
    ],
)
def test_the_class_of_an_object_is_what_all_of_its_events_say(body: bytes, name: str) -> None:
    assert declared(body) == name
