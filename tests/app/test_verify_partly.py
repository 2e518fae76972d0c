"""A look at a share that is possible in part: what cannot be looked at hides nothing of what can (promise 3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from coachsync.adapters.database import Shares, tables
from coachsync.adapters.memory import MemoryCalendars
from coachsync.app import collection_target, status
from coachsync.app.recording import record
from coachsync.app.verify import verify
from coachsync.clients.directory import Client
from coachsync.errors import CoachsyncError, Refused, Temporary
from coachsync.model import Item, Pseudonym
from coachsync.redaction.publication import document
from davscript import Start
from events import event
from practice_house import House, codes, damage
from servers import Reply
from test_falling_back import answer, labels, only_sessions

PROFILE = 'profile = "session"'
NOWHERE = f'{PROFILE}\npublic_link = "http://127.0.0.1:9/gone.ics"'
ASSISTANT = '[accounts.assistant]\nurl = "https://calendar.example/"\nusername = "bob"\n'
SLOW, SHUT = Temporary("timeout", "Slow."), CoachsyncError("forbidden", "No.")
MARIE = "C-7F3K2M"


@pytest.fixture
def leaky(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A share of sessions that tells whose they are."""
    monkeypatch.setattr(collection_target, "document", only_sessions)
    house.sessions(3)
    house.put("title", event("uid-title", house.now, title="Marguerite Lenoir"))
    house.sync()
    return house


def own(house: House) -> set[str]:
    return {finding.code for _, finding in house.verification().findings if finding.own}


def why(house: House) -> list[str]:
    return [failure.code for where, failure in house.verification().failures if where == "shares.office"]


# --- one way of several ---------------------------------------------------------------------------------------------


def test_p03_a_public_link_that_is_gone_hides_no_leak_and_is_told_itself(leaky: House) -> None:
    leaky.text = leaky.text.replace(PROFILE, NOWHERE)
    assert {"property", "source-word"} <= own(leaky)
    assert why(leaky) == ["no-connection"]
    assert codes(answer(leaky)) == ["share-fallen-busy"]
    assert labels(leaky) == {b"SUMMARY:Indisponible"}


def test_p03_a_client_in_the_settings_whom_nobody_knows_hides_no_leak(leaky: House) -> None:
    leaky.text = leaky.text.replace(PROFILE, f'{PROFILE}\nclients = ["{MARIE}"]')
    leaky.now += timedelta(days=1, hours=2)
    assert "source-word" in own(leaky)
    assert why(leaky) == ["unknown-client"]


def test_p03_a_pseudonym_that_does_not_open_hides_neither_a_leak_nor_the_name_of_the_target(leaky: House) -> None:
    with leaky.wiring() as wiring:
        wiring.clients.save(Client(MARIE, ("Office Lenoir",)))
        wiring.clients.name("office", MARIE, Pseudonym("Quartz-10"))
    leaky.text = leaky.text.replace('name = "Office"', 'name = "Lenoir"')
    damage(leaky, tables.pseudonyms)
    assert {"property", "identifier"} <= own(leaky)
    assert "target-name" in {finding.code for _, finding in leaky.verification().findings}
    assert why(leaky) == ["row-does-not-open"]


def test_p03_an_account_that_is_shut_does_not_keep_from_looking_at_the_public_link(
    leaky: House, scripted: Start
) -> None:
    (body, *_) = leaky.served().values()
    server = scripted(lambda request: Reply(200, body, {"Content-Type": "text/calendar"}))
    link = f'{PROFILE}\naudience = {{ account = "assistant" }}\npublic_link = "{server.url}office.ics"'
    leaky.text = leaky.text.replace(PROFILE, link) + ASSISTANT
    leaky.server.fail("collection", SHUT)
    result = leaky.verification()
    assert [failure.code for _, failure in result.failures] == ["forbidden"]
    assert {(finding.code, finding.where) for _, finding in result.findings} == {
        ("property", "public link"), ("source-word", "public link")
    }  # fmt: skip
    assert "public-object" in {finding.code for _, finding in leaky.verification().findings}  # three are missing there


# --- one way, in part -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["everything", "queried"])
def test_p03_what_is_asked_beside_the_objects_hides_none_of_them(leaky: House, method: str) -> None:
    leaky.server.fail(method, SLOW, times=2)
    assert "source-word" in own(leaky)
    assert why(leaky) == ["timeout"]


def only_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server gives one object, and then fails."""
    real = MemoryCalendars.fetch

    def fetch(self: MemoryCalendars, url: str, hrefs: Iterable[str]) -> Iterator[Item]:
        yield from list(real(self, url, hrefs))[:1]
        raise SLOW

    monkeypatch.setattr(MemoryCalendars, "fetch", fetch)


def test_p03_what_came_before_the_server_failed_is_looked_at_and_nothing_else_called_missing(
    leaky: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_first(monkeypatch)
    result = leaky.verification()
    assert {finding.code for _, finding in result.findings} == {"property", "source-word"}
    assert why(leaky) == ["timeout"]


def test_a_public_link_is_not_compared_with_the_half_that_an_account_has_seen(
    synced: House, monkeypatch: pytest.MonkeyPatch, scripted: Start
) -> None:
    bodies = [body.decode() for body in synced.served().values()]
    events = "".join(body[body.index("BEGIN:VEVENT") : body.index("END:VCALENDAR")] for body in bodies)
    whole = f"{bodies[0][: bodies[0].index('BEGIN:VEVENT')]}{events}END:VCALENDAR\r\n".encode()
    server = scripted(lambda request: Reply(200, whole, {"Content-Type": "text/calendar"}))
    synced.text = synced.text.replace(PROFILE, f'{PROFILE}\npublic_link = "{server.url}office.ics"')
    assert synced.verify() == ()
    only_first(monkeypatch)
    assert synced.verification().findings == []


def test_what_a_server_adds_to_every_entry_is_no_leak_because_one_only_was_given(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        collection_target, "document", lambda *given: document(*given).replace(b"TRANSP", b"STATUS:CONFIRMED\r\nTRANSP")
    )
    house.sessions(3)
    house.sync()
    only_first(monkeypatch)
    assert {finding.code for _, finding in house.verification().findings} == {"property"}
    assert answer(house).shares == {}


def test_an_entry_that_a_run_cut_short_has_written_is_not_called_foreign(synced: House) -> None:
    with synced.wiring() as wiring:
        journal = Shares(wiring.database, "office")
        journal.write([replace(entry, live=False, etag=None) for entry in journal.entries()])
    assert synced.verify() == ()


def test_p03_an_entry_whose_record_is_damaged_hides_no_other_and_shows_as_foreign(leaky: House) -> None:
    with leaky.wiring() as wiring:
        tag = Shares(wiring.database, "office").entries()[0].tag
    damage(leaky, tables.published, tag=tag)
    assert "source-word" in own(leaky)
    assert "foreign-object" in {finding.code for _, finding in leaky.verification().findings}
    assert why(leaky) == ["row-does-not-open"]
    assert codes(answer(leaky)) == ["row-does-not-open", "share-fallen-away"]


# --- what was never written whole -----------------------------------------------------------------------------------


def forgotten(house: House) -> House:
    """As if the first publishing had failed after it had written everything."""
    with house.wiring() as wiring, wiring.database.transaction() as connection:
        connection.execute(tables.shares.update().values(published_at=None))
    return house


def test_p03_what_was_served_before_a_first_publishing_failed_is_looked_at(leaky: House) -> None:
    assert "source-word" in own(forgotten(leaky))
    assert codes(answer(leaky)) == ["share-fallen-busy"]


def test_p03_what_should_go_of_a_share_that_was_never_written_whole_is_stale(house: House) -> None:
    house.sessions(2)
    house.sync()
    house.now += timedelta(days=1)
    assert [finding.code for finding in forgotten(house).verify()] == ["stale-slot"]
    with house.wiring() as wiring:
        journal = Shares(wiring.database, "office")
        journal.write([replace(entry, since=int(house.now.timestamp())) for entry in journal.entries()])
    assert house.verify() == ()


# --- what is kept of it ---------------------------------------------------------------------------------------------


def looked(house: House) -> status.Share:
    with house.wiring() as wiring:
        record(wiring, str, checked=verify(wiring, [wiring.config.shares["office"]]))
    return status.load(house.state).share("office")


def test_p03_what_was_found_in_what_a_look_did_not_come_to_stays(leaky: House, monkeypatch: pytest.MonkeyPatch) -> None:
    before = looked(leaky).findings
    only_first(monkeypatch)
    share = looked(leaky)
    assert set(share.findings) == set(before)
    assert len({found.where for found in before}) == 4
    assert share.unseen is not None


def test_p03_the_status_keeps_what_a_look_in_part_has_found_and_what_was_found_before_one_that_saw_nothing(
    leaky: House,
) -> None:
    leaky.text = leaky.text.replace(PROFILE, NOWHERE)
    share = looked(leaky)
    assert "source-word" in {found.code for found in share.findings}
    assert (share.verified, share.unseen and share.unseen.code) == (None, "no-connection")
    leaky.server.fail("collection", Refused("login-refused", "No."))
    again = looked(leaky)
    assert again.findings == share.findings
    assert list(status.load(leaky.state).refused) == ["cloud"]
    for href in leaky.served():
        leaky.server.delete(leaky.share_url(), href)
    assert {found.code for found in looked(leaky).findings} == {"missing-object"}
