"""The invented people of the demonstration.

Nobody here exists. Addresses are on example.org and example.com (RFC 2606); telephone numbers are from the blocks that
ARCEP keeps for audiovisual works (01 99 00 and 06 39 98), which no operator assigns.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can stand on an invitation, and what a coach writes beside the name."""

    name: str
    mail: str
    phone: str = ""
    address: str = ""
    note: str = ""


COACH = Person("Camille Arnaud", "camille.arnaud@example.org", "06 39 98 00 01", "14 rue des Tanneurs, 69009 Lyon")
SUPERVISOR = Person("Hélène Bastide", "helene.bastide@example.org", "01 99 00 41 07", "3 cour du Puits, 69001 Lyon")

TESSIER = Person(
    "Nicolas Tessier", "n.tessier@vallier.example.com", "01 99 00 25 10", "Vallier, 27 quai Perrache, Lyon"
)
LOMBARD = Person("Béatrice Lombard", "b.lombard@coriandre.example.com", "01 99 00 33 62", "Coriandre, Villeurbanne")
FOUQUET = Person("Damien Fouquet", "d.fouquet@ostrea.example.com", "01 99 00 58 91", "Ostréa, Tour Sirène, 8e étage")

SOPHIE = Person(
    "Sophie Marchand",
    "sophie.marchand@vallier.example.com",
    "06 39 98 12 47",
    TESSIER.address,
    "Prise de poste à la direction commerciale. Tension avec M. Delvaux, son N+1 ; ne rien en dire au commanditaire.",
)
KARIM = Person(
    "Karim Benslimane",
    "k.benslimane@coriandre.example.com",
    "06 39 98 33 08",
    LOMBARD.address,
    "Délègue peu, s'épuise. Parle d'un arrêt de travail au printemps. Exercice : trois décisions laissées à l'équipe.",
)
ELODIE = Person(
    "Élodie Garnier",
    "elodie.garnier@example.org",
    "06 39 98 54 19",
    "6 impasse du Lavoir, 69260 Charbonnières",
    "Reconversion : quitter le notariat. Relire ensemble la lettre de démission avant l'entretien du mois prochain.",
)
THOMAS = Person(
    "Thomas Leroux",
    "thomas.leroux@vallier.example.com",
    "06 39 98 27 70",
    TESSIER.address,
    "Retour sur le 360° : écart entre l'image qu'il a de lui et celle de ses pairs. Avancer doucement.",
)
NADIA = Person(
    "Nadia Ferrand",
    "nadia.ferrand@ostrea.example.com",
    "06 39 98 61 35",
    FOUQUET.address,
    "Fusion des deux sites : elle sait qui part. Charge lourde à porter, séance après séance.",
)
JULIEN = Person(
    "Julien Castaing",
    "julien.castaing@example.org",
    "06 39 98 08 82",
    "41 montée Saint-Barthélemy, 69005 Lyon",
    "Associé en désaccord, médiation possible. Son avocate est Me Roche.",
)
MAELLE = Person(
    "Maëlle Quéré",
    "maelle.quere@ostrea.example.com",
    "06 39 98 45 54",
    FOUQUET.address,
    "Première équipe à encadrer. Objectif du trimestre : des entretiens annuels qu'elle ne redoute plus.",
)
ANTOINE = Person(
    "Antoine Roussel",
    "a.roussel@coriandre.example.com",
    "06 39 98 90 16",
    LOMBARD.address,
    "Prépare sa prise de parole au comité de direction. Trac ancien, travail sur la respiration.",
)
CLAIRE = Person(
    "Claire Desmoulins",
    "claire.desmoulins@example.com",
    "06 39 98 73 21",
    "Montréal",
    "Expatriée, six heures de décalage. Décide en décembre si elle rentre en France.",
)
YANNICK = Person(
    "Yannick Le Goff",
    "yannick.legoff@example.org",
    "06 39 98 18 63",
    "9 place du Marché-Neuf, 69003 Lyon",
    "Reprise de l'entreprise de son père. Qui décide vraiment ?",
)
INES = Person(
    "Inès Aubertin",
    "ines.aubertin@vallier.example.com",
    "06 39 98 66 40",
    TESSIER.address,
    "Promise à un poste à Nantes, n'en a pas encore parlé chez elle.",
)
PAUL = Person(
    "Paul-Henri Sarrazin",
    "ph.sarrazin@example.com",
    "06 39 98 39 95",
    "2 allée des Sittelles, 69130 Écully",
    "Fin d'accompagnement : bilan, ce qu'il emporte, ce qu'il laisse.",
)

MATHILDE = Person("Mathilde Vasseur", "mathilde.vasseur@example.com", "06 39 98 21 09", note="Envoyée par Thomas L.")
ROMAIN = Person(
    "Romain Tavernier", "romain.tavernier@example.org", "06 39 98 80 77", note="A lu l'article sur la reprise."
)
