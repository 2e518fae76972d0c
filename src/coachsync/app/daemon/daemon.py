"""The daemon: what it remembers between passes, and one step of its life."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC

from coachsync.adapters import lock
from coachsync.adapters.database import Shares
from coachsync.adapters.privacy import group_of
from coachsync.app import recording, status, telling
from coachsync.app.alarms import Kind
from coachsync.app.daemon import journal, pace
from coachsync.app.daemon.backing_up import BackingUp, Open
from coachsync.app.daemon.books import Books, Draw
from coachsync.app.daemon.moment import Moment
from coachsync.app.daemon.opening import Opening
from coachsync.app.daemon.pace import Pace
from coachsync.app.daemon.passing import Passing
from coachsync.app.daemon.receiving import Receiving
from coachsync.app.daemon.settings import Settings
from coachsync.app.daemon.staleness import stale, told_of, unchecked
from coachsync.app.defects import defect
from coachsync.app.language import Language, language
from coachsync.app.publish import settings_of
from coachsync.app.standing import standing
from coachsync.app.status import Status
from coachsync.app.telling import Memory
from coachsync.app.wiring import Wiring
from coachsync.errors import CoachsyncError, Problem, WrongKey

Journal = Callable[[str], None]

_NAP = 60.0  # seconds asleep after which the machine has slept, and not only been busy
_SOON = 5.0  # seconds until the state is tried again after somebody else had it
_HEAR = 900.0  # seconds after which it is looked at what the coach must hear, also when nothing was due


class Daemon:
    """Keeps everything in step for as long as somebody calls `step`.

    `journal` takes one line for each pass; `draw` gives random numbers from 0 to 1; `alive` is called while work goes
    on, so that a watchdog can tell a long pass from a dead one.
    """

    def __init__(
        self, settings: Settings, opened: Open, journal: Journal, draw: Draw, alive: Callable[[], None]
    ) -> None:
        self._settings, self._opened, self._journal, self._draw, self._alive = settings, opened, journal, draw, alive
        self._books = Books(settings.config, draw)
        self._prepared = False
        self._asleep: float | None = None
        self._state = Pace()  # of the state as a whole: somebody else has it, its disk is full
        self._forced = False  # the next step makes a pass, whatever is due
        self._pardoned = False  # a person has asked: refused credentials are tried once more
        known = status.load(settings.config.practice.state)
        self._memories: Mapping[str, Memory] = telling.from_json(known.told)  # what the ways to the coach have said
        self._opening = Opening()
        self._receiving = Receiving(journal, draw)
        self._backing_up = BackingUp(opened, journal, alive)
        self._unsaid: tuple[Problem, ...] = ()  # of those ways
        self._heard = 0.0  # when it was last looked at what the coach must hear, in seconds since boot
        self.summary = ""  # for whoever looks at the process: counts and codes

    def reload(self) -> None:
        """A person asks to look at the configuration again and to try everything now."""
        self._forced = self._pardoned = True

    def queued(self) -> None:
        """A person has queued something: it is looked at now, though nothing else is due."""
        self._forced = True

    def dropped(self) -> None:
        """Something has changed in the inbox."""
        self._receiving.dropped()

    def step(self, moment: Moment) -> float:
        """Do everything that is due; seconds, from the moment given, until something is due again.

        Never raises an error of ours: what goes wrong is in the status and in the journal.
        """
        self._look()
        self._notice_sleep(moment)
        self._books.begun(moment)
        due = (self._forced or self._next(moment) <= 0) and self._state.due <= moment.boot
        if due:
            self._pass(moment)
        if self._backing_up.look(self._settings.config, self._settings.file.absolute(), moment.wall, moment.boot):
            self._books.disturbed()
        if due or moment.boot - self._heard >= _HEAR:
            self._tell(moment)
        if self._forced:
            return max(0.0, self._state.due - moment.boot)
        return max(self._next(moment), self._state.due - moment.boot)

    def _next(self, moment: Moment) -> float:
        """Seconds until something is due, if nobody else has the state."""
        receiving = self._receiving.wait(self._settings.config.inbox, moment.boot)
        return min(self._books.next(moment), self._opening.wait(moment.boot), receiving)

    # --- before a pass ---------------------------------------------------------------------------------------------

    def _look(self) -> None:
        before = self._settings.problems
        if self._settings.look():
            self._books, self._prepared = Books(self._settings.config, self._draw), False
            self._memories = telling.afresh(self._memories)
            self._forced = True
            self._journal("configuration taken over")
        elif self._settings.problems != before:
            self._forced = True
            told = journal.problems(self._settings.problems) or ["as before"]
            self._journal("; ".join(["configuration kept", *told]))

    def _notice_sleep(self, moment: Moment) -> None:
        if self._asleep is not None and moment.asleep - self._asleep > _NAP:
            self._books.hurry(moment.boot)
            self._state = pace.hurried(self._state, moment.boot)
            self._journal("awake again")
        self._asleep = moment.asleep

    def _prepare(self, wiring: Wiring, known: Status, moment: Moment) -> Status:
        """Learn from the state what an earlier process did: a share is not written again before its time."""
        now = wiring.now.timestamp()
        for name in self._settings.config.shares:
            share, journal = known.share(name), Shares(wiring.database, name)
            try:
                at, bound = journal.published_at(), journal.share()
            except WrongKey:  # writing it tells that
                continue
            if at is not None and bound is not None:
                if bound.settings == settings_of(self._settings.config, name):
                    self._books.published_before(name, at, owed=share.owed)  # other settings are published at once
                known = known.with_share(name, as_of=at if share.as_of is None else share.as_of)
            if share.verified is not None and not share.findings:  # what was found asks for an answer
                self._books.checked_before(name, moment.boot, now - share.verified)
        self._prepared = True
        return known

    # --- a pass ----------------------------------------------------------------------------------------------------

    def _pass(self, moment: Moment) -> None:
        forced, pardoned = self._forced, self._pardoned
        self._forced = self._pardoned = False  # a person may ask again while this goes on
        if pardoned:
            self._books.pardoned()
            self._books.hurry(moment.boot)
        try:
            self._work(moment, pardoned=pardoned)
        except CoachsyncError as problem:
            self._unusable(problem, moment)
        except Exception as problem:  # noqa: BLE001 - a defect ends a pass, never the daemon
            self._unusable(defect(problem), moment)
        else:
            self._state = Pace()
            return
        self._forced, self._pardoned = forced or self._forced, pardoned or self._pardoned
        self._books.disturbed()  # what this pass should have noticed

    def _work(self, moment: Moment, *, pardoned: bool) -> None:
        settings = self._settings.config
        with self._opened(settings, moment.wall, lambda *_: self._alive()) as wiring:
            wiring.forget_refusals()  # the status knows what was refused, and when that is over
            known = recording.of_configured(status.load(settings.practice.state), settings)
            if not self._prepared:
                known = self._prepare(wiring, known, moment)
            known = self._opened_at(wiring, known, moment)
            known = self._receiving.look(known, wiring, moment.boot, self._language.say, self._alive)
            passing = Passing(
                wiring, self._books, known, moment, self._language.say, pardoned=pardoned, alive=self._alive
            )
            try:
                passing.run()
            finally:
                self._keep(passing, moment)

    def _opened_at(self, wiring: Wiring, known: Status, moment: Moment) -> Status:
        """The status with what came up while the state was opened, and the vault, where that is due."""
        self._alive()
        found = self._opening.look(known, wiring, moment.boot, self._language.say)
        if found.opening != known.opening:
            told = ", ".join(dict.fromkeys(one.code for one in found.opening)) or "all clear"
            self._journal(f"opened: {told}")
        return found

    def _tell(self, moment: Moment) -> None:
        """Let the coach hear what stands; nobody else waits for the state meanwhile."""
        settings, state = self._settings.config, self._settings.config.practice.state
        known = status.load(state)
        self._heard = moment.boot
        late = stale(known, self._books, moment, told_of(self._memories, Kind.STALE))
        unseen = unchecked(known, self._books, moment, told_of(self._memories, Kind.UNCHECKED))
        alarms = standing(known, late, unseen)
        self._alive()
        told = telling.tell(
            alarms,
            self._memories,
            moment.wall,
            self._language,
            settings.notify,
            telling.places(settings),
            group_of(settings.practice.state),
        )
        self._memories, self._unsaid = told.memories, told.problems
        if told.used:
            self._journal(f"told {', '.join(told.used)}: {', '.join(alarm.key for alarm in alarms) or 'all clear'}")
        if told.used or told.problems:  # neither what was said nor a refused login may be forgotten by a restart
            self._save(lambda kept: self._dated(kept, moment))

    def _save(self, change: Callable[[Status], Status]) -> None:
        """Change the status outside a pass, alone; when somebody else has the state, the next pass does."""
        state = self._settings.config.practice.state
        with suppress(CoachsyncError), lock.hold(state, "run", patience=1.0) as held:
            if not held.undisturbed:
                self._books.disturbed()
            status.save(state, change(status.load(state)))

    def _keep(self, passing: Passing, moment: Moment) -> None:
        """Write the status and the line of the journal, also of a pass that something has ended."""
        if not passing.done.is_idle:
            self._journal(journal.line(passing.done))
        known = self._dated(replace(passing.known, state=None), moment)
        self.summary = _summary(known)
        status.save(self._settings.config.practice.state, known)

    def _dated(self, known: Status, moment: Moment) -> Status:
        """The status with what only the daemon knows: when things are due, and what is wrong with a changed file."""
        say = self._language.say
        for name in self._settings.config.calendars:
            known = known.with_calendar(name, due=_at(moment, self._books.calendar_time(name)))
        for name in self._settings.config.shares:
            due = _at(moment, self._books.share_time(name, moment))
            owed = self._books.owes(name) if self._prepared else known.share(name).owed
            known = known.with_share(name, due=due, owed=owed)
        return replace(
            known,
            configuration=tuple(recording.trouble(problem, say) for problem in self._settings.problems),
            told=telling.as_json(self._memories),
            channels=tuple(recording.trouble(problem, say) for problem in self._unsaid),
        )

    def _unusable(self, problem: CoachsyncError, moment: Moment) -> None:
        """The state as a whole could not be worked on: later again."""
        if problem.code != lock.IN_USE or not self._state.failures:
            self._journal("; ".join(["pass ended", *journal.problems([problem.problem("practice.state")])]))
        if problem.code == lock.IN_USE:
            self._state = Pace(moment.boot + _SOON, failures=1)
            return
        self._state = pace.failed(self._state, moment.boot, self._draw())
        told = recording.trouble(problem.problem("practice.state"), self._language.say)
        self._save(lambda kept: replace(kept, state=told))

    @property
    def _language(self) -> Language:
        return language(self._settings.config.practice.language)


def _at(moment: Moment, boot: float) -> int:
    """The time of day, in seconds since 1970, of a moment in seconds since boot; one that is past is now."""
    return int(moment.wall.astimezone(UTC).timestamp() + max(0.0, boot - moment.boot))


def _summary(known: Status) -> str:
    """One line about how things stand, in counts: for `systemctl status`."""
    kept = [one.trouble for one in known.calendars.values()] + [one.trouble for one in known.shares.values()]
    troubles = sum(1 for trouble in kept if trouble)
    findings = sum(len(share.findings) for share in known.shares.values()) + len(known.exposed)
    return f"{len(known.calendars)} calendars, {len(known.shares)} shares, {troubles} problems, {findings} findings"
