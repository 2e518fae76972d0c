"""Writes the manual page from the commands' own help: `python docs/man.py en` prints docs/coachsync.1.

What no command says of itself, files and exit codes, stands here, in each language.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator

import click

from coachsync.app.cli.commands import cli
from coachsync.app.cli.help import in_tongue
from coachsync.app.cli.tongue import speak, spoken

WORDS = {
    "en": {
        "name": "NAME",
        "synopsis": "SYNOPSIS",
        "description": "DESCRIPTION",
        "options": "OPTIONS",
        "commands": "COMMANDS",
        "exit": "EXIT STATUS",
        "files": "FILES",
        "environment": "ENVIRONMENT",
        "manual": "User Commands",
        "file": "FILE",
        "command": "COMMAND",
        "intro": "--config and --json may stand before the command or after it. What a command finds goes to standard "
        "output, what it says to people to standard error.",
    },
    "fr": {
        "name": "NOM",
        "synopsis": "SYNOPSIS",
        "description": "DESCRIPTION",
        "options": "OPTIONS",
        "commands": "COMMANDES",
        "exit": "CODE DE RETOUR",
        "files": "FICHIERS",
        "environment": "ENVIRONNEMENT",
        "manual": "Commandes",
        "file": "FICHIER",
        "command": "COMMANDE",
        "intro": "--config et --json se placent avant la commande ou après elle. Ce qu’une commande trouve va sur la "
        "sortie standard, ce qu'elle dit aux personnes sur la sortie d'erreur.",
    },
}
FILES = {
    "en": (
        ("~/.config/coachsync/coachsync.toml", "The configuration of one person."),
        ("/etc/coachsync/coachsync.toml", "The configuration of the system service."),
        ("~/.local/state/coachsync", "Where coachsync keeps its own data, unless practice.state names a folder."),
        ("/var/lib/coachsync", "The same for the system service."),
    ),
    "fr": (
        ("~/.config/coachsync/coachsync.toml", "La configuration d'une personne."),
        ("/etc/coachsync/coachsync.toml", "La configuration du service du système."),
        (
            "~/.local/state/coachsync",
            "Les données propres à coachsync, à moins que practice.state ne nomme un dossier.",
        ),
        ("/var/lib/coachsync", "La même chose pour le service du système."),
    ),
}
VARIABLES = {
    "en": (
        ("COACHSYNC_CONFIG", "The configuration file, when --config names none."),
        (
            "XDG_CONFIG_HOME, XDG_STATE_HOME",
            "Where a person's configuration and data are, if not in the usual places.",
        ),
        ("LANGUAGE, LC_ALL, LC_MESSAGES, LANG", "The language of messages, when no configuration names one."),
        ("CREDENTIALS_DIRECTORY", "Where systemd puts the secrets that the service was given."),
    ),
    "fr": (
        ("COACHSYNC_CONFIG", "Le fichier de configuration, quand --config n'en nomme aucun."),
        (
            "XDG_CONFIG_HOME, XDG_STATE_HOME",
            "L'emplacement de la configuration et des données d'une personne, au lieu de l'emplacement habituel.",
        ),
        (
            "LANGUAGE, LC_ALL, LC_MESSAGES, LANG",
            "La langue des messages, quand aucune configuration n'en nomme une.",
        ),
        ("CREDENTIALS_DIRECTORY", "Où systemd dépose les secrets confiés au service."),
    ),
}
EXITS = {
    "en": (
        ("0", "Done."),
        ("1", "Failed."),
        ("2", "The command line makes no sense."),
        ("3", "Partly done; the rest is reported."),
        ("4", "Conflicts wait for a person: coachsync conflict list."),
        ("5", "Findings, or deletions that wait for a person."),
        ("10", "No configuration, or nothing synced yet."),
        ("12", "A stored row does not open with the device key."),
        ("75", "Temporary: network, server busy, certificate not trusted."),
        ("77", "The server refused the password."),
        ("78", "The configuration cannot be used."),
        ("130", "Interrupted."),
    ),
    "fr": (
        ("0", "Fait."),
        ("1", "Échec."),
        ("2", "La ligne de commande n'a pas de sens."),
        ("3", "Fait en partie ; le reste est signalé."),
        ("4", "Des conflits attendent une personne : coachsync conflict list."),
        ("5", "Des constats, ou des suppressions qui attendent une personne."),
        ("10", "Pas de configuration, ou rien de synchronisé jusqu'ici."),
        ("12", "Une donnée enregistrée ne s'ouvre pas avec la clé de l'appareil."),
        ("75", "Passager : réseau, serveur occupé, certificat inconnu."),
        ("77", "Le serveur a refusé le mot de passe."),
        ("78", "La configuration ne peut pas être utilisée."),
        ("130", "Interrompu."),
    ),
}

_KINDS = {"datetime": "YYYY-MM-DD", "integer range": "N"}  # what click calls a value of this kind says too little


def page(language: str) -> str:
    """The manual page in one language ("en" or "fr"), as roff(7)."""
    speak(language)
    in_tongue(cli)
    words = WORDS[language]
    summary = spoken(cli.help or "").rstrip(".")
    lines = [
        '.\\" Written by docs/man.py: change the help of the commands, or that script.',
        f'.TH COACHSYNC 1 "" "coachsync" "{words["manual"]}"',
        f".SH {words['name']}",
        f"coachsync \\- {_text(summary[:1].lower() + summary[1:])}",
        f".SH {words['synopsis']}",
        (
            f"\\fBcoachsync\\fR [\\fB\\-\\-config\\fR \\fI{words['file']}\\fR] [\\fB\\-\\-json\\fR] "
            f"\\fI{words['command']}\\fR ..."
        ),
        f".SH {words['description']}",
        _text(words["intro"]),
        f".SH {words['options']}",
        *_options(cli),
        f".SH {words['commands']}",
    ]
    context = click.Context(cli, info_name="coachsync")
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        if command is not None and not command.hidden:
            lines += _command(command, f"coachsync {name}")
    for heading, table in (("exit", EXITS), ("files", FILES), ("environment", VARIABLES)):
        lines.append(f".SH {words[heading]}")
        for term, meaning in table[language]:
            lines += _entry(f"\\fB{_text(term)}\\fR", meaning)
    return "\n".join(lines) + "\n"


def _command(command: click.Command, path: str) -> Iterator[str]:
    """A command, its arguments and options; for a group, the commands in it."""
    arguments = [f" \\fI{_text(_metavar(p, command))}\\fR" for p in command.params if isinstance(p, click.Argument)]
    yield f".SS \\fB{_text(path)}\\fR{''.join(arguments)}"
    yield _text(spoken(command.help or ""))
    yield from _options(command)
    if isinstance(command, click.Group):
        for name, inner in sorted(command.commands.items()):
            yield from _command(inner, f"{path} {name}")


def _options(command: click.Command) -> Iterator[str]:
    """The options; those that every command takes stand once, at the top."""
    known = {option for parameter in cli.params for option in parameter.opts}
    for parameter in command.params:
        if not isinstance(parameter, click.Option) or parameter.hidden:
            continue
        if command is not cli and known & set(parameter.opts):
            continue
        names = ", ".join(f"\\fB{_text(name)}\\fR" for name in (*parameter.opts, *parameter.secondary_opts))
        if not parameter.is_flag:
            names += f" \\fI{_text(_metavar(parameter, command))}\\fR"
        default = f" [{parameter.default}]" if parameter.show_default else ""
        yield from _entry(names, spoken(parameter.help or "") + default)


def _metavar(parameter: click.Parameter, command: click.Command) -> str:
    kind = _KINDS.get(parameter.type.name) if parameter.metavar is None else None
    return kind or spoken(parameter.metavar or parameter.make_metavar(click.Context(command)))


def _entry(term: str, meaning: str) -> tuple[str, str, str]:
    return ".TP", term, _text(meaning)


def _text(text: str) -> str:
    """Text that roff(7) takes literally: hyphens as typed, quotes for the shell, no request at the start of a line."""
    for sign, escape in (("\\", "\\e"), ("-", "\\-"), ("'", "\\(aq"), ("`", "\\(ga"), ("^", "\\(ha"), ("~", "\\(ti")):
        text = text.replace(sign, escape)
    lines = textwrap.wrap(text, 79, break_long_words=False, break_on_hyphens=False)
    return "\n".join(f"\\&{line}" if line.startswith(".") else line for line in lines)


if __name__ == "__main__":
    sys.stdout.write(page(sys.argv[1]))
