"""Files that a person names: sealed once, and left alone unless they say otherwise. And what is shown of what waits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coachsync.app.inbox.giving import Given, give
from coachsync.app.inbox.people import people_of
from coachsync.app.inbox.receiving import desk_of, survey
from coachsync.app.vault import erasing
from coachsync.errors import CoachsyncError
from coachsync.inbox.settling import Why
from inbox_house import BO, CLIENT, MARINA, NAMESAKE, OTHER, TWIN, InboxHouse
from vault_house import VaultHouse


@pytest.fixture
def house(vault_house: VaultHouse) -> InboxHouse:
    return InboxHouse(vault_house)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "elsewhere" / "note.md"
    path.parent.mkdir()
    path.write_text("a note")
    return path


def given(house: InboxHouse, path: Path, client: str | None = CLIENT, *, removing: bool = False) -> Given:
    with house.wiring() as wiring, desk_of(wiring, None, "--coach") as desk:
        return give(desk, path, client, removing=removing)


def refusal(house: InboxHouse, path: Path, *, removing: bool = False) -> str:
    with pytest.raises(CoachsyncError) as refused:
        given(house, path, removing=removing)
    assert refused.value.hint
    return refused.value.code


def test_a_second_time_it_is_the_same_record(house: InboxHouse, file: Path) -> None:
    first = given(house, file)
    assert (first.client, first.new, first.removed, file.exists()) == (CLIENT, True, False, True)
    assert given(house, file) == first._replace(new=False)
    assert house.notes() == {(CLIENT, b"a note"): 1}


def test_it_can_be_removed_later(house: InboxHouse, file: Path) -> None:
    first = given(house, file)
    assert given(house, file, removing=True) == first._replace(new=False, removed=True)
    assert not file.exists()
    assert house.notes() == {(CLIENT, b"a note"): 1}


def test_what_is_different_now_is_another_record(house: InboxHouse, file: Path) -> None:
    first = given(house, file)
    file.write_text("another")
    second = given(house, file, removing=True)
    assert (second.record != first.record, second.new, second.removed) == (True, True, True)
    assert house.notes() == {(CLIENT, b"a note"): 1, (CLIENT, b"another"): 1}


def test_what_was_erased_is_sealed_again_for_whoever_asks(house: InboxHouse, file: Path) -> None:
    first = given(house, file)
    with house.vault.session() as session:
        erasing.erase_records(session, [first.record])
    assert given(house, file).new


def test_what_a_program_is_writing_is_refused(house: InboxHouse, file: Path) -> None:
    with file.open("a"):
        assert refusal(house, file) == "file-changing"
    assert given(house, file).new


def test_what_is_no_file_is_refused(house: InboxHouse, file: Path) -> None:
    folder = file.parent
    (folder / "link").symlink_to(file)
    (folder / "empty").write_text("")
    os.mkfifo(folder / "pipe")
    assert refusal(house, folder / "link") == Why.LINK
    assert refusal(house, folder / "empty") == Why.EMPTY
    assert refusal(house, folder / "pipe") == Why.SPECIAL
    assert refusal(house, folder) == "folder-given"
    assert refusal(house, folder / "nothing") == "no-such-file"
    assert refusal(house, folder / "nowhere" / "a") == "no-such-file"


def test_a_file_with_a_second_name_may_be_sealed_and_not_removed(house: InboxHouse, file: Path) -> None:
    os.link(file, file.with_name("other"))
    assert refusal(house, file, removing=True) == Why.HARD_LINK
    assert given(house, file).new
    assert file.read_text() == "a note"


def test_what_waits_is_shown_as_it_will_be(house: InboxHouse) -> None:
    house.drop(f"{CLIENT}/whole.md")
    house.drop("empty.md", "")
    house.drop("half.part")
    (house.folder / "link").symlink_to("/nowhere")
    with house.wiring() as wiring:
        assert wiring.config.inbox is not None
        found = [(one.path.decode(), why) for one, why in survey(wiring, wiring.config.inbox)]
    assert found == [
        (f"{CLIENT}/whole.md", None), ("empty.md", Why.EMPTY), ("half.part", Why.UNFINISHED), ("link", Why.LINK),
    ]  # fmt: skip
    assert house.notes() == {}


def test_the_people_are_those_of_the_directory(house: InboxHouse) -> None:
    house.register()
    with house.wiring() as wiring, house.vault.open() as vault:
        people = people_of(wiring, vault)
    assert people.codes == {one.code for one in (MARINA, BO, TWIN, NAMESAKE)}
    assert people.meant("tigre") == CLIENT
    assert people.meant("twin name") is None
    assert people.reaching(["bo@client.example"]) == OTHER
    assert people.reaching(["shared@family.example"]) is None
    assert people.gone == frozenset()
