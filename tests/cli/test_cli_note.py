"""`coachsync note`: written with nothing unlocked, read with the passphrase alone."""

from __future__ import annotations

import os
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import events
from cli_desk import NAME, Desk, event, tomorrow
from cli_dialogue import Dialogue
from cli_vault import CANARY, VaultDesk
from coachsync.adapters.database.vaults import VaultStore
from coachsync.app.cli import opening
from coachsync.app.vault import shelving
from stepping import no_room

TEXT = f"Première séance.\n\tElle parle de l'Éléphant, {CANARY}.\n"
READING = (
    ("note", "list"),
    ("note", "show", "abc"),
    ("note", "amend", "abc"),
    ("note", "search", "word"),
    ("note", "erase", "abc"),
    ("agreement", "show"),
    ("disclosure", "list"),
)


def test_p07_a_note_is_written_while_the_vault_is_locked_and_read_only_with_the_passphrase(vaulted: VaultDesk) -> None:
    added = vaulted.given(TEXT, "note", "add", vaulted.client)
    assert (added.code, added.err) == (0, "")
    [name] = vaulted.ids()
    assert added.out == f"{name} is in the vault, about {vaulted.client}.\n"
    shown = vaulted.unlocked("note", "show", name)
    assert shown.out == TEXT
    assert shown.err.startswith(f"{vaulted.client}, written on ")


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_a_locked_vault_and_a_wrong_passphrase_are_told(vaulted: VaultDesk, words: tuple[str, ...]) -> None:
    words = (*words, vaulted.client) if words == ("agreement", "show") else words
    locked = vaulted.given("text", *words)
    assert (locked.code, locked.out) == (11, "")
    wrong = vaulted.given("text", *words, "--passphrase-file", str(vaulted.passphrase("another one")))
    assert (wrong.code, wrong.out) == (12, "")


def test_without_a_vault_it_is_said_how_to_make_one(desk: Desk) -> None:
    for words in (("note", "add", "C-7F3K2M"), ("note", "list"), ("disclosure", "list")):
        _, error = desk.refused(*words)
        assert (error["code"], "vault init" in error["hint"]) == ("no-vault", True)


def test_no_word_of_a_note_is_in_any_file_that_is_left(
    vaulted: VaultDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    name = vaulted.note(TEXT)
    vaulted.given(f"{CANARY} again", "note", "amend", name, *vaulted.key)
    vaulted.given(f"{CANARY}\n", "note", "search", "-", *vaulted.key)
    vaulted.unlocked("note", "show", name)
    assert vaulted.leaks(CANARY, "Éléphant", "Première") == []


def test_notes_are_listed_without_what_they_say(vaulted: VaultDesk) -> None:
    name = vaulted.note(TEXT)
    other = str(vaulted.given("Autre\n", "--json", "client", "add", "--name", "-").document["code"])
    [listed] = vaulted.document("note", "list", vaulted.client)["notes"]
    assert (listed["id"], listed["client"], listed["kind"], listed["version"]) == (name, vaulted.client, "note", 1)
    assert listed["written_at"] == listed["changed_at"]
    [row] = vaulted.unlocked("note", "list").out.splitlines()
    assert row.split("\t")[:3] == [name, vaulted.client, NAME]
    empty = vaulted.unlocked("note", "list", other)
    assert (empty.code, empty.out, empty.err) == (0, "", "There is nothing.\n")
    assert vaulted.given(f"{NAME}\n", "--json", "note", "list", "-", *vaulted.key).document["notes"] == [listed]
    assert vaulted.unlocked("note", "list", "C-000000").code == 2


def test_a_name_and_then_the_note_may_come_on_stdin(vaulted: VaultDesk) -> None:
    added = vaulted.given(f"{NAME.lower()}\nfirst\n\nsecond\n", "--json", "note", "add", "-")
    assert added.document["client"] == vaulted.client
    assert vaulted.unlocked("note", "show", added.document["id"]).out == "first\n\nsecond\n"


def test_every_version_of_an_amended_note_can_be_shown(vaulted: VaultDesk) -> None:
    name = vaulted.note("one")
    assert vaulted.given("two", "--json", "note", "amend", name, *vaulted.key).document == {
        "changed": True, "version": 2,
    }  # fmt: skip
    assert vaulted.given("two\n", "note", "amend", name, *vaulted.key).out == "Nothing is different.\n"
    assert [one["text"] for one in vaulted.document("note", "show", name)["versions"]] == ["two", "one"]
    assert vaulted.unlocked("note", "show", name, "--version", "1").out == "one\n"
    newest = vaulted.unlocked("note", "show", name)
    assert newest.out == "two\n"
    assert newest.err.endswith("version 2 of 2\n")
    for version in ("3", "0"):
        assert vaulted.unlocked("note", "show", name, "--version", version).code == 2


def test_a_word_is_looked_for_whatever_its_accents(vaulted: VaultDesk) -> None:
    name = vaulted.note(TEXT)
    vaulted.note("nothing of it")
    found = vaulted.given("elephant\n", "note", "search", "-", *vaulted.key)
    assert found.out == f"{name}\t{vaulted.client}\t{NAME}\tElle parle de l'Éléphant, {CANARY}.\t\n"
    [hit] = vaulted.document("note", "search", "PREMIERE")["notes"]
    assert hit == {"id": name, "client": vaulted.client, "lines": ["Première séance."], "name": ""}
    assert vaulted.unlocked("note", "search", "giraffe").out == ""
    assert vaulted.given("\n", "note", "search", "-", *vaulted.key).code == 2


def test_what_is_shown_cannot_move_a_terminals_cursor(vaulted: VaultDesk) -> None:
    name = vaulted.note("a\x1b[2Jb\u202ec\r\nd")
    assert vaulted.unlocked("note", "show", name).out == "a[2Jbc\nd\n"
    assert vaulted.document("note", "show", name)["versions"][0]["text"] == "a\x1b[2Jb\u202ec\nd"


def test_what_is_damaged_is_reported_and_the_rest_is_shown(vaulted: VaultDesk) -> None:
    vaulted.note("one")
    vaulted.note("two")
    with sqlite3.connect(vaulted.desk.state / "vault" / "vault.db") as database:
        database.execute("delete from records where rowid = (select min(rowid) from records)")
    database.close()
    for words in (("note", "list"), ("note", "search", "o")):
        result = vaulted.unlocked(*words)
        assert (result.code, len(result.out.splitlines())) == (3, 1)
        assert "[record-missing]" in result.err
        document = vaulted.unlocked("--json", *words).document
        assert [problem["code"] for problem in document["problems"]] == ["record-missing"]


# --- texts -------------------------------------------------------------------------------------------------------


def test_a_note_out_of_a_file_leaves_the_file_and_says_so(vaulted: VaultDesk, tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\n")
    added = vaulted.given("not this", "note", "add", vaulted.client, "--file", str(file))
    assert (added.code, "delete it" in added.err) == (0, True)
    assert vaulted.unlocked("note", "show", vaulted.ids()[0]).out == "one\ntwo\n"
    assert file.exists()


@pytest.mark.parametrize("content", [b"", b" \n\t\n", b"\xff\xfe"], ids=["nothing", "blank", "no text"])
def test_what_is_no_text_is_refused(vaulted: VaultDesk, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "note.txt"
    file.write_bytes(content)
    for words in ((), ("--file", str(file)), ("--file", str(tmp_path / "none"))):
        assert vaulted.given("", "note", "add", vaulted.client, *words).code == 2
    assert vaulted.ids() == []


def test_a_client_who_is_none_is_refused(vaulted: VaultDesk) -> None:
    for code in ("C-000000", "nobody"):
        assert vaulted.given("text", "note", "add", code).code == 2
    assert vaulted.given("Nobody\ntext", "note", "add", "-").code == 2
    assert vaulted.given("text", "note", "add", vaulted.client, "--on", "2026-03-02").code == 2
    assert vaulted.given("text", "note", "add", vaulted.client, "--coach", "bea").code == 2


def test_reading_needs_no_room_on_the_disk(vaulted: VaultDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for spare shelves, of which few are left, and not to remember where the log ends."""
    name = vaulted.note(CANARY)
    head = vaulted.desk.state / "vault" / "head"
    monkeypatch.setattr(shelving, "_LEAST", shelving.SPARES)
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", lambda _handle: no_room())
        head.unlink()
        shown = vaulted.unlocked("note", "show", name)
        assert (shown.code, shown.out) == (0, f"{CANARY}\n")
        assert shown.err.count("disk-full") == 1
        refused = vaulted.given("", "vault", "init", "--coach", "bea", *vaulted.key)
        assert (refused.code, head.exists()) == (75, False)
    assert "disk-full" not in vaulted.unlocked("note", "show", name).err
    assert head.exists()


# --- erasing -----------------------------------------------------------------------------------------------------


def test_an_erased_note_is_gone_and_the_others_are_not(vaulted: VaultDesk) -> None:
    gone, kept = vaulted.note("gone"), vaulted.note("kept")
    assert vaulted.unlocked("note", "erase", gone).out == "The note is erased.\n"
    assert vaulted.ids() == [kept]
    assert vaulted.unlocked("note", "erase", gone).code == 2
    assert vaulted.unlocked("note", "show", kept).out == "kept\n"


def test_while_somebody_reads_erasing_is_not_done_and_the_next_command_ends_it(
    vaulted: VaultDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = VaultStore.forget

    def impatient(store: VaultStore) -> bool:
        with store.transaction() as connection:
            connection.exec_driver_sql("pragma busy_timeout = 50")
        return patient(store)

    monkeypatch.setattr(VaultStore, "forget", impatient)
    name = vaulted.note("gone")
    reader = sqlite3.connect(vaulted.desk.state / "vault" / "vault.db", isolation_level=None)
    reader.execute("begin")
    reader.execute("select count(*) from records").fetchall()
    erased = vaulted.unlocked("--json", "note", "erase", name)
    assert (erased.code, erased.error["code"]) == (75, "erasure-not-done")
    reader.close()
    assert vaulted.ids() == []
    assert vaulted.unlocked("note", "show", name).code == 2


def test_on_a_terminal_erasing_asks_first(vaulted: VaultDesk) -> None:
    name = vaulted.note("gone")
    words = ("--config", str(vaulted.desk.file), "note", "erase", name, *vaulted.key)
    for answer, code, left in (("n", 130, [name]), ("y", 0, [])):
        with Dialogue(vaulted.desk.folder, *words, environ={}) as dialogue:
            dialogue.sees("Nobody can bring it back.")
            dialogue.answer(f"{answer}\n")
            assert dialogue.end() == code
        assert vaulted.ids() == left


# --- appointments ------------------------------------------------------------------------------------------------


NOON = tomorrow(0, 12)


class _Noon:
    @staticmethod
    def now(_zone: object) -> datetime:
        return NOON


@pytest.fixture
def noon(vaulted: VaultDesk, monkeypatch: pytest.MonkeyPatch) -> VaultDesk:
    """It is noon: a session of the client has ended, and then a visit to the dentist; one is tomorrow, one weekly."""
    monkeypatch.setattr(opening, "datetime", _Noon)
    folder = vaulted.desk.storage.calendar("coaching", "Coaching")
    for uid, content in {
        "ended": event("ended", NOON - timedelta(hours=2)),
        "later": event("later", NOON + timedelta(hours=2)),
        "cancelled": event("cancelled", NOON - timedelta(hours=1.5), extra="STATUS:CANCELLED\r\n"),
        "dentist": events.event("dentist", NOON - timedelta(hours=1), title="Dentiste"),
        "next": event("next", NOON + timedelta(days=1)),
        "weekly": event("weekly", NOON - timedelta(days=13, hours=3), extra="RRULE:FREQ=WEEKLY;COUNT=3\r\n"),
    }.items():
        (folder / f"{uid}.ics").write_bytes(content)
    assert vaulted.desk.run("sync").code == 0
    return vaulted


def line_of(vaulted: VaultDesk, uid: str) -> dict[str, str]:
    found: list[dict[str, str]] = vaulted.desk.json("agenda", "--days", "2").document
    return next(line for line in found if line["uid"] == uid)


def test_the_agenda_offers_a_note_about_the_session_that_has_just_ended(noon: VaultDesk) -> None:
    ended = line_of(noon, "ended")
    offer = noon.desk.run("agenda").err
    assert offer.endswith(f"For a note about it: coachsync note add {noon.client} --about {ended['id']}\n")
    assert len(offer.splitlines()) == 1
    words = offer.strip().partition("coachsync ")[2].split()
    assert noon.given("text", *words).code == 0
    [version] = noon.document("note", "show", noon.ids()[0])["versions"]
    assert version["appointment"] == {"uid": "ended", "calendar": "coaching", "start": ended["start"]}
    assert noon.desk.json("agenda").err == ""
    assert noon.desk.run("agenda", "--from", f"{NOON + timedelta(days=1):%Y-%m-%d}").err == ""


def test_nothing_is_offered_where_there_is_no_vault_or_the_session_is_long_over(
    noon: VaultDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Noon, "now", staticmethod(lambda _zone: NOON + timedelta(hours=2, minutes=30)))
    assert noon.desk.run("agenda").err == ""
    monkeypatch.setattr(_Noon, "now", staticmethod(lambda _zone: NOON))
    (noon.desk.folder / "trust.toml").unlink()
    assert noon.desk.run("agenda").err == ""


def test_a_note_names_the_appointment_that_it_is_about(noon: VaultDesk) -> None:
    line = line_of(noon, "next")
    name = noon.note("text", "--about", line["id"].lower())
    [version] = noon.document("note", "show", name)["versions"]
    assert version["appointment"] == {"uid": "next", "calendar": "coaching", "start": line["start"]}
    assert "About the appointment of" in noon.unlocked("note", "show", name).err
    noon.given("other", "note", "amend", name, *noon.key)
    assert noon.document("note", "show", name)["versions"][0]["appointment"] == version["appointment"]
    assert noon.given("text", "note", "add", noon.client, "--about", "ZZZZZ").code == 2


def test_of_a_series_a_note_is_about_the_nearest_date_or_the_one_that_is_named(noon: VaultDesk) -> None:
    line, before = line_of(noon, "weekly"), NOON - timedelta(days=6, hours=3)
    for words, start in (((), line["start"]), (("--on", f"{before:%Y-%m-%d}"), f"{before:%Y-%m-%dT%H:%M:%SZ}")):
        name = noon.note("text", "--about", line["id"], *words)
        assert noon.document("note", "show", name)["versions"][0]["appointment"]["start"] == start
    wrong = ("--about", line["id"], "--on", f"{NOON:%Y-%m-%d}")
    assert noon.given("text", "note", "add", noon.client, *wrong).code == 2


def test_several_notes_are_erased_at_once(vaulted: VaultDesk) -> None:
    one, two, kept = (vaulted.note(text) for text in ("one", "two", "kept"))
    told = vaulted.document("note", "erase", one, two, one, "--yes")
    assert (told["erased"], len(told["entries"])) == (True, 1)
    assert vaulted.ids() == [kept]
    assert vaulted.unlocked("note", "erase", kept, one, "--yes").code == 2
    assert vaulted.ids() == [kept]  # nothing, where one of them is not known


def test_a_file_without_an_end_is_refused(vaulted: VaultDesk) -> None:
    result = vaulted.given("", "--json", "note", "add", vaulted.client, "--file", "/dev/zero")
    assert (result.code, result.error["code"]) == (2, "record-too-long")
    assert vaulted.ids() == []


def test_a_long_file_is_stored_to_its_end(vaulted: VaultDesk) -> None:
    file = vaulted.desk.folder / "long.txt"
    file.write_text("long " * 1_000_000 + "end")
    assert vaulted.given("", "note", "add", vaulted.client, "--file", str(file)).code == 0
    [name] = vaulted.ids()
    assert vaulted.unlocked("note", "show", name).out == file.read_text() + "\n"
