"""`coachsync client`: the client directory. Names are never asked for as arguments: `-` keeps them off the list of
processes and out of the shell's history."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

import click

from coachsync.app.cli.asking import Asker, typed
from coachsync.app.cli.clientgone import erase, export
from coachsync.app.cli.clientmatch import match
from coachsync.app.cli.commands import COMMANDS, Options, everywhere
from coachsync.app.cli.meant import meant, typed_name
from coachsync.app.cli.output import as_document, tell, tell_json, tell_problems, tell_table
from coachsync.clients.cards import Card
from coachsync.clients.merging import Change
from coachsync.errors import UsageError
from coachsync.phrases import say

if TYPE_CHECKING:
    from coachsync.app.wiring import Wiring

_PARTLY = 3
_PROMPT = "-"
_NAME, _ADDRESS, _PHONE = say("NAME"), say("ADDRESS"), say("PHONE")
_CODE = say("CODE")
_Function = TypeVar("_Function", bound=Callable[..., object])
# What can be asked for, by the option that gives it.
_QUESTIONS = {
    "--name": say("Name"),
    "--add-spelling": say("Another spelling of the name"),
    "--remove-spelling": say("Spelling to remove"),
    "--address": say("E-mail address"),
    "--add-address": say("E-mail address"),
    "--remove-address": say("E-mail address to remove"),
    "--phone": say("Phone number"),
    "--add-phone": say("Phone number"),
    "--remove-phone": say("Phone number to remove"),
    "--alias": say("What you call the client in appointments"),
    "--add-alias": say("What you call the client in appointments"),
    "--remove-alias": say("Alias to remove"),
    "--organisation": say("Organisation"),
    "--sponsor": say("Who pays"),
    "--pseudonym": say("What the share calls the client"),
}


@click.group("client", help=COMMANDS["client"][1])
@everywhere
def command() -> None:
    """Nothing by itself."""


def _listing(*options: tuple[str, str, str]) -> Callable[[_Function], _Function]:
    """Options that can be given more than once: name, metavar, help."""

    def listing(function: _Function) -> _Function:
        for name, metavar, text in reversed(options):
            function = click.option(name, multiple=True, metavar=metavar, help=text)(function)
        return function

    return listing


@command.command(
    "add",
    help=say(
        "Add a client. In a terminal, and without options, everything is asked; each `-` is, in the order of this list."
    ),
)
@_listing(
    ("--name", _NAME, say("The client's name; again for other spellings. `-` asks for it.")),
    ("--address", _ADDRESS, say("An e-mail address, as it stands in invitations; `-` asks for it.")),
    ("--phone", _PHONE, say("A phone number; `-` asks for it.")),
    ("--alias", _NAME, say("What you call the client in appointments; `-` asks for it.")),
)
@click.option("--organisation", metavar=_NAME, help=say("Where the client works; `-` asks for it."))
@click.option("--sponsor", metavar=_NAME, help=say("Who pays, by name or code (S-...); `-` asks for it."))
@click.option("--unshared", is_flag=True, help=say("Keep the client's appointments out of every share."))
@everywhere
@click.pass_obj
def add(
    options: Options,
    name: tuple[str, ...],
    address: tuple[str, ...],
    phone: tuple[str, ...],
    alias: tuple[str, ...],
    organisation: str | None,
    sponsor: str | None,
    unshared: bool,
) -> int:
    """The code is all that is told."""
    from coachsync.app.cli.opening import opened
    from coachsync.app.clients.keeping import add as keep
    from coachsync.app.clients.keeping import namesakes, sponsor_code
    from coachsync.app.noticing import make_known

    if not any((name, address, phone, alias, organisation, sponsor)) and sys.stdin.isatty():
        said, pays = _asked()
    else:
        said = Card(
            _given("--name", name),
            _given("--address", address),
            _given("--phone", phone),
            _given("--alias", alias),
            _given("--organisation", () if organisation is None else (organisation,)),
        )
        pays = "".join(_given("--sponsor", () if sponsor is None else (sponsor,)))
    with opened(options, "client add") as wiring, wiring.database.transaction():
        payer = sponsor_code(wiring.clients, pays)
        client = keep(wiring.clients, said, payer, unshared=unshared)
        others = namesakes(wiring.clients, client)
        make_known(wiring)
    if options.json:
        tell_json({"code": client.code, "sponsor": client.sponsor or None, "namesakes": list(others)})
        return 0
    tell(say("{code} was added.", code=client.code))
    if others:
        tell(say("Other clients have that name too: {codes}", codes=", ".join(others)), err=True)
    return 0


def _asked() -> tuple[Card, str]:
    """Everything, asked for on the terminal; nothing is an answer to all but the name."""
    asker = Asker(accept=False)
    name = asker.ask(_QUESTIONS["--name"], "--name", None, str)

    def several(option: str) -> tuple[str, ...]:
        found: list[str] = []
        while answer := asker.ask(say("{question}, if any", question=_QUESTIONS[option]), option, None, str, ""):
            found.append(answer)
        return tuple(found)

    spellings = several("--add-spelling")
    said = Card((name, *spellings), several("--address"), several("--phone"), several("--alias"))
    organisation, pays = (
        asker.ask(say("{question}, if any", question=_QUESTIONS[option]), option, None, str, "")
        for option in ("--organisation", "--sponsor")
    )
    return Card(said.names, said.addresses, said.phones, said.aliases, (organisation,)), pays


def _given(option: str, values: Iterable[str]) -> tuple[str, ...]:
    """The values of an option; each `-` is asked for."""
    return tuple(typed(_QUESTIONS[option], option) if value == _PROMPT else value for value in values)


def _one(option: str, value: str | None) -> str | None:
    return None if value is None else _given(option, (value,))[0]


@command.command("list", help=say("List the clients with their codes: for the coach's eyes."))
@everywhere
@click.pass_obj
def list_clients(options: Options) -> int:
    """With names: for the coach's own terminal."""
    from coachsync.app.cli.clientviews import problems, summary
    from coachsync.app.cli.opening import opened
    from coachsync.app.printable import printable

    with opened(options, "client list") as wiring:
        directory, failed = wiring.clients.directory(), problems(wiring)
    found = sorted(directory.clients.values(), key=lambda one: one.names[0].casefold())
    if options.json:
        documents = [summary(one, directory.sponsors) for one in found]
        tell_json({"clients": documents, "problems": [as_document(problem) for problem in failed]})
    elif found:
        payers = {code: printable(f"{one.name} ({code})") for code, one in directory.sponsors.items()}
        rows = [
            (one.code, printable(" | ".join(one.names)), payers.get(one.sponsor, ""), say("no") if one.unshared else "")
            for one in found
        ]
        tell_table((say("code"), say("names"), say("who pays"), say("shown")), rows)
    elif not failed:
        tell(say("There is no client yet. To add one: coachsync client add"), err=True)
    if not options.json:
        tell_problems(failed)
    return _PARTLY if failed else 0


@command.command("show", help=say("Show all that is known of a client, and what each share calls them."))
@click.argument("code", metavar=_CODE)
@everywhere
@click.pass_obj
def show(options: Options, code: str) -> int:
    """With names: for the coach's own terminal."""
    from coachsync.app.cli.clientviews import document, kept, kept_rows, rows
    from coachsync.app.cli.opening import opened
    from coachsync.app.clients.naming import names_of
    from coachsync.app.clients.undecided import coming

    name = typed_name(code)
    with opened(options, "client show") as wiring:
        client = meant(wiring, code, name)
        sponsors, pseudonyms = wiring.clients.directory().sponsors, names_of(wiring, client)
        ahead, (records, failed) = coming(wiring, client.code), kept(wiring, client)
    if options.json:
        tell_json(document(client, sponsors, pseudonyms) | {"appointments": ahead, "records": records})
    else:
        counted = [] if ahead is None else [(say("appointments"), str(ahead))]
        tell_table((say("what"), say("value")), [*rows(client, sponsors, pseudonyms), *counted, *kept_rows(records)])
    tell_problems(failed)
    return _PARTLY if failed else 0


@command.command(
    "edit", help=say("Change what is known of a client: CODE, or - to be asked for a name, then what is to change.")
)
@click.argument("code", metavar=_CODE)
@click.option(
    "--name", metavar=_NAME, help=say("Another main name; the one before stays as a spelling. `-` asks for it.")
)
@_listing(
    ("--add-spelling", _NAME, say("Another spelling, or a former name; `-` asks for it.")),
    ("--remove-spelling", _NAME, say("A spelling that is wrong; `-` asks for it.")),
    ("--add-address", _ADDRESS, say("An e-mail address, as it stands in invitations; `-` asks for it.")),
    ("--remove-address", _ADDRESS, say("An e-mail address that is not the client's; `-` asks for it.")),
    ("--add-phone", _PHONE, say("A phone number; `-` asks for it.")),
    ("--remove-phone", _PHONE, say("A phone number that is not the client's; `-` asks for it.")),
    ("--add-alias", _NAME, say("What you call the client in appointments; `-` asks for it.")),
    ("--remove-alias", _NAME, say("What you do not call the client any more; `-` asks for it.")),
)
@click.option("--organisation", metavar=_NAME, help=say('Where the client works; `-` asks for it, "" for nowhere.'))
@click.option("--sponsor", metavar=_NAME, help=say('Who pays, by name or code (S-...); `-` asks, "" for nobody.'))
@click.option(
    "--unshared/--shared", default=None, help=say("Keep the client's appointments out of every share, or not.")
)
@click.option(
    "--pseudonym",
    multiple=True,
    metavar=say("SHARE=NAME"),
    help=say("What a share calls the client: office=Granite-41. `office=-` asks for it."),
)
@everywhere
@click.pass_obj
def edit(options: Options, /, code: str, unshared: bool | None, **given: tuple[str, ...] | str | None) -> int:
    """All of it, or nothing."""
    from coachsync.app.cli.opening import opened
    from coachsync.app.clients.keeping import change
    from coachsync.app.clients.naming import choose
    from coachsync.app.noticing import make_known

    if unshared is None and all(value in (None, ()) for value in given.values()):
        raise UsageError(
            "nothing-to-change",
            say("What is to change?"),
            say("See: {command} --help", command="coachsync client edit"),
        )
    name = typed_name(code)
    wanted, sponsor, pseudonyms = _change(given, unshared)
    with opened(options, "client edit") as wiring, wiring.database.transaction():
        client = meant(wiring, code, name)
        after = change(wiring.clients, client, wanted(wiring, sponsor))
        for share, pseudonym in pseudonyms:
            choose(wiring, after, share, pseudonym)
        if after != client or pseudonyms:
            make_known(wiring)
    different = after != client or bool(pseudonyms)
    if options.json:
        tell_json({"code": after.code, "changed": different})
    else:
        tell(say("{code} was changed.", code=after.code) if different else say("Nothing is different."))
    return 0


def _change(
    given: dict[str, tuple[str, ...] | str | None], unshared: bool | None
) -> tuple[Callable[[Wiring, str | None], Change], str | None, list[tuple[str, str]]]:
    """What the options ask for. The sponsor's code can be told only with the directory at hand."""
    from coachsync.app.clients.keeping import sponsor_code

    def several(name: str) -> tuple[str, ...]:
        return _given(f"--{name.replace('_', '-')}", given[name] or ())

    def one(name: str) -> str | None:
        value = given[name]
        return _one(f"--{name}", value if isinstance(value, str) else None)

    name, organisation, sponsor = one("name"), one("organisation"), one("sponsor")
    if name is not None and not name.strip():
        raise UsageError("name-missing", say("A client needs a name."), say("Give one with --name -"), where="--name")
    plain = Change(
        name=name,
        spellings=several("add_spelling"),
        addresses=several("add_address"),
        phones=several("add_phone"),
        aliases=several("add_alias"),
        without_spellings=several("remove_spelling"),
        without_addresses=several("remove_address"),
        without_phones=several("remove_phone"),
        without_aliases=several("remove_alias"),
        organisation=organisation,
        unshared=unshared,
    )

    def wanted(wiring: Wiring, payer: str | None) -> Change:
        from dataclasses import replace

        return plain if payer is None else replace(plain, sponsor=sponsor_code(wiring.clients, payer))

    return wanted, sponsor, [_pseudonym(text) for text in given["pseudonym"] or ()]


def _pseudonym(text: str) -> tuple[str, str]:
    share, equals, name = text.partition("=")
    if not equals:
        raise UsageError(
            "pseudonym-form",
            say("It does not say for which share the name is."),
            say("Write the share, = and the name: --pseudonym office=Granite-41"),
            where="--pseudonym",
        )
    return share.strip(), _given("--pseudonym", (name,))[0]


for one in (match, erase, export):
    command.add_command(one)


@command.command(
    "import",
    help=say("Take in the cards of an address book (vCard, .vcf): new clients are added, known ones completed."),
)
@click.argument("files", nargs=-1, required=True, metavar=say("FILE..."), type=click.Path())
@click.option("--category", default="", metavar=say("CATEGORY"), help=say("Only cards of this category or group."))
@click.option("--yes", is_flag=True, help=say("Do not ask."))
@everywhere
@click.pass_obj
def import_cards(options: Options, files: tuple[str, ...], category: str, yes: bool) -> int:
    """A second time, it changes nothing."""
    from coachsync.app.cli.clientimport import run

    return run(options, files, category, yes=yes)
