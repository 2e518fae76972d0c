"""A small vault whose coach has a new key: with the folder of before (`vaultvectors`) in all else, and from seeds of
its own. `tests/vectors/renewed` holds one such folder, written once."""

from __future__ import annotations

import json
from pathlib import Path

from coachsync.vault import chain, entries, formers, grants, keyslots
from coachsync.vault.keys import Person, Signer
from vaultvectors import CLIENT, DAEMON, VAULT, Writing, drawn

GOLDEN = Path(__file__).parent / "vectors" / "renewed"
PASSPHRASE = "deux chaises, un tapis"
OLD, NEW = (Person(drawn(name)) for name in ("anna, leaked", "anna, again"))
PEN = Signer(drawn("another pen"))


def written() -> dict[str, bytes]:
    """Every file of the folder by its path; `expected.json` says what is in the others."""
    writing = Writing()
    for what, said in (("vault", {}), ("actor", {"role": "daemon", "verify": DAEMON.actor.verify.hex()})):
        writing.log(OLD, what, said)
    old = writing.shelf("first", 1, OLD)
    writing.log(OLD, "assign", {"shelf": old.shelf.hex(), "client": CLIENT, "class": "notes"})
    for name in ("amended", "erased"):
        writing.store(name, old, [DAEMON, OLD][: 2 if name == "amended" else 1])
    key = writing.shelf("first", 2, OLD)
    writing.store("amended", key, [DAEMON, OLD], sealer=OLD)
    stone = _erase(writing, OLD, "note", CLIENT, 1, [drawn("erased", 16).hex()])
    until = writing.head
    event = formers.renewal(VAULT, OLD.actor.fingerprint, NEW, [stone.digest(VAULT)])
    writing.log(OLD, event.pop("e"), event)
    writing.log(NEW, "vault", {})
    last = writing.shelf("first", 3, NEW)
    writing.store("amended", last, [DAEMON, OLD], sealer=NEW)
    _erase(writing, NEW, "keys", "", 2, [])
    writing.log(NEW, "actor", {"role": "daemon", "verify": PEN.actor.verify.hex()})
    writing.log(NEW, "ended", {"actor": DAEMON.actor.fingerprint.hex()})
    gone = drawn("erased", 16).hex()
    del writing.files[f"records/{gone}.1"], writing.records[f"records/{gone}.1"]
    slots = f"slots/{NEW.actor.fingerprint.hex()}"
    writing.files[f"{slots}.passphrase.json"] = keyslots.lock(NEW, VAULT, PASSPHRASE, keyslots.FLOOR)
    handed = formers.handed_over(VAULT, OLD, NEW.actor)
    writing.files[f"slots/{OLD.actor.fingerprint.hex()}.former"] = handed
    writing.files["erasures.ledger"] = chain.canonical(entries.written(stone)) + b"\n"
    expected = {
        "vault": VAULT.hex(),
        "coaches": {"anna": _said_of(NEW, "anna, again") | {"passphrase": PASSPHRASE}},
        "former": _said_of(OLD, "anna, leaked"),
        "shelves": writing.shelves,
        "records": writing.records,
        "head": {"count": writing.head.count, "digest": writing.head.digest.hex()},
        "log": writing.rows,
    }
    text = json.dumps(expected, indent=1, ensure_ascii=False) + "\n"
    return writing.files | {"expected.json": text.encode(), "trust.toml": _trust(until).encode()}


def _erase(writing: Writing, coach: Person, what: str, client: str, through: int, records: list[str]) -> chain.Entry:
    """A tombstone of the first shelf, done: the entry."""
    shelf, keys = drawn("first", 16), []
    for generation in range(1, through + 1):
        content = writing.files.pop(f"keys/{shelf.hex()}/{generation}.1.{OLD.actor.fingerprint.hex()}", None)
        keys += [] if content is None else [grants.digest(content).hex()]
    said = {"what": what, "client": client, "shelves": {shelf.hex(): through}, "records": records, "keys": keys}
    writing.log(coach, "erase", said)
    row = writing.rows[-1]
    writing.log(coach, "erased", {"entry": row["number"]})
    return entries.read({**row, "said": row["said"].encode().hex()})


def _said_of(person: Person, name: str) -> dict[str, str]:
    actor = person.actor
    return {"seed": drawn(name).hex(), "verify": actor.verify.hex(), "fingerprint": actor.fingerprint.hex()}


def _trust(until: chain.Head) -> str:
    lines = [f'vault = "{VAULT.hex()}"']
    for table, person in (("[coaches.anna]", NEW), ("[[coaches.anna.former]]", OLD)):
        verify, fingerprint = person.actor.verify.hex(), person.actor.fingerprint.hex()
        lines += [table, f'verify = "{verify}"', f'fingerprint = "{fingerprint}"']
    return "\n".join([*lines, f"count = {until.count}", f'digest = "{until.digest.hex()}"']) + "\n"


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True)  # what was written once stays
    for path, content in written().items():
        (GOLDEN / path).parent.mkdir(parents=True, exist_ok=True)
        (GOLDEN / path).write_bytes(content)
