"""What each kind of log entry means, and who may make it: rules that change a history, and raise ValueError, KeyError,
TypeError or AttributeError for what nobody may say."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from coachsync.errors import Altered
from coachsync.vault.chain import Entry, Head
from coachsync.vault.envelope import Kind
from coachsync.vault.formers import understood
from coachsync.vault.keys import Actor, Role
from coachsync.vault.keyslots import By
from coachsync.vault.shelves import UNSORTED, WHOLE, SealedFile, Shelf, Stored, Tombstone, is_client

if TYPE_CHECKING:
    from coachsync.vault.history import History

_CLASS = re.compile(r"[a-z][a-z-]{0,19}")
_ID, _DIGEST = 16, 32
_OF_A_FILE = frozenset({"file", "size"})


class Said(NamedTuple):
    """An entry whose signature was checked: by whom, and what it says."""

    entry: Entry
    actor: Actor
    event: dict[str, Any]


def _vault(history: History, said: Said) -> None:
    """A coach opens the log, or joins it."""
    known = history.coaches.keys() | history.formers.keys()
    _only(said.actor.role is Role.COACH and said.event.keys() == {"e"} and said.entry.actor in known)


def _actor(history: History, said: Said) -> None:
    """A coach lets in somebody who writes."""
    event = said.event
    _only(said.actor.role is Role.COACH and event.keys() == {"e", "role", "verify"} and event["role"] == "daemon")
    new = Actor(Role.DAEMON, _bytes(event["verify"], 32))
    _only(new.fingerprint not in history.ended)
    history.actors[new.fingerprint] = new


def _ended(history: History, said: Said) -> None:
    """A coach takes the pen from somebody who wrote, for good."""
    _only(said.actor.role is Role.COACH and said.event.keys() == {"e", "actor"})
    gone = history.actors.pop(_bytes(said.event["actor"], _ID))
    history.ended[gone.fingerprint] = gone


def _renewed(history: History, said: Said) -> None:
    """The key of a coach was replaced: the new one has all that the former one had, and speaks in its place. Only
    trust.toml says that it was, and by which."""
    old, former = said.entry.actor, history.formers[said.entry.actor]
    renewal = understood(history.vault, old, said.event)
    new = renewal.new.fingerprint
    _only(new in former.later and new not in history.replaced)
    history.replaced[old] = new
    history.successions |= {said.entry.digest(history.vault)}
    history.vouched |= renewal.stones
    history.shelves = {
        shelf: replace(one, coach=new) if one.coach == old else one for shelf, one in history.shelves.items()
    }


def _shelf(history: History, said: Said) -> None:
    """A coach makes a shelf, or a later generation of one of their own: not always the next, for files of another
    branch of the log may lie between. A shelf that was erased never comes back."""
    event, coach = said.event, said.entry.actor
    _only(said.actor.role is Role.COACH and event.keys() == {"e", "shelf", "generation", "key", "grants"})
    shelf, generation, key = _bytes(event["shelf"], _ID), _number(event["generation"]), _bytes(event["key"], _DIGEST)
    grants = tuple(_listed(event["grants"], _DIGEST))
    known = history.shelves.get(shelf, Shelf(coach, 0))
    _only(known.coach == coach and generation > known.generation and shelf not in history.erased)
    _only(known.generation or generation == 1)
    history.shelves[shelf] = replace(known, generation=generation)
    history.keys[shelf] = history.keys.get(shelf, {}) | {generation: key}
    history.made[shelf] = history.made.get(shelf, frozenset()) | {generation}
    history.makers[shelf] = history.makers.get(shelf, {}) | {generation: coach}
    history.grants[shelf] = history.grants.get(shelf, frozenset()) | set(grants)
    history.granted[shelf] = history.granted.get(shelf, {}) | {generation: grants}


def _assign(history: History, said: Said) -> None:
    """A spare shelf becomes a client's."""
    event = said.event
    _only(event.keys() == {"e", "shelf", "client", "class"})
    shelf, client, category = _bytes(event["shelf"], _ID), event["client"], event["class"]
    known = history.shelves[shelf]
    _only(_is_code(client))
    _only(_CLASS.fullmatch(category) is not None and known.client is None)
    _only(said.actor.role is Role.DAEMON or said.entry.actor == known.coach)
    _only(history.shelf_of(known.coach, client, category) is None)
    history.shelves[shelf] = replace(known, client=client, category=category)


def _record(history: History, said: Said) -> None:
    """A version of a record is stored, where those before it are. Its coach may seal it anew, and it stays what it was
    and whose it was: in a later generation, or on another shelf; the file of an attachment is left as it is."""
    event, coach = said.event, said.entry.actor
    more = _OF_A_FILE if event["kind"] == Kind.ATTACHMENT else frozenset()
    _only(event.keys() == {"e", "shelf", "generation", "record", "version", "kind", "digest"} | more)
    shelf, record, digest = _bytes(event["shelf"], _ID), _bytes(event["record"], _ID), _bytes(event["digest"], _DIGEST)
    generation, version, kind = _number(event["generation"]), _number(event["version"]), Kind(_number(event["kind"]))
    known = history.shelves[shelf]
    _only(known.client is not None and generation == known.generation and record not in history.erased)
    _only(said.actor.role is Role.DAEMON or coach == known.coach)
    file = SealedFile(_bytes(event["file"], _DIGEST), _number(event["size"])) if more else None
    before, writer = history.records.get((record, version)), said.entry.actor
    if before is None:
        last = history.records.get((record, version - 1))
        _only(version == 1 if last is None else (last.shelf, last.kind) == (shelf, kind))
    else:
        _only(coach == known.coach == history.shelves[before.shelf].coach)
        _only(kind is before.kind and file == before.file)
        _only(before.shelf != shelf or before.generation < generation)
        writer = before.writer
    history.records[record, version] = Stored(shelf, generation, kind, digest, writer, file)


def _erase(history: History, said: Said) -> None:
    """A coach has something erased: it is gone from here on, whatever else is still there. What it names must be all
    that these shelves hold up to those generations, and no more. Of a shelf that goes whole they may lie above its
    last one here: another branch of the log has gone that far."""
    stone = stone_of(said)
    _only(said.actor.role is Role.COACH)
    _only(all(history.shelves[shelf].coach == stone.coach for shelf in stone.shelves))
    last = {shelf: one.generation for shelf, one in history.shelves.items()}
    _only(stone.what in WHOLE or all(through <= last[shelf] for shelf, through in stone.shelves.items()))
    gone = {key for key, one in history.records.items() if one.generation <= stone.shelves.get(one.shelf, 0)}
    named = set(stone.records)
    left = {key: one for key, one in history.records.items() if key not in gone}
    _only({record for record, _ in gone} == named and not any(record in named for record, _ in left))
    _only(all(any(key in history.grants[shelf] for shelf in stone.shelves) for key in stone.keys))
    whole = {shelf for shelf, through in stone.shelves.items() if through >= last[shelf]}
    kept = {shelf: one for shelf, one in history.shelves.items() if shelf not in whole}
    theirs = {(one.coach, one.client) for one in kept.values()}
    _only(stone.what != "client" or (stone.coach, stone.client) not in theirs)
    history.tombstones[stone.number] = history.graves[said.entry.digest(history.vault)] = stone
    history.records, history.shelves = left, kept
    history.erased |= whole | named
    history.keys = {shelf: _later(keys, stone.shelves.get(shelf, 0)) for shelf, keys in history.keys.items()}
    history.grants = {shelf: held - set(stone.keys) for shelf, held in history.grants.items() if shelf not in whole}


def bury(history: History, stone: Tombstone) -> None:
    """Take away what a tombstone of another branch names, as far as it is here and its coach's."""
    named, shelves = set(stone.records), history.shelves
    touched: dict[bytes, int] = {}
    for (record, _), one in history.records.items():
        if record in named:
            touched[one.shelf] = max(one.generation, touched.get(one.shelf, 0))
    mentioned = touched.keys() | (stone.shelves.keys() & shelves.keys())
    _only(all(history.heir(shelves[shelf].coach) == history.heir(stone.coach) for shelf in mentioned))
    for shelf, through in touched.items():
        history.owing[shelf] = max(through, history.owing.get(shelf, 0))
    last = {shelf: one.generation for shelf, one in shelves.items()}
    gone = stone.shelves if stone.what in WHOLE else {}
    whole = {shelf for shelf, through in gone.items() if last.get(shelf, 0) <= through}
    left = {key: one for key, one in history.records.items() if key[0] not in named and one.shelf not in whole}
    lost = {record for record, _ in history.records.keys() - left.keys()}
    history.records = left
    history.erased |= whole | named | lost
    history.shelves = {shelf: one for shelf, one in shelves.items() if shelf not in whole}
    history.grants = {shelf: held for shelf, held in history.grants.items() if shelf not in whole}
    history.keys = {shelf: held for shelf, held in history.keys.items() if shelf not in whole}


def stone_of(said: Said) -> Tombstone:
    """The tombstone that an entry is."""
    event = said.event
    _only(event["e"] == "erase" and event.keys() == {"e", "what", "client", "shelves", "records", "keys"})
    what, client, shelves = event["what"], event["client"], event["shelves"]
    _only(what in ("note", "keys", *WHOLE) and _is_code(client) and isinstance(shelves, dict))
    _only(what != "client" or client != UNSORTED)
    _only(what != "keys" or (client == UNSORTED and not event["records"]))
    through = {_bytes(shelf, _ID): _number(generation) for shelf, generation in shelves.items()}
    records, keys = _listed(event["records"], _ID), _listed(event["keys"], _DIGEST)
    return Tombstone(said.entry.number, said.entry.actor, what, client, through, tuple(records), tuple(keys))


def _later(keys: Mapping[int, bytes], through: int) -> dict[int, bytes]:
    return {generation: key for generation, key in keys.items() if generation > through}


def _buried(history: History, said: Said) -> None:
    """Somebody found in the ledger what a coach had erased in another branch of the log, or that a key was replaced
    there. Its own signature counts."""
    event = dict(said.event)
    parts = [_bytes(event.pop(name), size) for name, size in (("previous", _DIGEST), ("actor", _ID), ("signature", 64))]
    number, text = _number(event.pop("number")), event.pop("said")
    _only(event == {"e": "buried"})
    try:
        held = Entry(number, parts[0], parts[1], text.encode("ascii"), parts[2])
        if held.event["e"] == "renewed":
            history.follow(held)
        else:
            history.bury(held, said.entry.number)
    except Altered:
        raise ValueError from None


def _erased(history: History, said: Said) -> None:
    """And that is done."""
    _only(said.event.keys() == {"e", "entry"})
    stone = history.tombstones[_number(said.event["entry"])]
    _only(history.heir(stone.coach) == history.heir(said.entry.actor))
    history.tombstones[stone.number] = replace(stone, done=True)


def _slot(_: History, said: Said) -> None:
    """A coach has a new passphrase, a new recovery code, or something else that opens."""
    event = said.event
    _only(said.actor.role is Role.COACH and event.keys() == {"e", "kind"})
    _only(event["kind"] in list(By))


def _unslot(_: History, said: Said) -> None:
    """A coach has taken away what opened here; a passphrase and a recovery code there always are."""
    event = said.event
    _only(said.actor.role is Role.COACH and event.keys() == {"e", "kind"})
    _only(event["kind"] in [by for by in By if not by.is_portable])


def _restored(history: History, said: Said) -> None:
    """A coach goes on with another copy that was put back, and gives up the log that ended in this head."""
    event = said.event
    _only(said.actor.role is Role.COACH and event.keys() == {"e", "count", "digest"})
    head = Head(_number(event["count"]), _bytes(event["digest"], _DIGEST))
    ends = {former.until for former in history.formers.values()}
    if said.entry.actor not in history.formers or head not in ends:  # where former keys end, none of them gives up
        history.given_up[head] = said.entry.number


RULES: Mapping[str, Callable[[History, Said], None]] = {
    "vault": _vault,
    "actor": _actor,
    "ended": _ended,
    "renewed": _renewed,
    "shelf": _shelf,
    "assign": _assign,
    "record": _record,
    "erase": _erase,
    "erased": _erased,
    "buried": _buried,
    "slot": _slot,
    "unslot": _unslot,
    "restored": _restored,
}


def _only(allowed: object) -> None:
    if not allowed:
        raise ValueError


def _bytes(text: Any, size: int) -> bytes:
    found = bytes.fromhex(text)
    _only(len(found) == size and found.hex() == text)
    return found


def _listed(found: Any, size: int) -> list[bytes]:
    _only(isinstance(found, list))
    return [_bytes(one, size) for one in found]


def _is_code(client: str) -> bool:
    return client == UNSORTED or is_client(client)


def _number(value: Any) -> int:
    _only(type(value) is int and 0 < value < 1 << 32)
    return int(value)
