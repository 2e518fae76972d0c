"""A week of a practice in real processes: phone, servers, faults, the daemon, and a coach who changes a password."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from datetime import time as clock_time
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import servers
from accounts import Account
from coachsync.app import status
from faults import Saboteur
from mischief import Mischief
from scenario_canaries import Ink, found
from scenario_practice import PARIS, Done, Practice, contents
from web import Slot, Web, slots_of
from week_clock import WeekClock
from week_phone import Phone, Times, blocks_from, sessions_from

DAY = 86400.0
STOPS_WITHIN = 5  # seconds
TIMEOUT = 2  # seconds that the program waits for an answer
# How often each kind is drawn: what costs real time or a person's help is rarer.
WEIGHTS = {"too late": 0.3, "401": 0.1}
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Plan:
    """How long the week takes (seconds), how long it is (days), and how often what happens."""

    seconds: float
    days: float
    seed: int
    rate: float = 0.15
    phone_every: float = 1.0
    kills: int = 4
    hand_syncs: int = 2
    outages: int = 2
    naps: int = 2
    appointments: int = 30
    patience: float = 60.0  # seconds to come to rest when everything is well again

    @property
    def factor(self) -> float:
        return self.days * DAY / self.seconds


@dataclass
class Life:
    """One life of the daemon: its process and what memory it used, as (seconds since its start, bytes)."""

    process: subprocess.Popen[bytes]
    started: float
    memory: list[tuple[float, int]] = field(default_factory=list)

    def sample(self) -> None:
        try:
            pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        except (FileNotFoundError, ProcessLookupError, IndexError):
            return
        if pages:
            self.memory.append((time.monotonic() - self.started, pages * PAGE))


class Week:
    """The whole scene; `live` runs it, what follows looks at what became of it."""

    def __init__(self, folder: Path, radicale: Path, url: str, plan: Plan, proxies: ExitStack) -> None:
        self.plan, self._radicale, self._url = plan, radicale, url
        self.draw = random.Random(plan.seed)
        self.ink = Ink()
        self.practice = Practice(folder)
        self.journal = folder / "journal"
        self.clock_file = folder / "clock.json"
        self.done: Counter[str] = Counter()
        self.passwords = 0
        self.ended: int | None = None  # how the daemon ended when it was told to; None when it took too long
        self._lives: list[Life] = []
        self.hand: list[subprocess.Popen[bytes]] = []
        self.people = {
            name: Account(url, user, servers.PASSWORD, f"{url}{user}/")
            for name, user in zip(("cloud", "assistant"), servers.RADICALE_USERS, strict=False)
        }
        self.mischief = {
            name: Mischief(plan.seed + number, plan.rate, TIMEOUT, 600, WEIGHTS)
            for number, name in enumerate(self.people)
        }
        self.fronts = {name: proxies.enter_context(closing(Saboteur(url))) for name in self.people}
        begins = datetime.combine(datetime.now(PARIS).date(), clock_time(6), PARIS)
        self._set(WeekClock(time.monotonic(), begins.timestamp() - 1000, plan.factor))
        self.phones = [self._phone(name) for name in ("coaching", "teams")]
        self._configure()

    # --- the scene -------------------------------------------------------------------------------------------------

    def _phone(self, name: str) -> Phone:
        web = Web(self.people["cloud"])
        calendar = web.make(f"{self.people['cloud'].home}{name}/", f"{name} private")
        phone = Phone(web, calendar, self.clock.wall.astimezone(PARIS).date(), self.draw, self.ink)
        phone.fill(self.plan.appointments)
        return phone

    def _configure(self) -> None:
        practice = self.practice
        for name, account in self.people.items():
            practice.account(name, account, self.fronts[name].url, timeout=TIMEOUT)
        practice.calendar("coaching", "cloud", url=urlsplit(self.phones[0].calendar).path, interval="PT10M")
        practice.calendar("teams", "cloud", name="teams private", interval="PT20M")
        window = '{ past = "P0D", future = "P6M" }'
        practice.share("office", ["coaching", "teams"], 'account = "cloud", name = "Office"', "session",
                       publish="now", window=window)  # fmt: skip
        practice.share("helper", ["coaching", "teams"], 'account = "assistant", name = "Helper"', "busy",
                       publish="hourly", window=window)  # fmt: skip
        practice.share("board", ["teams"], 'file = "board.ics"', "session", publish="daily", window=window)

    @property
    def clock(self) -> WeekClock:
        return self._clock

    def _set(self, clock: WeekClock) -> None:
        self._clock = clock
        clock.write(self.clock_file)

    # --- the week --------------------------------------------------------------------------------------------------

    def live(self) -> None:
        """Everything that happens in the week, and the rest after it."""
        for name, front in self.fronts.items():
            front.fault = self.mischief[name]
        happenings = sorted(self._happenings(), key=lambda one: one[0])
        self._start()
        ends = time.monotonic() + self.plan.seconds
        begun = time.monotonic()
        try:
            for at, happen in happenings:
                self._wait(begun + at)
                happen()
            self._wait(ends)
            self._heal()
            self._rest()
        finally:
            self._end()

    def _happenings(self) -> Iterator[tuple[float, Callable[[], None]]]:
        """When what happens, in seconds from the beginning."""
        seconds, draw = self.plan.seconds, self.draw
        for number in range(int(seconds / self.plan.phone_every)):
            yield number * self.plan.phone_every, draw.choice(self.phones).act
        for _ in range(self.plan.kills):
            yield draw.uniform(0, seconds * 0.6), self._kill
        for _ in range(self.plan.hand_syncs):
            yield draw.uniform(0, seconds * 0.9), self._sync_by_hand
        for _ in range(self.plan.outages):
            yield draw.uniform(0, seconds * 0.9), lambda: self._outage(draw.uniform(0.5, seconds / 30))
        for _ in range(self.plan.naps):
            yield draw.uniform(0, seconds * 0.9), lambda: self._set(self.clock.sleeping(draw.uniform(0.1, 0.5) * DAY))
        for part, days in ((0.3, 1), (0.45, 0), (0.6, -1), (0.75, 0)):
            yield seconds * part, lambda days=days: self._jump(days)  # type: ignore[misc]

    def _wait(self, until: float) -> None:
        """Let time pass, looking after what needs a person and keeping the daemon alive."""
        while time.monotonic() < until:
            time.sleep(min(0.1, max(until - time.monotonic(), 0)))
            self._tend()

    def _tend(self) -> None:
        life = self._lives[-1]
        if life.process.poll() is not None:
            self.done["ended by itself"] += 1
            self._start()
        elif not life.memory or time.monotonic() - life.started - life.memory[-1][0] > self.plan.seconds / 400:
            life.sample()
        for name, mischief in self.mischief.items():
            if mischief.done["401"] > self.done[f"refused {name}"]:
                self.done[f"refused {name}"] = mischief.done["401"]
                self._change_password(name)

    def _start(self) -> None:
        with self.journal.open("ab") as journal:
            process = self._run("run", stdout=journal)
        self._lives.append(Life(process, time.monotonic()))

    def _run(self, *words: str, stdout: object) -> subprocess.Popen[bytes]:
        script = Path(__file__).with_name("week_process.py")
        paths = [str(script.parent), str(script.parent.parent), os.environ.get("PYTHONPATH", "")]
        return subprocess.Popen(
            [sys.executable, str(script), str(self.clock_file), "--config", str(self.practice.file), *words],
            env=os.environ
            | {"TMPDIR": str(self.practice.temporary), "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            stdin=subprocess.DEVNULL,
            stdout=stdout,  # type: ignore[call-overload]
            stderr=subprocess.STDOUT,
        )

    def _kill(self) -> None:
        self._lives[-1].process.kill()
        self._lives[-1].process.wait()
        self.done["killed"] += 1
        self._start()

    def _sync_by_hand(self) -> None:
        with self.journal.open("ab") as journal:
            self.hand.append(self._run("sync", stdout=journal))
        self.done["synced by hand"] += 1

    def _outage(self, seconds: float) -> None:
        self.mischief[self.draw.choice(list(self.mischief))].outage(seconds)
        self.done["outage"] += 1

    def _jump(self, days: int) -> None:
        self._set(self.clock.wrong_by(days * DAY))
        self.done["clock jumped"] += 1

    def _change_password(self, name: str) -> None:
        """As a coach would: a new app password on the server, then in the file that the configuration names."""
        account = self.people[name]
        self.passwords += 1
        account.password = f"changed-{self.passwords}-{self.draw.getrandbits(32)}"
        users = [f"{one.username}:{one.password}\n" for one in self.people.values()]
        _replace(self._radicale / "users", "".join(users))
        _replace(self.practice.folder / f"{name}.password", account.password + "\n")

    def _heal(self) -> None:
        for mischief in self.mischief.values():
            mischief.heal()
        self._set(self.clock.wrong_by(0))
        self.healed = self.clock.wall

    def _rest(self) -> None:
        """Until every calendar was looked at and every share says what it must; in daylight, so that no midnight comes
        between."""
        deadline = time.monotonic() + self.plan.patience
        while time.monotonic() < deadline and not (
            self.looked() and self.settled() and 8 <= self.clock.wall.astimezone(PARIS).hour < 20
        ):
            self._wait(time.monotonic() + 0.1)

    def _end(self) -> None:
        self._set(self.clock.stop())  # first: on a busy machine the end takes long enough for a midnight
        process = self._lives[-1].process
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.ended = process.wait(timeout=STOPS_WITHIN)
        for one in (process, *self.hand):
            try:
                one.wait(timeout=60)
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()

    # --- what became of it -----------------------------------------------------------------------------------------

    def command(self, *words: str) -> Done:
        """A command of the command line, by the stopped clock."""
        process = self._run(*words, stdout=subprocess.PIPE)
        out, _ = process.communicate(timeout=120)
        return Done(process.returncode, out.decode(), "")

    @property
    def midnight(self) -> datetime:
        """The beginning of the simulated today."""
        today = self.clock.wall.astimezone(PARIS).date()
        return datetime.combine(today, clock_time(), PARIS).astimezone(UTC)

    def expected(self, share: str) -> list[Times]:
        if share == "board":
            return sessions_from(self.phones[1].times(), self.midnight)
        times = [when for phone in self.phones for when in phone.times()]
        return (sessions_from if share == "office" else blocks_from)(times, self.midnight)

    def served(self, share: str) -> list[Slot]:
        """What the share says, read from the server's own disk."""
        if share == "board":
            file = self.practice.folder / "board.ics"
            return sorted(slots_of(file.read_bytes())) if file.exists() else []
        user = self.people["cloud" if share == "office" else "assistant"].username
        collections = self._radicale / "collections" / "collection-root" / user
        slots: list[Slot] = []
        for properties in collections.glob("*/.Radicale.props"):
            if f'"{share.capitalize()}"' in properties.read_text():
                for file in properties.parent.glob("*.ics"):
                    try:
                        slots += slots_of(file.read_bytes())
                    except FileNotFoundError:
                        continue
        return sorted(slots)

    def looked(self) -> bool:
        """Whether every calendar has been read, and every share brought up to date, since the faults ended."""
        known, healed = status.load(self.practice.folder / "state"), self.healed.timestamp()
        read = all((calendar.succeeded or 0) > healed for calendar in known.calendars.values())
        return read and all((share.tried or 0) > healed and not share.trouble for share in known.shares.values())

    def settled(self) -> bool:
        return all(
            [slot[:2] for slot in self.served(share)] == self.expected(share) for share in ("office", "helper", "board")
        )

    def canaries(self) -> set[str]:
        """The words of private appointments that stand where nobody may find them."""
        everything = contents(self.practice.folder)
        return {word for name, text in everything.items() for word in found(name, self.ink) | found(text, self.ink)}

    def memory(self) -> tuple[float, float]:
        """The median of the first and of the last third of the longest life, in mebibytes; its start does not count."""
        samples = max((life.memory for life in self._lives), key=len)
        settled = [size for age, size in samples if age > samples[-1][0] / 10]
        third = max(len(settled) // 3, 1)
        return median(settled[:third]) / 2**20, median(settled[-third:]) / 2**20

    def table(self) -> str:
        """What happened, for people."""
        faults = sum((mischief.done for mischief in self.mischief.values()), Counter[str]())
        lines = [f"seed {self.plan.seed}, {self.plan.days} days in {self.plan.seconds:.0f} s"]
        lines += [f"  {number:6} {kind}" for kind, number in sorted(faults.items())]
        lines.append(
            f"  {sum(mischief.passed for mischief in self.mischief.values()):6} requests passed on as they are"
        )
        lines += [f"  {number:6} {what}" for what, number in sorted(self.done.items())]
        lines.append(f"  {sum(phone.edits for phone in self.phones):6} edits by the phone")
        before, after = self.memory()
        lines.append(f"  memory {before:.1f} MiB, then {after:.1f} MiB")
        return "\n".join(lines)


def _replace(file: Path, text: str) -> None:
    scratch = file.with_suffix(".new")
    scratch.write_text(text, encoding="utf-8")
    scratch.chmod(0o600)
    scratch.replace(file)


@contextmanager
def week(folder: Path, plan: Plan) -> Iterator[Week]:
    """The scene on a server of its own, everything stopped at the end."""
    radicale, practice = folder / "radicale", folder / "practice"
    radicale.mkdir()
    practice.mkdir()
    with servers.radicale(radicale) as url, ExitStack() as proxies:
        yield Week(practice, radicale, url, plan, proxies)
