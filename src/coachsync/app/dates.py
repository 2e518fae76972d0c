"""Days as people read them, in each language, whatever the locale of the machine is."""

from __future__ import annotations

from datetime import date, datetime

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
