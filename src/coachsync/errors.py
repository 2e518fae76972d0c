"""Every error on one screen: a code for machines, a sentence and a next step for people, an exit code.

Messages name configuration keys, files, accounts and codes. They never hold a title, a client or an address.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that went wrong and did not stop the rest: `where` is a configuration key or a pseudonymous place.

    `aside` is for the coach's own terminal alone, and never kept: it may hold names.
    """

    code: str
    where: str
    message: str
    hint: str = ""
    aside: str = ""


class CoachsyncError(Exception):
    """Something failed; the rest of the run may still go on.

    `aside` is for the coach's own terminal alone, and never kept: it may hold names.
    """

    exit_code = 1
    aside = ""

    def __init__(self, code: str, message: str, hint: str = "", where: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.where = where

    def problem(self, where: str) -> Problem:
        """The same failure as an entry of a report; `where` fills in when the error itself knows no place."""
        return Problem(self.code, self.where or where, self.message, self.hint, self.aside)


class UsageError(CoachsyncError):
    """The command line makes no sense."""

    exit_code = 2


class NotInitialised(CoachsyncError):
    """There is no configuration, or nothing has been synced yet."""

    exit_code = 10


class WrongKey(CoachsyncError):
    """A sealed row does not open with the key at hand."""

    exit_code = 12


class Altered(CoachsyncError):
    """Something that is sealed or signed is not what it says: altered, moved, replaced, or cut."""


class Locked(CoachsyncError):
    """The coach is needed: nobody has unlocked the vault."""

    exit_code = 11


class Temporary(CoachsyncError):
    """Network, server or lock trouble that may pass: try later."""

    exit_code = 75

    def __init__(
        self, code: str, message: str, hint: str = "", where: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(code, message, hint, where)
        self.retry_after = retry_after  # seconds, as the server asked


class Refused(CoachsyncError):
    """The server does not accept the credential. `realm`: what it calls the place that it guards, if anything."""

    exit_code = 77
    realm = ""


class Barred(Refused):
    """The server does not let the account in at all (403). That may pass, with the same credential."""


class Misconfigured(CoachsyncError):
    """The configuration cannot be used; `problems` lists everything wrong with it at once."""

    exit_code = 78

    def __init__(
        self, code: str, message: str, hint: str = "", where: str = "", problems: tuple[Problem, ...] = ()
    ) -> None:
        super().__init__(code, message, hint, where)
        self.problems = problems


class NotThere(CoachsyncError):
    """The server answers that this collection or object does not exist (404, 410)."""


class TokenRefused(CoachsyncError):
    """The server does not know a sync token, or not any more (RFC 6578 section 3.2)."""


class ObjectsRefused(CoachsyncError):
    """The server gave every object asked for but those in `hrefs`; code, message and hint are of the first of them."""

    def __init__(self, code: str, message: str, hint: str = "", where: str = "", hrefs: tuple[str, ...] = ()) -> None:
        super().__init__(code, message, hint, where)
        self.hrefs = hrefs


class Stale(CoachsyncError):
    """A conditional write was refused (412): the object is not, or no longer, the version it was meant for."""


class NotEditable(CoachsyncError):
    """A change cannot be made to this event without guessing what is meant. Nothing was changed."""
