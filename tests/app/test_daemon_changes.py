"""What a person queues beside the daemon is sent at once, and not by the interval."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from appointing import there
from coachsync.adapters import lock
from coachsync.app import noticing
from coachsync.app.clients.deciding import decide, meant
from coachsync.app.conflicts import Keep
from coachsync.clients.directory import Client
from daemon_life import MINUTE, NOW, life
from events import event
from practice_house import House

_HOUR = NOW.replace('name = "Coaching"\n', 'name = "Coaching"\ninterval = "PT1H"\n')


def queue(house: House, name: str, hours: int) -> None:
    """What a command does: as another process, which leaves its name at the lock."""
    with lock.hold(house.state, "appointment move"):
        house.want(name, session(house, name, hours))
        with house.wiring() as wiring:
            noticing.make_known(wiring)


def session(house: House, name: str, hours: int) -> bytes:
    return event(f"uid-{name.removeprefix('e')}", house.now + timedelta(days=1, hours=hours))


def test_a_change_is_sent_and_shared_at_once(tmp_path: Path) -> None:
    one = life(tmp_path, _HOUR)
    one.live(MINUTE)
    asked = one.requests
    queue(one.house, "e1", 5)
    wanted = session(one.house, "e1", 5).decode()
    one.live(MINUTE)
    assert one.requests == asked  # nobody has told it yet

    one.daemon.queued()
    one.step()

    assert there(one.house, "e1") == wanted
    assert one.status.calendar("coaching").unsent == 0
    assert wanted.partition("DTSTART:")[2][:16] in one.house.starts()
    asked = one.requests
    one.live(10 * MINUTE)
    assert one.requests == asked


def test_what_must_be_decided_first_hurries_nobody(tmp_path: Path) -> None:
    one = life(tmp_path, _HOUR)
    one.live(MINUTE)
    queue(one.house, "e1", 5)
    one.house.put("e1", session(one.house, "e1", 7))
    one.daemon.queued()
    one.step()
    assert one.status.calendar("coaching").conflicts == 1
    asked = one.requests
    with lock.hold(one.house.state, "agenda"):
        pass
    one.daemon.queued()
    one.step()
    assert one.requests == asked

    with lock.hold(one.house.state, "conflict resolve"):
        one.house.resolve(Keep.LOCAL)
    one.daemon.queued()
    one.step()
    assert one.status.calendar("coaching").conflicts == 0
    assert one.requests > asked


def test_the_status_knows_at_once_how_much_waits(tmp_path: Path) -> None:
    one = life(tmp_path, _HOUR)
    one.live(MINUTE)
    queue(one.house, "e1", 5)
    queue(one.house, "e2", 5)
    assert one.status.calendar("coaching").unsent == 2
    assert noticing.bell(one.house.state).stat().st_mode & 0o077 == 0
    assert b"uid" not in noticing.bell(one.house.state).read_bytes()


def test_a_word_on_whose_an_appointment_is_reaches_the_shares_at_once(tmp_path: Path) -> None:
    one = life(tmp_path, _HOUR.replace('profile = "session"', 'profile = "pseudonym"'))
    with one.house.wiring() as wiring:
        wiring.clients.save(Client("C-MARE00", ("Marie Dupont",)))
    one.live(MINUTE)
    before = one.house.served()
    with lock.hold(one.house.state, "client match"), one.house.wiring() as wiring:
        decide(wiring, meant(wiring, "uid-1"), "C-MARE00")
        noticing.make_known(wiring)
    one.live(MINUTE)
    assert one.house.served() == before  # nobody has told it yet

    one.daemon.queued()
    one.step()

    assert len(before.items() & one.house.served().items()) == len(before) - 1
