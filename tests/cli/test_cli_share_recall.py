"""`share recall`: what it says to a person and to a machine, on a real server."""

from __future__ import annotations

from cli_desk import Desk
from servers import free_port

FILE = 'to = { file = "office.ics" }'
TARGET = 'to = { account = "cloud", name = "Office" }'


def test_a_person_is_told_what_was_done_and_what_cannot_be_called_back(synced: Desk) -> None:
    before = synced.storage.objects("Office")
    result = synced.run("share", "recall", "office")
    after = synced.storage.objects("Office")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[:2] == ["office: 5 entries were taken back.", "It shows 5 entries now."]
    assert "What was taken back could be seen since" in result.out
    assert "What cannot be called back:\n  - Phones" in result.out
    assert len(after) == 5
    assert before.keys().isdisjoint(after)
    assert synced.run("share", "verify").code == 0


def test_a_share_is_taken_away_twice_and_comes_back(synced: Desk) -> None:
    document = synced.json("share", "recall", "office", "--remove").document
    assert synced.storage.titled("Office") is None
    assert set(document) == {
        *("share", "taken_back", "shown", "purged", "visible_since", "cannot_be_recalled", "findings", "problems"),
    }
    assert (document["share"], document["taken_back"], document["shown"], document["purged"]) == ("office", 5, 0, 0)
    assert document["visible_since"].endswith("Z") or "+" in document["visible_since"]
    assert len(document["cannot_be_recalled"]) >= 3
    assert (document["findings"], document["problems"]) == ([], [])

    again = synced.json("share", "recall", "office", "--remove")
    assert again.code == 0
    assert (again.document["taken_back"], again.document["visible_since"]) == (0, None)
    assert again.document["cannot_be_recalled"] == []

    assert synced.run("sync").code == 0
    assert synced.storage.titled("Office") is None
    assert synced.run("share", "publish", "office").code == 0
    assert len(synced.storage.objects("Office")) == 5


def test_a_file_is_removed_or_says_why_it_stays(practice: Desk) -> None:
    practice.text = practice.text.replace(TARGET, FILE)
    file = practice.folder / "office.ics"
    assert practice.run("sync").code == 0
    whole = file.read_bytes()
    file.write_bytes(b"mine")
    _, error = practice.refused("share", "recall", "office", "--remove")
    assert error["code"] == "share-not-away"
    assert file.read_bytes() == b"mine"
    file.write_bytes(whole)
    result = practice.run("share", "recall", "office", "--remove")
    assert (result.code, result.out.splitlines()[1]) == (0, "It shows nothing now.")
    assert not file.exists()


def test_p04_without_network_it_says_to_try_later_and_nothing_is_lost(synced: Desk) -> None:
    before, url = synced.storage.objects("Office"), synced.url
    synced.url = f"http://127.0.0.1:{free_port()}/"
    plain, _ = synced.refused("share", "recall", "office")
    assert plain.code == 75
    synced.url = url
    assert synced.run("sync").code == 0
    after = synced.storage.objects("Office")
    assert len(after) == len(before)
    assert after.keys().isdisjoint(before)  # what was asked for is done at the next run


def test_a_share_that_is_not_there_or_was_never_published_is_refused(practice: Desk) -> None:
    plain, error = practice.refused("share", "recall", "nobody")
    assert (plain.code, error["code"]) == (2, "no-such-share")
    plain, error = practice.refused("share", "recall", "office")
    assert (plain.code, error["code"]) == (10, "share-never-published")


def test_a_share_that_is_not_configured_any_more_is_taken_away_by_its_name(synced: Desk) -> None:
    synced.text = synced.text.replace("[shares.office]", "[shares.team]").replace('"Office"', '"Team"')
    told = synced.run("sync")
    assert told.code == 3
    assert "coachsync share recall office --remove" in told.err
    assert "shares.office" in synced.run("status").out
    plain, error = synced.refused("share", "recall", "office")
    assert (plain.code, error["code"]) == (2, "no-such-share")
    assert synced.run("share", "recall", "office", "--remove").code == 0
    assert synced.storage.titled("Office") is None
    assert "shares.office" not in synced.run("status").out
    assert synced.run("sync").code == 0
    synced.refused("share", "recall", "office", "--remove")
