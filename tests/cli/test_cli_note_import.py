"""`coachsync note import`: the inbox once, or files that are named; and `note sort`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli_desk import NAME, Desk
from cli_vault import CANARY, VaultDesk

INBOX = '[inbox]\nfolder = "inbox"\n'


@pytest.fixture
def desk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> VaultDesk:
    desk.text += INBOX
    (desk.folder / "inbox").mkdir(mode=0o700)
    waits = []
    monkeypatch.setattr("coachsync.app.cli.fileimport.time.sleep", waits.append)
    clock = iter(range(0, 100_000, 20))
    monkeypatch.setattr("coachsync.app.cli.fileimport.time.monotonic", lambda: float(next(clock)))
    return VaultDesk(desk, monkeypatch)


def drop(desk: VaultDesk, name: str, content: str = f"{CANARY} was here", where: str = "inbox") -> Path:
    file = desk.desk.folder / where / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return file


def test_it_works_through_the_inbox_once(desk: VaultDesk) -> None:
    drop(desk, f"{desk.client} {CANARY}.md")
    drop(desk, f"{desk.client}/{CANARY}.pdf", f"%PDF-1.4 {CANARY}")
    result = desk.given("", "note", "import")
    assert (result.code, result.out) == (0, "2 files are in the vault now.\n")
    assert len(desk.ids()) == 2
    assert desk.leaks(CANARY) == []
    assert desk.given("", "note", "import").out == "There was nothing to import.\n"
    assert desk.given("", "--json", "note", "import").document == {"imported": 0, "waiting": 0, "problems": []}


HOSTILE = f"Bilan\n\x1b[2J\u202e {CANARY}.md"  # a title that would move a terminal's cursor


@pytest.fixture
def titled(desk: VaultDesk) -> str:
    """A note out of a file whose name says what its text does not."""
    drop(desk, f"{desk.client}/{HOSTILE}", "Nothing of that.")
    drop(desk, f"{desk.client}/other.txt", "Another one.")
    assert desk.given("", "note", "import").code == 0
    [hit] = desk.document("note", "search", "BILAN")["notes"]
    return str(hit["id"])


def test_what_a_file_was_called_is_told_with_its_note(desk: VaultDesk, titled: str) -> None:
    """Often it is the title; and it is shown as what it is, data from outside."""
    shown = desk.unlocked("note", "show", titled)
    assert shown.out == f"Nothing of that.\nIt came as the file Bilan [2J {CANARY}.md.\n"
    assert CANARY not in shown.err
    assert [one["name"] for one in desk.document("note", "show", titled)["versions"]] == [HOSTILE]
    rows = [row.split("\t") for row in desk.unlocked("note", "list").out.splitlines()]
    assert {row[0]: row[-1] for row in rows}[titled] == f"Bilan [2J {CANARY}.md"
    assert {one["id"]: one["name"] for one in desk.document("note", "list", desk.client)["notes"]}[titled] == HOSTILE
    assert desk.unlocked("note", "search", "bilan").out == f"{titled}\t{desk.client}\t{NAME}\t\tBilan [2J {CANARY}.md\n"
    [hit] = desk.document("note", "search", "nothing")["notes"]
    assert (hit["lines"], hit["name"]) == (["Nothing of that."], HOSTILE)
    assert desk.leaks(CANARY) == []


def test_what_a_file_was_called_stays_with_a_note_that_is_changed(desk: VaultDesk, titled: str) -> None:
    assert desk.given("Anew.", "note", "amend", titled, *desk.key).code == 0
    assert [one["name"] for one in desk.document("note", "show", titled)["versions"]] == [HOSTILE] * 2


def test_what_a_file_was_called_is_exported_as_data_alone(desk: VaultDesk, titled: str) -> None:
    folder = desk.desk.folder / "given"
    assert desk.unlocked("client", "export", desk.client, "--to", str(folder)).code == 0
    records = json.loads((folder / "client.json").read_text())["records"]
    assert sorted(one["content"]["name"] for one in records) == sorted([HOSTILE, "other.txt"])
    texts = [file.read_text() for file in folder.glob("records/*.txt")]
    assert sum(f"name of the file: Bilan [2J {CANARY}.md\n" in text for text in texts) == 1
    assert not any(CANARY in str(path) for path in folder.rglob("*"))


def test_what_an_unsorted_file_was_called_stays_when_it_is_sorted(desk: VaultDesk) -> None:
    drop(desk, f"{CANARY}.md", "Whose is it?")
    assert desk.given("", "note", "import").code == 0
    [name] = desk.ids()
    assert desk.document("note", "sort", name, desk.client) == {"client": desk.client}
    [listed] = desk.document("note", "list", desk.client)["notes"]
    assert listed["name"] == f"{CANARY}.md"


def test_what_waits_is_counted_and_named_only_on_demand(desk: VaultDesk) -> None:
    drop(desk, f"{CANARY}.part")
    drop(desk, "empty.md", "")
    (desk.desk.folder / "inbox" / f"{CANARY}-link").symlink_to("/nowhere")
    result = desk.given("", "note", "import")
    assert result.code == 3
    assert result.out == "There was nothing to import.\n2 files wait: coachsync note import --list\n"
    assert "inbox-link" in result.err
    assert CANARY not in result.out + result.err
    assert [one["code"] for one in desk.desk.json("status").document["inbox"]["problems"]] == ["inbox-link"]
    desk.desk.secrets.remove(CANARY)
    listed = desk.given("", "--json", "note", "import", "--list").document["files"]
    assert {(one["name"], one["code"]) for one in listed} == {
        (f"{CANARY}.part", "inbox-unfinished"), ("empty.md", "inbox-empty"), (f"{CANARY}-link", "inbox-link"),
    }  # fmt: skip
    assert "is empty" in desk.given("", "note", "import", "--list").out


def test_what_the_service_could_not_import_the_coach_can(desk: VaultDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As what was moved in with the mouse: it keeps rights that are the coach's alone."""
    drop(desk, f"{desk.client}.md")
    with monkeypatch.context() as service:
        service.setattr("coachsync.adapters.inbox._is_changeable", lambda _: False)
        assert desk.given("", "--json", "note", "import").codes == ["inbox-unreadable-file"]
        (listed,) = desk.given("", "--json", "note", "import", "--list").document["files"]
    (again,) = desk.given("", "--json", "note", "import", "--list").document["files"]
    assert listed == again == {"name": f"{desk.client}.md", "code": "inbox-unreadable-file"}
    assert desk.given("", "--json", "note", "import").document["imported"] == 1


def test_named_files_stay_and_a_second_time_changes_nothing(desk: VaultDesk) -> None:
    file = drop(desk, f"{desk.client} a.md", where="elsewhere")
    other = drop(desk, "b.md", where="elsewhere")
    first = desk.given("", "--json", "note", "import", str(file), str(other)).document["imported"]
    assert [(one["client"], one["new"], one["removed"]) for one in first] == [
        (desk.client, True, False), (None, True, False),
    ]  # fmt: skip
    again = desk.given("", "--json", "note", "import", str(file), str(other)).document["imported"]
    assert [(one["id"], one["new"]) for one in again] == [(one["id"], False) for one in first]
    gone = desk.given("", "--json", "note", "import", "--remove", str(file)).document["imported"]
    assert (gone[0]["removed"], file.exists(), other.exists()) == (True, False, True)
    other.write_text("something else")
    assert desk.given("", "--json", "note", "import", str(other)).document["imported"][0]["new"]


def test_a_client_is_named_by_code_or_asked_for(desk: VaultDesk) -> None:
    file = drop(desk, "a.md", where="elsewhere")
    result = desk.given(f"{NAME}\n", "--json", "note", "import", "--client", "-", "--remove", str(file))
    assert result.document["imported"][0]["client"] == desk.client


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--remove",), "files-missing"), (("--client", "C-7F3K2M"), "files-missing"),
        (("--list", "x"), "list-of-inbox"), (("--coach", "nobody"), "inbox-whose"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(desk: VaultDesk, words: tuple[str, ...], code: str) -> None:
    drop(desk, "a.md")
    assert desk.given("", "--json", "note", "import", *words).error["code"] == code


def test_one_file_that_cannot_be_imported_stops_no_other(desk: VaultDesk) -> None:
    file = drop(desk, f"{desk.client}.md", where="elsewhere")
    link = file.with_name("link.md")
    link.symlink_to(file)
    wrong = (
        link,
        file.parent / "none",
        file.parent / "none" / "none",
        file.parent,
        drop(desk, "b.md", "", "elsewhere"),
    )
    changing = drop(desk, "c.md", where="elsewhere")
    with changing.open("a"):
        result = desk.given("", "--json", "note", "import", *map(str, (*wrong, changing, file)))
    assert result.code == 3
    codes = ["inbox-link", "no-such-file", "no-such-file", "folder-given", "inbox-empty", "file-changing"]
    assert result.codes == codes
    assert len(result.document["imported"]) == 1


def test_without_an_inbox_it_says_so(desk: VaultDesk) -> None:
    desk.desk.text = desk.desk.text.replace(INBOX, "")
    assert desk.given("", "--json", "note", "import").error["code"] == "no-inbox"


def test_what_nobody_could_tell_is_sorted_by_the_coach(desk: VaultDesk) -> None:
    drop(desk, "a.md")
    drop(desk, "b.pdf", "%PDF-1.4")
    assert desk.given("", "note", "import").code == 0
    kinds = {one["kind"]: one["id"] for one in desk.document("note", "list")["notes"] if one["client"] == ""}
    assert set(kinds) == {"note", "attachment"}
    told = desk.unlocked("note", "list").err
    assert ("2 records lie unsorted" in told, told.count("unsorted-of-nobody")) == (True, 1)
    refused = desk.given("", "--json", "note", "sort", *kinds.values(), "0" * 32, desk.client, *desk.key)
    assert refused.error["code"] == "no-such-record"
    assert {one["client"] for one in desk.document("note", "list")["notes"]} == {""}  # none of them
    result = desk.unlocked("note", "sort", *kinds.values(), desk.client)
    assert (result.out, result.err) == (f"They are with the records of {desk.client} now.\n", "")
    after = {one["kind"]: (one["id"], one["client"]) for one in desk.document("note", "list")["notes"]}
    assert after == {kind: (name, desk.client) for kind, name in kinds.items()}
    note = kinds["note"]
    assert desk.document("note", "show", note)["versions"][0]["text"] == f"{CANARY} was here"
    assert desk.given("", "--json", "note", "sort", note, desk.client, *desk.key).error["code"] == "no-such-record"
    assert desk.document("vault", "verify")["findings"] == []
