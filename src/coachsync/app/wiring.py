"""The one meeting place: configuration, state and servers of a run, opened once and closed together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from coachsync.adapters import keychanging, keystore, lock, secrets
from coachsync.adapters.calendars import CalendarServer
from coachsync.adapters.clientkeys import ClientKeys
from coachsync.adapters.database import Clients, Database, SignIn, SignIns, open_database
from coachsync.adapters.database.engine import database_file
from coachsync.adapters.files import make_state_folder
from coachsync.adapters.ical.reader import Reader
from coachsync.adapters.membership import refuse_planted
from coachsync.adapters.privacy import group_of
from coachsync.app.clients import forgetting
from coachsync.app.progress import Progress, silent
from coachsync.config import Account, Config
from coachsync.errors import CoachsyncError, NotThere, Problem
from coachsync.model import Principal, Software

# An account, its password, and the authentication that its server agreed to before.
Connect = Callable[[Account, str, str | None], CalendarServer]

_NO_DISCOVERY = frozenset({"no-calendar-home", "forbidden", "refused", "not-caldav"})


class Wiring:
    """What every job needs: the configuration, the state, the servers, the present moment."""

    def __init__(
        self,
        config: Config,
        database: Database,
        now: datetime,
        progress: Progress = silent,
        connect: Connect | None = None,
        *,
        undisturbed: bool = False,
    ) -> None:
        self.config = config
        self._connect: Connect = connect or to_caldav
        self.undisturbed = undisturbed  # no other process has worked on the state since this one did
        self.only_vault = False  # whether this run has worked on the vault alone: set by whoever knows
        self.backup_due = False  # and whether it has sealed anew what no backup has yet
        self.mirror_behind = False  # or what the mirror could not be told
        self.database = database
        self.now = now
        self.progress = progress
        self.zone = ZoneInfo(config.practice.timezone)
        self._servers: dict[str, CalendarServer] = {}
        self._undiscovered: dict[str, SignIn] = {}
        self._recognised: dict[str, SignIn] = {}
        self._failures: dict[str, CoachsyncError] = {}
        self._fingerprints: dict[str, str] = {}
        self._reader: Reader | None = None
        self.clients = Clients(database, ClientKeys(config.practice.state, database.key))
        self.problems: tuple[Problem, ...] = ()  # what came up while the state was opened

    @property
    def reader(self) -> Reader:
        """The process that reads events, started when first needed."""
        if self._reader is None:
            self._reader = Reader()
        return self._reader

    def server(self, account: str) -> CalendarServer:
        """The account's server. An account that failed once in this run is not tried again: its error is raised."""
        if account in self._failures:
            raise self._failures[account]
        if account not in self._servers:
            try:
                known = self._remembered(account)
                self._servers[account] = self.another(account, known.scheme if known else None)
            except CoachsyncError as problem:
                self._failures[account] = problem
                raise
        return self._servers[account]

    def forget_refusals(self) -> None:
        """Let credentials be sent again that a server has refused in this process: for one who keeps account of it."""
        from coachsync.adapters.caldav.transport import forget_refusals

        forget_refusals()

    def another(self, account: str, scheme: str | None = None) -> CalendarServer:
        """A connection to the account's server of its own; whoever asks for it closes it."""
        settings = self.config.accounts[account]
        password = self._password(settings)
        self._fingerprints[account] = self._fingerprint(settings, password)
        return self._connect(settings, password, scheme)

    def fingerprint(self, account: str) -> str:
        """What tells the account's credential from another one: it reveals nothing, and is the same only here.

        Of the credential that is in use, else of the one that is configured now. Raises what getting it raises.
        """
        if account not in self._fingerprints:
            settings = self.config.accounts[account]
            self._fingerprints[account] = self._fingerprint(settings, self._password(settings))
        return self._fingerprints[account]

    def signin(self, account: str, *, hopeful: bool = False) -> SignIn:
        """Who the account is and where its calendars live; asks the server the first time only.

        An account whose discovery fails has neither homes nor addresses, and is asked again in the next run, unless the
        server says that it has no discovery: calendars given by their URL work all the same. `hopeful` asks again all
        the same: what was not there for a moment may be by now. What was remembered before anybody asked which software
        the server is, is asked again too.
        """
        known = self._undiscovered.get(account) or self._remembered(account)
        if known is not None and known.software and (known.homes or not hopeful):
            return known
        server, settings = self.server(account), self.config.accounts[account]
        principal, for_good = _discovered(server)
        if known is not None and known.homes and not principal.homes:
            self._undiscovered[account] = replace(known, software=Software.OTHER, schedules=True)
            return self._undiscovered[account]
        found = SignIn(
            url=settings.url,
            username=settings.username,
            scheme=server.scheme,
            principal=principal.url,
            homes=principal.homes,
            addresses=tuple(sorted(principal.addresses)),
            software=principal.software or Software.OTHER,
            schedules=principal.schedules,
        )
        if for_good:
            SignIns(self.database).remember(account, found)
        else:
            self._undiscovered[account] = found
        return found

    def recognised(self, account: str) -> SignIn:
        """The sign-in, with what the server says in this run that it is: what was remembered may be long past, by an
        upgrade, a setting or another program at the same address."""
        if account not in self._recognised:
            known = found = self.signin(account)
            if known.homes:
                software, schedules = self.server(account).recognised(known.homes[0])
                found = replace(known, software=software, schedules=schedules)
            if found != known and account not in self._undiscovered:
                SignIns(self.database).remember(account, found)
            self._recognised[account] = found
        return self._recognised[account]

    def addresses(self, account: str) -> frozenset[str]:
        """The coach's own calendar addresses, lower case; by the user name where the server tells none. The one that
        alarms go to is among them.

        A user name without "@" stands for the first part of an address, whatever its host.
        """
        known = SignIns(self.database).find(account)  # as last asked: reading what is here needs no server
        if known is None and account in self._servers:
            known = self.signin(account)
        told = {address.removeprefix("mailto:") for address in known.addresses} if known else set()
        mail = frozenset(address for address in told if "@" in address)
        username = self.config.accounts[account].username.lower()
        own = mail if mail and "@" not in username else mail | {username} - {""}
        return own | ({self.config.notify.mail.lower()} if self.config.notify.mail else set())

    def close(self) -> None:
        """Let go of everything."""
        for server in self._servers.values():
            server.close()
        if self._reader is not None:
            self._reader.close()
        self.database.close()

    def _password(self, account: Account) -> str:
        return obtain_password(account, group_of(self.config.practice.state))

    def _fingerprint(self, account: Account, password: str) -> str:
        credential = "\0".join((account.url, account.username, password))
        return self.database.key.blind("credential", credential).hex()

    def _remembered(self, account: str) -> SignIn | None:
        settings = self.config.accounts[account]
        known = SignIns(self.database).find(account)
        if known is None or (known.url, known.username) != (settings.url, settings.username):
            return None
        return known


def _discovered(server: CalendarServer) -> tuple[Principal, bool]:
    """The principal, empty where discovery leads nowhere; and whether that is worth remembering.

    Raises what says that the account cannot be used at all: a refused login, trouble with the network.
    """
    nobody = Principal(url="", homes=())
    try:
        return server.whoami(), True
    except NotThere:
        return nobody, True
    except CoachsyncError as problem:
        if problem.code not in _NO_DISCOVERY:
            raise
        return nobody, False


@contextmanager
def open_wiring(
    config: Config, command: str, now: datetime, progress: Progress = silent, patience: float = lock.PATIENCE
) -> Iterator[Wiring]:
    """Open the state for one command, alone: the lock is held until the body ends. What was done is in the mirror then,
    and what was erased in the backups too, where there are any. Waits `patience` seconds for whoever is at work.

    Raises Temporary when another process holds the state, CoachsyncError when the state cannot be used.
    """
    state = config.practice.state
    _make(state)
    refuse_planted(state)
    with lock.hold(state, command, patience) as held:
        _end_change(state)
        key = keystore.load_device_key(state, create=not database_file(state).exists())
        wiring = Wiring(config, open_database(state, key), now, progress, undisturbed=held.undisturbed)
        try:
            wiring.problems = forgetting.replay(wiring.clients, wiring.database, state, partial(_keep_out, wiring))
            yield wiring
            _follow(wiring)
            held.unseen = wiring.only_vault and not wiring.problems
        finally:
            wiring.close()


def _follow(wiring: Wiring) -> None:
    if wiring.config.backup.folder or wiring.config.backup.mirror:
        from coachsync.app.backup.mirroring import follow  # it works on a wiring

        follow(wiring)


def _end_change(state: Path) -> None:
    if keychanging.is_changing(state):
        from coachsync.app import rekeying  # hardly ever needed here

        rekeying.finish(state)


def _keep_out(wiring: Wiring, code: str) -> None:
    from coachsync.app.clients.hiding import keep_out  # it works on a wiring, and is hardly ever needed here

    keep_out(wiring, code)


def _make(state: Path) -> None:
    try:
        make_state_folder(state)
    except CoachsyncError as problem:
        problem.where = "practice.state"
        raise


def to_caldav(account: Account, password: str, scheme: str | None = None) -> CalendarServer:
    """A connection to the account's server; `scheme` is the authentication that it agreed to before."""
    from coachsync.adapters.caldav.client import CalDav  # what it imports, `agenda` and `share list` do without

    return CalDav(
        url=account.url,
        username=account.username,
        password=password,
        timeout=account.timeout,
        ca_file=account.ca_file,
        scheme="digest" if scheme == "digest" else "basic" if scheme == "basic" else None,
        renewing=secrets.renewing(account.password),
    )


def obtain_password(account: Account, group: int | None = None) -> str:
    """The account's password, from where it is kept; `group` is whom the state folder is shared with. Raises as
    `secrets.obtain` does."""
    try:
        return secrets.obtain(account.password, group)
    except CoachsyncError as problem:
        problem.where = problem.where or f"accounts.{account.name}.password"
        raise
