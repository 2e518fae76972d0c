"""A folder with the contents of attachments, its keys known: an empty file, one that ends with a chunk, one of many
chunks, and one with a hostile name that belongs to a note and was sealed anew.

`tests/vectors/attachments` holds one such folder, written once, as `vaultvectors` says of its own.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import vaultvectors
from coachsync.vault import contents, envelope
from coachsync.vault.keys import ShelfKey, Signer
from coachsync.vault.suite import Sealer
from vaultvectors import ANNA, CLIENT, DAEMON, NOON, VAULT, Writing, drawn

GOLDEN = Path(__file__).parent / "vectors" / "attachments"
NOTE = drawn("amended", 16)
CONTENTS = {
    "empty": b"",
    "chunk": bytes(range(256)) * 64,
    "photo": hashlib.shake_256(b"coachsync/vectors/photo").digest(70_001),
    "hostile": b"To be read by nobody else.\n",
}
NAMES = {"empty": "", "chunk": "b\u00e9b\u00e9.txt", "photo": "IMG 1.JPG", "hostile": "../../\n\u202etxt.exe"}


def body(name: str) -> str:
    """What the record says."""
    content = CONTENTS[name]
    said = {
        "name": NAMES[name], "media": "image/jpeg" if name == "photo" else "", "size": len(content),
        "digest": hashlib.sha256(content).hexdigest(), "key": drawn(f"key of {name}").hex(),
    }  # fmt: skip
    return json.dumps(said | ({"to": NOTE.hex()} if name == "hostile" else {}), ensure_ascii=False)


def sealed(name: str) -> bytes:
    """The file of an attachment."""
    belongs = contents.context(VAULT, drawn(name, 16), 1)
    return b"".join(contents.sealed(drawn(f"key of {name}"), belongs, [CONTENTS[name]]))


class Attaching(Writing):
    """A folder with attachments in it."""

    def attach(self, name: str, key: ShelfKey, signer: Signer, writer: Signer) -> None:
        """The record, and its file where it has none yet."""
        header = envelope.Header(
            envelope.Kind.ATTACHMENT, VAULT, key.shelf, key.generation, drawn(name, 16), 1, NOON,
            writer.actor.fingerprint,
        )  # fmt: skip
        record, text = envelope.seal(header, body(name).encode(), Sealer(key.public)), body(name)
        file = self.files.setdefault(f"files/{header.record.hex()}.1", sealed(name))
        self.log(signer, "record", {
            "shelf": key.shelf.hex(), "generation": key.generation, "record": header.record.hex(), "version": 1,
            "kind": 4, "digest": envelope.digest(record).hex(), "file": hashlib.sha256(file).hexdigest(),
            "size": len(file),
        })  # fmt: skip
        self.keep(f"records/{header.record.hex()}.1", record, header, text)


def written() -> dict[str, bytes]:
    """Every file of the folder by its path; `expected.json` says what is in the others."""
    writing = Attaching()
    writing.log(ANNA, "vault", {})
    writing.log(ANNA, "actor", {"role": "daemon", "verify": DAEMON.actor.verify.hex()})
    key = writing.shelf("attached", 1, ANNA)
    writing.log(DAEMON, "assign", {"shelf": key.shelf.hex(), "client": CLIENT, "class": "notes"})
    writing.store("amended", key, [DAEMON, ANNA])
    for name in CONTENTS:
        writing.attach(name, key, DAEMON, DAEMON)
    later = writing.shelf("attached", 2, ANNA)
    writing.attach("hostile", later, ANNA, DAEMON)
    expected: dict[str, Any] = {
        "vault": VAULT.hex(),
        "shelves": writing.shelves,
        "records": writing.records,
        "contents": {drawn(name, 16).hex(): hashlib.sha256(one).hexdigest() for name, one in CONTENTS.items()},
        "head": {"count": writing.head.count, "digest": writing.head.digest.hex()},
        "log": writing.rows,
    }
    text = json.dumps(expected, indent=1, ensure_ascii=False) + "\n"
    return writing.files | {"expected.json": text.encode(), "trust.toml": vaultvectors.trust().encode()}


def write(folder: Path) -> None:
    """Such a folder, new."""
    for path, content in written().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True)  # what was written once stays
    write(GOLDEN)
