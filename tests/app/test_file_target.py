import os
from datetime import timedelta
from pathlib import Path

import pytest

from coachsync.adapters.database.removed import kept
from coachsync.app.file_target import FileShare
from coachsync.errors import CoachsyncError
from events import event
from practice_house import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / "www").mkdir()
    made = House(tmp_path)
    made.text = made.text.replace(
        'to = { account = "cloud", name = "Office" }', 'to = { file = "www/office.ics" }\npublish = "hourly"'
    )
    return made


def file(house: House) -> Path:
    return house.folder / "www" / "office.ics"


def starts(house: House) -> list[str]:
    return [line for line in file(house).read_text().split("\n") if line.startswith("DTSTART")]


def test_the_file_is_readable_by_a_web_server_sorted_and_dated_by_its_schedule(house: House) -> None:
    house.sessions(5)
    house.now += timedelta(minutes=37)
    house.sync()
    assert starts(house) == sorted(starts(house))
    assert len(starts(house)) == 5
    status = file(house).stat()
    assert status.st_mode & 0o777 == 0o644
    assert status.st_mtime == (house.now - timedelta(minutes=37)).timestamp()
    assert house.verify() == ()


def test_p13_an_unchanged_share_does_not_touch_the_file(house: House) -> None:
    house.sessions(3)
    house.sync()
    before = (file(house).read_bytes(), file(house).stat().st_ino)
    house.now += timedelta(hours=2)
    assert house.sync().exit_code() == 0
    assert (file(house).read_bytes(), file(house).stat().st_ino) == before


def test_a_change_keeps_the_other_slots_as_they_were(house: House) -> None:
    house.sessions(3)
    house.sync()
    before = set(file(house).read_text().split("BEGIN:VEVENT"))
    house.put("e1", event("uid-1", house.now + timedelta(hours=9)))
    house.sync()
    assert len(before - set(file(house).read_text().split("BEGIN:VEVENT"))) == 1


def test_a_file_that_somebody_else_wrote_is_refused_and_kept(house: House) -> None:
    file(house).write_text("somebody's own")
    house.sessions(2)
    outcome = house.sync()
    assert [problem.code for problem in outcome.problems()] == ["target-not-empty"]
    assert file(house).read_text() == "somebody's own"
    house.publish(replace_content=True)
    assert len(starts(house)) == 2
    with house.wiring() as wiring:
        assert [one.body for one in kept(wiring.database, "share office")] == [b"somebody's own"]


def test_a_file_that_somebody_changed_is_written_again_and_reported(house: House) -> None:
    house.sessions(2)
    house.sync()
    whole = file(house).read_bytes()
    file(house).write_bytes(whole.replace(b"VERSION:2.0", b"VERSION:2.0\r\nX-WR-CALDESC:Marguerite"))
    (finding,) = {finding.code for finding in house.verify()} & {"source-word"}
    assert finding == "source-word"
    outcome = house.sync()
    assert [problem.code for problem in outcome.problems()] == ["share-object-edited"]
    assert file(house).read_bytes() == whole
    assert house.sync().exit_code() == 0


def test_p03_what_somebody_took_out_of_the_file_is_missed(house: House) -> None:
    house.sessions(2)
    house.sync()
    first, *rest = file(house).read_bytes().split(b"BEGIN:VEVENT")
    file(house).write_bytes(b"BEGIN:VEVENT".join([first, rest[-1]]))
    assert "missing-object" in {finding.code for finding in house.verify()}


def test_a_lost_file_is_written_again(house: House) -> None:
    house.sessions(2)
    house.sync()
    whole = file(house).read_bytes()
    file(house).unlink()
    assert [finding.code for finding in house.verify()] == ["target-missing"]
    assert house.sync().exit_code() == 0
    assert file(house).read_bytes() == whole


@pytest.mark.parametrize("moment", [1, 2])
def test_p13_a_run_cut_short_while_the_file_is_written_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    house.sessions(2)
    house.sync()
    house.put("new", event("uid-new", house.now + timedelta(hours=7)))
    real, calls = os.fsync, [0]

    def crash(handle: int) -> None:
        calls[0] += 1
        real(handle)
        if calls[0] == moment:  # before and after the new file takes the place of the old one
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(KeyboardInterrupt):
        house.sync()
    monkeypatch.setattr(os, "fsync", real)
    assert house.sync().exit_code() == 0
    assert len(starts(house)) == 3
    assert house.verify() == ()


def test_a_missing_folder_is_a_problem_and_loses_nothing(house: House) -> None:
    (house.folder / "www").rmdir()
    house.sessions(2)
    outcome = house.sync()
    assert [problem.code for problem in outcome.problems()] == ["file-not-written"]
    (house.folder / "www").mkdir()
    assert house.sync().exit_code() == 0
    assert len(starts(house)) == 2


def test_a_changed_target_removes_the_old_file(house: House) -> None:
    house.sessions(2)
    house.sync()
    house.text = house.text.replace("office.ics", "other.ics")
    assert house.sync().exit_code() == 0
    assert [path.name for path in (house.folder / "www").iterdir()] == ["other.ics"]


def test_a_changed_target_leaves_a_file_that_somebody_edited_and_says_so(house: House) -> None:
    house.sessions(2)
    house.sync()
    file(house).write_text("edited")
    house.text = house.text.replace("office.ics", "other.ics")
    assert [problem.code for problem in house.sync().problems()] == ["share-left-behind"]
    assert file(house).read_text() == "edited"


def test_a_file_share_that_fails_says_so_to_the_one_who_publishes(house: House) -> None:
    (house.folder / "www").rmdir()
    house.sessions(1)
    with pytest.raises(CoachsyncError) as caught:
        house.publish()
    assert caught.value.code == "file-not-written"


def test_a_foreign_file_in_the_place_of_one_that_was_never_written_is_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.sessions(1)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
        assert [problem.code for problem in house.sync().problems()] == ["disk-full"]
    file(house).write_text("somebody's own")
    assert [problem.code for problem in house.sync().problems()] == ["target-not-empty"]
    assert file(house).read_text() == "somebody's own"


def test_p04_what_is_put_in_place_of_a_file_that_is_being_replaced_is_kept_too(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    file(house).write_text("before")
    house.sessions(1)
    settle = FileShare.settle

    def late(self: FileShare) -> None:
        settle(self)
        file(house).write_text("at the last moment")

    monkeypatch.setattr(FileShare, "settle", late)
    house.publish(replace_content=True)
    with house.wiring() as wiring:
        assert [one.body for one in kept(wiring.database, "share office")] == [b"before", b"at the last moment"]
    assert len(starts(house)) == 1
