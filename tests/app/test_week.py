"""The two weeks side by side: right times and days, readable at usual widths, nothing that steers the terminal."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from coachsync.app.cli.week import Entry, week

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 11, 23)
TITLES = ("Agenda privé", "Ce que voit l'assistante")


def entry(start: str, end: str, text: str) -> Entry:
    """Local times as "24 09:00" (a day of November 2026), or in full."""
    return Entry(_instant(start), _instant(end), text)


def _instant(moment: str) -> datetime:
    full = moment if len(moment) > 8 else f"2026-11-{moment}"
    return datetime.strptime(full, "%Y-%m-%d %H:%M").replace(tzinfo=PARIS).astimezone(UTC)


def shown(
    left: Sequence[Entry], right: Sequence[Entry] = (), monday: date = MONDAY, language: str = "fr", width: int = 100
) -> list[str]:
    """What a terminal without colour shows, the lines that hold something."""
    return [line for line in _written(left, right, monday, language, width).splitlines() if set(line) - set(" ╶╴─│╵╷┼")]


def _written(
    left: Sequence[Entry], right: Sequence[Entry], monday: date, language: str, width: int, *, terminal: bool = False
) -> str:
    console = Console(
        width=width, file=io.StringIO(), force_terminal=terminal, color_system="truecolor" if terminal else None
    )
    console.print(week(left, right, monday, PARIS, TITLES, language))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def cells(line: str) -> list[str]:
    return [" ".join(cell.split()) for cell in line.split("│")]


SOPHIE = entry("23 09:00", "23 10:00", "Sophie Marchand (visio)")
KARIM = entry("23 11:00", "23 12:30", "Karim Benslimane")


def test_a_day_stands_once_beside_its_private_and_shared_entries() -> None:
    lines = shown([KARIM, SOPHIE], [entry("23 09:00", "23 10:00", "Indisponible")])
    assert cells(lines[0]) == ["", *TITLES]
    assert cells(lines[1]) == ["lun. 23 nov.", "09:00–10:00 Sophie Marchand (visio)", "09:00–10:00 Indisponible"]
    assert cells(lines[2]) == ["", "11:00–12:30 Karim Benslimane", ""]
    assert [cells(line)[0] for line in lines[3:]] == ["mar. 24 nov.", "mer. 25 nov.", "jeu. 26 nov.", "ven. 27 nov."]


def test_a_weekend_day_is_shown_only_when_it_holds_something() -> None:
    assert not any("sam." in line or "dim." in line for line in shown([SOPHIE]))
    lines = shown([entry("29 10:00", "29 11:00", "Dimanche")])
    assert cells(lines[-1]) == ["dim. 29 nov.", "10:00–11:00 Dimanche", ""]
    assert not any("sam." in line for line in lines)


def test_what_lies_outside_the_week_is_not_shown() -> None:
    lines = shown([entry("22 23:00", "23 00:00", "avant"), entry("30 00:00", "30 01:00", "après")])
    assert not any("avant" in line or "après" in line for line in lines)


def test_english_names() -> None:
    lines = shown([entry("23 00:00", "24 00:00", "Leave")], language="en")
    assert cells(lines[1]) == ["Mon 23 Nov", "all day Leave", ""]


def test_an_all_day_entry_and_one_over_several_days_are_on_each_of_their_days() -> None:
    seminar = entry("26 14:00", "28 12:00", "Séminaire")
    lines = [cells(line) for line in shown([entry("24 00:00", "25 00:00", "Congé"), seminar])]
    assert ["mar. 24 nov.", "journée Congé", ""] in lines
    assert ["mer. 25 nov.", "", ""] in lines
    assert ["jeu. 26 nov.", "14:00–24:00 Séminaire", ""] in lines
    assert ["ven. 27 nov.", "journée Séminaire", ""] in lines
    assert ["sam. 28 nov.", "00:00–12:00 Séminaire", ""] in lines


def test_a_block_of_several_sessions_stands_beside_the_first() -> None:
    lines = [cells(line)[1:] for line in shown([SOPHIE, KARIM], [entry("23 08:45", "23 12:30", "Indisponible")])]
    assert lines[1:3] == [
        ["09:00–10:00 Sophie Marchand (visio)", "08:45–12:30 Indisponible"],
        ["11:00–12:30 Karim Benslimane", ""],
    ]


def test_a_session_stands_beside_itself_and_not_beside_the_day_it_is_on() -> None:
    birthday = entry("23 00:00", "24 00:00", "Anniversaire")
    lines = [cells(line)[1:] for line in shown([SOPHIE, birthday], [entry("23 09:00", "23 10:00", "Séance")])]
    assert lines[1:3] == [["journée Anniversaire", ""], ["09:00–10:00 Sophie Marchand (visio)", "09:00–10:00 Séance"]]


def test_what_is_shared_alone_has_a_line_of_its_own_in_its_place() -> None:
    alone = entry("23 10:15", "23 10:45", "Indisponible")
    lines = [cells(line)[1:] for line in shown([SOPHIE, KARIM], [alone])]
    assert lines[2] == ["", "10:15–10:45 Indisponible"]


def test_two_shared_entries_beside_one_private_entry_are_both_shown() -> None:
    long = entry("23 09:00", "23 12:00", "Atelier")
    right = [entry("23 09:00", "23 10:00", "Séance"), entry("23 11:00", "23 12:00", "Séance")]
    lines = [cells(line)[1:] for line in shown([long], right)]
    assert lines[1:3] == [["09:00–12:00 Atelier", "09:00–10:00 Séance"], ["", "11:00–12:00 Séance"]]


def test_equal_entries_are_all_shown() -> None:
    lines = shown([SOPHIE, SOPHIE], [])
    assert sum("Sophie" in line for line in lines) == 2


@pytest.mark.parametrize(("monday", "sunday"), [(date(2026, 3, 23), "2026-03-29"), (date(2026, 10, 19), "2026-10-25")])
def test_times_are_those_of_the_wall_on_the_days_the_clock_changes(monday: date, sunday: str) -> None:
    morning = entry(f"{sunday} 09:00", f"{sunday} 10:00", "Marche")
    whole = entry(f"{sunday} 00:00", f"{date.fromisoformat(sunday) + timedelta(days=1)} 00:00", "Repos")
    lines = [cells(line) for line in shown([morning, whole], monday=monday)]
    assert [line[1] for line in lines[-2:]] == ["journée Repos", "09:00–10:00 Marche"]


def test_the_repeated_hour_keeps_its_order() -> None:
    first = Entry(datetime(2026, 10, 25, 0, 15, tzinfo=UTC), datetime(2026, 10, 25, 0, 45, tzinfo=UTC), "avant")
    second = Entry(datetime(2026, 10, 25, 1, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, 10, tzinfo=UTC), "après")
    lines = [cells(line)[1] for line in shown([second, first], monday=date(2026, 10, 19))]
    assert lines[-2:] == ["02:15–02:45 avant", "02:00–02:10 après"]


@pytest.mark.parametrize("width", [80, 100, 140])
def test_it_fits_the_terminal_and_cuts_only_private_titles(width: int) -> None:
    long = entry("23 09:00", "23 10:00", "Un titre privé qui ne finit pas " * 6)
    lines = shown([long], [entry("23 09:00", "23 10:00", "Indisponible")], width=width)
    assert max(len(line) for line in lines) <= width
    assert cells(lines[0])[1:] == [*TITLES]
    assert lines[1].startswith(" lun. 23 nov. │ 09:00–10:00  Un titre")
    assert cells(lines[1])[1].endswith("…")
    assert cells(lines[1])[2] == "09:00–10:00 Indisponible"
    assert len([line for line in lines if "titre" in line or "finit" in line]) == 1  # not wrapped


def test_without_colour_nothing_is_lost_and_no_sequence_is_written() -> None:
    plain = _written([SOPHIE], [SOPHIE], MONDAY, "fr", 100)
    colourful = _written([SOPHIE], [SOPHIE], MONDAY, "fr", 100, terminal=True)
    assert "\x1b" not in plain
    assert "\x1b" in colourful


@pytest.mark.parametrize("title", ["[red]Rose[/red]", "a\x1b[2Jb", "deux\nlignes\tet\rplus", "\u202einversé", "[/]"])
def test_a_title_is_shown_as_text_and_steers_nothing(title: str) -> None:
    hostile = Entry(SOPHIE.start, SOPHIE.end, title)
    written = _written([hostile], [hostile], MONDAY, "fr", 100)
    assert not {"\x1b", "\r", "\t", "\u202e"} & set(written)
    wanted = "".join(sign if sign.isprintable() else " " for sign in title)
    line = cells(shown([hostile], [hostile])[1])
    assert line[1] == line[2] == " ".join(f"09:00–10:00 {wanted}".split())


@given(
    st.lists(
        st.tuples(st.integers(0, 7 * 96 - 1), st.integers(1, 300), st.booleans()),
        max_size=12,
    )
)
def test_every_entry_of_the_week_is_shown_once_on_each_of_its_days(drawn: list[tuple[int, int, bool]]) -> None:
    begin = datetime(2026, 11, 23, tzinfo=PARIS).astimezone(UTC)
    quarter = timedelta(minutes=15)
    sides: tuple[list[Entry], list[Entry]] = ([], [])
    wanted = 0
    for number, (start, length, private) in enumerate(drawn):
        end = min(start + length, 7 * 96)
        sides[0 if private else 1].append(Entry(begin + start * quarter, begin + end * quarter, f"n{number}."))
        wanted += (end - 1) // 96 - start // 96 + 1
    text = "\n".join(shown(*sides, width=200))
    assert sum(text.count(f" n{number}.") for number in range(len(drawn))) == wanted
