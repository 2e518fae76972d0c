"""The log as FORMAT.md, section 7, has it: read without any code of the program."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from formatreader import (
    BY_A_COACH,
    BY_DAEMON,
    BY_ITS_COACH,
    COACH,
    DAEMON,
    FILE_KEYS,
    KEYS,
    KINDS_BY_NAME,
    SLOTS,
    Entry,
    Grant,
    Record,
    Shelf,
    Trust,
    check_signature,
    fingerprint,
    read_said,
    written,
)
from handhpke import (
    ZEROS,
    demand,
)

Home = tuple[bytes, str, str]


def check_log(trust: Trust, entries: Sequence[Entry], head: tuple[int, bytes] | None = None) -> bytes:
    """The digest of the last entry, after all was checked; `head` is one that somebody remembers."""
    digests = [ZEROS]
    daemons: dict[bytes, bytes] = {}
    ended: set[bytes] = set()
    owners: dict[str, bytes] = {}
    last: dict[str, int] = {}
    homes: dict[str, Home] = {}
    given_up: set[tuple[int, bytes]] = set()
    replaced: set[bytes] = set()
    stones: set[str] = set()
    later: dict[bytes, bytes] = {}
    for number, entry in enumerate(entries, 1):
        demand(entry.number == number and entry.previous == digests[-1], "the chain is broken")
        demand(len(entry.said) <= 1 << 20, "an entry has at most 1 MiB")
        said = read_said(entry.said)
        digests.append(entry.digest(trust.vault))
        former = trust.formers.get(entry.actor)
        in_time = former is None or said["e"] == "renewed" or number <= former.until[0]
        verify = (trust.keys | daemons).get(entry.actor) if in_time and entry.actor not in replaced else None
        demand(verify, "nobody who is trusted")
        check_signature(verify or b"", "log", digests[-1], entry.signature)
        check_right(said, entry.actor, owners, by_coach=entry.actor in trust.keys)
        check_home(said, owners, homes)
        if said["e"] == "buried":
            stone = check_buried(trust, later, stones, said, 0 if bytes.fromhex(said["actor"]) in replaced else number)
            leave(stone, last, homes)
        leave(said, last, homes)
        if said["e"] == "renewed":
            new = check_renewed(trust, entry.actor, said)
            demand(new not in replaced, "a key that was replaced itself")
            replaced.add(entry.actor)
            stones |= set(said["stones"])
            owners |= {one: new for one, owner in owners.items() if owner == entry.actor}
            homes |= {one: (new, *home[1:]) for one, home in homes.items() if home[0] == entry.actor}
        if said["e"] == "restored":
            lost = said["count"], bytes.fromhex(said["digest"])
            if former is None or lost not in {one.until for one in trust.formers.values()}:
                given_up.add(lost)
        if said["e"] == "shelf":
            before, last[said["shelf"]] = last.get(said["shelf"], 0), said["generation"]
            demand(said["generation"] > before and (before or said["generation"] == 1), "not a later generation")
        if said["e"] == "actor":
            demand(said["role"] == "daemon", "only a daemon is let in by the log")
            key = bytes.fromhex(said["verify"])
            daemon = fingerprint(DAEMON, key, b"")
            demand(daemon not in ended, "let in again")
            daemons[daemon] = key
        if said["e"] == "ended":
            gone = bytes.fromhex(said["actor"])
            demand(daemons.pop(gone, b""), "nobody who writes")
            ended.add(gone)
    for one in ([] if head is None else [head]) + [former.until for former in trust.formers.values()]:
        there = one[0] < len(digests) and digests[one[0]] == one[1]
        demand(there or one in given_up, "the log was cut, or is another")
    return digests[-1]


def check_renewed(trust: Trust, old: bytes, said: Mapping[str, Any]) -> bytes:
    """The fingerprint of the key that has come in the place of a former one."""
    new = check_proof(trust.vault, old, said)
    demand(old in trust.formers and new in trust.formers[old].later, "trust.toml does not know of it")
    return new


def check_proof(vault: bytes, old: bytes, said: Mapping[str, Any]) -> bytes:
    """The fingerprint of the key that says itself that it has come in the place of another one."""
    verify, sealing = bytes.fromhex(said["verify"]), bytes.fromhex(said["sealing"])
    new = fingerprint(COACH, verify, sealing)
    stones = said["stones"]
    demand(stones == sorted(set(stones)) and all(re.fullmatch("[0-9a-f]{64}", one) for one in stones), "no digests")
    signed = written({name: said[name] for name in ("verify", "sealing", "stones")})
    check_signature(verify, "renewed", vault + old + signed, bytes.fromhex(said["signature"]))
    return new


def read_entry(found: Mapping[str, Any], said: bytes) -> Entry:
    """One that is written elsewhere: in a line of the ledger, in another entry, in a certificate."""
    previous, actor, signature = (bytes.fromhex(found[name]) for name in ("previous", "actor", "signature"))
    return Entry(found["number"], previous, actor, said, signature)


def check_later(trust: Trust, later: Mapping[bytes, bytes], entry: Entry) -> dict[bytes, bytes]:
    """The key, by its fingerprint, that has come in the place of one that trust.toml still names, if any."""
    said = check_entry(trust.keys | later, trust.vault, entry)
    new = check_proof(trust.vault, entry.actor, said)
    return {} if entry.actor in trust.formers else {new: bytes.fromhex(said["verify"])}


def check_buried(
    trust: Trust, later: dict[bytes, bytes], stones: set[str], said: Mapping[str, Any], number: int
) -> dict[str, Any]:
    """The entry of another branch that one holds, which is of this number, or 0 where that key was replaced already; a
    key that it lets one know of is a `later` one."""
    entry = read_entry(said, said["said"].encode("ascii"))
    if read_said(entry.said)["e"] == "renewed":
        later |= check_later(trust, later, entry)
        return read_said(entry.said)
    before = trust.formers.get(entry.actor)
    counts = before is None or entry.digest(trust.vault).hex() in stones or 0 < number <= before.until[0]
    demand(counts, "a stone of a former key")
    stone = check_entry(trust.keys | later, trust.vault, entry)
    demand(stone["e"] == "erase", "only a tombstone is buried")
    return stone


def check_entry(keys: Mapping[bytes, bytes], vault: bytes, entry: Entry) -> dict[str, Any]:
    """What an entry says that stands alone, signed by a coach."""
    demand(entry.actor in keys, "no coach")
    check_signature(keys[entry.actor], "log", entry.digest(vault), entry.signature)
    return read_said(entry.said)


def check_right(said: Mapping[str, Any], actor: bytes, owners: dict[str, bytes], *, by_coach: bool) -> None:
    """`owners` has the coach of each shelf and each record so far."""
    what = said.get("e")
    more = FILE_KEYS if what == "record" and said.get("kind") == KINDS_BY_NAME["attachment"] else set()
    demand(what in KEYS and said.keys() == {"e", "at"} | KEYS[what] | more, "no such entry")
    demand(type(said["at"]) is int and 1 <= said["at"] < 1 << 32, "no time")
    demand(what in (BY_ITS_COACH | BY_A_COACH if by_coach else BY_DAEMON), "not for this actor to say")
    if what == "shelf":
        owners.setdefault(said["shelf"], actor)
    demand(what not in SLOTS or said["kind"] in SLOTS[what], "no such keyslot")
    for one in named(said):
        demand(one in owners, "what nobody has made")
        demand(not by_coach or owners[one] == actor, "another coach's")
    if what == "record":
        owner = owners[said["shelf"]]
        demand(owners.setdefault(said["record"], owner) == owner, "another coach's record")


def check_home(said: Mapping[str, Any], owners: Mapping[str, bytes], homes: dict[str, Home]) -> None:
    """`homes` has the coach, the client and the class of each shelf that is no spare."""
    if said["e"] == "assign":
        home = (owners[said["shelf"]], said["client"], said["class"])
        demand(
            re.fullmatch("(C-[0-9A-Z]{6})?", home[1]) and re.fullmatch("[a-z][a-z-]{0,19}", home[2]), "no such place"
        )
        demand(said["shelf"] not in homes and home not in homes.values(), "no spare, or a second shelf")
        homes[said["shelf"]] = home
    demand(said["e"] != "record" or said["shelf"] in homes, "a record on a spare")


def leave(said: Mapping[str, Any], last: Mapping[str, int], homes: dict[str, Home]) -> None:
    """The shelves that go whole leave room for others."""
    if said["e"] == "erase" and said["what"] in {"shelf", "client"}:
        for shelf in [one for one, through in said["shelves"].items() if last.get(one, 0) <= through]:
            homes.pop(shelf, None)


def named(said: Mapping[str, Any]) -> list[str]:
    """The shelves that an entry is about, and the records that it erases."""
    if said["e"] == "erase":
        return [*said["shelves"], *said["records"]]
    return [said["shelf"]] if "shelf" in said else []


def check_made(entries: Sequence[Entry], shelf: Shelf, grant: Grant | None = None) -> None:
    """The log says of this generation of a shelf what its row and its grant say. The log is checked elsewhere."""
    mine = {"e": "shelf", "shelf": shelf.shelf.hex(), "generation": shelf.generation}
    told = [said for said in map(read_said, (entry.said for entry in entries)) if mine.items() <= said.items()]
    demand(len(told) == 1 and told[0]["key"] == hashlib.sha256(shelf.public).hexdigest(), "the log tells otherwise")
    demand(grant is None or grant.digest.hex() in told[0]["grants"], "a grant that the log does not know")


def check_stored(entries: Sequence[Entry], record: Record, file: bytes | None = None) -> None:
    """The log says last of this version what is stored of it, and of its file. The log itself is checked elsewhere."""
    mine = {"e": "record", "record": record.record.hex(), "version": record.version}
    told = [said for said in map(read_said, (entry.said for entry in entries)) if mine.items() <= said.items()]
    expected = {
        "kind": KINDS_BY_NAME[record.kind], "shelf": record.shelf.hex(), "generation": record.generation,
        "digest": record.digest.hex(),
    } | ({} if file is None else {"file": hashlib.sha256(file).hexdigest(), "size": len(file)})  # fmt: skip
    demand(told and expected.items() <= told[-1].items(), "the log tells otherwise")
