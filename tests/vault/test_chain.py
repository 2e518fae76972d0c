"""The log as a chain: each entry that is changed, removed, moved, cut off or signed by another."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachsync.errors import Altered
from coachsync.vault.chain import LONGEST, Entry, Head, canonical, verified
from coachsync.vault.history import History
from coachsync.vault.keys import Actor, Role, Signer
from vaultpeople import (
    AT,
    COACH,
    COACHES,
    COLLEAGUE,
    DAEMON,
    OTHER_DAEMON,
    OTHER_VAULT,
    STRANGER,
    VAULT,
    Book,
    flipped,
    lets_in,
    makes,
    practice,
    stores,
    written,
)

THIRD_SHELF = b"u" * 16
BOOK = practice()
LOG = tuple(BOOK.entries)
HEADS = [Head(), *(Head(one.number, one.digest(VAULT)) for one in LOG)]


def code(entries: Iterable[Entry], vault: bytes = VAULT, remembered: Head = HEADS[0]) -> str:
    with pytest.raises(Altered) as caught:
        beside(remembered, entries, vault)
    return caught.value.code


def beside(remembered: Head, entries: Iterable[Entry], vault: bytes = VAULT) -> History:
    """The history of these entries, where somebody remembers that the log once ended so."""
    history = History(vault, COACHES, remembered=remembered)
    history.take(entries)
    history.refuse_cut()
    return history


def resigned(one: Entry, who: Any = COACH, **changes: Any) -> Entry:
    """The entry with something changed, signed anew."""
    other = replace(one, **changes)
    return replace(other, signature=who.sign(b"log", other.digest(VAULT)))


def test_a_log_is_taken_to_its_head_at_once_or_piece_by_piece() -> None:
    once, pieces = History(VAULT, COACHES), History(VAULT, COACHES)
    once.take(LOG)
    for one in LOG:
        pieces.take([one])
    assert once == pieces == BOOK.history
    assert once.head == HEADS[-1] == Head(len(LOG), LOG[-1].digest(VAULT))


def test_each_flipped_bit_of_an_entry_is_noticed() -> None:
    for name in ("previous", "actor", "said", "signature"):
        whole = getattr(LOG[1], name)
        for bit in range(8 * len(whole)):
            changed = replace(LOG[1], **{name: flipped(whole, bit)})
            assert code([LOG[0], changed]) == ("log-of-nobody" if name == "actor" else "log-broken")


def test_an_entry_with_another_number_is_noticed() -> None:
    for number in (-1, 0, 1, 3, 1 << 70):
        assert code([LOG[0], replace(LOG[1], number=number)]) == "log-broken"
        assert code([LOG[0], replace(LOG[1], number=number), *LOG[2:]]) == "log-broken"


@pytest.mark.parametrize("gone", range(len(LOG) - 1))
def test_an_entry_that_was_removed_is_noticed(gone: int) -> None:
    assert code(LOG[:gone] + LOG[gone + 1 :]) == "log-broken"


@settings(max_examples=40)
@given(st.permutations(LOG))
def test_entries_in_another_order_are_noticed(entries: list[Entry]) -> None:
    if tuple(entries) != LOG:
        assert code(entries) == "log-broken"


def test_an_entry_that_comes_twice_is_noticed() -> None:
    for number in range(len(LOG)):
        assert code([*LOG[: number + 1], LOG[number]]) == "log-broken"


def test_those_before_the_broken_one_are_taken() -> None:
    history = History(VAULT, COACHES)
    with pytest.raises(Altered) as caught:
        history.take([*LOG[:3], replace(LOG[3], signature=b""), *LOG[4:]])
    assert "Entry 4 " in caught.value.message
    assert history.head == HEADS[3]


def test_an_entry_of_another_branch_does_not_follow() -> None:
    """Somebody went on with a restored copy: well signed, well numbered, and of another log."""
    branch = Book()
    branch.says(COACH, *(one.event for one in LOG[:3]), makes(THIRD_SHELF))
    branch.says(DAEMON, *(one.event for one in LOG[4:]))
    for number in range(4, len(LOG)):
        assert branch.entries[number].event == LOG[number].event
        assert code([*LOG[:number], branch.entries[number]]) == "log-broken"


def test_a_digest_is_over_everything_that_the_format_names() -> None:
    for one in LOG:
        parts = (VAULT, one.number.to_bytes(8, "big"), one.previous, one.actor, one.said)
        assert one.digest(VAULT) == hashlib.sha256(b"coachsync/log/v1\0" + b"".join(parts)).digest()


# --- who signed -------------------------------------------------------------------------------------------------------


def test_an_entry_of_a_stranger_is_of_nobody() -> None:
    for who in (STRANGER, OTHER_DAEMON):
        made, _ = written(HEADS[-1], who, stores(version=3))
        assert code([*LOG, made]) == "log-of-nobody"


def test_a_daemon_is_nobody_before_a_coach_has_let_it_in() -> None:
    first, _ = written(HEADS[1], DAEMON, {"e": "vault"})
    assert code([LOG[0], first]) == "log-of-nobody"


def test_an_entry_in_the_name_of_another_is_broken() -> None:
    for who in (STRANGER, DAEMON, COLLEAGUE):
        assert code([LOG[0], resigned(LOG[1], who)]) == "log-broken"


def test_a_signature_from_elsewhere_does_not_hold() -> None:
    one = LOG[1]
    for signature in (
        COACH.sign(b"shelf", one.digest(VAULT)),
        COACH.sign(b"log", one.digest(OTHER_VAULT)),
        COACH.sign(b"log", one.said),
        LOG[2].signature,
    ):
        assert code([LOG[0], replace(one, signature=signature)]) == "log-broken"


def test_a_log_of_another_vault_is_broken() -> None:
    assert code(LOG, OTHER_VAULT) == "log-broken"


def test_who_stands_under_another_fingerprint_is_nobody() -> None:
    """A row of actors that was replaced."""
    theirs = Actor(Role.COACH, STRANGER.actor.verify, COACH.actor.sealing)
    made, _ = written(Head(), STRANGER, {"e": "vault"})
    with pytest.raises(Altered) as caught:
        list(verified([replace(made, actor=COACH.actor.fingerprint)], VAULT, lambda _: theirs))
    assert caught.value.code == "log-of-nobody"


# --- a head that somebody remembers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", range(len(LOG)))
def test_a_log_that_was_cut_shows_beside_a_remembered_head(kept: int) -> None:
    beside(Head(), LOG[:kept])  # without one nothing is to be seen
    beside(HEADS[kept], LOG[:kept])
    assert code(LOG[:kept], remembered=HEADS[-1]) == "log-cut"


def test_a_log_that_has_grown_was_not_cut() -> None:
    for remembered in HEADS:
        assert beside(remembered, LOG).head == HEADS[-1]


def test_another_log_of_the_same_length_shows() -> None:
    assert code(LOG, remembered=Head(len(LOG), bytes(32))) == "log-cut"


@pytest.mark.parametrize("more", [1, 2, 5])
def test_a_log_that_was_cut_and_has_grown_again_shows(more: int) -> None:
    """An older copy was put in its place, and the daemon went on writing: it may be longer than what was remembered."""
    book, said = practice(), LOG[:-1]
    book.history = History(VAULT, COACHES)
    book.history.take(said)
    book.entries = list(said)
    book.says(DAEMON, *(stores(version=2 + number, says=500) for number in range(more)))
    beside(HEADS[-2], book.entries)
    assert code(book.entries, remembered=HEADS[-1]) == "log-cut"


def test_a_remembered_head_counts_for_what_follows_it_too() -> None:
    history = History(VAULT, COACHES, remembered=HEADS[-1])
    history.take(LOG[:-1])
    history.take(LOG[-1:])
    history.refuse_cut()
    history = History(VAULT, COACHES, remembered=HEADS[-1])
    history.take(LOG[:-1])
    history.take([written(HEADS[-2], DAEMON, stores(version=2, says=500))[0]])
    with pytest.raises(Altered) as caught:
        history.refuse_cut()
    assert caught.value.code == "log-cut"


# --- a head that a coach has given up ---------------------------------------------------------------------------------


def restored(head: Head) -> dict[str, Any]:
    return {"e": "restored", "count": head.count, "digest": head.digest.hex()}


def gone_on(kept: int, *said: tuple[Signer, Mapping[str, Any]]) -> list[Entry]:
    """A log that was cut after so many entries, and what was said then."""
    book = Book()
    book.history.take(LOG[:kept])
    book.entries = list(LOG[:kept])
    for who, event in said:
        book.says(who, event)
    return book.entries


@pytest.mark.parametrize("kept", range(1, len(LOG)))
@pytest.mark.parametrize("more", [0, 1, 9])
def test_a_coach_goes_on_with_a_log_that_was_cut(kept: int, more: int) -> None:
    slots = [(COLLEAGUE, {"e": "slot", "kind": "recovery"})] * more
    for before, after in (((), slots), (slots, ())):
        entries = gone_on(kept, *before, (COACH, restored(HEADS[-1])), *after)
        assert code(gone_on(kept, *before, *after), remembered=HEADS[-1]) == "log-cut"
        number = kept + len(before) + 1
        assert beside(HEADS[-1], entries).given_up == {HEADS[-1]: number}


def test_what_is_given_up_is_that_head_and_no_other() -> None:
    entries = gone_on(4, (COACH, restored(HEADS[-1])))
    for other in (HEADS[-2], Head(HEADS[-1].count, bytes(32)), Head(HEADS[-1].count + 1, HEADS[-1].digest)):
        assert code(entries, remembered=other) == "log-cut"


def test_nobody_but_a_coach_gives_up_a_log() -> None:
    book = practice()
    book.refuses(DAEMON, restored(HEADS[3]))
    book.says(COACH, restored(HEADS[3]))
    book.says(COLLEAGUE, restored(HEADS[4]))
    for changed in ({"count": 0}, {"count": "3"}, {"count": 1 << 32}, {"digest": "00"}, {"more": 1}):
        book.refuses(COACH, restored(HEADS[3]) | changed)
    assert book.history.given_up.keys() == {HEADS[3], HEADS[4]}


# --- what an entry says -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"null",
        b"[]",
        b'"e"',
        b"{}",
        b'{"e":1}',
        b'{"e":null}',
        b'{"e": "vault"}',
        b'{"e":"vault"}\n',
        b'{"e":"vault","e":"vault"}',
        b'{"z":1,"e":"vault"}',
        '{"e":"é"}'.encode(),
        b'{"e":"\\u0041"}',
        b'{"e":"vault","v":NaN}',
        b'{"e":"vault","v":Infinity}',
        b'{"e":"vault","v":1.50}',
        b'{"e":"vault","v":' + b"9" * 5000 + b"}",
        b'{"e":"vault","v":' + b"[" * 30000 + b"]" * 30000 + b"}",
        *(b'{"e":"vault","v":' + b"[" * deep + b"]" * deep + b"}" for deep in range(900, 1010, 5)),
        '{"e":"vault"}'.encode("utf-16"),
        b"\xff",
        canonical({"e": "x" * LONGEST}),
    ],
    ids=lambda said: said[:24].decode("latin-1") + str(len(said)),
)
def test_what_is_not_written_in_the_one_way_is_broken_even_when_it_is_signed(said: bytes) -> None:
    assert code([resigned(LOG[0], said=said)]) in ("log-broken", "log-not-allowed")
    if b"[" * 900 not in said:  # how deep JSON may be nested is for Python to say
        assert code([resigned(LOG[0], said=said)]) == "log-broken"


TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 70), 1 << 70) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40)
@given(said=st.dictionaries(TEXTS, VALUES, max_size=4), kind=TEXTS)
def test_what_is_written_is_read_again(said: dict[str, Any], kind: str) -> None:
    event = said | {"e": kind}
    made, head = written(HEADS[3], COACH, event)
    assert made.event == event
    assert made.said.isascii()
    assert head == Head(4, made.digest(VAULT))
    assert list(verified([made], VAULT, COACHES.get, HEADS[3])) == [(made, head)]


def test_an_entry_has_a_longest() -> None:
    room = LONGEST - len(canonical({"at": AT, "e": ""}))
    assert len(written(Head(), COACH, {"e": "x" * room})[0].event["e"]) == room
    with pytest.raises(ValueError, match="1 MiB"):
        written(Head(), COACH, {"e": "x" * (room + 1)})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_json_is_not_written(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        written(Head(), COACH, {"e": "vault", "v": value})


def test_a_daemon_that_was_let_in_is_known_by_what_the_coach_has_signed() -> None:
    made, head = written(HEADS[1], COACH, lets_in(OTHER_DAEMON))
    history = History(VAULT, COACHES)
    history.take([LOG[0], made, written(head, OTHER_DAEMON, {"e": "vault"})[0]][:2])
    assert history.actor(OTHER_DAEMON.actor.fingerprint) == OTHER_DAEMON.actor
    assert history.actor(DAEMON.actor.fingerprint) is None
