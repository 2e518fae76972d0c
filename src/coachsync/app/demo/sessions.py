"""The regular sessions of the invented practice, client by client. Week 0 is the one that is shown."""

from __future__ import annotations

from datetime import time

from coachsync.app.demo import people as who
from coachsync.app.demo.details import at_company, at_office, attached, by_phone, by_video, invitation, mail_reminder
from coachsync.app.demo.series import AWAY, BUSY_END, FRI, GOOGLE, MON, OUTLOOK, THU, THUNDERBIRD, TUE, WED, Series
from coachsync.app.demo.wording import MONTREAL, text

ELODIE = Series(
    key="elodie",
    title="Élodie Garnier, reconversion",
    details=(*attached("lettre-demission", "Madame, je vous informe de ma décision."), *at_office(who.ELODIE)),
    weekday=MON,
    at=time(14, 30),
    skipped=AWAY,
)
JULIEN = Series(
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
ROMAIN = Series(
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

WEEKLY = (
    ELODIE,
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

FORTNIGHTLY = (
    JULIEN,
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
