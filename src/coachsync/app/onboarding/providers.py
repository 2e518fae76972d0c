"""What is known of calendar providers: where their CalDAV lies, and what kind of login each wants.

Sources, as read in 2026:
Nextcloud: its user manual ("Manage connected browsers and devices") and developer manual ("Login Flow").
iCloud: support.apple.com/102654 (app-specific passwords); its calendars lie on other hosts of icloud.com.
Fastmail: fastmail.com/help, "Server names and ports" and "App passwords" (the ordinary password is refused).
mailbox.org: kb.mailbox.org, "E-mail configuration" (an application password where two-factor login is on).
Infomaniak: config.infomaniak.com shows the user name, which is no mail address and which nothing else can guess.
SOGo: its installation guide, and the DNS records of its distributions (path=/SOGo/dav/).
Google (CalDAV API guide: OAuth 2.0 only) and Microsoft (no CalDAV) cannot be used.
"""

from __future__ import annotations

from dataclasses import dataclass

from coachsync.phrases import Phrase, say

_OWN_ADDRESS = say("Your whole mail address.")
_AS_YOU_SIGN_IN = say("The name that you sign in with there.")


@dataclass(frozen=True, slots=True)
class Provider:
    """A kind of calendar server. `url` is "" where it depends on who runs it; `domains` are of mail addresses and
    hosts. `username` and `password` say what is wanted, and where to find it."""

    key: str  # names the account in the configuration
    name: str
    username: Phrase
    password: Phrase
    url: str = ""
    domains: tuple[str, ...] = ()
    by_mail: bool = True  # whether a mail address serves as user name


NEXTCLOUD = Provider(
    "nextcloud",
    "Nextcloud",
    _AS_YOU_SIGN_IN,
    say(
        "Nextcloud: make an app password in Personal settings > Security > Devices & sessions. "
        "The password that you sign in with may be refused."
    ),
)
ICLOUD = Provider(
    "icloud",
    "iCloud",
    say("The mail address of your Apple Account."),
    say(
        "iCloud: make an app-specific password at account.apple.com > Sign-In and Security. "
        "The password of the Apple Account is refused."
    ),
    url="https://icloud.com/",
    domains=("icloud.com", "me.com", "mac.com"),
)
FASTMAIL = Provider(
    "fastmail",
    "Fastmail",
    _OWN_ADDRESS,
    say(
        "Fastmail: make an app password in Settings > Privacy & Security > Integrations, with access to calendars. "
        "The password that you sign in with is refused."
    ),
    url="https://caldav.fastmail.com/",
    domains=("fastmail.com", "fastmail.fm"),
)
MAILBOX = Provider(
    "mailbox",
    "mailbox.org",
    say("Your main mail address at mailbox.org."),
    say(
        "mailbox.org: the password that you sign in with; if two-factor login is on, an application password from "
        "All settings > Security > Application passwords."
    ),
    url="https://dav.mailbox.org/",
    domains=("mailbox.org",),
)
INFOMANIAK = Provider(
    "infomaniak",
    "Infomaniak",
    say("Not your mail address: the short user name (like AB12345) that config.infomaniak.com shows."),
    say(
        "Infomaniak: the password of your Infomaniak account; if two-factor login is on, an application password from "
        "manager.infomaniak.com."
    ),
    url="https://sync.infomaniak.com/",
    domains=("infomaniak.com", "ik.me", "etik.com", "ikmail.com"),
    by_mail=False,
)
SOGO = Provider(
    "sogo",
    "SOGo",
    _AS_YOU_SIGN_IN,
    say("SOGo: the password that you sign in with, or an app password where your provider offers them."),
)
RADICALE = Provider(
    "radicale",
    "Radicale",
    _AS_YOU_SIGN_IN,
    say("Radicale: the password of your user there; it has no app passwords."),
)
OTHER = Provider(
    "cloud",
    "",
    _AS_YOU_SIGN_IN,
    say("The password of your calendar account. If your provider offers app passwords, make one for coachsync."),
)

KNOWN = (NEXTCLOUD, ICLOUD, FASTMAIL, MAILBOX, INFOMANIAK, SOGO, RADICALE)

# Providers that no password opens, and why.
CLOSED: tuple[tuple[tuple[str, ...], Phrase], ...] = (
    (
        ("gmail.com", "googlemail.com", "google.com"),
        say("Google's calendars ask for a kind of login that coachsync does not know."),
    ),
    (
        ("outlook.com", "hotmail.com", "hotmail.fr", "live.com", "msn.com", "office.com", "office365.com"),
        say("Microsoft's calendars do not speak CalDAV, the language that calendar programs share."),
    ),
)


def of_domain(host: str) -> Provider | None:
    """The provider whose domain a host or the domain of a mail address is, or is below."""
    return next((known for known in KNOWN if _is_among(host, known.domains)), None)


def of_name(name: str) -> Provider | None:
    """The provider that a person calls so."""
    wanted = name.strip().casefold()
    return next((known for known in KNOWN if wanted in (known.key, known.name.casefold())), None)


def closed(host: str) -> Phrase | None:
    """Why a provider cannot be used, None when nothing is known against it."""
    return next((reason for domains, reason in CLOSED if _is_among(host, domains)), None)


def _is_among(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
