"""Reading records: in the coach's session, each compared with the log before it counts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import islice
from typing import NamedTuple, ParamSpec, TypeVar

from coachsync.adapters.database.vaults import Place
from coachsync.app.vault.opening import Vault
from coachsync.app.vault.shelving import checked
from coachsync.errors import Altered, CoachsyncError, UsageError, WrongKey
from coachsync.phrases import Phrase, say
from coachsync.vault import envelope, formers, grants
from coachsync.vault.envelope import FIRST, Header, Kind
from coachsync.vault.keys import Person
from coachsync.vault.suite import Opener

_T = TypeVar("_T")
_P = ParamSpec("_P")
_Row = tuple[Place, bytes]
_TOGETHER = 64  # records that each step is done with before the next: what a processor has just done is quick


class Read(NamedTuple):
    """A version of a record, open."""

    header: Header
    body: bytes


class Session:
    """What a coach can open, for as long as the vault is unlocked."""

    def __init__(self, vault: Vault, coach: Person) -> None:
        self.vault = vault
        self.coach = coach
        self._openers: dict[tuple[bytes, int], Opener] = {}

    @property
    def fingerprint(self) -> bytes:
        """Whose session this is."""
        return self.coach.actor.fingerprint

    def record(self, record: bytes, version: int | None = None) -> Read:
        """A version of a record, the newest without one. Raises UsageError when there is none, and Altered or WrongKey
        when it is not what the log says."""
        version = version or self.vault.history.latest(record)
        sealed = self.vault.store.record(record, version) if version else None
        if sealed is None:
            known = (record, version) in self.vault.history.records
            raise _missing() if known else UsageError("no-such-record", say("There is no such record."))
        stored = self.vault.history.records.get((record, version))
        if stored is None:
            raise _unknown()
        return self.opened(Place(record, version, stored.shelf, stored.generation), sealed)

    def shelf(
        self, shelf: bytes, without: Collection[bytes] = (), *, unknown: bool = True
    ) -> Iterator[Read | CoachsyncError]:
        """Every version of every record of a shelf, sorted; in the place of one that does not open, or is missing, why.
        Nothing is said of records `without` which it is asked for, nor, unless `unknown`, of rows of which the log
        knows nothing."""
        records = self.vault.history.records
        missing = {key for key, one in records.items() if one.shelf == shelf and key[0] not in without}
        for rows in _together(self.vault.store.sealed(shelf)):
            wanted = [row for row in rows if row[0].record not in without and (unknown or row[0][:2] in records)]
            missing.difference_update(place[:2] for place, _ in wanted)
            for (place, _), one in zip(wanted, self._opened(wanted), strict=True):
                yield _at(one, *place[:2]) if isinstance(one, CoachsyncError) else one
        yield from (_at(_missing(), *version) for version in sorted(missing))

    def headers(self, shelves: Collection[bytes], kind: Kind) -> Iterator[Header | CoachsyncError]:
        """What every version of every record of a kind on some shelves says of itself, compared with the log and not
        opened; in the place of one that is not the log's, or is missing, why."""
        records = self.vault.history.records
        wanted = {key for key, one in records.items() if one.shelf in shelves and one.kind is kind}
        for rows in self._wanted(shelves, wanted):
            yield from self._in_place(rows)
        yield from (_missing() for _ in wanted)

    def newest(self, shelves: Collection[bytes], kind: Kind) -> Iterator[Read | CoachsyncError]:
        """The newest version of every record of a kind on some shelves; in the place of one that does not open, or is
        missing, why."""
        latest: dict[bytes, int] = {}
        for (record, version), one in self.vault.history.records.items():
            if one.shelf in shelves and one.kind is kind and version > latest.get(record, 0):
                latest[record] = version
        wanted = set(latest.items())
        for rows in self._wanted(shelves, wanted):
            yield from self._opened(rows)
        yield from (_missing() for _ in wanted)

    def opened(self, place: Place, sealed: bytes) -> Read:
        """A record out of its row. Raises Altered when it is not the one that the log names, or not in its place."""
        return self._open(in_place(self.vault, place, sealed), sealed)

    def _wanted(self, shelves: Collection[bytes], wanted: set[tuple[bytes, int]]) -> Iterator[list[_Row]]:
        """The rows of these versions, of which those that were not there are left, and rows that the log does not
        know."""
        records = self.vault.history.records
        for shelf in shelves:
            for rows in _together(self.vault.store.sealed(shelf)):
                found = [row for row in rows if row[0][:2] in wanted or row[0][:2] not in records]
                wanted.difference_update(place[:2] for place, _ in found)
                yield found

    def _in_place(self, rows: list[_Row]) -> list[Header | CoachsyncError]:
        return [_tried(in_place, self.vault, place, sealed) for place, sealed in rows]

    def _opened(self, rows: list[_Row]) -> list[Read | CoachsyncError]:
        return [
            _tried(self._open, header, sealed) if isinstance(header, Header) else header
            for header, (_, sealed) in zip(self._in_place(rows), rows, strict=True)
        ]

    def _open(self, header: Header, sealed: bytes) -> Read:
        """A record that is in its place."""
        return Read(header, envelope.body_of(sealed, self.opener(header.shelf, header.generation)))

    def opener(self, shelf: bytes, generation: int) -> Opener:
        """What opens the records of a generation of a shelf. Raises WrongKey without a grant for this coach, and
        Altered when grant or key is not the one that the coach has made."""
        if (shelf, generation) not in self._openers:
            key = checked(self.vault, self.vault.store.shelf_key(self.vault.id, shelf, generation))
            maker = self.vault.history.makers[shelf][generation]
            content = self.vault.files.grant(shelf, generation, maker)
            person = self._person(maker)
            if content is None or person is None:
                raise WrongKey(
                    "no-grant",
                    say("The file that opens this client's notes is missing."),
                    say("Bring the folder vault/keys of the state folder back, from the mirror or another copy."),
                )
            self._openers[shelf, generation] = grants.opened(content, key, person)
        return self._openers[shelf, generation]

    def _person(self, fingerprint: bytes) -> Person | None:
        """The coach, or with a key of before whoever that was, as long as its seed waits to be replaced."""
        if fingerprint == self.fingerprint:
            return self.coach
        content = self.vault.files.former(fingerprint) if fingerprint in self.vault.history.formers else None
        if content is None:
            return None
        return formers.taken_over(content, self.vault.id, fingerprint, self.coach)


def in_place(vault: Vault, place: Place, sealed: bytes) -> Header:
    """The header of a record in its row, which nobody need open. Raises Altered when it is not the one that the log
    names, or not in its place."""
    header = envelope.header_of(sealed)
    records = vault.history.records
    stored = records.get(place[:2])
    if stored is None:
        raise _unknown()
    before = records.get((place.record, place.version - 1)) if place.version > 1 else None
    due = Header(
        *(stored.kind, vault.id, *place[2:], *place[:2], header.time, stored.writer),
        before.digest if before else FIRST,
    )
    if header != due or (stored.shelf, stored.generation) != place[2:] or envelope.digest(sealed) != stored.digest:
        raise _moved()
    return header


def _together(rows: Iterator[_Row]) -> Iterator[list[_Row]]:
    while some := list(islice(rows, _TOGETHER)):
        yield some


def _tried(do: Callable[_P, _T], *given: _P.args, **named: _P.kwargs) -> _T | CoachsyncError:
    """What it returns, or why not."""
    try:
        return do(*given, **named)
    except (Altered, WrongKey) as problem:
        return problem


def record_place(record: bytes, version: int) -> Phrase:
    """Where a version of a record is."""
    return say("record {record}, version {version}", record=record.hex(), version=version)


def _at(problem: CoachsyncError, record: bytes, version: int) -> CoachsyncError:
    problem.where = problem.where or record_place(record, version)
    return problem


def _missing() -> Altered:
    return Altered(
        "record-missing",
        say("A record that the log names is missing from the vault."),
        say("Restore the vault from a backup; to see what else is damaged, run: coachsync vault verify"),
    )


def _unknown() -> Altered:
    return Altered(
        "record-unknown",
        say("The vault holds a record of which the log knows nothing."),
        say("It is not shown. Run: coachsync vault verify"),
    )


def _moved() -> Altered:
    return Altered(
        "record-moved",
        say("A record is not the one that was stored there: it was moved, exchanged or put back from an older copy."),
        say("Restore the vault from a backup; to see what else is damaged, run: coachsync vault verify"),
    )
