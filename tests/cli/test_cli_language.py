"""The terminal speaks one language: that of the configuration, else that of the environment. Codes are in none."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from babel.messages.pofile import read_po

from cli_desk import SCRIPT, Desk, environment
from cli_terminal import on_a_terminal
from coachsync.app.cli import carry_out, tongue
from coachsync.app.cli.commands import COMMANDS, cli
from coachsync.app.cli.help import as_written, in_tongue
from coachsync.app.language import CATALOGUES, DOMAIN
from sentences import CHOICES

ENGLISH, FRENCH = 'language = "en"', 'language = "fr"'


@pytest.fixture
def french(desk: Desk) -> Desk:
    """A desk whose configuration says French."""
    desk.text = desk.text.replace(ENGLISH, FRENCH)
    return desk


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home without any configuration."""
    for name in ("COACHSYNC_CONFIG", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The exit code of a command line, and everything that it says."""
    capsys.readouterr()
    code = carry_out(list(words))
    captured = capsys.readouterr()
    return code, captured.out + captured.err


# --------------------------------------------------------------------------------------------- who decides


def test_the_configuration_decides_what_a_command_says(practice: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    assert "calendar coaching: 5 added, 0 changed, 0 removed" in practice.run("sync").out
    practice.text = practice.text.replace(ENGLISH, FRENCH)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    assert "calendrier coaching\u00a0: rien de nouveau" in practice.run("sync").out
    assert re.search(r"^\w{5}\t(lun|mar|mer|jeu|ven|sam|dim)\. \d+ ", practice.run("agenda").out)


def test_the_configuration_decides_what_an_error_says(french: Desk) -> None:
    plain, error = french.refused("agenda")
    assert plain.err.startswith("coachsync: Rien n’a encore été synchronisé.")
    assert (error["code"], error["hint"]) == ("never-synced", "Lancez\u00a0: coachsync sync")


def test_a_configuration_that_is_wrong_is_told_in_its_own_language(french: Desk) -> None:
    french.text = french.text.replace("profile =", "profil =").replace('timezone = "Europe/Paris"', 'timezone = "Mars"')
    plain, error = french.refused("check")
    assert plain.code == 78
    assert "La configuration contient 3 problèmes." in plain.err
    problems = {problem["where"]: problem for problem in error["problems"]}
    assert {where: problem["code"] for where, problem in problems.items()} == {
        "practice.timezone": "unknown-timezone",
        "shares.office.profil": "unknown-key",
        "shares.office.profile": "missing-key",
    }
    assert problems["practice.timezone"]["message"] == "Ligne 5\u00a0: Ce fuseau horaire n’existe pas."
    assert problems["shares.office.profil"]["hint"] == "Vouliez-vous dire «\u00a0profile\u00a0»\u00a0?"


def test_what_pydantic_carries_keeps_its_braces_and_its_language(french: Desk) -> None:
    french.password = '"hunter2-canari"'
    french.secrets.append("hunter2-canari")
    _, error = french.refused("check")
    (problem,) = error["problems"]
    assert 'password = { file = "cloud.password" }' in problem["hint"]
    assert problem["hint"].startswith("Mettez-le dans un fichier à part")


@pytest.mark.parametrize("text", ["version = 1\n[practice", 'version = 1\n[practice]\nlanguage = "german"\n', ""])
def test_a_configuration_that_names_no_language_of_ours_is_told_in_that_of_the_environment(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    desk.text = text
    said_in_english = desk.run("check").err
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    assert said_in_english.startswith("coachsync: The configuration has")
    assert desk.run("check").err.startswith("coachsync: La configuration contient")


@pytest.mark.usefixtures("nowhere")
def test_without_a_configuration_the_environment_decides(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "There is no configuration yet." in said(capsys, "sync")[1]
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    code, text = said(capsys, "sync")
    assert (code, "Il n’y a pas encore de configuration." in text) == (10, True)


@pytest.mark.parametrize("found", [None, "de:fr"])
@pytest.mark.usefixtures("nowhere")
def test_the_environment_is_left_as_it_was(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, found: str | None
) -> None:
    if found:
        monkeypatch.setenv("LANGUAGE", found)
    said(capsys, "sync")
    assert os.environ.get("LANGUAGE") == found


def test_a_language_is_spoken_until_another_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANGUAGE", raising=False)
    with tongue.speaking("fr"):
        assert tongue.tongue().code == "fr"
        tongue.speak("en")
        assert (tongue.tongue().code, os.environ["LANGUAGE"]) == ("en", "en")
    assert (tongue.tongue().code, "LANGUAGE" in os.environ) == ("en", False)


# --------------------------------------------------------------------------------------------- codes and values


def keys(document: Any) -> Any:
    """A document's keys, and the codes and places in it: what a machine goes by."""
    if isinstance(document, dict):
        return {
            key: value if key in ("code", "where", "grade", "ok") else keys(value) for key, value in document.items()
        }
    return [keys(entry) for entry in document] if isinstance(document, list) else type(document).__name__


@pytest.mark.parametrize("words", [["sync"], ["check"], ["share", "verify"], ["share", "list"]])
def test_a_machine_reads_the_same_in_every_language(taken: Desk, words: list[str]) -> None:
    taken.run("sync")
    english = taken.json(*words)
    taken.text = taken.text.replace(ENGLISH, FRENCH)
    french = taken.json(*words)
    assert english.code == french.code
    assert keys(json.loads(english.out or english.err)) == keys(json.loads(french.out or french.err))


def test_hints_and_messages_of_a_document_are_in_the_language(taken: Desk) -> None:
    taken.text = taken.text.replace(ENGLISH, FRENCH)
    assert taken.json("sync").hint("target-not-empty").startswith("Si personne n’en a besoin, lancez\u00a0:")
    checks = {check["code"]: check for check in taken.json("check").document["checks"]}
    assert checks["signed-in"]["message"] == "Connecté\u00a0; il y a 2 calendriers."
    assert checks["target-not-empty"]["hint"].startswith("Si personne n’en a besoin")


def test_findings_are_in_the_language(synced: Desk) -> None:
    synced.text = synced.text.replace(ENGLISH, FRENCH)
    folder = synced.storage.titled("Office")
    assert folder is not None
    (first, *_) = sorted(folder.glob("*.ics"))
    first.write_bytes(first.read_bytes().replace(b"END:VEVENT", b"CLASS:PRIVATE\r\nEND:VEVENT"))
    plain = synced.run("share", "verify")
    assert "propriété CLASS ne figure pas parmi ce qu’un partage peut contenir" in plain.out
    found = synced.json("share", "verify").document["findings"]
    assert {(one["code"], one["where"].rpartition(" ")[0]) for one in found} == {
        ("edited-object", "edited object"),
        ("property", "edited object"),
    }
    assert all(one["detail"] in plain.out for one in found)


def test_braces_in_a_name_survive(french: Desk) -> None:
    french.storage.calendar("one", "{name} {0} }{")
    shown = french.run("sync").err
    assert 'Calendriers qui existent\u00a0: "{name} {0} }{".' in shown


# ----------------------------------------------------------------------------------------------------------- help


def commands(group: click.Group = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command, by the words that call it."""
    yield path, group
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def test_all_that_help_shows_is_in_the_catalogue() -> None:
    with (CATALOGUES / "fr" / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        known = {message.id for message in read_po(file, locale="fr") if isinstance(message.id, str)}
    shown = {
        (path, text)
        for path, command in commands()
        for part in (command, *command.params)
        for text in as_written(part).values()
    }
    typed = {(path, text) for path, text in shown if CHOICES.fullmatch(text)}
    assert {(path, text) for path, text in shown - typed if text not in known} == set()
    assert len(shown) > 3 * len(COMMANDS)


def test_every_command_and_every_option_has_a_help() -> None:
    for path, command in commands():
        parts = [command, *(param for param in command.params if isinstance(param, click.Option))]
        assert [(path, part.name) for part in parts if not as_written(part).get("help")] == []


@pytest.mark.usefixtures("nowhere")
def test_help_is_said_in_the_language_that_is_spoken_now(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    english = {path: said(capsys, *path, "--help")[1] for path, _ in commands()}
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    french = {path: said(capsys, *path, "--help")[1] for path, _ in commands()}
    monkeypatch.setenv("LANG", "C")
    for path, _ in commands():
        assert english[path].startswith("Usage: coachsync")
        assert french[path].startswith("Utilisation\u00a0: coachsync")
        assert "Show this message and exit." in english[path]
        assert "Afficher ce message et quitter." in french[path]
        assert not re.search(r"\b(the|The|Show|Answer|FILE|NAME|OPTIONS:|Commands|default)\b", french[path])
        assert said(capsys, *path, "--help")[1] == english[path]


def test_help_is_asked_for_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "sync", "-h") == said(capsys, "sync", "--help")
    assert said(capsys, "-h")[0] == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["agend"], "La commande 'agend' n’existe pas."),
        (["share"], "Quelle commande\u00a0?"),
        (["agenda", "--day", "3"], "L’option '--day' n’existe pas. Vouliez-vous dire '--days'\u00a0?"),
        (["agenda", "--days", "ten"], "'ten' n’est pas une valeur valable."),
        (["agenda", "--days", "999"], "on peut afficher de 1 à 366 jours à la fois."),
        (["agenda", "--from", "soon"], "«\u00a0soon\u00a0» n’est pas un jour de la forme AAAA-MM-JJ."),
        (["agenda", "--from", "0001-01-01"], "l’année n’est pas comprise entre 1900 et 2200."),
        (["agenda", "--days"], "L’option '--days' attend un argument."),
        (["agenda", "--json=yes"], "L’option '--json' ne prend pas de valeur."),
        (["agenda", "now"], "Argument inattendu (now)"),
        (["share", "preview"], "Il manque l’argument 'NOM'."),
    ],
)
@pytest.mark.usefixtures("nowhere")
def test_a_command_line_that_makes_no_sense_is_told_in_french(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str], told: str
) -> None:
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    code, text = said(capsys, *words)
    assert code == 2
    assert told in text
    assert re.search("Voyez\u00a0: coachsync.* --help", text) or "Utilisation\u00a0:" in text


def test_a_group_that_is_called_alone_shows_its_help_in_the_language(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    assert "Les partages\u00a0: ce que d’autres peuvent voir." in said(capsys, "share")[1]


def test_a_command_is_put_into_another_language_again() -> None:
    command = click.Command("x", help="Publish the share now.", params=[click.Option(["--yes"], help="Do not ask.")])
    for code, texts in (
        ("fr", ["Publier le partage maintenant.", "Ne pas poser de question."]),
        ("en", ["Publish the share now.", "Do not ask."]),
    ):
        with tongue.speaking(code):
            in_tongue(command)
        assert [command.help, *(getattr(param, "help", None) for param in command.params)] == texts


# ------------------------------------------------------------------------------------------------------ questions


@pytest.mark.parametrize(("answer", "code"), [(b"o\n", 0), (b"Oui\n", 0), (b"n\n", 130), (b"quoi\nnon\n", 130)])
def test_a_question_is_asked_and_answered_in_french(taken: Desk, answer: bytes, code: int) -> None:
    taken.text = taken.text.replace(ENGLISH, FRENCH)
    ended, shown, _ = on_a_terminal(taken, "share", "publish", "office", "--replace", answer=answer, piped=True)
    assert "Continuer\u00a0? [o/N]" in shown.decode()
    assert ended == code
    assert ("Rien n’a été changé." in shown.decode()) == (code == 130)
    assert ("Répondez par oui ou par non." in shown.decode()) == (b"quoi" in answer)
    assert (len(taken.storage.objects("Office")) == 5) == (code == 0)


def test_the_demonstration_is_told_in_french(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(SCRIPT), "demo"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env=environment(TMPDIR=str(tmp_path), LANG="fr_FR.UTF-8", PYTHONIOENCODING="utf-8"),
    )
    assert done.stdout.startswith("1. Un serveur de calendriers tourne sur cette machine")
    assert done.stdout.count("Indisponible") > 10
    assert done.stdout.count("ne contient rien d’autre que ces horaires") == 2
    assert not re.search(r"\b(the|Busy|moved|Mon|cancelled)\b", done.stdout)
