"""`coachsync note attach` and `note open`: in with nothing unlocked, out in memory or into a file that is asked for."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from cli_desk import SCRIPT, environment
from cli_vault import CANARY, VaultDesk
from coachsync.adapters import ramfolder
from coachsync.adapters.ramfolder import in_memory
from coachsync.app.vault import shelving
from stepping import before_each, counted, killed_at, no_room

CONTENT = f"What {CANARY} has said.\n".encode() * 3000
IN_MEMORY = pytest.mark.skipif(not in_memory(Path("/dev/shm")), reason="/dev/shm is no memory here")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file whose name and content name somebody, outside of everything that is searched."""
    found = tmp_path.parent / f"{tmp_path.name}-outside" / f"Lettre de {CANARY}.pdf"
    found.parent.mkdir()
    found.write_bytes(CONTENT)
    return found


@pytest.fixture
def note(vaulted: VaultDesk) -> str:
    return vaulted.note("A note.")


def attached(vaulted: VaultDesk, *words: str | Path) -> str:
    """The id of a file that was attached."""
    result = vaulted.given("", "--json", "note", "attach", *map(str, words))
    assert result.code == 0
    [one] = result.document["attached"]
    return str(one["id"])


def test_p07_a_file_is_attached_while_the_vault_is_locked_and_given_back_with_the_passphrase(
    vaulted: VaultDesk, note: str, file: Path
) -> None:
    result = vaulted.given("", "note", "attach", note, str(file))
    name = result.out.split()[0]
    assert (result.code, result.out) == (0, f"{name} is in the vault, about {vaulted.client}.\n")
    assert result.err == "The file is still there for everybody to read: delete it.\n"
    assert file.read_bytes() == CONTENT
    assert vaulted.leaks(CANARY, "What") == []
    to = file.with_name("copy")
    assert vaulted.given("", "note", "open", name, "--to", str(to)).code == 11
    assert not to.exists()
    opened = vaulted.unlocked("note", "open", name, "--to", str(to))
    assert (opened.code, opened.out, "delete it" in opened.err) == (0, "", True)
    assert (to.read_bytes(), to.stat().st_mode & 0o777, to.stat().st_nlink) == (CONTENT, 0o600, 1)
    assert [one.name for one in file.parent.iterdir() if one not in (file, to)] == []
    assert vaulted.unlocked("--json", "note", "open", name, "--to", str(to)).error["code"] == "folder-there"
    inside = vaulted.unlocked("--json", "note", "open", name, "--to", str(vaulted.desk.state / "x"))
    assert inside.error["code"] == "export-in-state"


def test_a_list_says_how_many_are_attached_and_names_those_of_no_note(
    vaulted: VaultDesk, note: str, file: Path
) -> None:
    attached(vaulted, note, file)
    own = attached(vaulted, "--client", vaulted.client, file)
    listed = vaulted.document("note", "list")["notes"]
    told = {one["id"]: (one["kind"], one["attached"], one["client"], one["name"]) for one in listed}
    assert told == {note: ("note", 1, vaulted.client, ""), own: ("attachment", 0, vaulted.client, file.name)}
    rows = [row.split("\t") for row in vaulted.unlocked("note", "list", vaulted.client).out.splitlines()]
    assert {(row[0], row[4], *row[6:]) for row in rows} == {(note, "note", "1", ""), (own, "attachment", "", file.name)}
    assert vaulted.desk.json("client", "show", vaulted.client).document["records"]["attachment"] == 2
    assert "attached files" in vaulted.desk.run("client", "show", vaulted.client).out
    assert "attachment" in vaulted.desk.run("log", "show").out
    assert "2 attached files were compared." in vaulted.desk.run("vault", "verify").out


def test_what_belongs_to_a_note_that_is_lost_is_listed_by_itself(vaulted: VaultDesk, note: str, file: Path) -> None:
    name = attached(vaulted, note, file)
    with sqlite3.connect(vaulted.desk.state / "vault" / "vault.db") as database:
        database.execute("delete from records where rowid = (select min(rowid) from records)")
    database.close()
    listed = vaulted.unlocked("--json", "note", "list")
    assert (listed.code, listed.codes) == (3, ["record-missing"])
    assert [(one["id"], one["name"]) for one in listed.document["notes"]] == [(name, file.name)]


def test_what_is_attached_is_shown_with_the_note_and_by_itself(vaulted: VaultDesk, note: str, file: Path) -> None:
    name = attached(vaulted, note, file)
    shown = vaulted.unlocked("note", "show", note)
    assert shown.out == f"A note.\nAttached:\n{name}  {file.name} (application/pdf, 75 kB)\n"
    assert CANARY not in shown.err
    assert vaulted.unlocked("note", "show", name).out == f"{name}  {file.name} (application/pdf, 75 kB)\n"
    [found] = vaulted.document("note", "show", note)["attached"]
    assert (found["name"], found["size"], found["type"]) == (file.name, len(CONTENT), "application/pdf")
    assert "key" not in found
    [version] = vaulted.document("note", "show", name)["versions"]
    assert version["name"] == file.name


def test_several_go_at_once_and_each_is_looked_at_first(vaulted: VaultDesk, note: str, file: Path) -> None:
    second, link = file.with_name("second.txt"), file.with_name("link")
    second.write_bytes(b"second")
    link.symlink_to(file)
    for wrong in (link, file.parent, file.with_name("none")):
        refused = vaulted.given("", "note", "attach", note, str(file), str(wrong))
        assert (refused.code, refused.out) == (2, "")
        assert f"The file is {wrong.name}" in refused.err
    assert len(vaulted.ids()) == 1
    stored = vaulted.given("", "--json", "note", "attach", note, str(file), str(second)).document["attached"]
    assert [one["client"] for one in stored] == [vaulted.client] * 2
    names = [one["name"] for one in vaulted.document("note", "show", note)["attached"]]
    assert names == [file.name, "second.txt"]


def test_a_name_that_is_typed_may_begin_at_home(
    vaulted: VaultDesk, note: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the shell that would have understood it on the command line."""
    monkeypatch.setenv("HOME", str(file.parent))
    for typed in (f"~/{file.name}", str(file)):
        assert vaulted.given(f"{typed}\n", "note", "attach", note, "-").code == 0
    assert [one["name"] for one in vaulted.document("note", "show", note)["attached"]] == [file.name] * 2
    assert vaulted.given("~nobody-of-this-name/x\n", "note", "attach", note, "-").code == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("abcdef",), "no-file-named"), (("abcdef", "FILE"), "no-such-record"),
        (("--client", "C-000000", "FILE"), "no-such-client"),
    ],
)  # fmt: skip
def test_what_is_missing_or_strange_is_said(vaulted: VaultDesk, file: Path, words: tuple[str, ...], code: str) -> None:
    refused = vaulted.given("", "--json", "note", "attach", *(str(file) if word == "FILE" else word for word in words))
    assert (refused.code, refused.error["code"]) == (2, code)


def test_a_note_that_is_not_sorted_yet_waits_for_its_coach(
    vaulted: VaultDesk, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelving, "_FOR_UNSORTED", 30)
    note = vaulted.note("unsorted")
    refused = vaulted.given("", "--json", "note", "attach", note, str(file))
    assert (refused.code, refused.error["code"]) == (11, "note-unsorted")
    assert vaulted.ids() == [note]  # and is sorted now
    assert attached(vaulted, note, file)


HOSTILE = ["a\nb\x1b[2Jc.txt", "..", "x" * 251 + ".pdf", "\u202egpj.exe", "-rf"]


def test_a_hostile_name_is_kept_and_never_a_path_nor_printed_as_it_is(
    vaulted: VaultDesk, note: str, file: Path
) -> None:
    made = []
    for name in [name for name in HOSTILE if name != ".."]:
        made.append(file.with_name(name))
        made[-1].write_bytes(b"x")
    odd = os.fsencode(file.parent) + b"/\xff\xfe.txt"
    Path(os.fsdecode(odd)).write_bytes(b"y")
    words = [str(one) for one in made] + [os.fsdecode(odd)]
    assert vaulted.given("", "note", "attach", note, "--", *words).code == 0
    found = vaulted.document("note", "show", note)["attached"]
    assert {one["name"] for one in found} == {*(one.name for one in made), "\\xff\\xfe.txt"}
    shown = vaulted.unlocked("note", "show", note).out
    assert len(shown.splitlines()) == 2 + len(found)
    assert "\u202e" not in shown
    folder = vaulted.desk.folder / "given"
    assert vaulted.unlocked("client", "export", vaulted.client, "--to", str(folder)).code == 0
    assert {one.parent for one in folder.rglob("*") if one.is_file() and one.read_bytes() in (b"x", b"y")} == {
        folder / "files"
    }


def test_p09_erasing_a_note_says_that_its_files_go_too(vaulted: VaultDesk, note: str, file: Path) -> None:
    one, two = attached(vaulted, note, file), attached(vaulted, "--client", vaulted.client, file)
    assert vaulted.document("note", "erase", two)["files"] == 1
    erased = vaulted.unlocked("note", "erase", note)
    assert erased.out == "The note is erased.\nThe attached file is erased.\n"
    assert vaulted.unlocked("note", "show", one).code == 2
    assert list((vaulted.desk.state / "vault" / "files").iterdir()) == []


def test_p09_the_certificate_of_a_client_tells_of_files(vaulted: VaultDesk, note: str, file: Path) -> None:
    attached(vaulted, note, file)
    certificate = file.with_name("certificate.json")
    result = vaulted.unlocked("client", "erase", vaulted.client, "--yes", "--certificate", str(certificate))
    assert result.code == 0
    assert json.loads(certificate.read_bytes())["files"] == 1
    told = vaulted.desk.run("log", "verify", "--certificate", str(certificate)).out
    assert "1 attached file was destroyed." in told


def test_a_client_is_given_the_files_too(vaulted: VaultDesk, note: str, file: Path) -> None:
    attached(vaulted, note, file)
    folder = file.with_name("given")
    result = vaulted.unlocked("client", "export", vaulted.client, "--to", str(folder))
    assert (result.code, "1 attached file was written." in result.out) == (0, True)
    document = json.loads((folder / "client.json").read_text())
    [content] = [one["content"] for one in document["records"] if one["kind"] == "attachment"]
    assert (folder / content["file"]).read_bytes() == CONTENT
    assert re.fullmatch(r"files/000[12]-\d{4}-\d\d-\d\d-attachment\.pdf", content["file"])
    assert content["name"] == file.name
    assert "key" not in content
    assert {one.stat().st_mode & 0o077 for one in [folder, *folder.rglob("*")]} == {0}


def damage(vaulted: VaultDesk) -> None:
    [sealed] = (vaulted.desk.state / "vault" / "files").iterdir()
    sealed.write_bytes(sealed.read_bytes()[:-17])


def test_a_damaged_file_is_told_and_never_handed_out(vaulted: VaultDesk, note: str, file: Path) -> None:
    name = attached(vaulted, note, file)
    damage(vaulted)
    to, started = file.with_name("copy"), file.with_name("started")
    for words in (("--to", str(to)), ("--with", f"touch {started}")):
        refused = vaulted.unlocked("--json", "note", "open", name, *words)
        assert (refused.code, refused.error["code"]) == (1, "file-altered")
    folder = file.with_name("given")
    exported = vaulted.unlocked("--json", "client", "export", vaulted.client, "--to", str(folder))
    assert (exported.code, exported.codes, exported.document["files"]) == (3, ["file-altered"], 0)
    assert not list(folder.glob("files/*"))
    assert {one.name for one in file.parent.iterdir()} == {file.name, "given"}
    assert vaulted.unlocked("vault", "verify").code == 5


@IN_MEMORY
def test_a_program_sees_it_in_memory_and_it_is_gone_when_the_program_ends(
    vaulted: VaultDesk, note: str, file: Path
) -> None:
    name, seen = attached(vaulted, note, file), file.with_name("seen")
    viewer = file.with_name("viewer")
    viewer.write_text(f'#!/bin/sh\necho "$@" > {seen}; stat -c %a "$1" >> {seen}; cat "$1" > {seen}.content\n')
    viewer.chmod(0o700)
    opened = vaulted.unlocked("note", "open", name, "--with", f"'{viewer}'")
    assert (opened.code, opened.out, opened.err) == (0, "", "")
    path, mode = seen.read_text().splitlines()
    assert (Path(path).name, mode) == ("file.pdf", "400")
    assert in_memory(Path(path).parent.parent)
    assert not Path(path).parent.exists()
    assert Path(f"{seen}.content").read_bytes() == CONTENT


@IN_MEMORY
@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), "nobody-closes"), (("--with", "no-such-program"), "no-such-program"), (("--with", "'"), "no-such-program"),
        (("--with", "false"), "viewer-failed"), (("--with", "true", "--to", "copy"), "open-and-copy"),
    ],
)  # fmt: skip
def test_what_cannot_be_opened_says_what_to_do(
    vaulted: VaultDesk, note: str, file: Path, words: tuple[str, ...], code: str
) -> None:
    name = attached(vaulted, note, file)
    refused = vaulted.unlocked("--json", "note", "open", name, *words)
    assert (refused.error["code"], "--with" in refused.error["hint"] or code == "no-such-program") == (code, True)


def test_a_note_is_no_file(vaulted: VaultDesk, note: str) -> None:
    refused = vaulted.unlocked("--json", "note", "open", note, "--with", "true")
    assert (refused.code, refused.error["code"]) == (2, "no-attachment")


def test_without_room_in_memory_nothing_is_opened(
    vaulted: VaultDesk, note: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = attached(vaulted, note, file)
    with monkeypatch.context() as patch:
        patch.setattr(ramfolder, "room", lambda _: len(CONTENT) - 1)
        refused = vaulted.unlocked("--json", "note", "open", name, "--with", "true")
    assert (refused.code, refused.error["code"], "--to" in refused.error["hint"]) == (75, "memory-full", True)
    with monkeypatch.context() as patch:
        patch.setattr(ramfolder, "in_memory", lambda _: False)
        refused = vaulted.unlocked("--json", "note", "open", name, "--with", "true")
    assert (refused.code, refused.error["code"], "--to" in refused.error["hint"]) == (1, "no-memory-folder", True)


def test_a_copy_is_there_whole_or_not_at_all_whenever_it_dies(vaulted: VaultDesk, note: str, file: Path) -> None:
    name, to = attached(vaulted, note, file), file.with_name("copy")
    vaulted.ids()  # what a session owes is done
    whole = 0
    for number in range(30):
        came = killed_at(number, lambda: vaulted.unlocked("note", "open", name, "--to", str(to)))
        if to.exists():
            assert to.read_bytes() == CONTENT
            to.unlink()
            whole += 1
        again = vaulted.unlocked("note", "open", name, "--to", str(to))
        assert (again.code, to.read_bytes()) == (0, CONTENT)
        assert {one.name for one in file.parent.iterdir()} == {file.name, "copy"}
        assert (to.stat().st_nlink, to.read_bytes()) == (1, CONTENT)  # what was left beside it is gone, and it is not
        to.unlink()
        if not came:
            break
    assert whole


def test_a_copy_for_which_there_is_no_room_leaves_nothing(vaulted: VaultDesk, note: str, file: Path) -> None:
    name, to = attached(vaulted, note, file), file.with_name("copy")
    vaulted.ids()
    codes = []
    for number in range(6):
        with before_each(counted(number, no_room)):
            codes.append(vaulted.unlocked("note", "open", name, "--to", str(to)).code)
        if codes[-1]:
            assert {one.name for one in file.parent.iterdir()} == {file.name}
        to.unlink(missing_ok=True)
    assert 75 in codes


def test_an_export_for_which_there_is_no_room_leaves_nothing_of_a_file(
    vaulted: VaultDesk, note: str, file: Path
) -> None:
    attached(vaulted, note, file)
    vaulted.ids()
    folder, codes = file.with_name("given"), []
    for number in range(30):
        with before_each(counted(number, no_room)):
            done = vaulted.unlocked("--json", "client", "export", vaulted.client, "--to", str(folder))
        if not done.code:
            break
        codes.append(done.error["code"])
        assert {one.name for one in file.parent.iterdir()} == {file.name}
    assert set(codes) == {"disk-full"}
    assert len(codes) > 5


# --- memory -----------------------------------------------------------------------------------------------------------

LARGE = 100 << 20
_MEASURED = """
import os, sys
pid = os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
_, code, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(code), usage.ru_maxrss)
"""


def most_memory(vaulted: VaultDesk, *words: str) -> int:
    """KiB that a whole command had in memory at most."""
    vaulted.desk.write()
    command = [sys.executable, "-c", _MEASURED, str(SCRIPT), "--config", str(vaulted.desk.file), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment())
    code, peak = map(int, done.stdout.splitlines()[-1].split())
    assert code == 0
    return peak


def test_a_hundred_megabytes_take_no_more_memory_than_a_few_bytes(vaulted: VaultDesk, note: str, file: Path) -> None:
    """What is left of 64 MiB is what the program takes by itself: a hundredth of the file is more than this allows."""
    small, large, copy = file, file.with_name("large.bin"), file.with_name("copy")
    with large.open("wb") as sparse:
        sparse.truncate(LARGE)
    start = most_memory(vaulted, "note", "attach", note, str(small))
    attaching = most_memory(vaulted, "note", "attach", note, str(large))
    names = [one["id"] for one in vaulted.document("note", "show", note)["attached"]]
    opening = [most_memory(vaulted, "note", "open", one, "--to", f"{copy}{one}", *vaulted.key) for one in names]
    assert (file.parent / f"copy{names[1]}").stat().st_size == LARGE
    assert attaching - start < 2 << 10
    assert opening[1] - opening[0] < 2 << 10
    assert attaching < 66 << 10
    shutil.rmtree(file.parent)
