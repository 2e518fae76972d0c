"""What else fills the invented practice: sponsors, teams, first talks, invitations, whole days, private life."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

from coachsync.app.demo import people as who
from coachsync.app.demo.details import at_company, attached, by_phone, invitation, notes, reminder
from coachsync.app.demo.series import (
    AWAY,
    FRI,
    HOLIDAY,
    MON,
    OUTLOOK,
    SAT,
    SEMINAR,
    THU,
    THUNDERBIRD,
    TUE,
    WED,
    AllDay,
    Series,
)
from coachsync.app.demo.wording import CUSTOMIZED, text


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


COMPANY = (
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


SINGLE = (
    _discovery("mathilde", who.MATHILDE, 0, THU, 15),
    _discovery("ines", who.INES, -5, FRI, 9),
    _discovery("yannick", who.YANNICK, -4, THU, 16),
)

OWN = (
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

DAYS = (
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
