"""A daemon's life for tests: the real daemon in the practice of `practice_house`, on clocks that the test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from coachsync.adapters import lock
from coachsync.app import status
from coachsync.app.clients import forgetting
from coachsync.app.clients.hiding import keep_out
from coachsync.app.daemon.daemon import Daemon
from coachsync.app.daemon.moment import Moment
from coachsync.app.daemon.settings import Settings
from coachsync.app.progress import Progress
from coachsync.app.status import Status
from coachsync.app.wiring import Wiring
from coachsync.config import Config
from events import event
from practice_house import CONFIG, House

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOW = CONFIG.replace('profile = "session"', 'profile = "session"\npublish = "now"')
DAILY = CONFIG.replace('profile = "session"', 'profile = "session"\npublish = "daily"')
_COACHING = 'name = "Coaching"\n'  # of the calendar


def seldom(text: str) -> str:
    """A calendar that is looked at once an hour: days go by in fewer steps."""
    return text.replace(_COACHING, f'{_COACHING}interval = "PT1H"\n')


TWO = (
    NOW.replace(
        "[shares.office]",
        '[accounts.other]\nurl = "https://calendar.example/"\nusername = "bob"\n'
        '[calendars.team]\naccount = "other"\nname = "Team"\n[shares.office]',
    )
    + '[shares.group]\nfrom = ["team"]\nto = { account = "other", name = "Group" }\nprofile = "session"\n'
    'publish = "now"\n'
)
TEAM = "https://calendar.example/bob/team/"

_STEPS = 20_000  # of one stretch of life: more of them mean that the daemon does not rest


@dataclass
class Life:
    """One daemon, from its start. `wall` is set back and forth by tests, `boot` and `awake` only go on."""

    house: House
    boot: float = 1000.0
    awake: float = 1000.0
    offset: timedelta = timedelta()
    journal: list[str] = field(default_factory=list)
    passes: list[float] = field(default_factory=list)  # when the state was opened, in seconds since boot
    during: Callable[[], None] | None = None  # happens once the next pass has begun

    def __post_init__(self) -> None:
        self._begun = self.house.now
        self.start()

    def start(self) -> None:
        """Start the daemon, or start it again after it was killed: nothing but its files is left."""
        self.house.write()
        self.daemon = Daemon(Settings(self.house.file), self._opened, self.journal.append, lambda: 0.5, lambda: None)

    @property
    def wall(self) -> datetime:
        return self._begun + timedelta(seconds=self.boot - 1000.0) + self.offset

    def step(self) -> float:
        """One step, now."""
        self.house.now = self.wall
        return self.daemon.step(Moment(self.wall, self.boot, self.awake))

    def live(self, span: timedelta) -> None:
        """Let time go by; the daemon is called whenever something is due, and at least every minute."""
        end = self.boot + span.total_seconds()
        for _ in range(_STEPS):
            rest = min(max(self.step(), 0.1), 60.0, end - self.boot)
            self.boot, self.awake = self.boot + rest, self.awake + rest
            if self.boot >= end:
                return
        raise AssertionError("the daemon does not rest")

    def sleep(self, span: timedelta) -> None:
        """Shut the laptop's lid: time goes by and nothing happens."""
        self.boot += span.total_seconds()

    @contextmanager
    def _opened(self, settings: Config, now: datetime, progress: Progress) -> Iterator[Wiring]:
        self.passes.append(self.boot)
        with lock.hold(self.house.state, "run", patience=0) as held, self.house.wiring(settings) as wiring:
            wiring.undisturbed = held.undisturbed
            wiring.problems = forgetting.replay(
                wiring.clients, wiring.database, self.house.state, partial(keep_out, wiring)
            )
            act, self.during = self.during, None
            if act is not None:
                act()
            yield wiring

    # --- what can be seen -------------------------------------------------------------------------------------------

    @property
    def status(self) -> Status:
        return status.load(self.house.state)

    @property
    def requests(self) -> int:
        """How often the server was asked for changes."""
        return self.house.server.requests["changes"]

    def writes(self) -> int:
        """How many objects were written or removed on the server by us."""
        return self.house.server.requests["create"] + self.house.server.requests["remove"]


def life(folder: Path, text: str = CONFIG, sessions: int = 5) -> Life:
    """A daemon over a practice with some sessions, one a day from today."""
    house = House(folder, text)
    house.sessions(sessions)
    return Life(house)


def add(one: Life, name: str, days: int = 1) -> None:
    """A session more, some days from now."""
    one.house.put(name, event(f"uid-{name}", one.house.now + timedelta(days=days, hours=3)))
