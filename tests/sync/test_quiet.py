"""What is sent so that nobody is told, by server and by the account's part in the event; refusals, and lines kept."""

from __future__ import annotations

import pytest

from coachsync.contentline import parse
from coachsync.model import Software
from coachsync.sync.quiet import Sending, sending

OWN = frozenset({"mailto:Coach@Practice.Example", "/principals/coach/"})
COACH, CLIENT, COLLEAGUE = "coach@practice.example", "client@elsewhere.example", "colleague@practice.example"


def event(organizer: str = COACH, *attendees: str, more: str = "", answer: str = "ACCEPTED") -> str:
    people = f'ORGANIZER;CN="a;b:c":mailto:{organizer}\r\n' if organizer else ""
    people += "".join(f"ATTENDEE;PARTSTAT={answer}:mailto:{one}\r\n" for one in attendees)
    return f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\n{more}{people}SUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def quietly(before: str | None, after: str | None, software: Software | None, *, schedules: bool = True) -> Sending:
    return sending(before, after, OWN, software, schedules=schedules)


def unfolded(text: str | None) -> str:
    return (text or "").replace("\r\n ", "")


MEETING = event(COACH, COACH, CLIENT)
MOVED = MEETING.replace("SUMMARY:x", "SUMMARY:y")
INVITED = event(CLIENT, CLIENT, COACH)


@pytest.mark.parametrize("software", [None, *Software])
@pytest.mark.parametrize("schedules", [True, False])
@pytest.mark.parametrize("text", [event(""), event(COACH), event(COACH, COACH)], ids=["nobody", "host", "alone"])
def test_an_event_without_other_people_is_sent_as_it_is(software: Software | None, schedules: bool, text: str) -> None:
    for before, after in ((None, text), (text, text + "\r\n"), (text, None)):
        assert quietly(before, after, software, schedules=schedules) == Sending((after,))


@pytest.mark.parametrize("software", [None, *Software])
def test_a_server_that_does_not_schedule_needs_nothing(software: Software | None) -> None:
    for before, after in ((None, MEETING), (MEETING, MOVED), (MEETING, None), (INVITED, None)):
        assert quietly(before, after, software, schedules=False) == Sending((after,))


@pytest.mark.parametrize("software", [None, Software.OTHER, Software.NEXTCLOUD, Software.XANDIKOS, Software.RADICALE])
def test_p06_a_server_that_was_never_seen_to_keep_quiet_is_sent_nothing(software: Software | None) -> None:
    for before, after in ((None, MEETING), (MEETING, MOVED), (MEETING, None), (MEETING, event("")), (INVITED, None)):
        plan = quietly(before, after, software)
        assert plan.steps == ()
        assert plan.refused
        for name in (COACH, CLIENT, "practice", "elsewhere"):
            assert name not in plan.refused


def test_p06_people_are_found_in_either_version_and_on_a_folded_line() -> None:
    folded = event("").replace("SUMMARY", "ATTEN\r\n DEE:mailto:client@elsewhere.example\r\nSUMMARY")

    assert quietly(None, folded, Software.OTHER).refused
    assert quietly(folded, event(""), Software.OTHER).refused


@pytest.mark.parametrize("software", [Software.CYRUS, Software.SABRE])
def test_some_are_kept_quiet_by_the_headers_alone(software: Software) -> None:
    for before, after in ((None, MEETING), (MEETING, MOVED), (MEETING, None), (INVITED, None)):
        assert quietly(before, after, software) == Sending((after,))


def test_davical_leaves_alone_those_who_are_marked_and_is_marked_before_it_deletes() -> None:
    guest = f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{CLIENT}"
    mark = guest.replace("ATTENDEE;", "ATTENDEE;SCHEDULE-AGENT=CLIENT;")

    [marked] = quietly(MEETING, MOVED, Software.DAVICAL).steps
    assert unfolded(marked) == MOVED.replace(guest, mark)

    first, last = quietly(MEETING, None, Software.DAVICAL).steps
    assert (unfolded(first), last) == (MEETING.replace(guest, mark), None)
    assert quietly(first, None, Software.DAVICAL) == Sending((None,))


def test_sogo_is_marked_at_the_organizer_and_then_given_what_was_meant() -> None:
    marked, after = quietly(MEETING, MOVED, Software.SOGO).steps
    assert after == MOVED
    assert marked == MOVED.replace("ORGANIZER;", "ORGANIZER;SCHEDULE-AGENT=CLIENT;")

    first, last = quietly(MEETING, None, Software.SOGO).steps
    assert (first, last) == (MEETING.replace("ORGANIZER;", "ORGANIZER;SCHEDULE-AGENT=CLIENT;"), None)


def test_p06_sogo_is_marked_before_an_occurrence_of_its_own_kind_goes() -> None:
    other = event(COACH, CLIENT, more="RECURRENCE-ID:20270101T090000Z\r\n")
    series = MEETING.replace("END:VCALENDAR\r\n", "") + other.removeprefix("BEGIN:VCALENDAR\r\n")

    first, second, last = quietly(series, MOVED, Software.SOGO).steps

    assert first == series.replace("ORGANIZER;", "ORGANIZER;SCHEDULE-AGENT=CLIENT;")
    assert second == MOVED.replace("ORGANIZER;", "ORGANIZER;SCHEDULE-AGENT=CLIENT;")
    assert last == MOVED
    assert len(quietly(MEETING, series, Software.SOGO).steps) == 2


@pytest.mark.parametrize("software", [Software.DAVICAL, Software.SOGO])
def test_p06_somebody_who_would_be_disinvited_is_a_reason_to_refuse(software: Software) -> None:
    assert quietly(MEETING, event(COACH, COACH), software).refused


def test_p06_sogo_changes_calendars_of_its_own_users_whatever_it_is_told() -> None:
    for guest in (COLLEAGUE, "urn:uuid:7"):
        with_colleague = event(COACH, COACH, guest).replace("mailto:urn", "urn")
        for before, after in ((None, with_colleague), (with_colleague, MEETING), (with_colleague, None)):
            assert quietly(before, after, Software.SOGO).refused


@pytest.mark.parametrize("software", [Software.DAVICAL, Software.SOGO])
def test_p06_guests_whom_nobody_has_invited_are_a_reason_to_refuse(software: Software) -> None:
    """Nobody has seen what these servers make of them."""
    guests = event("", COACH, CLIENT)
    for before, after in ((None, guests), (guests, guests.replace("SUMMARY:x", "SUMMARY:y")), (guests, None)):
        assert quietly(before, after, software).refused


def test_p06_davical_is_not_asked_to_change_what_a_neighbour_organizes() -> None:
    invited = event(COLLEAGUE, COLLEAGUE, COACH)

    assert quietly(invited, invited.replace("SUMMARY:x", "SUMMARY:y"), Software.DAVICAL).refused
    assert quietly(invited, None, Software.DAVICAL) == Sending((None,))
    assert quietly(INVITED, INVITED + "\r\n", Software.DAVICAL) == Sending((INVITED + "\r\n",))


def test_p06_sogo_tells_an_organizer_of_answers_and_deletions() -> None:
    moved = INVITED.replace("SUMMARY:x", "SUMMARY:y")
    declined = INVITED.replace(f"PARTSTAT=ACCEPTED:mailto:{COACH}", f"PARTSTAT=DECLINED:mailto:{COACH}")
    skipped = INVITED.replace("SUMMARY:x", "EXDATE:20270101T090000Z\r\nSUMMARY:x")

    assert quietly(INVITED, moved, Software.SOGO) == Sending((moved,))
    for after in (declined, skipped, None):
        assert quietly(INVITED, after, Software.SOGO).refused
    assert quietly(skipped, INVITED, Software.SOGO).refused


def test_an_invitation_comes_back_to_sogo_with_a_mark_at_ones_own_name() -> None:
    marked, after = quietly(None, INVITED, Software.SOGO).steps

    assert after == INVITED
    own = f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{COACH}"
    assert unfolded(marked) == INVITED.replace(own, own.replace("ATTENDEE;", "ATTENDEE;SCHEDULE-AGENT=CLIENT;"))
    assert quietly(None, event("", COACH, CLIENT), Software.SOGO).refused
    assert quietly(None, event(CLIENT, CLIENT), Software.SOGO).refused


@pytest.mark.parametrize(
    ("line", "marked"),
    [
        ("ORGANIZER:mailto:coach@practice.example", "ORGANIZER;SCHEDULE-AGENT=CLIENT:mailto:coach@practice.example"),
        (
            "ORGANIZER;SCHEDULE-AGENT=SERVER;CN=C:mailto:coach@practice.example",
            "ORGANIZER;SCHEDULE-AGENT=CLIENT;CN=C:mailto:coach@practice.example",
        ),
        (
            'organizer;CN=";SCHEDULE-AGENT=x:":MAILTO:coach@practice.example',
            'organizer;SCHEDULE-AGENT=CLIENT;CN=";SCHEDULE-AGENT=x:":MAILTO:coach@practice.example',
        ),
    ],
)
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_a_line_is_marked_and_every_other_byte_stays(line: str, marked: str, end: str) -> None:
    text = f"BEGIN:VEVENT{end}{line}{end}ATTENDEE:mailto:{CLIENT}{end}X-ODD:\u00e9{end} folded{end}END:VEVENT{end}"

    first, _ = quietly(None, text, Software.SOGO).steps

    assert first is not None
    assert "".join(one.raw for one in parse(first)).replace(f"{end} ", "") == text.replace(line, marked).replace(
        f"{end} ", ""
    )
    assert [one.raw for one in parse(first) if one.name != "ORGANIZER"] == [
        one.raw for one in parse(text) if one.name != "ORGANIZER"
    ]


@pytest.mark.parametrize("agent", ["CLIENT", "NONE", "none"])
def test_what_is_marked_already_is_sent_once_and_as_it_is(agent: str) -> None:
    text = MEETING.replace("ORGANIZER;", f"ORGANIZER;SCHEDULE-AGENT={agent};")

    assert quietly(MEETING, text, Software.SOGO) == Sending((text,))
    assert quietly(text, None, Software.SOGO) == Sending((None,))


def test_a_line_that_cannot_be_written_anew_is_refused() -> None:
    odd = MEETING.replace("ORGANIZER;", "ORGANIZER;X=a\rb;")

    assert quietly(MEETING, odd, Software.SOGO).refused
