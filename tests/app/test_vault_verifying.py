"""Whatever is done to the files of a vault, `vault verify` names it: what, where, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from coachsync.app.vault import logbook
from coachsync.app.vault.verifying import verify
from coachsync.errors import NotInitialised, UsageError
from coachsync.vault import envelope
from coachsync.vault.keys import Person, ShelfKey
from coachsync.vault.suite import Opener, Sealer
from vault_damage import SECOND, Damaged, check_told, codes, look, person
from vault_house import CLIENT, VaultHouse

STRANGER = Person(bytes(range(32)))


def test_a_sound_vault_has_no_findings_with_and_without_its_coaches(damaged: Damaged) -> None:
    before = damaged.house.files()
    found = look(damaged)
    assert (found.findings, found.records, found.opened) == ([], 5, None)
    assert {file: content for file, content in damaged.house.files().items() if "-shm" not in file.name} == {
        file: content for file, content in before.items() if "-shm" not in file.name
    }
    assert look(damaged, person(damaged)).opened == 4
    assert look(damaged, person(damaged), person(damaged, SECOND)).opened == 5


def test_without_a_vault_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotInitialised):
        verify(VaultHouse(tmp_path).config, VaultHouse.now)


# --- the database -----------------------------------------------------------------------------------------------------


def _swap(damaged: Damaged, one: tuple[bytes, int], other: tuple[bytes, int]) -> None:
    """Two rows exchange what is sealed in them."""
    mine, theirs = damaged.sealed(*one), damaged.sealed(*other)
    for (record, version), sealed in ((one, theirs), (other, mine)):
        damaged.sql("update records set sealed=? where record=? and version=?", sealed, record, version)


def _flip(damaged: Damaged, offset: int) -> None:
    sealed = bytearray(damaged.sealed(damaged.second))
    sealed[offset] ^= 1
    damaged.sql("update records set sealed=? where record=?", bytes(sealed), damaged.second)


def _forged_note(damaged: Damaged) -> None:
    """Anybody can seal to a shelf: a note with all that the header should have, in the place of the real one."""
    header = envelope.header_of(damaged.sealed(damaged.second))
    ((public,),) = damaged.rows(
        "select public from shelves where shelf=? and generation=?", header.shelf, header.generation
    )
    forged = envelope.seal(header, b"he has said it", Sealer(public))
    damaged.sql("update records set sealed=? where record=?", forged, damaged.second)


def _own_key(damaged: Damaged, signer: Person | None = None) -> None:
    """The key of a shelf becomes the attacker's, signed by the attacker or not at all."""
    public = Opener(bytes(32)).public
    shelf = damaged.shelf(damaged.other)
    ((coach, signature),) = damaged.rows("select coach, signature from shelves where shelf=?", shelf)
    with damaged.house.open() as vault:
        key = ShelfKey(vault.id, shelf, 1, coach, public, signature)
    key = key if signer is None else key.signed(signer)
    damaged.sql("update shelves set public=?, signature=? where shelf=?", public, key.signature, shelf)


def _another_version_of_one(damaged: Damaged) -> None:
    damaged.sql("delete from records where record=? and version=1", damaged.first)


def _extra_row(damaged: Damaged) -> None:
    damaged.sql(
        "insert into records select ?, version, shelf, generation, sealed from records where record=?",
        bytes(range(16)), damaged.second,
    )  # fmt: skip


def _put_back(damaged: Damaged) -> None:
    """A row of the record that was erased comes back."""
    damaged.sql(
        "insert into records select ?, version, shelf, generation, sealed from records where record=?",
        damaged.erased, damaged.second,
    )  # fmt: skip


ROWS: dict[str, tuple[Callable[[Damaged], object], set[str]]] = {
    "moved to another row": (lambda d: _swap(d, (d.first, 1), (d.second, 1)), {"record-moved"}),
    "moved to another client": (lambda d: _swap(d, (d.first, 1), (d.other, 1)), {"record-moved"}),
    "moved to another coach": (lambda d: _swap(d, (d.first, 1), (d.hers, 1)), {"record-moved"}),
    "moved to another version": (lambda d: _swap(d, (d.first, 1), (d.first, 2)), {"record-moved"}),
    "said to be of another shelf": (
        lambda d: d.sql("update records set shelf=? where record=?", d.shelf(d.other), d.second), {"record-moved"},
    ),
    "said to be of another generation": (
        lambda d: d.sql("update records set generation=1 where record=?", d.second), {"record-moved"},
    ),
    "said to be another version": (
        lambda d: d.sql("update records set version=7 where record=?", d.second), {"record-missing", "record-unknown"},
    ),
    "first version removed": (_another_version_of_one, {"record-missing"}),
    "last version removed": (
        lambda d: d.sql("delete from records where record=? and version=2", d.first), {"record-missing"},
    ),
    "removed": (lambda d: d.sql("delete from records where record=?", d.second), {"record-missing"}),
    "no record at all": (
        lambda d: d.sql("update records set sealed='words' where record=?", d.second), {"no-record"},
    ),
    "sealed in another way": (lambda d: _flip(d, 4), {"unknown-suite"}),
    "said to be of another time": (lambda d: _flip(d, 71), {"record-moved"}),
    "flipped in its seal": (lambda d: _flip(d, 900), {"record-moved"}),
    "forged": (_forged_note, {"record-moved"}),
    "added": (_extra_row, {"record-unknown"}),
    "erased and put back": (_put_back, {"erased-here"}),
    "of a type that it cannot have": (
        lambda d: d.sql("update records set record=17 where record=?", d.second), {"record-missing", "record-unknown"},
    ),
    "key of a shelf replaced": (_own_key, {"shelf-key-replaced"}),
    "key of a shelf replaced and signed": (lambda d: _own_key(d, STRANGER), {"shelf-key-replaced"}),
    "key of a shelf that the coach has signed, and the log does not know": (
        lambda d: _own_key(d, person(d)), {"shelf-key-replaced"},
    ),
    "signature of a key removed": (
        lambda d: d.sql("update shelves set signature=zeroblob(64) where shelf=?", d.shelf(d.other)),
        {"shelf-key-replaced"},
    ),
    "key of a shelf of another coach": (
        lambda d: d.sql("update shelves set coach=? where shelf=?", bytes(16), d.shelf(d.other)),
        {"shelf-key-replaced"},
    ),
    "key of a shelf exchanged": (
        lambda d: d.sql(
            "update shelves set (public, signature) = (select public, signature from shelves where shelf=?) "
            "where shelf=?", d.shelf(d.hers), d.shelf(d.other),
        ),
        {"shelf-key-replaced"},
    ),
    "key of a shelf removed": (
        lambda d: d.sql("delete from shelves where shelf=?", d.shelf(d.other)), {"shelf-key-missing"},
    ),
    "key of a shelf added": (
        lambda d: d.sql("insert into shelves select ?, generation, coach, public, signature from shelves limit 1",
                        bytes(16)),
        {"shelf-key-unknown"},
    ),
    "erased key of a shelf put back": (
        lambda d: d.sql("insert into shelves select shelf, 1, coach, public, signature from shelves "
                        "where generation=2"),
        {"erased-here"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("hand", "named"), ROWS.values(), ids=ROWS)
def test_p09_a_row_that_is_not_as_it_was_is_named(
    damaged: Damaged, hand: Callable[[Damaged], object], named: set[str]
) -> None:
    hand(damaged)
    found = look(damaged)
    assert codes(found.findings) == named
    check_told(found)


def test_the_place_of_a_finding_is_the_record_and_the_client(damaged: Damaged) -> None:
    damaged.sql("delete from records where record=? and version=2", damaged.first)
    damaged.grant(damaged.second).unlink()
    record, grant = sorted((one.where for one in look(damaged).findings), key=len)
    assert record == f"record {damaged.first.hex()}, version 2"
    assert grant == f"shelf {damaged.shelf(damaged.first).hex()} of {CLIENT} (notes), key 2"


# --- the log ----------------------------------------------------------------------------------------------------------


def _moved_entries(damaged: Damaged) -> None:
    for one, other in ((5, 1000), (6, 5), (1000, 6)):
        damaged.sql("update log set number=? where number=?", other, one)


def _cut(damaged: Damaged, number: int, *, head: str | None = None) -> None:
    """The last entries go; `head` is what stands in the file that remembers."""
    ((count,),) = damaged.rows("select max(number) from log")
    damaged.sql("delete from log where number > ?", count - number)
    file = damaged.house.vault_folder / "head"
    if head is not None:
        file.write_text(head) if head else file.unlink()


LOG: dict[str, tuple[Callable[[Damaged], object], set[str]]] = {
    "an entry removed": (lambda d: d.sql("delete from log where number=9"), {"log-broken", "log-not-read"}),
    "the first entry removed": (lambda d: d.sql("delete from log where number=1"), {"log-broken", "log-not-read"}),
    "entries exchanged": (_moved_entries, {"log-broken", "log-not-read"}),
    "an entry changed": (
        lambda d: d.sql("update log set said=replace(said, '1', '2') where number=3"), {"log-broken", "log-not-read"},
    ),
    "a signature changed": (
        lambda d: d.sql("update log set signature=zeroblob(64) where number=4"), {"log-broken", "log-not-read"},
    ),
    "of somebody else": (
        lambda d: d.sql("update log set actor=zeroblob(16) where number=4"), {"log-of-nobody", "log-not-read"},
    ),
    "of a type that it cannot have": (
        lambda d: d.sql("update log set said=17, previous='x' where number=4"), {"log-broken", "log-not-read"},
    ),
    "cut in the middle of a record": (lambda d: _cut(d, 1), {"log-cut", "record-unknown"}),
    "cut": (lambda d: _cut(d, 4), {"log-cut", "record-unknown", "record-moved"}),
    "cut, and nobody remembers": (lambda d: _cut(d, 1, head=""), {"head-missing", "record-unknown"}),
    "cut, and the head is garbage": (lambda d: _cut(d, 1, head="9" * 40), {"head-missing", "record-unknown"}),
    "all of it gone": (
        lambda d: d.sql("delete from log"),
        {"log-cut", "record-unknown", "shelf-key-unknown", "coach-not-joined"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("hand", "named"), LOG.values(), ids=LOG)
def test_p09_a_log_that_is_not_as_it_was_is_named(
    damaged: Damaged, hand: Callable[[Damaged], object], named: set[str]
) -> None:
    hand(damaged)
    found = look(damaged)
    assert codes(found.findings) == named
    check_told(found)


def test_p09_an_older_copy_of_the_whole_log_shows_beside_a_head_that_was_kept(damaged: Damaged, tmp_path: Path) -> None:
    with logbook.looked_at(damaged.house.config, damaged.house.now) as (vault, problems):
        kept = logbook.head_line(vault)
        assert (problems, logbook.compared(vault, f" {kept}\n")) == ([], None)
    damaged.house.add(b"later")
    with logbook.looked_at(damaged.house.config, damaged.house.now) as (vault, _):
        assert logbook.compared(vault, kept) is None  # the log has gone on
    ((count,),) = damaged.rows("select max(number) from log")
    _cut(damaged, 2, head="")
    with logbook.looked_at(damaged.house.config, damaged.house.now) as (vault, _):
        problem = logbook.compared(vault, kept)
    assert problem is not None
    assert (problem.code, problem.where) == ("log-not-the-kept-one", f"log entry {count - 1}")


def test_p09_a_log_that_was_cut_and_went_on_is_not_the_kept_one(damaged: Damaged) -> None:
    with logbook.looked_at(damaged.house.config, damaged.house.now) as (vault, _):
        kept = logbook.head_line(vault)
    _cut(damaged, 1, head="")
    damaged.house.add(b"another")
    damaged.house.add(b"and one more")
    with logbook.looked_at(damaged.house.config, damaged.house.now) as (vault, _):
        problem = logbook.compared(vault, kept)
    assert problem is not None
    assert problem.code == "log-not-the-kept-one"


@pytest.mark.parametrize("text", ["", "coachsync-log 12", "coachsync-log " + "0" * 32 + " -1 " + "0" * 64, "\x00"])
def test_what_is_no_head_is_refused(damaged: Damaged, text: str) -> None:
    with logbook.looked_at(damaged.house.config, damaged.house.now) as (vault, _), pytest.raises(UsageError):
        logbook.compared(vault, text)


def test_a_head_of_another_vault_is_named(damaged: Damaged) -> None:
    with logbook.looked_at(damaged.house.config, damaged.house.now) as (vault, _):
        problem = logbook.compared(vault, f"coachsync-log {'0' * 32} 3 {'0' * 64}")
    assert problem is not None
    assert problem.code == "head-of-another-vault"
