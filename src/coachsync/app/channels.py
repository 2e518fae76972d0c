"""The ways to reach the coach, as the configuration names them: mail to one address, a notice on the desktop."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime

from coachsync.adapters import mail
from coachsync.adapters import secrets as passwords
from coachsync.app.letters import Written
from coachsync.config import Notify, Smtp
from coachsync.errors import CoachsyncError, Refused

MAIL, DESKTOP = "mail", "desktop"

Send = Callable[[Written, datetime], None]


def channels(notify: Notify, group: int | None = None) -> dict[str, Send]:
    """What is configured, by name: each sends one message, and raises CoachsyncError when it cannot. `group` is whom
    the state folder is shared with."""
    found: dict[str, Send] = {}
    if notify.mail is not None and notify.smtp is not None:
        address, smtp = notify.mail, notify.smtp
        found[MAIL] = lambda message, now: _mail(address, smtp, group, message, now)
    if notify.desktop:
        found[DESKTOP] = lambda message, _now: _notice(message)
    return found


def try_mail(smtp: Smtp, group: int | None = None) -> None:
    """Connect and log in without sending anything. Raises CoachsyncError."""
    try:
        mail.try_login(_server(smtp, group))
    except Refused as problem:
        if problem.code == "mail-login-refused":
            problem.aside = passwords.renewing(smtp.password)
        raise


def try_desktop() -> None:
    """Whether a notice could be shown. Raises CoachsyncError."""
    from coachsync.adapters import desktop  # jeepney: for those who want notices

    desktop.reach()


def _mail(address: str, smtp: Smtp, group: int | None, message: Written, now: datetime) -> None:
    domain = smtp.sender.rpartition("@")[2]
    letter = mail.Letter(
        sender=smtp.sender,
        recipient=address,
        subject=message.subject,
        text=message.text,
        date=now,
        message_id=f"<{secrets.token_hex(16)}@{domain}>",
    )
    mail.send(_server(smtp, group), letter)


def _notice(message: Written) -> None:
    from coachsync.adapters import desktop  # as above

    desktop.show(message.subject, message.notice, critical=message.urgent)


def _server(smtp: Smtp, group: int | None) -> mail.MailServer:
    try:
        password = passwords.obtain(smtp.password, group)
    except CoachsyncError as problem:
        problem.where = problem.where or "notify.smtp.password"
        raise
    return mail.MailServer(
        host=smtp.host,
        port=smtp.port,
        security=mail.Security(smtp.security),
        username=smtp.username,
        password=password,
        ca_file=smtp.ca_file,
        timeout=smtp.timeout,
    )
