"""A believable French coaching practice, a month back and two months ahead, and what changes later.

Pure: the same day gives the same bytes. The week that is shown is full on purpose: a session moved and one cancelled
by an override, an unanswered invitation, a reminder that takes no time, a client on another continent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from coachsync.app.demo import people as who
from coachsync.app.demo.details import (
    at_company,
    at_office,
    attached,
    by_phone,
    by_video,
    invitation,
    mail_reminder,
    notes,
    reminder,
)
from coachsync.app.demo.series import GOOGLE, OUTLOOK, THUNDERBIRD, AllDay, Event, Series
from coachsync.app.demo.wording import CUSTOMIZED, MONTREAL, text

__all__ = ["Change", "Event", "changed", "practice", "shown_monday"]

MON, TUE, WED, THU, FRI, SAT = range(6)
SEMINAR, HOLIDAY = 3, 5  # weeks after the shown one
AWAY = frozenset({HOLIDAY})
BUSY_END = frozenset({SEMINAR, HOLIDAY})


@dataclass(frozen=True, slots=True)
class Change:
    """One later change: "moved", "cancelled" or "added", when it was and will be (Paris wall clock), the new text."""

    kind: str
    before: datetime | None
    after: datetime | None
    event: Event


def shown_monday(today: date) -> date:
    """The Monday of the week to show: the next one, or today. Shares begin today, so the whole week can be in them."""
    return today + timedelta(days=-today.weekday() % 7)


def practice(today: date) -> tuple[Event, ...]:
    """Every object of the private calendar as it lies on the server on that day."""
    monday = shown_monday(today)
    planned = (*_WEEKLY, *_FORTNIGHTLY, *_COMPANY, *_SINGLE, *_OWN)
    return (*(item.event(monday) for item in planned), *(item.event(monday) for item in _DAYS))


def changed(today: date) -> tuple[Change, ...]:
    """What happens later in the shown week: one session of a series moves, one is cancelled, one is added."""
    monday = shown_monday(today)
    moved = replace(_ELODIE, moved={**_ELODIE.moved, 0: (WED, time(16))}, sequence=_ELODIE.sequence + 1)
    cancelled = replace(_JULIEN, cancelled=_JULIEN.cancelled | {0}, sequence=_JULIEN.sequence + 1)
    return (
        Change("moved", _ELODIE.start(monday, 0), moved.start(monday, 0), moved.event(monday)),
        Change("cancelled", _JULIEN.start(monday, 0), None, cancelled.event(monday)),
        Change("added", None, _ROMAIN.start(monday, 0), _ROMAIN.event(monday)),
    )


_ELODIE = Series(
    key="elodie",
    title="Élodie Garnier, reconversion",
    details=(*attached("lettre-demission", "Madame, je vous informe de ma décision."), *at_office(who.ELODIE)),
    weekday=MON,
    at=time(14, 30),
    skipped=AWAY,
)
_JULIEN = Series(
    key="julien",
    title="Julien C. (associés)",
    details=tuple(at_office(who.JULIEN)),
    weekday=TUE,
    at=time(18),
    every=2,
    first=-4,
    ending="count",
    product=THUNDERBIRD,
    moved={-2: (WED, time(19))},
)
_ROMAIN = Series(
    key="romain",
    title="Découverte Romain Tavernier",
    details=tuple(by_phone(who.ROMAIN)),
    weekday=MON,
    at=time(16, 30),
    minutes=45,
    first=0,
    last=0,
    duration=True,
    product=THUNDERBIRD,
)

_WEEKLY = (
    _ELODIE,
    Series(
        key="sophie",
        title="Sophie Marchand (visio)",
        details=tuple(by_video(who.SOPHIE)),
        weekday=MON,
        at=time(9),
        ending="never",
        product=GOOGLE,
        skipped=AWAY,
        moved={2: (TUE, time(8, 15)), -3: (MON, time(12))},
    ),
    Series(
        key="thomas",
        title="Thomas Leroux, retour 360°",
        details=tuple(at_company(who.THOMAS)),
        weekday=TUE,
        at=time(9, 30),
        product=OUTLOOK,
        skipped=AWAY | {-2},
    ),
    Series(
        key="claire",
        title="Claire D. (Montréal)",
        details=tuple(by_video(who.CLAIRE)),
        weekday=TUE,
        at=time(10),
        zone=MONTREAL,
        product=GOOGLE,
        skipped=AWAY,
    ),
    Series(
        key="nadia",
        title="Nadia Ferrand, fusion",
        details=tuple(at_company(who.NADIA)),
        weekday=WED,
        at=time(14),
        ending="count",
        product=OUTLOOK,
        skipped=AWAY,
        added=((2, FRI, time(11, 30)),),
    ),
    Series(
        key="yannick",
        title="Yannick Le Goff",
        details=(*at_office(who.YANNICK), *mail_reminder(who.YANNICK)),
        weekday=WED,
        at=time(17, 30),
        first=-3,
        skipped=AWAY,
        moved={0: (FRI, time(15)), 4: (WED, time(8))},
        cancelled=frozenset({-1}),
    ),
    Series(
        key="maelle",
        title="Maëlle Quéré (visio)",
        details=tuple(by_video(who.MAELLE)),
        weekday=THU,
        at=time(9),
        minutes=75,
        product=GOOGLE,
        skipped=BUSY_END,
    ),
    Series(
        key="antoine",
        title="Antoine Roussel, codir",
        details=tuple(at_company(who.ANTOINE)),
        weekday=THU,
        at=time(14),
        product=OUTLOOK,
        skipped=BUSY_END,
        cancelled=frozenset({0}),
    ),
    Series(
        key="ines",
        title="Inès Aubertin (visio)",
        details=tuple(by_video(who.INES)),
        weekday=FRI,
        at=time(8, 30),
        first=-4,
        product=GOOGLE,
        skipped=BUSY_END | {-2},
    ),
)

_FORTNIGHTLY = (
    _JULIEN,
    Series(
        key="karim",
        title="Karim Benslimane",
        details=tuple(at_company(who.KARIM)),
        weekday=MON,
        at=time(11),
        minutes=90,
        every=2,
        first=-4,
        product=OUTLOOK,
        cancelled=frozenset({4}),
    ),
    Series(
        key="paul-henri",
        title="Paul-Henri Sarrazin, bilan",
        details=tuple(at_office(who.PAUL)),
        weekday=FRI,
        at=time(17),
        every=2,
        last=-1,
        ending="count",
    ),
    Series(
        key="supervision",
        title="Supervision, groupe Bastide",
        details=(
            text("DESCRIPTION", "Amener la situation de N. F. (anonymisée). Deux participants en présentiel."),
            text("LOCATION", who.SUPERVISOR.address),
            *invitation(who.SUPERVISOR, who.SUPERVISOR, mine="ACCEPTED"),
        ),
        weekday=THU,
        at=time(10, 30),
        minutes=120,
        every=2,
        first=-4,
        last=8,
        product=THUNDERBIRD,
    ),
)


def _tripartite(key: str, title: str, week: int, sponsor: who.Person, *clients: who.Person) -> Series:
    """Coach, client and sponsor around one table; its text names everybody."""
    return Series(
        key=key,
        title=title,
        details=(
            text("DESCRIPTION", f"Objectifs partagés avec {sponsor.name}, {sponsor.phone}. Rien des séances."),
            text("LOCATION", sponsor.address),
            *attached(f"contrat-{key}", f"Contrat tripartite, {sponsor.name} : indicateurs à trois mois."),
            *invitation(who.COACH, sponsor, *clients),
            "PRIORITY:3",
            *reminder(60),
        ),
        weekday=WED,
        at=time(10),
        minutes=90,
        first=week,
        last=week,
        product=OUTLOOK,
    )


_COMPANY = (
    _tripartite("vallier", "Tripartite Vallier (Sophie M.)", 0, who.TESSIER, who.SOPHIE),
    _tripartite("coriandre", "Tripartite Coriandre (Karim B.)", -2, who.LOMBARD, who.KARIM),
    _tripartite("ostrea", "Bilan Ostréa, Nadia et Maëlle", 6, who.FOUQUET, who.NADIA, who.MAELLE),
    Series(
        key="equipe-ostrea",
        title="Équipe Ostréa, codéveloppement",
        details=tuple(at_company(replace(who.FOUQUET, note="Sept personnes, un cas chacune. Cas du jour : la paie."))),
        weekday=FRI,
        at=time(10, 30),
        minutes=120,
        every=4,
        first=-4,
        last=8,
        zone=CUSTOMIZED,
        product=OUTLOOK,
    ),
    Series(
        key="seminaire",
        title="Séminaire résidentiel Vallier",
        details=(text("LOCATION", "Domaine des Aulnes, Annecy"), *invitation(who.COACH, who.TESSIER, who.THOMAS)),
        weekday=THU,
        at=time(9),
        minutes=32 * 60,
        first=SEMINAR,
        last=SEMINAR,
    ),
    Series(
        key="comite",
        title="Comité RH Coriandre ?",
        details=(
            text("DESCRIPTION", "Camille, seriez-vous des nôtres ? B. Lombard"),
            *invitation(who.LOMBARD, who.LOMBARD, mine="NEEDS-ACTION"),
        ),
        weekday=TUE,
        at=time(11, 30),
        first=0,
        last=0,
        product=OUTLOOK,
    ),
    Series(
        key="petit-dejeuner",
        title="Petit-déjeuner DRH, Lyon",
        details=tuple(invitation(who.TESSIER, who.TESSIER, mine="DECLINED")),
        weekday=TUE,
        at=time(8),
        first=1,
        last=1,
        product=OUTLOOK,
    ),
)


def _discovery(key: str, client: who.Person, week: int, weekday: int, hour_utc: int) -> Series:
    """A first talk, written in UTC by a booking site, with a length instead of an end."""
    return Series(
        key=f"decouverte-{key}",
        title=f"Découverte {client.name}",
        details=(*by_phone(client), "X-BOOKING-REFERENCE:rdv-" + key),
        weekday=weekday,
        at=time(hour_utc, 30),
        minutes=45,
        first=week,
        last=week,
        zone="UTC",
        duration=True,
        product=THUNDERBIRD,
    )


_SINGLE = (
    _discovery("mathilde", who.MATHILDE, 0, THU, 15),
    _discovery("ines", who.INES, -5, FRI, 9),
    _discovery("yannick", who.YANNICK, -4, THU, 16),
)

_OWN = (
    Series(
        key="relance",
        title="Relancer facture Coriandre",
        details=(text("DESCRIPTION", "Facture 2041, 3 600 €, échue."), "TRANSP:TRANSPARENT", *reminder(0)),
        weekday=WED,
        at=time(12),
        minutes=30,
        first=0,
        last=0,
        product=THUNDERBIRD,
    ),
    Series(
        key="dentiste",
        title="Dentiste, Dr Vial",
        details=(text("LOCATION", "Maison médicale, Lyon 9e"), "CATEGORIES:Perso", "COLOR:lightgray"),
        weekday=THU,
        at=time(12, 15),
        first=1,
        last=1,
        zone=None,
    ),
    Series(
        key="natation",
        title="Natation",
        details=("CLASS:PRIVATE",),
        weekday=FRI,
        at=time(18, 30),
        every=2,
        zone=None,
        skipped=AWAY,
    ),
)

_DAYS = (
    AllDay(
        key="formation",
        title="Formation AT, 2e niveau",
        week=0,
        weekday=SAT,
        details=(text("LOCATION", "École des Tilleuls, Lyon 7e"), "URL:https://ecole.example.org/at2"),
    ),
    AllDay(key="formation-retour", title="Formation AT, retours", week=-3, weekday=SAT),
    AllDay(key="conges", title="Congés (Bretagne)", week=HOLIDAY, weekday=MON, days=7, details=("COLOR:gold",)),
    AllDay(key="conge", title="Congé", week=-2, weekday=FRI),
    AllDay(
        key="anniversaire",
        title="Anniversaire de Maëlle Q.",
        week=0,
        weekday=THU,
        reminder=True,
        details=tuple(notes(who.MAELLE)),
    ),
)
