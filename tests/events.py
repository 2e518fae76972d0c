"""Calendar objects for tests."""

from __future__ import annotations

from datetime import datetime, timedelta


def event(uid: str, start: datetime, minutes: int = 60, title: str = "Marguerite", extra: str = "") -> bytes:
    """One calendar object; `start` is in UTC, `extra` holds further property lines, each with its line end."""
    end = start + timedelta(minutes=minutes)
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:{start:%Y%m%dT%H%M%SZ}\r\nDTEND:{end:%Y%m%dT%H%M%SZ}\r\n"
        f"SUMMARY:{title}\r\n{extra}END:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()
