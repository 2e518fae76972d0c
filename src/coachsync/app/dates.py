"""Days as people read them, in each language, whatever the locale of the machine is."""

from __future__ import annotations

from datetime import date, datetime, timedelta

_DAYS = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "fr": ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."),
}
_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "fr": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
}


def short_day(day: date, language: str) -> str:
    """ "Mon 23 Nov" in a language of LANGUAGES; `day` may be a datetime, whose own day is meant."""
    return f"{_DAYS[language][day.weekday()]} {day.day} {_MONTHS[language][day.month - 1]}"


def long_day(day: date, language: str) -> str:
    """ "Mon 23 Nov 2026"."""
    return f"{short_day(day, language)} {day.year}"


def short_moment(moment: datetime, language: str) -> str:
    """ "Mon 23 Nov 09:00", as the clock of the moment's zone shows it."""
    return f"{short_day(moment, language)} {moment:%H:%M}"


def iso_day(day: date) -> str:
    """ "2026-11-23": as options take days."""
    return f"{day:%Y-%m-%d}"


def span(start: datetime, end: datetime, language: str, *, all_day: bool = False) -> str:
    """ "Mon 23 Nov 2026, 09:00-10:00", as the clock of the zone of both shows it; for whole days, the days alone."""
    if not all_day:
        until = f"{end:%H:%M}" if end.date() == start.date() else f"{short_day(end, language)} {end:%H:%M}"
        return f"{long_day(start, language)}, {start:%H:%M}-{until}"
    last = (end - timedelta(seconds=1)).date()
    return long_day(start, language) + (f" - {long_day(last, language)}" if last > start.date() else "")
