"""A leak whose removal was cut short, on real servers: whatever a person does next, it is not served after that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coachsync.adapters import keystore
from coachsync.adapters.database import Shares, open_database
from coachsync.app import collection_target
from coachsync.model import Slot
from coachsync.redaction.publication import document
from scenario_practice import Practice, local, session, tomorrow
from watching import WORD, Watched
from web import Web

GUEST = "ATTENDEE:mailto:marina@dupont.example\r\nSUMMARY"


def leaking(uid: str, slot: Slot, text: str) -> bytes:
    return document(uid, slot, text).replace(b"TRANSP", f"DESCRIPTION:{WORD}\r\nTRANSP".encode())


@pytest.fixture
def leaked(practice: Practice, web: Web, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """A share that shows a word of the source, and is to be taken away; killed before the deletion."""
    watched = Watched(practice, web)
    with monkeypatch.context() as patch:
        patch.setattr(collection_target, "document", leaking)
        watched.sync()
    assert WORD in web.ask("GET", web.hrefs(watched.url)[0]).text
    database = open_database(practice.state, keystore.load_device_key(practice.state, create=False))
    journal = Shares(database, "office")
    bound = journal.share()
    assert bound is not None
    journal.bind(replace(bound, fallen="away", fallen_for="source-word", leaving=True))
    database.close()
    return watched


@pytest.mark.parametrize("way", ["publish", "recall"])
def test_p03_a_person_who_comes_before_the_next_run_leaves_no_leak(
    practice: Practice, web: Web, leaked: Watched, way: str
) -> None:
    old = leaked.url
    done = practice.run("--json", "share", way, "office", "--yes")
    assert done.code == 0, done
    assert leaked.url != old  # the one that is there now
    assert b"".join(web.objects(leaked.url).values()).count(b"BEGIN:VEVENT") == 1
    assert WORD.encode() not in b"".join(web.objects(leaked.url).values())


def test_p03_p06_an_invitation_keeps_the_calendar_and_nothing_of_ours(
    practice: Practice, web: Web, leaked: Watched
) -> None:
    lunch = f"{leaked.url}lunch.ics"
    text = session(local(tomorrow(), 12)).decode().replace("SUMMARY", GUEST)
    assert web.put(lunch, text).status == 201
    assert practice.sync().codes == ["share-not-away"]
    assert [href.rpartition("/")[2] for href in web.hrefs(leaked.url)] == ["lunch.ics"]
    web.delete(leaked.url)
    assert practice.sync().codes == ["share-fallen-away"]
