"""Objects of a share that somebody else has touched: nothing of theirs is lost, and nobody gets mail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

import pytest

from coachsync import contentline
from coachsync.adapters.database.removed import Removed, kept
from coachsync.adapters.memory import MemoryCalendars
from coachsync.errors import CoachsyncError, Temporary
from coachsync.model import Item
from events import event
from practice_house import SOURCE, House

OFFICE = "https://calendar.example/alice/office/"
GUEST = "ORGANIZER:mailto:alice@calendar.example\r\nATTENDEE:mailto:m@x.example\r\n"


def removed(house: House) -> tuple[Removed, ...]:
    with house.wiring() as wiring:
        return kept(wiring.database, "share office")


def codes(house: House) -> list[str]:
    return [problem.code for problem in house.sync().problems()]


def edit(house: House, line: str = "LOCATION:chez moi\r\n") -> bytes:
    """Somebody adds a line to the one object of the share."""
    ((href, body),) = house.served().items()
    edited = body.replace(b"TRANSP", line.encode() + b"TRANSP")
    house.server.store(house.share_url(), href, edited)
    return edited


def without_etags(monkeypatch: pytest.MonkeyPatch, meanwhile: bytes = b"", error: CoachsyncError | None = None) -> None:
    """The server tells no ETag after a PUT; `meanwhile`, a line that somebody adds at once; `error` in place of an
    answer."""
    real = MemoryCalendars.create

    def create(self: MemoryCalendars, href: str, body: bytes) -> str | None:
        real(self, href, body)
        if meanwhile:
            url, _ = self._server.holder("/" + href.partition("://")[2].partition("/")[2])
            (there,) = self._server.objects(url)
            self._server.store(url, there, body.replace(b"TRANSP", meanwhile + b"TRANSP"))
        if error:
            raise error
        return None

    monkeypatch.setattr(MemoryCalendars, "create", create)


@pytest.mark.parametrize("stays", [True, False])
def test_p04_an_edit_after_a_run_cut_short_is_kept(house: House, monkeypatch: pytest.MonkeyPatch, stays: bool) -> None:
    house.sessions(1)
    with monkeypatch.context() as patch:
        without_etags(patch, error=Temporary("timeout", "Late."))
        assert codes(house) == ["timeout"]
    edited = edit(house)
    if stays:  # the slot is wanted still: what was planned is looked at again, and never taken for ours
        assert house.sync().exit_code() == 0
        assert {finding.code for finding in house.verify()} == {"property", "edited-object"}
        assert house.served().popitem()[1] == edited
    house.delete("e0")
    assert codes(house) == ["share-object-edited"]
    assert ([one.body for one in removed(house)], house.served()) == ([edited], {})


def test_p04_an_edit_at_the_moment_of_the_write_is_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.sessions(1)
    with monkeypatch.context() as patch:
        without_etags(patch, meanwhile=b"LOCATION:chez moi\r\n")
        house.sync()
    house.delete("e0")
    assert codes(house) == ["share-object-edited"]
    assert [b"chez moi" in one.body for one in removed(house)] == [True]


def test_what_a_server_without_etags_stores_is_ours_all_the_same(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    without_etags(monkeypatch)
    house.sessions(2)
    assert house.sync().exit_code() == 0
    house.delete("e0")
    house.delete("e1")
    assert (house.sync().exit_code(), house.served(), removed(house)) == (0, {}, ())


def newer_edit(house: House, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """While an object is read, somebody edits it once more."""
    real = MemoryCalendars.fetch

    def fetch(self: MemoryCalendars, where: str, hrefs: Iterable[str]) -> Iterator[Item]:
        for item in list(real(self, where, hrefs)):
            if where == url:
                house.server.store(url, item.href, item.body.replace(b"SUMMARY", b"COMMENT:newer\r\nSUMMARY"))
            yield item

    monkeypatch.setattr(MemoryCalendars, "fetch", fetch)


def test_p04_an_edit_between_reading_and_deleting_is_not_lost(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.sessions(1)
    house.sync()
    edit(house)
    house.delete("e0")
    newer_edit(house, monkeypatch, house.share_url())
    house.sync()
    assert [b"newer" in body for body in house.served().values()] == [True]


def test_p04_an_edit_while_a_target_is_emptied_is_not_lost(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.server.add(OFFICE, "Office", "alice")
    house.put("mine", event("private", house.now), OFFICE)
    house.sessions(1)
    newer_edit(house, monkeypatch, OFFICE)
    with pytest.raises(CoachsyncError):
        house.publish(replace_content=True)
    assert b"newer" in house.server.objects(OFFICE)["/alice/office/mine.ics"]


def test_p06_an_object_that_invites_people_is_left_and_told(house: House) -> None:
    house.sessions(1)
    house.sync()
    edited = edit(house, GUEST)
    house.delete("e0")
    house.server.requests.clear()
    for _ in range(2):
        assert codes(house) == ["share-object-left"]
        assert list(house.served().values()) == [edited]


def test_p06_a_target_that_holds_invitations_is_not_emptied(house: House) -> None:
    house.server.add(OFFICE, "Office", "alice")
    house.put("quiet", event("quiet", house.now), OFFICE)
    house.put("guests", event("guests", house.now, extra=GUEST), OFFICE)
    house.sessions(1)
    before = house.server.objects(OFFICE)
    with pytest.raises(CoachsyncError) as refused:
        house.publish(replace_content=True)
    assert (refused.value.code, house.server.objects(OFFICE)) == ("target-holds-invitations", before)


def test_p04_one_appointment_of_a_source_among_others_is_enough_to_refuse(house: House) -> None:
    house.server.add(OFFICE, "Office", "alice")
    house.sessions(1)
    house.put("aaa", event("stranger", house.now), OFFICE)
    ((_, own),) = house.server.objects(SOURCE).items()
    house.put("zzz", own, OFFICE)
    before = house.server.objects(OFFICE)
    with pytest.raises(CoachsyncError) as refused:
        house.publish(replace_content=True)
    assert (refused.value.code, house.server.objects(OFFICE)) == ("target-is-source", before)


def uids(bodies: Iterable[bytes]) -> list[str]:
    lines = [line for body in bodies for line in contentline.parse(contentline.decode(body))]
    return [line.value for line in lines if line.name == "UID"]


def test_p01_names_are_random_and_hold_neither_a_clock_nor_a_machine(house: House) -> None:
    house.sessions(3)
    house.sync()
    house.text = house.text.replace('{ account = "cloud", name = "Office" }', '{ file = "office.ics" }')
    served = house.served()
    places = [href.rpartition("/")[2].removesuffix(".ics") for href in served]
    home = house.share_url().rstrip("/").rpartition("/")[2]
    house.sync()
    names = [*uids(served.values()), *places, home, *uids([(house.folder / "office.ics").read_bytes()])]
    assert [UUID(name).version for name in names] == [4] * 10


def test_a_collection_that_is_named_by_its_url_is_called_what_every_slot_says(house: House) -> None:
    house.text = house.text.replace("[shares.office]", "[shares.marguerite]").replace(
        'name = "Office" }', 'url = "/alice/office/" }'
    )
    house.sessions(1)
    house.sync()
    assert house.server.calendar(OFFICE).about.name == "Séance"
    assert house.verify("marguerite") == ()
