"""A file goes only when what is stored was read back and is what the log says; and what changed on the way stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coachsync.adapters.bodyfiles import BodyFiles
from coachsync.adapters.database.vaults import VaultStore
from coachsync.adapters.inbox import Inbox, Listing
from coachsync.app.inbox import receiving
from coachsync.app.vault import erasing, notes
from coachsync.errors import Locked
from coachsync.inbox.settling import SETTLED, Open, Why
from coachsync.phrases import say
from coachsync.vault.shelves import SealedFile
from inbox_house import CLIENT, OTHER, InboxHouse
from stepping import killed_at
from vault_house import VaultHouse

SCAN = b"%PDF-1.7 of a scanner"


@pytest.fixture
def house(vault_house: VaultHouse) -> InboxHouse:
    return InboxHouse(vault_house)


def told(house: InboxHouse) -> list[Why]:
    return [why for _, why in house.work(SETTLED).told]


def test_p04_a_note_that_is_not_stored_as_it_should_be_stays(
    house: InboxHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = house.drop(f"{CLIENT}.md")
    record = VaultStore.record
    monkeypatch.setattr(VaultStore, "record", lambda *given: (record(*given) or b"")[:-1])
    assert told(house) == [Why.REFUSED]
    house.restart()  # whoever goes on sees it too
    assert told(house) == [Why.REFUSED]
    assert file.read_text() == "a note"
    monkeypatch.undo()
    house.restart()
    house.work()
    assert house.names() == []
    assert house.notes() == {(CLIENT, b"a note"): 1}


def test_p04_what_lies_where_nobody_can_look_is_not_forgotten(
    house: InboxHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sealed and about to go, while its folder cannot be read for a time: it is not sealed again when it can."""
    house.drop(f"{CLIENT}/note.md")
    monkeypatch.setattr(receiving, "remove", lambda *_: False)  # and killed before that
    assert house.work().imported == 1
    monkeypatch.undo()
    for shut in ("a folder", "the rest of a long list"):
        with monkeypatch.context() as now:
            if shut == "a folder":
                now.setattr(Inbox, "_enter", lambda *_: True)
            else:
                now.setattr(Inbox, "look", lambda _: Listing((), whole=False))
            house.look()
    house.work()
    assert house.names() == [CLIENT]
    assert house.notes() == {(CLIENT, b"a note"): 1}


def test_p04_a_file_that_is_not_stored_as_it_should_be_stays(
    house: InboxHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.drop(f"{CLIENT}.pdf", SCAN)
    monkeypatch.setattr(BodyFiles, "told", lambda *_: SealedFile(bytes(32), 1))
    assert told(house) == [Why.REFUSED]
    assert house.names() == [f"{CLIENT}.pdf"]
    monkeypatch.undo()
    house.restart()
    house.work()
    assert house.names() == []
    assert house.notes() == {(CLIENT, SCAN): 1}


def test_one_client_whose_notes_cannot_be_sealed_keeps_no_other_waiting(
    house: InboxHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coachsync.app.inbox.receiving.FILES", 2)
    for client in (CLIENT, OTHER):
        house.drop(f"{client}.md", "first")
    house.work()
    with house.vault.open() as vault:
        shelf = vault.history.shelf_of(house.vault.coach(vault), CLIENT, "notes")
        assert shelf is not None
        ((generation, coach),) = vault.files.grants(shelf)
        grant = vault.files.grant_file(shelf, generation, coach)
    content = grant.read_bytes()
    grant.unlink()
    for number in range(3):
        house.drop(f"{CLIENT} {number}.md", "second")
    house.drop(f"z {OTHER}.md", "second")  # comes last
    assert told(house) == [Why.REFUSED] * 3
    assert len(house.names()) == 3
    assert house.look().imported == 0
    grant.write_bytes(content)
    house.restart()
    house.work()
    assert house.notes() == {
        (CLIENT, b"first"): 1, (OTHER, b"first"): 1, (CLIENT, b"second"): 3, (OTHER, b"second"): 1,
    }  # fmt: skip


def test_where_no_shelf_is_left_everything_waits_for_the_coach(
    house: InboxHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise Locked("no-shelf", say("There is none."))

    house.drop(f"{CLIENT}.md")
    house.drop(f"{OTHER}.md")
    monkeypatch.setattr(notes, "shelf_for", locked)
    received = house.work()
    assert received.trouble is not None
    assert (received.trouble.code, len(received.waiting), received.told) == ("no-shelf", 2, [])
    monkeypatch.undo()
    assert house.look().imported == 2


@pytest.mark.parametrize("change", ["grown", "replaced"])
def test_what_changes_on_its_way_out_comes_back_and_is_sealed_as_it_is_then(house: InboxHouse, change: str) -> None:
    """Killed between its last name and its end, and written meanwhile by a program that had it open."""
    house.drop(f"{CLIENT}/a.md", "first")
    house.look()
    house.at += SETTLED
    assert any(
        killed_at(step, house.look, ((os, "pwrite"),)) and any("sealed" in name for name in house.names())
        for step in range(40)
    )
    (aside,) = (path for path in house.folder.rglob("*") if path.is_file())
    if change == "grown":
        aside.write_text("first, and more")
    else:
        aside.unlink()
        aside.write_text("other")
    house.restart()
    house.work()
    house.work()
    assert house.names() == [CLIENT]
    text = b"first, and more" if change == "grown" else b"other"
    assert house.notes() == {(CLIENT, b"first"): 1, (CLIENT, text): 1}


def test_what_a_program_writes_into_while_it_goes_gets_its_name_back(
    house: InboxHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that had it open all the time: it keeps no name in mind."""
    path = house.drop(f"{CLIENT}/a.md", "first")
    set_aside = Inbox.set_aside
    with path.open("a") as file:
        monkeypatch.setattr("coachsync.app.inbox.watch.opened_by", lambda _: Open.NOBODY)

        def writing(*given: object) -> bool:
            monkeypatch.undo()
            done = set_aside(*given)  # type: ignore[arg-type]
            file.write(", and more")
            file.flush()
            return done

        monkeypatch.setattr(Inbox, "set_aside", writing)
        house.work()
        assert house.names() == [CLIENT, f"{CLIENT}/a.md"]
    house.work()
    assert house.notes() == {(CLIENT, b"first"): 1, (CLIENT, b"first, and more"): 1}
    assert house.names() == [CLIENT]


def test_p04_what_a_program_has_opened_since_it_was_sealed_stays(
    house: InboxHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has written nothing yet: the file is still what was sealed, and would take what it writes with it."""
    path = house.drop(f"{CLIENT}/a.md", "first")
    set_aside, opened = Inbox.set_aside, []

    def opening(*given: object) -> bool:
        opened.append(path.open("a"))
        monkeypatch.undo()
        return set_aside(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(Inbox, "set_aside", opening)
    house.work()
    assert house.names() == [CLIENT, f"{CLIENT}/a.md"]
    house.work()
    assert path.read_text() == "first"
    with opened[0] as file:
        file.write(", and more")
    house.work()
    assert house.notes() == {(CLIENT, b"first"): 1, (CLIENT, b"first, and more"): 1}
    assert house.names() == [CLIENT]


def test_what_cannot_be_removed_is_told_and_stops_no_other(house: InboxHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    house.drop("stuck/a.md", f"---\nclient: {CLIENT}\n---\n")
    house.drop(f"{OTHER}.md", "other")
    rename = os.rename

    def refusing(name: bytes, *given: object, **where: int) -> None:
        if name == b"a.md":
            raise PermissionError
        rename(name, *given, **where)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "rename", refusing)
    assert told(house) == [Why.NOT_REMOVED]
    for _ in range(2):
        received = house.work()
        assert ([why for _, why in received.told], received.imported) == ([Why.NOT_REMOVED], 0)
    monkeypatch.undo()
    house.work()
    assert sum(house.notes().values()) == 2
    assert [path for path in house.folder.rglob("*") if path.is_file()] == []


def test_a_name_as_of_a_file_on_its_way_out_is_a_name(house: InboxHouse) -> None:
    house.drop(f"{CLIENT}.md", "first")
    house.work()
    with house.vault.open() as vault:
        ((record, _),) = vault.history.records
    house.drop(f".coachsync-sealed-{record.hex()}", "somebody's")
    house.work()
    assert house.notes() == {(CLIENT, b"first"): 1, ("", b"somebody's"): 1}


def test_a_note_is_about_the_appointment_that_it_names_only_where_there_is_one(house: InboxHouse) -> None:
    house.drop(f"{CLIENT}.md", "---\nappointment: abcdef\ndate: 2026-03-02\n---\ntext")
    assert house.work().imported == 1
    assert [one.content for one in house.kept()] == [b"---\nappointment: abcdef\ndate: 2026-03-02\n---\ntext"]


def test_a_client_who_was_erased_gets_no_file_any_more(house: InboxHouse) -> None:
    house.drop(f"{CLIENT}/a.md", "first")
    house.work()
    with house.vault.session() as session:
        erasing.erase_shelves(session, "client", CLIENT, erasing.shelves_of(session, CLIENT))
    house.drop(f"{CLIENT}/b.md", "second")
    house.work()
    assert house.notes() == {("", b"second"): 1}


def test_a_large_file_is_streamed(house: InboxHouse, tmp_path: Path) -> None:
    import resource

    size = 48 << 20
    with house.drop(f"{CLIENT}.bin", b"").open("wb") as file:
        for _ in range(size >> 20):
            file.write(os.urandom(1 << 20))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert house.work().imported == 1
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    assert grown < size / 2
    assert house.names() == []
