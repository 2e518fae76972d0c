"""A practice with a vault, a client directory and an inbox, whose clocks tests move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from coachsync.app.inbox.receiving import Received, receive
from coachsync.app.inbox.watch import Watch
from coachsync.app.wiring import Wiring, open_wiring
from coachsync.clients.directory import Client
from coachsync.inbox.settling import SETTLED_UNSEEN
from coachsync.vault import bodies, contents
from coachsync.vault.bodies import Attachment, Note
from vault_house import CLIENT, CONFIG, OTHER, VaultHouse

_LOOKS = 100  # more mean that there is no end to it
INBOX = '[inbox]\nfolder = "inbox"\n'
MARINA = Client(CLIENT, ("Marina Dupont-Étoile",), ("marina@client.example",), aliases=("Tigre",))
BO = Client(OTHER, ("Bo Li",), ("bo@client.example", "shared@family.example"))
TWIN = Client("C-9Q4T2W", ("Twin Name",), ("shared@family.example",))
NAMESAKE = Client("C-3A3A3A", ("Twin Name",))


@dataclass(frozen=True)
class Kept:
    """A record of the vault, open: whose, what it is called where it is a file, and what it holds."""

    client: str
    name: str
    media: str
    content: bytes


@dataclass
class InboxHouse:
    """`at` is the clock of the watch, in seconds."""

    vault: VaultHouse
    at: float = 1000.0
    watch: Watch = field(default_factory=Watch)

    def __post_init__(self) -> None:
        self.vault.file.write_text(CONFIG + INBOX)
        self.folder.mkdir(mode=0o700, exist_ok=True)

    @property
    def folder(self) -> Path:
        return self.vault.folder / "inbox"

    @contextmanager
    def wiring(self) -> Iterator[Wiring]:
        with open_wiring(self.vault.config, "test", self.vault.now) as wiring:
            yield wiring

    def register(self, *clients: Client) -> None:
        with self.wiring() as wiring:
            for client in clients or (MARINA, BO, TWIN, NAMESAKE):
                wiring.clients.save(client)

    def drop(self, name: str | bytes, content: bytes | str = "a note") -> Path:
        """Put a file into the inbox, with its folders."""
        path = Path(self.folder, name if isinstance(name, str) else name.decode("utf-8", "surrogateescape"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def look(self) -> Received:
        with self.wiring() as wiring:
            settings = wiring.config.inbox
            assert settings is not None
            return receive(wiring, settings, self.watch, self.at)

    def work(self, after: float = SETTLED_UNSEEN) -> Received:
        """Look, and again after a while, until nothing more is ready."""
        self.look()
        self.at += after
        received = self.look()
        imported = received.imported
        for _ in range(_LOOKS):
            if not received.more:
                break
            received = self.look()
            imported += received.imported
        received.imported = imported
        return received

    def restart(self) -> None:
        """Another process goes on."""
        self.watch = Watch()

    def names(self) -> list[str]:
        """What lies in the inbox, sorted."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))

    def kept(self) -> list[Kept]:
        """Everything in the vault, in the order of the log."""
        with self.vault.session() as session:
            found = []
            for (record, version), stored in session.vault.history.records.items():
                read = session.record(record, version)
                body = bodies.unpacked(read.header.kind, read.body)
                client = session.vault.history.shelves[stored.shelf].client or body.client
                if isinstance(body, Attachment):
                    belongs = contents.context(session.vault.id, record, version)
                    pieces = session.vault.files.bodies.pieces((record, version))
                    content = b"".join(contents.opened(body.key, belongs, body.size, body.digest, pieces))
                    found.append(Kept(client, body.file.name, body.file.media, content))
                else:
                    assert isinstance(body, Note)
                    found.append(Kept(client, body.name, "", body.text.encode()))
            return found

    def notes(self) -> Counter[tuple[str, bytes]]:
        """What is kept, by client and content, and how often."""
        return Counter((one.client, one.content) for one in self.kept())
