"""`coachsync client match`: what is not sure is listed for the coach, and the coach's word counts."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest

import events
from cli_desk import NAME, Desk, tomorrow
from coachsync.app import noticing
from coachsync.app.cli import asking

FIRST, SURNAME = NAME.split("-")


@pytest.fixture
def waiting(desk: Desk) -> Desk:
    """A desk whose calendar holds one appointment for each of these titles, and a client who is named in some."""
    folder = desk.storage.calendar("coaching-home-canari", "Coaching")
    for number, title in enumerate((f"Appel {SURNAME}", f"{FIRST} {SURNAME}", "Dentiste")):
        body = events.event(f"uid-{number}", tomorrow(number + 1), title=title)
        (folder / f"e{number}.ics").write_bytes(body)
    assert desk.run("sync").code == 0
    return desk


def added(desk: Desk, *words: str) -> str:
    return str(desk.json("client", "add", *words).document["code"])


def listed(desk: Desk, *words: str) -> dict[str, dict[str, Any]]:
    """By title."""
    result = desk.json("client", "match", *words)
    assert result.code == (5 if any(one["candidates"] for one in result.document["appointments"]) else 0)
    assert result.document["problems"] == []
    return {one["title"]: one for one in result.document["appointments"]}


def decided(desk: Desk, *words: str) -> str:
    """What a decision says: codes alone, though the listing may say more."""
    result = desk.run("client", "match", *words)
    desk.check_quiet(result)
    assert (result.code, result.err) == (0, "")
    return result.out.strip()


def test_what_is_not_sure_is_listed_until_the_coach_decides(waiting: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    title = f"Appel {SURNAME}"
    assert listed(waiting) == {}
    code = added(waiting, "--name", f"{FIRST} {SURNAME}")
    found = listed(waiting)
    appointment = found[title].pop("id")
    start = f"{tomorrow():%Y-%m-%dT%H:%M:%SZ}"
    assert found == {title: {"calendar": "coaching", "start": start, "title": title, "candidates": [code]}}
    shown = waiting.run("client", "match")
    assert (shown.code, "client match ID CODE" in shown.err) == (5, True)
    assert shown.out.startswith(appointment)
    assert shown.out.endswith(f"{title}\tcoaching\t{code} {FIRST} {SURNAME}\n")
    assert appointment in waiting.run("agenda").out

    assert decided(waiting, appointment, code.removeprefix("C-").lower()).startswith(f"{appointment} is an appointment")
    assert listed(waiting) == {}
    before = waiting.fingerprint()
    assert decided(waiting, appointment, code) == "Nothing is different."
    assert waiting.fingerprint() == before  # promise 13
    assert decided(waiting, appointment, "--nobody").startswith(f"{appointment} is nobody's.")
    assert title not in listed(waiting, "--all")
    assert decided(waiting, appointment.lower(), "--forget").startswith(f"{appointment}: what you said is forgotten.")
    assert list(listed(waiting)) == [title]

    monkeypatch.setattr(asking.sys, "stdin", io.StringIO(f"{FIRST} {SURNAME}\n"))
    result = waiting.json("client", "match", "uid-0", "-")
    waiting.check_quiet(result)
    assert result.document == {
        "id": appointment, "calendar": "coaching", "client": code, "nobody": False, "changed": True,
    }  # fmt: skip
    plain = waiting.run("client", "match")
    assert (plain.code, plain.out, "Nothing waits" in plain.err) == (0, "", True)


def test_what_names_nobody_known_is_listed_when_asked_for_and_does_not_wait(waiting: Desk) -> None:
    found = listed(waiting, "--all", "--calendar", "coaching")
    assert set(found) == {f"Appel {SURNAME}", f"{FIRST} {SURNAME}", "Dentiste"}
    assert [one["candidates"] for one in found.values()] == [[], [], []]
    shown = waiting.run("client", "match", "--all")
    assert (shown.code, shown.out.count("nobody known"), "Nothing waits" in shown.err) == (0, 3, True)


def test_a_clients_coming_appointments_are_counted(waiting: Desk) -> None:
    code = added(waiting, "--name", f"{FIRST} {SURNAME}")
    assert waiting.json("client", "show", code).document["appointments"] == 1
    assert "appointments\t1\n" in waiting.run("client", "show", code).out
    decided(waiting, "uid-2", code)
    assert waiting.json("client", "show", code).document["appointments"] == 2


def test_before_a_sync_nothing_can_be_matched_and_a_client_is_shown_without_a_number(desk: Desk) -> None:
    code = added(desk, "--name", "Bo")
    assert desk.refused("client", "match")[0].code == 10
    assert desk.json("client", "show", code).document["appointments"] is None
    assert "appointments" not in desk.run("client", "show", code).out


def test_what_is_not_clear_is_refused_and_nothing_is_decided(waiting: Desk) -> None:
    for words, code in (
        (["uid-0"], "match-unclear"),
        (["uid-0", "C-000000", "--nobody"], "match-unclear"),
        (["uid-0", "--nobody", "--forget"], "match-unclear"),
        (["uid-0", "--nobody", "--all"], "match-unclear"),
        (["--nobody"], "match-unclear"),
        (["uid-0", "C-000000"], "no-such-client"),
        (["uid-0", "Marguerite"], "no-client-code"),
        (["uid-9", "--nobody"], "no-such-appointment"),
        (["uid-0", "--nobody", "--calendar", "gone"], "no-such-calendar"),
        (["--calendar", "gone"], "no-such-calendar"),
    ):
        plain, error = waiting.refused("client", "match", *words)
        waiting.check_quiet(plain)
        assert (plain.code, error["code"]) == (2, code)
    assert len(listed(waiting, "--all")) == 3


def test_a_daemon_is_told_of_a_decision_and_not_of_one_that_was_made_before(waiting: Desk) -> None:
    bell = noticing.bell(waiting.state)
    assert not bell.exists()
    decided(waiting, "uid-2", "--nobody")
    assert bell.exists()
    bell.unlink()
    decided(waiting, "uid-2", "--nobody")
    assert not bell.exists()


def test_p02_a_client_who_cannot_be_read_is_told_and_stops_the_share(waiting: Desk) -> None:
    code = added(waiting, "--name", f"{FIRST} {SURNAME}")
    served = waiting.storage.objects("Office")
    (waiting.state / "keys" / "clients" / f"{code}.key").unlink()
    folder = waiting.storage.titled("Coaching")
    assert folder is not None
    (folder / "more.ics").write_bytes(events.event("more", tomorrow() + timedelta(hours=3)))
    synced = waiting.json("sync")
    assert (synced.code, synced.codes) == (3, ["clients-unreadable"])
    assert waiting.storage.objects("Office") == served
    assert waiting.refused("share", "preview", "office")[1]["code"] == "clients-unreadable"
    result = waiting.run("client", "match")
    assert (result.code, "[client-key-missing]" in result.err) == (3, True)
