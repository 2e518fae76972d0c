"""A calendar whose every text is a canary: words that exist nowhere else, in every place and code there is."""

from __future__ import annotations

import base64
import binascii
import html
import quopri
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from urllib.parse import quote, unquote_to_bytes
from uuid import uuid4

from scenario_practice import local, stamp, tomorrow

# --- the words -----------------------------------------------------------------------------------------------------

_LETTERS = 8
_SPACE = 26**_LETTERS
_STEP = 129_140_163_001 % _SPACE | 1  # odd and no multiple of 13: words that follow each other share no beginning


class Ink:
    """Writes every word once. A word is "zq" and eight letters: whoever finds one knows where it is from."""

    def __init__(self) -> None:
        assert _STEP % 13
        self._next = count(uuid4().int % _SPACE)  # two tests on one server share no word
        self.called = ""  # whose title is written next
        self.words: set[str] = set()

    def word(self) -> str:
        number, letters = next(self._next) * _STEP % _SPACE, ""
        for _ in range(_LETTERS):
            number, letter = divmod(number, 26)
            letters += chr(ord("a") + letter)
        self.words.add(f"zq{letters}")
        return f"zq{letters}"


# --- finding them again --------------------------------------------------------------------------------------------

_WORD = re.compile(r"zq(?=([a-z]{8}))")
_FOLD = re.compile(r"\r?\n[ \t]")
_RUN = re.compile(r"[A-Za-z0-9+/_-]{12,}")  # a canary in base64 is longer
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){10,}")


def found(raw: bytes | str, ink: Ink, deep: int = 3) -> set[str]:
    """The canaries in some bytes, as they are and in every code they were written in, codes in codes too."""
    return found_in([raw], ink, deep)


def found_in(parts: Iterable[bytes | str], ink: Ink, deep: int = 3) -> set[str]:
    """The canaries in any of these: what several of them hold is searched once."""
    layer = {part if isinstance(part, str) else part.decode("latin-1") for part in parts}
    seen = set[str]()
    for _ in range(deep):
        seen |= layer
        layer = {inner for outer in layer for inner in _decoded(outer)} - seen
    hits = {f"zq{letters}" for reading in seen | layer for letters in _WORD.findall(reading.casefold())}
    return hits & ink.words


def _decoded(text: str) -> Iterator[str]:
    yield _FOLD.sub("", text)
    yield text.replace("\\", "")
    if "&" in text:
        yield html.unescape(text)
    if "%" in text:
        yield unquote_to_bytes(text).decode("latin-1")
    if "=" in text:
        yield quopri.decodestring(text.encode("utf-8", "replace")).decode("latin-1")
    yield " ".join(_from_base64(run[start:]) for run in _RUN.findall(text) for start in range(4))
    yield " ".join(bytes.fromhex(run).decode("latin-1") for run in _HEX.findall(text))


def _from_base64(run: str) -> str:
    run = run.replace("-", "+").replace("_", "/")
    run = run[: len(run) - 1] if len(run) % 4 == 1 else run
    try:
        return base64.b64decode(run + "=" * (-len(run) % 4)).decode("latin-1")
    except (binascii.Error, ValueError):
        return ""


# --- writing them --------------------------------------------------------------------------------------------------


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def in_percent(text: str) -> str:
    return "".join(f"%{octet:02X}" for octet in text.encode())


def in_quoted_printable(text: str) -> str:
    return "".join(f"={octet:02X}" for octet in text.encode())


def in_hexadecimal(text: str) -> str:
    return text.encode().hex()


def in_html(text: str) -> str:
    return "".join(f"&#{ord(letter)};" for letter in text)


def folded_in(text: str, at: int = 5) -> str:
    """A line broken inside a word, as RFC 5545 section 3.1 allows anywhere."""
    return f"{text[:at]}\r\n {text[at:]}"


def _properties(ink: Ink) -> list[str]:
    """A title, a description and all of `_every_property`."""
    return _titles(ink) + [line() for line in _every_property(ink)]


# Clients of the practice, as they are registered; titles hold them in parts, in other alphabets and spellings.
CLIENTS = ("Юрий Щербаков", "Marina Dupont", "Bo Li", "Jürgen Größe", "王小明", "محمد بن سلمان", "+33 6 12 34 56 78")
# How titles call them, and the client that each is surely of: whole names, in either order.
SPELT = {
    "Iouri Chtcherbakov": "",
    "Schtscherbakow\\, Juri": "",
    "Marina Dupont": "Marina Dupont",
    "Марина Дюпон": "",
    "M. Dupont": "",
    "Li\\, Bo": "Bo Li",
    "Juergen": "",
    "ЮРИЙ ЩЕРБАКОВ": "Юрий Щербаков",
    "Groesse": "",
    "Wang Xiaoming": "",
    "Dupont marina": "Marina Dupont",
    "Mohamed Salman": "",
    "06.12.34.56.78": "",
    "MARINA": "",
    "Jürgen GRÖSSE": "Jürgen Größe",
    "Yuri S.": "",
    "DUPONT\\, Marina": "Marina Dupont",
}


def _titles(ink: Ink) -> list[str]:
    w, spelt = ink.word, ink.called
    return [
        (
            f'SUM\r\n MARY;LANGUAGE=x-{w()};ALTREP="https://{w()}.example/{w()}";X-{w().upper()}={w()}:'
            f"Séance {w()} - {spelt}"
        ),
        f'DESCRIPTION;ALTREP="cid:{w()}":{folded_in(w())} et {w().upper()}\\n{w().capitalize()}\\, {in_percent(w())}',
    ]


def _every_property(ink: Ink) -> list[Callable[[], str]]:
    """What else a VEVENT can have of texts and parameters, each value and each parameter with a word of its own."""
    w = ink.word
    return [
        lambda: f"COMM\r\n ENT;LANGUAGE=fr:{folded_in(w(), 2)} {folded_in(w(), 9)}",
        lambda: f'LOCATION;ALTREP="https://maps.example/{w()}";LANGUAGE=fr:12 rue {w()} {in_hexadecimal(w())}',
        lambda: f"CATEGORIES:{w()},{w().upper()}",
        lambda: f"RESOURCES;LANGUAGE=fr:{w()}\\, {w()}",
        lambda: f'CONTACT;ALTREP="ldap://{w()}.example":{w()} +33 6 12 34 56 78',
        lambda: f"URL:https://{w()}.example/{in_percent(w())}?pwd={in_base64(w())}",
        lambda: f"RELATED-TO;RELTYPE=X-{w().upper()}:{w()}@{w()}.example",
        lambda: f"REQUEST-STATUS:2.8;{w()};{w()}",
        lambda: f"CONFERENCE;VALUE=URI;FEATURE=VIDEO;LABEL={w()}:https://{w()}.example/j/{w()}?pwd={in_percent(w())}",
        lambda: f"IMAGE;VALUE=URI;DISPLAY=BADGE;FMTTYPE=image/x-{w()}:https://{w()}.example/{w()}.png",
        lambda: f"ATTACH;FMTTYPE=application/x-{w()};FILENAME={w()}.pdf;X-LABEL={w()}:https://{w()}.example/{w()}.pdf",
        lambda: f"ATTACH;FMTTYPE=text/plain;ENCODING=BASE64;VALUE=BINARY:{in_base64(f'Notes de {w()} et {w()}')}",
        lambda: f'LINK;LINKREL="https://{w()}.example/rel";VALUE=URI:https://{w()}.example/{w()}',
        lambda: f'STRUCTURED-DATA;FMTTYPE=application/ld+json;SCHEMA="https://{w()}.example/s";VALUE=TEXT:{w()}',
        lambda: f"STYLED-DESCRIPTION;FMTTYPE=text/html;VALUE=TEXT:<b>{w()}</b> {in_html(w())}",
        lambda: f"COLOR;X-WHY={w()}:{w()}",
        lambda: f"X-ALT-DESC;FMTTYPE=text/html:<p title='{w()}'>{in_html(w())}</p>",
        lambda: f'X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-ADDRESS="{w()}, {w()}";X-TITLE={w()}:geo:48.85;u={w()}',
        lambda: f"X-GOOGLE-CONFERENCE:https://meet.example/{w()}",
        lambda: f"X-MICROSOFT-SKYPETEAMSMEETINGURL:https://{w()}.example/l/{in_percent('{' + w() + '}')}",
        lambda: f"X-{w().upper()}:{w()}",
        lambda: f"X-{folded_in(w().upper())};X-{folded_in(w().upper())}={w()}:{folded_in(w())}",
        lambda: f"X-CODE-BASE:{in_base64(w())}",
        lambda: f"X-CODE-TWICE:{in_base64(in_percent(w()))}",
        lambda: f"X-CODE-HEX:{in_hexadecimal(w())}",
        lambda: f"X-CODE-QP:{in_quoted_printable(w())}",
        lambda: f"X-NOTE;ENCODING=QUOTED-PRINTABLE:{in_quoted_printable('Colère de ' + w())}",
        lambda: f"X-CARET;X-SAYS=\"^'{w()}^'^n{w()}\":{w()}",
    ]


def _people(ink: Ink) -> list[str]:
    w = ink.word
    organizer = f'CN="{w()}, {w()}";DIR="ldap://{w()}.example";SENT-BY="mailto:{w()}@{w()}.example"'
    delegate = f'CN={w()};EMAIL={w()}@{w()}.example;MEMBER="mailto:{w()}@a.example";PARTSTAT=ACCEPTED'
    return [
        f"ORGANIZER;{organizer}:mailto:{w()}@{w()}.example",
        f'ATTENDEE;{delegate};DELEGATED-FROM="mailto:{w()}@a.example":mailto:{in_percent(w())}@{w()}.example',
        f'ATTENDEE;CN="=?UTF-8?B?{in_base64(w())}?=";X-NUM-GUESTS=1;X-RESPONSE-COMMENT="{w()}":urn:uuid:{w()}',
    ]


def _alarm(ink: Ink) -> list[str]:
    w = ink.word
    return [
        "BEGIN:VALARM",
        "ACTION:EMAIL",
        "TRIGGER:-PT15M",
        f"SUMMARY:{w()}",
        f"DESCRIPTION:{folded_in(w())} {w()}",
        f"ATTENDEE;CN={w()}:mailto:{w()}@{w()}.example",
        f"ATTACH;FMTTYPE=text/x-{w()}:https://{w()}.example/{w()}",
        f"UID:{w()}",
        f"X-{w().upper()};X-{w().upper()}={w()}:{w()}",
        "END:VALARM",
    ]


def _zone(ink: Ink, tzid: str) -> list[str]:
    """A zone that nobody else knows: one hour before UTC's clock, always."""
    w = ink.word
    return [
        "BEGIN:VTIMEZONE",
        f"TZID:{tzid}",
        f"X-LIC-LOCATION:Europe/{w()}",
        f"TZURL:https://{w()}.example/{w()}",
        "BEGIN:STANDARD",
        "DTSTART:19700101T000000",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0100",
        f"TZNAME:{w()}",
        f"COMMENT:{w()}",
        f"X-{w().upper()}:{w()}",
        "END:STANDARD",
        "END:VTIMEZONE",
    ]


# --- the events ----------------------------------------------------------------------------------------------------

Times = list[tuple[datetime, datetime]]  # when the coach is busy, as instants
PARIS_LINE = "TZID=Europe/Paris"


@dataclass
class Written:
    """One object of the calendar and what must become of it."""

    uid: str
    href: str
    components: str  # VEVENTs and their VTIMEZONE, or a VTODO: the lines inside of VCALENDAR
    busy: Times = field(default_factory=list)
    client: str = ""  # whose it surely is

    def document(self, ink: Ink) -> bytes:
        head = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//{ink.word()}//EN\r\nX-WR-CALNAME:{ink.word()}\r\n"
        return f"{head}{self.components}END:VCALENDAR\r\n".encode()


def _block(name: str, uid: str, lines: Iterable[str], children: Iterable[str] = ()) -> str:
    rows = [f"BEGIN:{name}", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, *children, f"END:{name}"]
    return "".join(f"{row}\r\n" for row in rows)


def _rows(lines: Iterable[str]) -> str:
    return "".join(f"{line}\r\n" for line in lines)


def _hour(start: datetime) -> tuple[datetime, datetime]:
    return start, start + timedelta(hours=1)


def _times(start: datetime, how: str = "") -> list[str]:
    """DTSTART and DTEND of an hour: in UTC, or as wall clock times with a parameter."""
    end = start + timedelta(hours=1)
    joint = f";{how}" if how else ""
    return [f"DTSTART{joint}:{stamp(start)}", f"DTEND{joint}:{stamp(end)}"]


Kind = Callable[[Ink, str, date, int], tuple[str, Times]]


def _single(ink: Ink, uid: str, day: date, hour: int) -> tuple[str, Times]:
    start = local(day, hour)
    return _block("VEVENT", uid, _times(start) + _properties(ink)), [_hour(start)]


def _with_people(ink: Ink, uid: str, day: date, hour: int) -> tuple[str, Times]:
    start = local(day, hour)
    lines = [f"DTSTART:{stamp(start)}", "DURATION:PT1H", *_properties(ink), *_people(ink)]
    return _block("VEVENT", uid, lines, _alarm(ink)), [_hour(start)]


def _wall(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour)  # noqa: DTZ001 - a wall clock time, as DTSTART writes it


def _series(ink: Ink, uid: str, day: date, hour: int) -> tuple[str, Times]:
    lines = [*_times(_wall(day, hour), PARIS_LINE), "RRULE:FREQ=WEEKLY;COUNT=3", *_properties(ink)]
    return _block("VEVENT", uid, lines), [_hour(local(day + timedelta(weeks=week), hour)) for week in range(3)]


def _series_with_gap(ink: Ink, uid: str, day: date, hour: int) -> tuple[str, Times]:
    gap = stamp(_wall(day + timedelta(weeks=1), hour))
    lines = [*_times(_wall(day, hour), PARIS_LINE), "RRULE:FREQ=WEEKLY;COUNT=3", f"EXDATE;{PARIS_LINE}:{gap}"]
    busy = [_hour(local(day + timedelta(weeks=week), hour)) for week in (0, 2)]
    return _block("VEVENT", uid, lines + _properties(ink)), busy


def _series_with_override(ink: Ink, uid: str, day: date, hour: int) -> tuple[str, Times]:
    """Three weeks, the second session moved to the next day, two hours later."""
    second = day + timedelta(weeks=1)
    moved = second + timedelta(days=1)
    master = [*_times(_wall(day, hour), PARIS_LINE), "RRULE:FREQ=WEEKLY;COUNT=3", *_properties(ink)]
    override = [
        f"RECURRENCE-ID;{PARIS_LINE}:{stamp(_wall(second, hour))}",
        *_times(_wall(moved, hour + 2), PARIS_LINE),
        *_properties(ink),
    ]
    busy = [_hour(local(day, hour)), _hour(local(moved, hour + 2)), _hour(local(day + timedelta(weeks=2), hour))]
    return _block("VEVENT", uid, master) + _block("VEVENT", uid, override, _alarm(ink)), busy


def _in_own_zone(ink: Ink, uid: str, day: date, hour: int) -> tuple[str, Times]:
    """In a zone named by a canary, which only the object itself defines."""
    tzid = f"{ink.word()}/{ink.word()}"
    lines = [*_times(_wall(day, hour), f"TZID={tzid}"), *_properties(ink)]
    start = datetime(day.year, day.month, day.day, hour, tzinfo=UTC) - timedelta(hours=1)
    return _rows(_zone(ink, tzid)) + _block("VEVENT", uid, lines), [_hour(start)]


def _all_day(ink: Ink, uid: str, day: date, hour: int) -> tuple[str, Times]:
    lines = [f"DTSTART;VALUE=DATE:{day:%Y%m%d}", f"DTEND;VALUE=DATE:{day + timedelta(days=2):%Y%m%d}"]
    return _block("VEVENT", uid, lines + _properties(ink)), []


def _cancelled(ink: Ink, uid: str, day: date, hour: int) -> tuple[str, Times]:
    return _block("VEVENT", uid, [*_times(local(day, hour)), "STATUS:CANCELLED", *_properties(ink)]), []


def _free(ink: Ink, uid: str, day: date, hour: int) -> tuple[str, Times]:
    return _block("VEVENT", uid, [*_times(local(day, hour)), "TRANSP:TRANSPARENT", *_properties(ink)]), []


def _task(ink: Ink, uid: str, day: date, hour: int) -> tuple[str, Times]:
    w = ink.word
    lines = [
        f"DUE:{stamp(local(day, hour))}",
        f"SUMMARY;LANGUAGE=x-{w()}:{folded_in(w())}",
        f"DESCRIPTION:{w()} {in_percent(w())}",
        f"X-{w().upper()};X-{w().upper()}={w()}:{in_base64(w())}",
    ]
    return _block("VTODO", uid, lines, _alarm(ink)), []


KINDS: tuple[Kind, ...] = (
    _single,
    _with_people,
    _series,
    _series_with_gap,
    _series_with_override,
    _in_own_zone,
    _all_day,
    _cancelled,
    _free,
    _task,
)


def calendar(ink: Ink, size: int) -> list[Written]:
    """`size` objects of every kind, all inside of the windows of shares, on 17 days and at hours that touch.

    Their addresses are canaries of their own, some with a space or a letter beyond ASCII.
    """
    first, spelt = tomorrow(), list(SPELT.items())
    written = []
    for number in range(size):
        day, hour = first + timedelta(days=number % 17), 8 + number % 9
        ink.called, client = spelt[number % len(spelt)]
        uid = f"{ink.word()}@{ink.word()}.example"
        components, busy = KINDS[number % len(KINDS)](ink, uid, day, hour)
        decorated = ("{}.ics", "{} é.ics", "{}-1.ics")[number % 3].format(ink.word())
        written.append(Written(uid, quote(decorated), components, busy, client))
    return written
