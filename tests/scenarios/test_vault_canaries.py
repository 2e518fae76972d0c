"""No word of a note, an agreement or a disclosure, no client's name and no passphrase is anywhere in clear."""

from __future__ import annotations

import io
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from accounts import Account
from coachsync import config
from coachsync.app.vault import making, notes, shelving
from coachsync.app.wiring import open_wiring
from coachsync.vault.keyslots import FLOOR
from events import event
from scenario_canaries import Ink, found_in, in_base64, in_hexadecimal
from scenario_practice import Done, Practice, contents, local, tomorrow
from scenario_vault import NOW
from vault_onlooker import EDITOR, Onlooker, environment, may_leave_cores, on_a_terminal
from web import Web

# What shows names, titles or texts to the coach who asks for it, on stdout.
SHOWING = (
    {"client", "show"}, {"client", "list"}, {"note", "show"}, {"note", "list"}, {"note", "search"},
    {"agreement", "show"}, {"disclosure", "list"}, {"agenda"},
)  # fmt: skip


def clear(parts: list[bytes | str], ink: Ink, deep: int = 2) -> set[str]:
    """The canaries in any of these: plain, in the codes that texts are written in, and in UTF-16."""
    raw = [part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part for part in parts]
    return found_in([form for part in raw for form in (part, part.replace(b"\0", b""))], ink, deep)


@dataclass
class Desk:
    """A coach with a vault. Every text, name and passphrase is a canary."""

    practice: Practice
    monkeypatch: pytest.MonkeyPatch
    memory: Path  # what XDG_RUNTIME_DIR is: in memory
    ink: Ink = field(default_factory=Ink)
    leaks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.home, self.outside = self.practice.folder / "home", self.practice.folder / "outside"
        for folder in (self.home, self.outside):
            folder.mkdir()
        self.code = ""
        self.passphrase = self.outside / "passphrase"
        self.environ = {
            "HOME": str(self.home), "TMPDIR": str(self.practice.temporary), "XDG_RUNTIME_DIR": str(self.memory),
        }  # fmt: skip
        for name, value in self.environ.items():
            self.monkeypatch.setenv(name, value)
        self.monkeypatch.setattr(tempfile, "tempdir", str(self.practice.temporary))

    @property
    def key(self) -> tuple[str, str]:
        return ("--passphrase-file", str(self.passphrase))

    def make(self) -> None:
        """Make the vault; a passphrase that is cheap to guess."""
        words = " ".join(self.ink.word() for _ in range(3))
        self.passphrase.write_text(f"{words}\n")
        self.passphrase.chmod(0o600)
        loaded = config.load(self.practice.file)
        with open_wiring(loaded, "test", NOW) as wiring:
            self.code = making.make(loaded, wiring.database.key, "anna", words, wiring.now, FLOOR).code

    def change_locks(self) -> None:
        """Another passphrase and another recovery code; one that is refused, too."""
        chosen = self.outside / "chosen"
        for words, code in ((self.ink.word(), 2), (" ".join(self.ink.word() for _ in range(3)), 0)):
            chosen.write_text(f"{words}\n")
            chosen.chmod(0o600)
            done = self.given("", "vault", "passphrase", *self.key, "--new-passphrase-file", str(chosen))
            assert done.code == code, done.err
        self.passphrase = chosen
        done = self.given("", "--json", "vault", "recovery", *self.key)
        self.code = str(done.json["recovery_code"])

    def given(self, stdin: str, *words: str) -> Done:
        """A command in this process; what it says is looked at unless a coach asks for it."""
        self.monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        done = self.practice.run(*words)
        self.look(" ".join(words), [done.err] if self._shows(words) else [done.out, done.err])
        assert "Traceback" not in done.err
        return done

    def _shows(self, words: tuple[str, ...]) -> bool:
        return any(shows <= set(words) for shows in SHOWING)

    def look(self, what: str, parts: list[bytes | str], deep: int = 2) -> None:
        """Note what a canary can be read in."""
        if clear(parts, self.ink, deep) or any(self._is_code(part) for part in parts):
            self.leaks.append(what)

    def _is_code(self, part: bytes | str) -> bool:
        raw = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        return bool(self.code) and self.code.encode() in raw

    def at_rest(self) -> set[str]:
        """Look at every file that there is but for those that the coach has made; their names."""
        files = {name: body for name, body in contents(self.practice.folder).items() if not name.startswith("outside/")}
        for name, body in files.items():
            self.look(name, [name, body])
        return set(files)

    def words(self, *more: str) -> list[str]:
        return ["--config", str(self.practice.file), *more]

    def client(self, *options: str) -> str:
        """A new client, whose every property is a canary; the code."""
        names = "".join(f"{self._property(option)}\n" for option in options)
        asked = [word for option in options for word in (option, "-")]
        done = self.given(names, "--json", "client", "add", *asked)
        assert done.code == 0, done.err
        return str(done.json["code"])

    def _property(self, option: str) -> str:
        first, second = self.ink.word(), self.ink.word()
        return f"{first}@{second}.example" if option == "--address" else f"{first} {second}"

    def attached(self, client: str, note: str | None = None) -> str:
        """The id of a file whose name and content are canaries; its name is not said on the command line."""
        words = ("note", "attach", *(["--client", client] if note is None else [note]), "-")
        file = self.file()
        done = self.given(f"{file}\n", "--json", *words)
        assert done.code == 0, done.err
        return str(done.json["attached"][0]["id"])

    def file(self) -> Path:
        file = self.outside / f"{self.ink.word()} {self.ink.word()}.pdf"
        file.write_bytes(f"%PDF {self.ink.word()}\n".encode() * 5000)
        return file

    def written(self, *words: str, lines: int = 0) -> str:
        """A record of several canaries, with as many lines before it as options ask for; its id."""
        answers = "".join(f"{self.ink.word()} {self.ink.word()}\n" for _ in range(lines))
        text = f"{answers}Séance {self.ink.word()},\n{self.ink.word()} été {self.ink.word()}.\n"
        return str(self.given(text, "--json", *words).json["id"])


@pytest.fixture
def memory() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir="/dev/shm"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def desk(practice: Practice, radicale: Account, monkeypatch: pytest.MonkeyPatch, memory: Path) -> Iterator[Desk]:
    """With a calendar of a session whose title is a client's name."""
    monkeypatch.setattr(shelving, "SPARES", 6)
    made = Desk(practice, monkeypatch, memory)
    web = Web(radicale)
    source = web.make(radicale.new_calendar(), made.ink.word())
    name = f"{made.ink.word()} {made.ink.word()}"
    web.put_all(source, {"s.ics": event("7d1f7f6e-3f6c-4c1e-9d57-0f6b9b0e2a11", local(tomorrow(), 9), title=name)})
    practice.account("cloud", radicale)
    practice.calendar("coaching", "cloud", url=urlsplit(source).path)
    made.make()
    yield made
    made.given("", "vault", "lock")


@pytest.mark.parametrize(
    "code", [str, in_base64, in_hexadecimal, lambda text: text.encode("utf-16-le"), lambda text: text.encode("utf-16")]
)
def test_what_is_in_clear_is_found_in_any_code(code: object) -> None:
    ink = Ink()
    word = ink.word()
    assert callable(code)
    assert clear([code(f"Notes de {word} du lundi")], ink) == {word}
    assert clear([code("Notes de zqabcdefgh du lundi")], ink) == set()


def test_p12_no_word_of_a_record_is_in_any_file_or_on_a_terminal_that_nobody_asked(desk: Desk) -> None:
    client = desk.client("--name", "--address", "--alias", "--organisation")
    other = desk.client("--name")
    assert desk.given("", "sync").code == 0
    [session] = desk.given("", "--json", "agenda", "--days", "30").json
    with ExitStack() as readers:
        for file in (desk.practice.state / "coachsync.db", desk.practice.state / "vault" / "vault.db"):
            reader = readers.enter_context(closing(sqlite3.connect(file)))
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sqlite_master").fetchall()  # while somebody reads, the journal stays
        note = desk.written("note", "add", client, "--about", session["id"])
        again = f"Séance {desk.ink.word()}, encore.\n"
        assert desk.given(again, "note", "amend", note, *desk.key).code == 0
        options = ["--signed", "2026-01-05", "--sponsor-may-learn", "-", "--exception", "-", "--hand-over"]
        desk.written("agreement", "add", client, *options, lines=2)
        desk.written("disclosure", "add", other, "--ground", "-", "--recipient", "-", "--on", "2026-02-03", lines=2)
        erased = desk.written("note", "add", client)
        files = [desk.attached(client, note), desk.attached(client), desk.attached(client, erased)]
        assert {"state/vault/vault.db-wal", "state/vault/vault.db-shm", "state/coachsync.db-wal"} <= desk.at_rest()
    assert clear([desk.given("", "note", "show", note, *desk.key).out], desk.ink)
    word = re.search("zq[a-z]{8}", again)
    assert word is not None
    assert word[0] in desk.given(f"{word[0]}\n", "note", "search", "-", *desk.key).out
    for shows in (("agreement", "show", client), ("disclosure", "list")):
        assert clear([desk.given("", *shows, *desk.key).out], desk.ink)
    assert clear([desk.given("", "note", "show", files[1], *desk.key).out], desk.ink)
    copy = desk.outside / "copy"
    opened = (("note", "open", files[0], "--to", str(copy)), ("note", "open", files[1], "--with", "true"))
    for quiet in (*opened, ("note", "erase", erased)):
        assert desk.given("", *quiet, *desk.key).code == 0
    assert clear([desk.given("", "note", "list", *desk.key).out], desk.ink)  # what files are called
    assert clear([copy.read_bytes()], desk.ink)
    desk.change_locks()
    telling = (("status",), ("check",), ("vault", "verify"), ("log", "show"), ("log", "verify"))
    for tells in telling:
        for json in ((), ("--json",)):
            desk.given("", *json, *tells)
    desk.at_rest()

    exported = desk.outside / "export"
    assert desk.given("", "client", "export", client, "--to", str(exported), *desk.key).code == 0
    assert clear(list(contents(exported).values()), desk.ink)
    certificate = desk.outside / "certificate.json"
    assert desk.given("", "client", "erase", client, "--yes", "--certificate", str(certificate), *desk.key).code in (
        0,
        3,
    )
    assert desk.given("", "log", "verify", "--certificate", str(certificate)).code == 0
    desk.look("certificate", [certificate.read_bytes()])
    desk.look("names of what is exported", list(contents(exported)))
    desk.at_rest()
    assert desk.leaks == []


def test_p12_what_goes_wrong_repeats_no_word_of_it(desk: Desk) -> None:
    client = desk.client("--name")
    name, text = desk.ink.word(), f"{desk.ink.word()} {desk.ink.word()}\n"
    wrong = desk.outside / "wrong"
    wrong.write_text(f"{desk.ink.word()} {desk.ink.word()}\n")
    wrong.chmod(0o600)
    refused = (
        (f"{name}\n{text}", "note", "add", "-"),
        (text, "note", "add", name),
        (text, "note", "add", client, "--about", name),
        (text, "note", "amend", name, *desk.key),
        ("", "note", "show", name, *desk.key),
        ("", "note", "erase", name, *desk.key),
        ("", "note", "list", "--passphrase-file", str(wrong)),
        (text, "note", "list"),
        (text, "agreement", "add", client, "--signed", "2026-01-05", "--coach", name),
        (f"{name}\n{text}", "disclosure", "add", client, "--ground", "-", "--recipient", "-", "--on", "2026-02-03"),
        ("", "client", "erase", name, "--yes", *desk.key),
    )
    for stdin, *words in refused:
        for json in ((), ("--json",)):
            assert desk.given(stdin, *json, *words).code not in (0, 3), words
    assert desk.leaks == []


def test_a_defect_tells_nothing_of_the_text_that_it_came_up_with(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    client = desk.client("--name")

    def broken(*arguments: object) -> None:
        raise RuntimeError(str(arguments))

    monkeypatch.setattr(notes, "add", broken)
    for json in ((), ("--json",)):
        assert desk.given(f"{desk.ink.word()}\n", *json, "note", "add", client).code == 1
    desk.at_rest()
    assert desk.leaks == []


def test_p12_no_process_is_started_with_a_word_and_none_is_left_in_a_folder_for_temporary_files(desk: Desk) -> None:
    client = desk.client("--name")
    text, seen, editor = desk.outside / "text", desk.outside / "seen", desk.outside / "editor"
    seen.mkdir()
    editor.write_text(EDITOR)
    editor.chmod(0o700)
    environ = desk.environ | {"EDITOR": str(editor), "TEXT": str(text), "SEEN": str(seen)}
    with Onlooker((desk.practice.temporary, desk.home)) as onlooker:
        _process(desk, "", "vault", "unlock", *desk.key)
        _process(desk, f"{desk.ink.word()}\n", "note", "add", client)
        _process(desk, f"{desk.file()}\n", "note", "attach", "--client", client, "-")
        _process(desk, "", "note", "open", _first(desk), "--with", "true")
        text.write_text(f"Séance {desk.ink.word()}.\n", encoding="utf-8")
        code, shown = on_a_terminal(desk.words("note", "amend", _first(desk, "note")), environ, desk.home)
        assert code == 0, shown
        desk.look("note amend", [shown])
        _daemon(desk)
    for what in (
        b"agent_child",
        b"vault\0unlock",
        b"note\0add",
        b"note\0attach",
        b"note\0open",
        b"note\0amend",
        b"\0run\0",
        b"HOME=",
    ):
        assert any(what in body for body in onlooker.processes.values()), what
    for name, body in (onlooker.processes | contents(seen)).items():
        desk.look(name, [body])
    for name, body in onlooker.temporary.items():
        desk.look(name, [name, body])
    assert {name.partition(".")[2] for name in contents(seen)} == {"environ", "cmdline", "limits", "comm"}
    assert len(contents(seen)) == 2 * 4  # the editor, and who has started it
    assert [path.name for path in desk.memory.iterdir() if path.name != "coachsync"] == []
    assert contents(desk.practice.temporary) == {}
    desk.at_rest()
    assert desk.leaks == []
    if may_leave_cores():
        limits = [body for name, body in contents(seen).items() if name.endswith("limits")]
        assert all(re.search(rb"Max core file size +0 +0 ", one) for one in limits)


def _process(desk: Desk, stdin: str, *words: str) -> None:
    """A command as a process of its own."""
    command = [sys.executable, "-m", "coachsync", *desk.words(*words)]
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, timeout=60, check=False, env=environment(desk.environ)
    )
    assert done.returncode == 0, done.stderr
    desk.look(" ".join(words), [done.stdout, done.stderr])


def _first(desk: Desk, kind: str = "attachment") -> str:
    listed = desk.given("", "--json", "note", "list").json["notes"]
    return next(str(one["id"]) for one in listed if one["kind"] == kind)


def _daemon(desk: Desk) -> None:
    """The daemon, until it has read the calendar; what it says, and the status that it leaves."""
    status = desk.practice.state / "status.json"
    status.unlink()
    with subprocess.Popen(
        [sys.executable, "-m", "coachsync", *desk.words("run")], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=environment(desk.environ),
    ) as daemon:  # fmt: skip
        deadline = time.monotonic() + 60
        while not status.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        daemon.send_signal(signal.SIGTERM)
        out, err = daemon.communicate(timeout=30)
    assert daemon.returncode == 0, err
    assert out + err
    desk.look("run", [out, err])
