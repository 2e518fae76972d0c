"""Promise 6: the one mail that coachsync sends goes to the one address of the configuration, whatever calendars say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import coachsync
from coachsync.adapters.mail import Security
from coachsync.app import recording
from coachsync.app.alarms import Alarm
from coachsync.app.language import language
from coachsync.app.standing import standing
from coachsync.app.status import Status
from coachsync.app.telling import places, tell
from coachsync.app.verify import verify
from coachsync.config import Notify, Smtp
from events import event
from mailsink import MailSink
from modules import house
from practice_house import House

COACH, CLIENT = "me@practice.example", "marguerite.canari@client.example"
PEOPLE = f"ORGANIZER:mailto:{CLIENT}\r\nATTENDEE;CN=Canari;PARTSTAT=NEEDS-ACTION:mailto:{CLIENT}\r\n"
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with closing(MailSink()) as started:
        yield started


def notify(sink: MailSink) -> Notify:
    return Notify(COACH, False, Smtp("127.0.0.1", sink.port, Security.NONE, COACH, timeout=5))


def recipients(sink: MailSink) -> set[str]:
    return {line for line in sink.lines if line.upper().startswith("RCPT")}


def test_p06_addresses_in_events_and_shares_get_no_mail(tmp_path: Path, sink: MailSink) -> None:
    house = House(tmp_path)
    for number in range(12):
        house.put(f"e{number}", event(f"uid-{number}", house.now, title=f"Canari {CLIENT}", extra=PEOPLE))
    house.sync()
    share = house.share_url().removeprefix("https://calendar.example")
    house.server.store(house.share_url(), f"{share}leak.ics", event("leak", house.now, title=CLIENT, extra=PEOPLE))
    for number in range(12):
        house.delete(f"e{number}")
    outcome = house.sync()
    with house.wiring() as wiring:
        checked = verify(wiring, wiring.config.shares.values())
        known = recording.after_run(Status(), wiring, outcome, str)
        known = recording.after_check(known, wiring, checked, str)
        current = standing(known)
        assert {alarm.key.partition("/")[0] for alarm in current} == {"finding", "held"}
        assert tell(current, {}, NOW, language("fr"), notify(sink), places(wiring.config)).used == ("mail",)
    assert recipients(sink) == {f"rcpt TO:<{COACH}>"}
    (taken,) = sink.taken
    assert (taken.message["To"], taken.message["Cc"], taken.message["Bcc"]) == (COACH, None, None)
    assert not [word for word in (b"canari", b"client.example", b"marguerite") if word in taken.content.lower()]


HEADERS = {
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
    *("MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
}
TEXT = st.one_of(
    st.sampled_from([f"\r\nBcc: {CLIENT}", f"\r\n.\r\nRCPT TO:<{CLIENT}>\r\n", f"\nTo: {CLIENT}\n\n", f"<{CLIENT}>"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.builds(Alarm, TEXT, TEXT, TEXT, TEXT, TEXT), min_size=1, max_size=3))
def test_p06_no_alarm_can_choose_who_gets_it(sink: MailSink, alarms: list[Alarm]) -> None:
    sink.taken.clear()
    sink.lines.clear()
    assert tell(alarms, {}, NOW, language("en"), notify(sink), ()).used == ("mail",)
    assert recipients(sink) == {f"rcpt TO:<{COACH}>"}
    (taken,) = sink.taken
    assert taken.recipients == [COACH]
    assert {"To", "Subject"} <= set(taken.message.keys()) <= HEADERS


def test_p06_only_the_channels_can_send_mail() -> None:
    modules = house_modules()
    senders = [name for name, imports in modules.items() if "coachsync.adapters.mail" in imports]
    assert senders == ["app.channels"]


def house_modules() -> dict[str, list[str]]:
    source = Path(coachsync.__file__).parent
    return {module.name: [full for full, _ in module.imports] for module in house(source)}
