"""Working through the inbox: each file is sealed once, to the right client, and gone; or told once, and there."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from coachsync.app.inbox import importing
from coachsync.inbox.settling import EMPTY, FOLDER, SETTLED, UNFINISHED, Why
from inbox_house import CLIENT, OTHER, InboxHouse, Kept
from vault_house import VaultHouse

PDF = b"%PDF-1.7\nof a scanner"


@pytest.fixture
def house(vault_house: VaultHouse) -> InboxHouse:
    return InboxHouse(vault_house)


def told(house: InboxHouse) -> list[Why]:
    return sorted(why for _, why in house.work().told)


def test_a_note_by_the_code_in_its_name_is_sealed_and_gone(house: InboxHouse) -> None:
    house.drop(f"2026-03-02 {CLIENT}.md", "# Séance\r\nElle dort.\r\n")
    assert house.work().imported == 1
    assert house.kept() == [Kept(CLIENT, f"2026-03-02 {CLIENT}.md", "", "# Séance\nElle dort.\n".encode())]
    assert house.names() == []


def test_a_scan_keeps_its_name_and_type_inside_of_what_is_sealed(house: InboxHouse) -> None:
    house.drop(f"{CLIENT}/Scan de Marina.txt", PDF)
    assert house.work().imported == 1
    assert house.kept() == [Kept(CLIENT, "Scan de Marina.txt", "application/pdf", PDF)]
    assert house.names() == [CLIENT]


@pytest.mark.parametrize(
    ("name", "content", "client"),
    [
        ("Marina Dupont-Etoile/a.md", "text", CLIENT),
        ("tigre/2026/a.md", "text", CLIENT),
        ("Twin Name/a.md", "text", ""),
        ("scans/a.md", "text", ""),
        ("a.md", f"---\nclient: {OTHER}\n---\ntext", OTHER),
        ("a.md", "---\nclient: 'Bo Li'\n---\ntext", OTHER),
        ("a.md", "---\nclient: marina@client.example\n---\ntext", CLIENT),
        ("a.md", "---\nclient: shared@family.example\n---\ntext", ""),
        ("a.md", "---\nclient: Bo Li\nclient: Tigre\n---\ntext", ""),
        (f"{CLIENT}/a.md", f"---\nclient: {OTHER}\n---\ntext", CLIENT),
        (f"{CLIENT} and {OTHER}.md", "text", ""),
        ("C-ZZZZZZ.md", "text", ""),
        (f"{CLIENT.lower()} scan.md", "text", CLIENT),
        (
            "a.eml",
            "From: Me <me@practice.example>\nTo: Marina <MARINA@client.example>\nDate: x\nSubject: y\n\nhi",
            CLIENT,
        ),
        ("a.eml", "From: bo@client.example\nTo: marina@client.example\nDate: x\nSubject: y\n\nhi", ""),
        ("a.eml", 'From: "bo@client.example" <x@else.example>\nTo: me@p.example\nDate: x\nSubject: y\n\nhi', ""),
        ("a.vcf", "BEGIN:VCARD\nVERSION:3.0\nFN:x\nitem1.EMAIL;TYPE=HOME:bo@client.example\nEND:VCARD\n", OTHER),
        ("a.vcf", "BEGIN:VCARD\nEMAIL:bo@client.example\nEND:VCARD\nBEGIN:VCARD\nFN:y\nEND:VCARD\n", ""),
    ],
)
def test_whose_it_is_is_never_guessed(house: InboxHouse, name: str, content: str, client: str) -> None:
    house.register()
    house.drop(name, content)
    assert house.work().imported == 1
    assert [(one.client, one.content) for one in house.kept()] == [(client, content.encode())]


def test_without_any_directory_a_code_is_enough(house: InboxHouse) -> None:
    house.drop(f"{CLIENT}/a.md")
    house.drop("Marina/b.md")
    house.drop("c-graded work.md")
    house.work()
    assert house.notes() == {(CLIENT, b"a note"): 1, ("", b"a note"): 2}


def test_a_file_is_not_touched_before_it_has_settled(house: InboxHouse) -> None:
    file = house.drop(f"{CLIENT}.md", "first")
    for part in range(30):  # a slow upload under its last name, of the same length
        house.look()
        house.at += SETTLED - 1
        file.write_text(f"part {part:5}")
    received = house.look()
    assert (received.imported, [one.name for one in received.waiting]) == (0, [f"{CLIENT}.md".encode()])
    assert received.until > house.at
    house.at += SETTLED
    assert house.look().imported == 1
    assert house.notes() == {(CLIENT, b"part    29"): 1}


def test_what_somebody_has_open_to_write_waits(house: InboxHouse) -> None:
    path = house.drop(f"{CLIENT}.md", "begun")
    with path.open("a") as file:
        assert house.work().imported == 0
        house.at += UNFINISHED
        received = house.look()
        assert [why for _, why in received.told] == [Why.OPEN]
        file.write(", and done")
    assert house.work().imported == 1
    assert house.notes() == {(CLIENT, b"begun, and done"): 1}


@pytest.mark.parametrize(
    "name",
    [
        "scan.pdf.part", "a.crdownload", "a.tmp", "a.filepart", ".~lock.a.odt#", "~$a.docx", ".a.md.swp", "4913", "#a#",
        ".syncthing.a.md.tmp", "~syncthing~a.md.tmp", ".a.md.Xy12zQ", ".a.md.~1a2b3c", ".a.md.icloud", ".#a.md",
    ],
)  # fmt: skip
def test_what_is_named_as_unfinished_waits_and_is_told_after_a_day(house: InboxHouse, name: str) -> None:
    house.drop(name)
    assert (house.work().told, house.names()) == ([], [name])
    house.at += UNFINISHED
    received = house.look()
    assert [why for _, why in received.told] == [Why.UNFINISHED]
    assert (len(received.news), len(house.look().news)) == (1, 0)
    house.folder.joinpath(name).rename(house.folder / f"{CLIENT}.md")
    assert house.work().imported == 1
    assert house.names() == []


def test_an_empty_file_waits_and_is_told_once_and_never_removed(house: InboxHouse) -> None:
    file = house.drop(f"{CLIENT}.md", "")
    assert house.work().told == []
    house.at += EMPTY
    assert [why for _, why in house.look().news] == [Why.EMPTY]
    house.restart()
    assert (house.look().news, [why for _, why in house.look().told]) == ([], [Why.EMPTY])
    file.write_text("now there is something")
    assert house.work().imported == 1


@pytest.mark.parametrize(
    "name",
    [
        f"{CLIENT} (conflicted copy 2026-03-02 101112).md", f"{CLIENT}.sync-conflict-20260302-101112-ABCDEFG.md",
        f"{CLIENT} (1).md", f"{CLIENT} (Anna's conflicted copy 2026-03-02).md",
    ],
)  # fmt: skip
def test_a_conflict_copy_is_a_version_of_its_own(house: InboxHouse, name: str) -> None:
    house.drop(f"{CLIENT}.md", "one")
    house.drop(name, "other")
    house.work()
    assert house.notes() == {(CLIENT, b"one"): 1, (CLIENT, b"other"): 1}


def test_what_is_no_file_of_ours_is_told_once_and_left(
    house: InboxHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept.md").write_text("mine")
    (house.folder / "link.md").symlink_to(elsewhere / "kept.md")
    (house.folder / "folder").symlink_to(elsewhere)
    os.link(elsewhere / "kept.md", house.folder / "hard.md")
    os.mkfifo(house.folder / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        monkeypatch.chdir(house.folder)  # the name of a socket may not be long
        bound.bind("socket")
    house.drop(".hidden/a.md")
    house.drop(".DS_Store")
    house.drop("/".join("abcdefghij") + "/a.md")
    house.drop(f"{CLIENT}.md")
    received = house.work()
    expected = sorted([Why.LINK, Why.LINK, Why.HARD_LINK, Why.SPECIAL, Why.SPECIAL, Why.HIDDEN, Why.LITTER, Why.DEEP])
    assert sorted(why for _, why in received.told) == expected
    assert sorted(why for _, why in received.news) == expected
    assert received.imported == 1
    house.restart()
    received = house.work()
    assert (sorted(why for _, why in received.told), received.news) == (expected, [])
    assert (elsewhere / "kept.md").read_text() == "mine"
    (house.folder / "link.md").unlink()
    assert house.work().news == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_told_and_left(house: InboxHouse) -> None:
    os.chown(house.drop(f"{CLIENT}.md"), 12345, 12345)
    assert (told(house), house.names()) == ([Why.OTHER_OWNER], [f"{CLIENT}.md"])


@pytest.mark.parametrize(
    "name",
    [
        b"new\nline", b"..\\..\\etc", b"x" * 255, b"not-utf8-\xff\xfe", b"\x1b[31mred", b"-rf", b" ", b"...",
        b"%s{name}",
        "\u202ereversed".encode(), b"a\rb",
    ],
)  # fmt: skip
def test_a_hostile_name_is_a_name(house: InboxHouse, name: bytes) -> None:
    for content in (b"\0 no text", b"a text"):
        house.drop(os.fsencode(f"{CLIENT}/") + name, content)
        assert house.work().imported == 1
        kept = house.kept()[-1]
        assert (kept.client, kept.content) == (CLIENT, content)
        assert kept.name == name.decode("utf-8", "backslashreplace")
    assert house.names() == [CLIENT]


def test_a_file_renamed_while_we_look_is_neither_lost_nor_sealed_twice(
    house: InboxHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = house.drop(f"{CLIENT}.md", "text")
    real = importing.seal

    def renaming(*given: object) -> None:
        real(*given)  # type: ignore[arg-type]
        file.rename(house.folder / "other.md")

    monkeypatch.setattr(importing, "seal", renaming)
    house.work()
    monkeypatch.undo()
    house.work()
    house.work()
    assert house.notes() == {(CLIENT, b"text"): 1}
    assert house.names() == []


def test_a_file_changed_after_it_was_sealed_stays_and_is_sealed_as_what_it_is_now(
    house: InboxHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = house.drop(f"{CLIENT}.md", "first")
    real = importing.seal

    def changing(*given: object) -> None:
        real(*given)  # type: ignore[arg-type]
        file.write_text("later")

    monkeypatch.setattr(importing, "seal", changing)
    house.work()
    monkeypatch.undo()
    assert house.names() == [f"{CLIENT}.md"]
    house.work()
    assert house.notes() == {(CLIENT, b"first"): 1, (CLIENT, b"later"): 1}
    assert house.names() == []


def test_an_empty_folder_goes_unless_it_names_a_code(house: InboxHouse) -> None:
    for name in (CLIENT, f"notes {CLIENT}", "Marina/2026"):
        (house.folder / name).mkdir(parents=True)
    house.work(FOLDER)
    assert house.names() == [CLIENT, "Marina", f"notes {CLIENT}"]
    house.work(FOLDER)
    assert house.names() == [CLIENT, f"notes {CLIENT}"]


def test_one_look_does_not_take_too_much(house: InboxHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coachsync.app.inbox.receiving.FILES", 2)
    for number in range(5):
        house.drop(f"{CLIENT} {number}.md", f"{number}")
    house.look()
    house.at += SETTLED
    assert [(one.imported, one.more) for one in (house.look(), house.look(), house.look())] == [
        (2, True), (2, True), (1, False),
    ]  # fmt: skip
